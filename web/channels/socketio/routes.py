"""`/socket.io/`: polls, posts, and the WebSocket that takes over from them."""

from collections.abc import Mapping
from time import monotonic

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_sock import Sock
from simple_websocket import Server

from web.audience import audience
from web.bodies import MAX_BODY
from web.channels.socketio import packets
from web.channels.socketio.line import PING_EVERY, PING_TAKES, Line
from web.channels.socketio.lines import Lines
from web.channels.socketio.peers import Peers
from web.connection import Closed, Connection
from web.errors import Malformed, TooMany
from web.limits import Limits, address_of
from web.sockets.open import Sockets

VERSION = "4"
"""Of Engine.IO; clients of Socket.IO 3 and later speak it."""

Asked = Mapping[str, str]
"""What the address of a request asks for."""


def blueprint(lines: Lines, peers: Peers, limits: Limits, sock: Sock, sockets: Sockets) -> Blueprint:
    """Returns the door's routes."""
    pages = Blueprint("socketio", __name__)

    @pages.get("/socket.io/")
    @audience("public", embedded=True)
    def poll() -> ResponseReturnValue:
        if "sid" in request.args:
            line = lines.find(request.args["sid"])
            with sockets.waiting():
                told = line.poll()
            return _said(told)
        limits.take("socket", address_of(request))
        return _said([opening(begin(request.args, address_of(request)), upgrades=["websocket"])])

    @pages.post("/socket.io/")
    @audience("public", embedded=True)
    def post() -> ResponseReturnValue:
        line = lines.find(request.args.get("sid", ""))
        now = monotonic()
        try:
            for packet in _text(request.get_data(cache=False)).split(packets.BETWEEN):
                line.hear(packet, now)
        except (Malformed, TooMany):
            line.end()
            raise
        return _said(["OK"])

    @sock.route("/socket.io/", bp=pages)
    @audience("public", embedded=True)
    def websocket(ws: Server) -> None:
        connection = sockets.opened(ws)
        args, address = request.args, address_of(request)
        sockets.hold(connection, lambda: serve(connection, args, address), address=address)

    def serve(connection: Connection, args: Asked, address: str) -> None:
        line = line_of(connection, args, address)
        try:
            if line.is_open and ("sid" not in args or line.upgrade(connection)):
                while True:
                    line.hear(connection.receive(), monotonic())
        except Closed:
            return
        finally:
            line.given_back(connection)

    def line_of(connection: Connection, args: Asked, address: str) -> Line:
        if "sid" in args:
            line = lines.find(args["sid"])
            if not line.takes_websocket:
                raise Malformed("This connection has a WebSocket already.")
            return line
        line = begin(args, address)
        line.carry(connection)
        line.say(opening(line, upgrades=[]))
        return line

    def begin(args: Asked, address: str) -> Line:
        if args.get("EIO") != VERSION:
            raise Malformed("Version 4 of Engine.IO is spoken here, which clients of Socket.IO 3 and later do.")
        line = lines.open(address, on_end=peers.on_end)
        peers.welcome(line)
        return line

    def opening(line: Line, *, upgrades: list[str]) -> str:
        return packets.opened(line.sid, upgrades=upgrades, ping_every=PING_EVERY, ping_takes=PING_TAKES, most=MAX_BODY)

    return pages


def _said(said: list[str]) -> Response:
    return Response(packets.BETWEEN.join(said), content_type="text/plain; charset=UTF-8")


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Malformed("This is not text.") from None
