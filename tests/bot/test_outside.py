"""Calls outside: where they may lead, and that nothing which answers can hurt."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from bot.outside import Answer, NoAnswer, NotAllowed, Outside
from tests.receiver import Receiver, answering, silent, talking_nonsense, trickling, without_end

PUBLIC = "93.184.215.14"


def leading_to(*addresses: str) -> Any:
    """A resolver by which every name leads to these addresses, in turn when it is asked again."""
    turns = iter(addresses)
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return socket.getaddrinfo(next(turns), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)

    resolve.asked = asked  # type: ignore[attr-defined]
    return resolve


@pytest.fixture
def local() -> Outside:
    """What may call this computer, as somebody trying things out allows it."""
    return Outside(name="Parlour/test", may_be_local=True)


INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://localhost:8443/",
    "https://LOCALHOST./",
    "https://10.0.0.8/",
    "https://172.16.3.4/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://240.0.0.1/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
]


@pytest.mark.parametrize("url", INSIDE)
def test_an_address_that_leads_inside_is_refused_however_it_is_written(url: str):
    with pytest.raises(NotAllowed, match=r"leads to this computer or into a private network|cannot be found"):
        Outside(name="Parlour/test").check(url)


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1"])
def test_a_public_name_that_leads_inside_is_refused(inside: str):
    with pytest.raises(NotAllowed, match=r"hooks\.example leads to this computer or into a private network"):
        Outside(name="Parlour/test", resolve=leading_to(inside)).check("https://hooks.example/")


def test_one_inner_address_among_public_ones_is_enough_to_refuse():
    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [*leading_to(PUBLIC)(host, port), *leading_to("192.168.1.1")(host, port)]

    with pytest.raises(NotAllowed):
        Outside(name="Parlour/test", resolve=resolve).check("https://hooks.example/")


@pytest.mark.parametrize("public", [PUBLIC, "2606:4700:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_name_that_leads_outside_is_taken(public: str):
    Outside(name="Parlour/test", resolve=leading_to(public)).check("https://hooks.example/parlour?key=1")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", r"The address is missing\. Write the address in full, such as https://hooks"),
        (" ", "The address is missing"),
        ("hooks.example/parlour", "This is not an address"),
        ("https://", "This is not an address"),
        ("https:///parlour", "This is not an address"),
        ("https://hooks.example:port/", "This is not an address"),
        ("https://hooks.example:99999/", "This is not an address"),
        ("https://hooks example/", "This is not an address"),
        ("https://hooks.example/a b", "This is not an address"),
        ("https://hooks.example/\r\nHost: evil", "This is not an address"),
        ("https://hooks.example\\@evil.example/", "Leave name and password out"),
        ("https://hooks.example\\.evil.example/", "This is not an address"),
        ("https://höks.example/", "This is not an address"),
        ("https://[fe80::1%25eth0]/", "This is not an address"),
        ("https://[::1/", "This is not an address"),
        ("https://name:secret@hooks.example/", "Leave name and password out"),
        ("file:///etc/passwd", "This is not an address"),
        ("gopher://hooks.example/", "Only https:// addresses are called"),
        ("ftp://hooks.example/", "Only https:// addresses are called"),
        ("http://hooks.example/", "On an http:// address others can read along"),
        ("https://hooks.example/" + "a" * 3000, "An address has at most 2,000 characters"),
    ],
)
def test_what_is_no_address_to_call_is_told_with_what_to_write(url: str, words: str):
    with pytest.raises(NotAllowed, match=words):
        Outside(name="Parlour/test", resolve=leading_to(PUBLIC)).check(url)


def test_a_name_that_is_not_there_is_said():
    def nobody(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    with pytest.raises(NotAllowed, match=r"The name hoks\.example cannot be found\. Is it spelled right\?"):
        Outside(name="Parlour/test", resolve=nobody).check("https://hoks.example/")


def test_a_name_that_leads_elsewhere_after_the_look_is_asked_once_and_reaches_nothing(receiver: Receiver):
    changing = leading_to(PUBLIC, "127.0.0.1")
    outside = Outside(name="Parlour/test", resolve=changing)
    outside.check(f"https://hooks.example:{receiver.port}/")
    with pytest.raises(NotAllowed):
        outside.post(f"https://hooks.example:{receiver.port}/", b"", {})
    assert receiver.came == []

    once = leading_to("127.0.0.1")
    looked = Outside(name="Parlour/test", may_be_local=True, resolve=once)
    assert looked.post(f"http://hooks.example:{receiver.port}/x", b"hello", {}).status == 200
    assert once.asked == ["hooks.example"], "the connection goes to what was looked at"
    assert receiver.heard[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_this_computer_is_called_only_where_an_operator_allows_it(receiver: Receiver, local: Outside):
    with pytest.raises(NotAllowed):
        Outside(name="Parlour/test").post(receiver.url, b"{}", {})
    assert receiver.came == []
    assert local.post(f"{receiver.url}?key=1", b"{}", {"webhook-id": "1"}) == Answer(200, b"")
    (heard,) = receiver.heard
    assert (heard.path, heard.body, heard.headers["user-agent"]) == ("/parlour?key=1", b"{}", "Parlour/test")
    with pytest.raises(NotAllowed, match="private network"):
        local.check("http://192.168.1.1/")


def test_nothing_gets_into_the_head_of_a_request(receiver: Receiver, local: Outside):
    with pytest.raises(NoAnswer):
        local.post(receiver.url, b"", {"webhook-id": "1\r\nHost: evil.example"})
    assert receiver.came == []


def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, local: Outside):
    receiver.behaves = answering(307, Location=f"http://127.0.0.1:{receiver.port}/inside")
    assert local.post(receiver.url, b"{}", {}).status == 307
    assert [heard.path for heard in receiver.came] == ["/parlour"]


def test_of_50_megabytes_no_more_is_read_than_was_asked_for(receiver: Receiver, local: Outside):
    receiver.behaves = without_end
    assert local.post(receiver.url, b"{}", {}) == Answer(200, b"")
    with pytest.raises(NoAnswer, match="the answer is longer than 1,000 bytes"):
        local.post(receiver.url, b"{}", {}, most=1000)


@pytest.mark.parametrize("behaves", [silent, trickling], ids=["silent", "trickling"])
def test_who_is_too_slow_is_given_up(receiver: Receiver, local: Outside, behaves: Any):
    receiver.behaves = behaves
    with pytest.raises(NoAnswer, match="no answer in time"):
        local.post(receiver.url, b"{}", {}, within=0.3)


def test_a_name_that_nobody_answers_for_is_given_up_too(monkeypatch: pytest.MonkeyPatch):
    over = Event()

    def silent_server(*_: Any, **__: Any) -> list[Any]:
        over.wait()
        return []

    outside = Outside(name="Parlour/test", resolve=silent_server)
    with pytest.raises(NoAnswer, match="no answer in time"):
        outside.post("https://hooks.example/", b"", {}, within=0.05)
    monkeypatch.setattr("bot.outside.DEADLINE", 0.05)
    with pytest.raises(NotAllowed, match="its name server does not answer"):
        outside.check("https://hooks.example/")
    over.set()


def test_nonsense_is_told_without_repeating_it(receiver: Receiver, local: Outside):
    receiver.behaves = talking_nonsense
    with pytest.raises(NoAnswer) as caught:
        local.post(receiver.url, b"{}", {})
    assert str(caught.value) == "the answer is not HTTP"
    assert caught.value.__cause__ is None


def test_nobody_there_is_said(receiver: Receiver, local: Outside):
    receiver.stop()
    with pytest.raises(NoAnswer, match="nobody listens there"):
        local.post(receiver.url, b"{}", {})


# HTTPS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for hooks.example, with its key in the same file."""
    folder = tmp_path_factory.mktemp("certificate")
    names = ["-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [*made, *names, "-days", "2", "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "certificate.pem").read_text())
    return both


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listening = Receiver(secure=context).start()
    yield listening
    listening.stop()


def test_the_certificate_must_be_for_the_name_that_was_written(secure: Receiver, certificate: Path):
    asked_for: list[str | None] = []
    assert secure.secure is not None
    secure.secure.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    trusted = ssl.create_default_context(cafile=str(certificate))

    def post(host: str, trusted: ssl.SSLContext | None = trusted) -> Answer:
        outside = Outside(name="Parlour/test", may_be_local=True, resolve=leading_to("127.0.0.1"), trusted=trusted)
        return outside.post(f"https://{host}:{secure.port}/", b"{}", {})

    assert post("hooks.example").status == 200
    assert asked_for == ["hooks.example"]
    assert secure.heard[0].headers["host"] == f"hooks.example:{secure.port}"
    for host, trust in (("other.example", trusted), ("hooks.example", None)):
        with pytest.raises(NoAnswer, match="the certificate is not good"):
            post(host, trust)
    assert len(secure.came) == 1


def test_who_speaks_no_tls_is_not_spoken_to(receiver: Receiver):
    outside = Outside(name="Parlour/test", may_be_local=True)
    with pytest.raises(NoAnswer, match="no secure connection"):
        outside.post(f"https://127.0.0.1:{receiver.port}/", b"{}", {}, within=2)
    assert receiver.came == []
