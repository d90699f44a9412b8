"""Pages and files from a server on this machine, so that a browser keeps what it has read, as it does out there."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask, Response, send_from_directory
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser import STATIC

A_YEAR = 31_536_000


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serves the application and gives the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def only_files(**templates: Any) -> Flask:
    """The files of web/static, and an empty page at the root; what else is asked for is personal and kept by nobody."""
    app = Flask("pages", static_folder=STATIC, static_url_path="/static", **templates)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_YEAR
    app.add_url_rule("/", "nothing", lambda: "<!doctype html><title>empty</title>")
    app.after_request(_complete)
    return app


def with_files_beside(folder: Path) -> Flask:
    """The same, and at `/beside/` what lies in a folder of tests."""
    app = only_files()
    app.add_url_rule("/beside/<path:name>", "beside", lambda name: send_from_directory(folder, name))
    return app


def _complete(answer: Response) -> Response:
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    """Keeps connections open: a page and its files come over a few."""

    def send_header(self, keyword: str, value: str) -> None:
        """Keeps the time to itself: a test may have put the page into another year, and the panel goes by ours."""
        if keyword != "Date":
            super().send_header(keyword, value)

    def log(self, *_: Any) -> None:
        """Says nothing."""
