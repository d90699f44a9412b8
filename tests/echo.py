"""An echo on the product's own road: gunicorn with our worker, flask-sock, `Connection`. For what any socket must do.

Unlike the product's sockets it says back bytes too, and messages as long as they come: `python -m tests.echo PORT`.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from flask import Flask  # noqa: E402
from flask_sock import Sock  # noqa: E402
from gunicorn.app.base import BaseApplication  # noqa: E402
from simple_websocket import Server as Handshaken  # noqa: E402
from wsproto.events import BytesMessage, Message  # noqa: E402

from web.connection import SERVER_OPTIONS, Closed, Connection  # noqa: E402
from web.sockets.open import Sockets  # noqa: E402

LONGEST = 32 * 1024 * 1024


class Echoing(Connection):
    """Says back what is no text at once, and takes longer messages and more pieces than the product does."""

    __slots__ = ("_bytes",)

    longest = LONGEST
    most_wordless = LONGEST

    def __init__(self, ws: Handshaken):
        super().__init__(ws, spawn=gevent.spawn)
        self._bytes = bytearray()

    def _take(self, event: Any) -> None:
        if not isinstance(event, BytesMessage):
            super()._take(event)
            return
        self._bytes += event.data
        if event.message_finished and self.is_open:
            self._push(self._codec.send(Message(data=bytes(self._bytes))))
            self._bytes.clear()


def echo_app(path: str = "/", *, opened: Callable[[Handshaken], Connection] = Echoing, most: int = 1000) -> Flask:
    """Returns an app with one socket that says back what it hears; `opened` makes its connection."""
    app = Flask(__name__, static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = SERVER_OPTIONS
    sock = Sock(app)
    sockets = Sockets(gevent.spawn, most=most)

    @sock.route(path)
    def echo(ws: Handshaken) -> None:
        connection = opened(ws)
        sockets.hold(connection, lambda: say_back(connection))

    def say_back(connection: Connection) -> None:
        try:
            while True:
                connection.send(connection.receive())
        except Closed:
            return

    return app


class Server(BaseApplication):
    """Gunicorn around the echo."""

    is_behind_proxies = False
    parlour = None

    def __init__(self, make: Callable[[], Flask], port: int):
        self._make = make
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"127.0.0.1:{self._port}",
            "worker_class": "web.serving.Worker",
            "worker_connections": 20_000,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make()


if __name__ == "__main__":
    Server(echo_app, int(sys.argv[1])).run()
