"""nginx as the page for operators sets it up, with its own certificate, on ports of this machine."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.server import wait_for
from tests.valkey import free_port

PAGE = Path(__file__).parents[1] / "docs" / "operators" / "production.md"
STARTS_WITHIN = 30
AROUND = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
access_log off;
client_body_temp_path {folder}/body;
proxy_temp_path {folder}/proxy;
{servers}
}}
"""


def program() -> str | None:
    """Returns the program, or None without it."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextmanager
def in_front_of(ports: Sequence[int], folder: Path) -> Iterator[tuple[int, Path]]:
    """Yields the port nginx serves these servers at, and the certificate to trust."""
    folder.mkdir()
    folder.chmod(0o755)
    certificate, port = _certificate(folder), free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(AROUND.format(folder=folder, servers=_as_documented(ports, port, certificate)))
    server = program()
    assert server is not None
    process = subprocess.Popen([server, "-c", str(configuration), "-p", str(folder), "-e", str(folder / "error.log")])
    try:
        wait_for(lambda: _listens(port), STARTS_WITHIN)
        assert _listens(port), f"{server} did not start within {STARTS_WITHIN} seconds"
        yield port, certificate
    finally:
        process.terminate()
        process.wait(timeout=10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _as_documented(ports: Sequence[int], port: int, certificate: Path) -> str:
    """Returns the server of the page, with our ports and certificate in it."""
    found = re.search(r"^```nginx\n(upstream.*?)```$", PAGE.read_text(), re.M | re.S)
    assert found
    key = certificate.with_suffix(".key")
    written = found[1].replace("listen 443", f"listen 127.0.0.1:{port}")
    written = written.replace("/etc/ssl/chat.shop.example.pem", str(certificate))
    written = written.replace("/etc/ssl/chat.shop.example.key", str(key))
    for documented, ours in zip((8001, 8002), ports, strict=True):
        assert f"127.0.0.1:{documented}" in written
        written = written.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{ours}")
    return written


def _certificate(folder: Path) -> Path:
    certificate = folder / "here.pem"
    asked = ["-subj", "/CN=chat.shop.example", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    kept = ["-keyout", str(certificate.with_suffix(".key")), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *asked, *kept], check=True, capture_output=True
    )
    return certificate
