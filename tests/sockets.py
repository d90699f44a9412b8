"""Sockets as a page opens them. It imports next to nothing, for clients that are processes of their own."""

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol


def open_socket(url: str, origin: str, secret: str, **headers: str) -> ClientConnection:
    """Opens a socket as a page of this origin does, with a token or a ticket."""
    offered = [Subprotocol("chat.v1"), Subprotocol(secret)]
    return connect(url, subprotocols=offered, origin=origin, additional_headers=headers, compression=None)  # type: ignore[arg-type]


def received(socket: ClientConnection, *, timeout: float) -> str | None:
    """Returns the next message, or None when none comes in time; raises ConnectionClosed."""
    try:
        return str(socket.recv(timeout=timeout))
    except TimeoutError:
        return None
