"""The visitor's token, and the key that signs it: who a browser is, without a row.

The token is a random visitor id with a signature. It travels in `Authorization: Bearer` or as a WebSocket subprotocol
(`tok.<token>`), never in an address, so it is in no log and no referrer.
"""

import hmac
import os
import secrets
from pathlib import Path

from flask import Request
from itsdangerous import BadSignature, Signer

from bot.ids import new_id
from web.errors import ApiTokenNeeded

KEY_FILE = "key"
KEY_BYTES = 48
_SALT = b"visitor"


class UnusableKey(Exception):
    """The key file cannot be read or made; the text says what to do."""


def signing_key(data: Path) -> bytes:
    """Returns the installation's secret from the data folder, made at the first start, readable by its owner alone."""
    file = data / KEY_FILE
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)
        key = file.read_bytes().strip()
    except OSError as problem:
        raise UnusableKey(
            f"The key file {file} cannot be used: {problem.strerror}. Parlour must be able to write there."
        ) from problem
    if len(key) < KEY_BYTES:
        raise UnusableKey(
            f"The key file {file} is damaged. Restore it, or delete it: everybody then has to sign in again, "
            "and visitors begin new conversations."
        )
    return key


def _make(file: Path) -> None:
    # Written aside and linked: of two workers starting at once one wins, and neither reads half a key.
    aside = file.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_urlsafe(KEY_BYTES))
    try:
        os.link(aside, file)
    except FileExistsError:
        pass
    finally:
        aside.unlink()


class VisitorTokens:
    """Gives tokens out and recognises them."""

    def __init__(self, key: bytes):
        self._signer = Signer(key, salt=_SALT)

    def mint(self, visitor_id: str | None = None) -> tuple[str, str]:
        """Returns a visitor id (a new one, if none is named) and its token."""
        visitor_id = visitor_id or new_id()
        return visitor_id, self._signer.sign(visitor_id).decode()

    def visitor_of(self, token: str | None) -> str | None:
        """Returns whose token this is; None when it is not one of ours."""
        if not token or len(token) > 256 or not token.isascii():
            return None
        try:
            return self._signer.unsign(token).decode()
        except BadSignature:
            return None

    def visitor_of_request(self, request: Request) -> str | None:
        """Returns the visitor who asks, by the bearer token or the socket's subprotocol."""
        return self.visitor_of(bearer(request) or from_subprotocol(request, "tok"))


class ApiToken:
    """The one token that opens the tracker and control API to the operator's programs."""

    def __init__(self, token: str):
        self._token = token.encode()

    def check(self, request: Request) -> None:
        """Raises ApiTokenNeeded unless the request brings the token in its head."""
        given = bearer(request)
        if given is not None and hmac.compare_digest(given.encode(), self._token):
            return
        if given is None and "token" in request.args:
            raise ApiTokenNeeded(
                "A token in an address ends up in logs. Send it in the header `Authorization: Bearer …`."
            )
        raise ApiTokenNeeded


def bearer(request: Request) -> str | None:
    """Returns the token of the Authorization header."""
    given = request.headers.get("Authorization", "")
    scheme, _, token = given.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def from_subprotocol(request: Request, prefix: str) -> str | None:
    """Returns what follows `<prefix>.` among the offered WebSocket subprotocols."""
    for offered in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        name, _, value = offered.strip().partition(".")
        if name == prefix and value:
            return value
    return None
