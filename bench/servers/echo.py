"""An echo through the product's `Connection`, served the way the product is: gunicorn, one gevent worker."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

import gevent  # noqa: E402
from flask import Flask  # noqa: E402
from flask_sock import Sock  # noqa: E402
from gunicorn.app.base import BaseApplication  # noqa: E402
from simple_websocket import Server as Handshaken  # noqa: E402

from web.connection import SERVER_OPTIONS, Closed, Connection  # noqa: E402
from web.sockets.session import Sockets  # noqa: E402


def echo_app() -> Flask:
    """Returns an app with one socket that says back what it hears."""
    app = Flask(__name__, static_folder=None)
    app.config["SOCK_SERVER_OPTIONS"] = SERVER_OPTIONS
    sock = Sock(app)

    sockets = Sockets(gevent.spawn, most=20_000)

    @sock.route("/echo")
    def echo(ws: Handshaken) -> None:
        connection = sockets.opened(ws)
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

    def __init__(self, port: int):
        self._port = port
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": f"127.0.0.1:{self._port}",
            "worker_class": "gevent",
            "worker_connections": 20_000,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return echo_app()


if __name__ == "__main__":
    Server(int(sys.argv[1])).run()
