"""What people and programs are told when something asked for is not given.

Every refusal has a status, a code for programs and a sentence for people. `{error: {code, message, field}}` goes to
programs (over HTTP and in frames), a page to people. The one table from exceptions of the lower packages to words is
`TRANSLATIONS`.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from markupsafe import escape
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from wsproto.events import RejectConnection
from wsproto.utilities import RemoteProtocolError

from bot.change import Unavailable as DatabaseUnavailable
from bot.trouble import is_trouble
from bot.webhooks import ChangedMeanwhile, NoSuchWebhook
from handoff import refusals

log = structlog.get_logger()

CLOSE_POLICY = 1008
CLOSE_TOO_BIG = 1009
CLOSE_SERVER_ERROR = 1011
CLOSE_SIGN_IN = 4401


class Refusal(Exception):
    """Something asked for that is not given; subclasses name the situation."""

    status = 400
    code = "refused"
    close = CLOSE_POLICY
    """The number a socket is closed with, where the refusal ends it."""
    words = "This cannot be done."

    def __init__(self, message: str | None = None, *, code: str | None = None, field: str | None = None):
        self.message = message or self.words
        self.code = code or type(self).code
        self.field = field
        super().__init__(self.message)

    def to_json(self) -> dict[str, Any]:
        """Returns the object sent as `error` in answers and frames."""
        return {"code": self.code, "message": self.message, "field": self.field}

    @property
    def headers(self) -> dict[str, str]:
        """Returns what the answer's head must say besides."""
        return {}


class Malformed(Refusal):
    """The body or frame is not what the contract says."""

    code = "malformed"
    words = "This request cannot be read."


class TooLarge(Refusal):
    status = 413
    code = "too_large"
    close = CLOSE_TOO_BIG
    words = "This is too large."


class NoHandshake(Malformed):
    """Somebody asks for a socket, but not as a WebSocket begins."""

    words = "This is no handshake of a WebSocket."


class WrongVersion(NoHandshake):
    """A WebSocket, but of a version that nobody speaks any more, or yet."""

    status = 426
    words = "WebSockets are spoken here in version 13."

    @property
    def headers(self) -> dict[str, str]:
        return {"Sec-WebSocket-Version": "13"}


class SignInNeeded(Refusal):
    """Nobody is signed in; a browser asking for a page is sent to the sign-in page instead."""

    status = 401
    code = "sign_in"
    close = CLOSE_SIGN_IN
    words = "Sign in first."


class TokenNeeded(Refusal):
    """The visitor's token is missing or not ours."""

    status = 401
    code = "token"
    close = CLOSE_SIGN_IN
    words = "A visitor's token is needed. POST /widget/view answers one."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class ApiTokenNeeded(Refusal):
    """The token of the tracker and control API is missing or not the operator's."""

    status = 401
    code = "api_token"
    words = "The API's token is needed, in the header `Authorization: Bearer …`."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class NotAllowed(Refusal):
    status = 403
    code = "not_allowed"
    words = "Your role does not allow this."


class NotFound(Refusal):
    """Not there, or not for this person: the answer is the same."""

    status = 404
    code = "not_found"
    words = "There is nothing here."


class Conflict(Refusal):
    """Somebody else was first."""

    status = 409
    code = "conflict"
    words = "Somebody else was first."


class TooMany(Refusal):
    """Asked too often; `retry_after` says in how many seconds it will be answered again."""

    status = 429
    code = "too_many"

    def __init__(self, retry_after: int):
        self.retry_after = max(1, retry_after)
        super().__init__(f"That was too quick. Try again in {self.retry_after} s.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(Refusal):
    """Nothing was done; the same may be asked again in a moment."""

    status = 503
    code = "retry"
    close = CLOSE_SERVER_ERROR
    words = "This could not be stored just now. Nothing is lost; try again in a moment."

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}


class Broken(Refusal):
    """Our fault; what exactly is in the log and nowhere else."""

    status = 500
    code = "internal"
    close = CLOSE_SERVER_ERROR
    words = "Something went wrong on our side. It has been noted; try again in a moment."


Translation = Callable[[Any], Refusal]


def _said_by_the_desk(kind: type[Refusal]) -> Translation:
    return lambda problem: kind(problem.message, code=problem.code, field=problem.field)


def _of_the_database(problem: DBAPIError) -> Refusal:
    if is_trouble(problem):
        return Unavailable()
    return _unforeseen(problem)


def _of_a_handshake(problem: RemoteProtocolError) -> Refusal:
    rejected = problem.event_hint
    wrong_version = isinstance(rejected, RejectConnection) and rejected.status_code == WrongVersion.status
    return WrongVersion() if wrong_version else NoHandshake()


def _unforeseen(problem: Exception) -> Refusal:
    log.error("unforeseen", exc_info=problem)
    return Broken()


TRANSLATIONS: dict[type[Exception], Translation] = {
    DatabaseUnavailable: lambda _: Unavailable(),
    DBAPIError: _of_the_database,
    refusals.Refusal: _said_by_the_desk(Conflict),
    refusals.NoSuchConversation: _said_by_the_desk(NotFound),
    refusals.NoSuchAgent: _said_by_the_desk(NotFound),
    refusals.Unsayable: _said_by_the_desk(Refusal),
    refusals.TryAgain: _said_by_the_desk(Unavailable),
    NoSuchWebhook: lambda _: NotFound(),
    ChangedMeanwhile: lambda _: Conflict(),
    RemoteProtocolError: _of_a_handshake,
}
"""Exceptions of the lower packages, and of flask-sock before a view is called → what is told.

A subclass is found by its nearest listed parent."""

# Codes and sentences for what Flask and Werkzeug refuse by themselves.
_HTTP: dict[int, tuple[str, str]] = {
    400: ("malformed", Malformed.words),
    401: ("sign_in", SignInNeeded.words),
    403: ("not_allowed", "This is not allowed."),
    404: ("not_found", NotFound.words),
    405: ("method", "This address does not answer that method."),
    411: ("malformed", "The length of the body is missing."),
    413: ("too_large", TooLarge.words),
    414: ("too_large", "This address is too long."),
    415: ("not_json", "Send JSON with `Content-Type: application/json`."),
    429: ("too_many", "That was too quick. Try again in a moment."),
    431: ("too_large", "The head of this request is too large."),
}


def refusal_of(problem: Exception) -> Refusal:
    """Returns what is told about an exception; one that nobody foresaw is logged and told as our fault."""
    if isinstance(problem, Refusal):
        return problem
    for kind in type(problem).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](problem)
    return _unforeseen(problem)


def told_of(status: int) -> dict[str, Any]:
    """Returns the object sent as `error` where nothing but the status is known."""
    code, words = _HTTP.get(status, ("refused", Refusal.words) if status < 500 else (Broken.code, Broken.words))
    return {"code": code, "message": words, "field": None}


def install(app: Flask, *, sign_in_page: str | None = None) -> None:
    """Answers every exception of the app; `sign_in_page` is the endpoint a browser without a session is sent to."""

    @app.errorhandler(HTTPException)
    def http(problem: HTTPException) -> Response:
        status = problem.code or 500
        answer = _answer(status, **told_of(status))
        for name, value in problem.get_headers():
            if name in ("Allow", "Retry-After"):
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def other(problem: Exception) -> Any:
        refusal = refusal_of(problem)
        if isinstance(refusal, SignInNeeded) and sign_in_page and request.method == "GET" and wants_page():
            return redirect(url_for(sign_in_page, next=request.full_path.rstrip("?")), 303)
        answer = _answer(refusal.status, **refusal.to_json())
        answer.headers.update(refusal.headers)
        return answer


def wants_page() -> bool:
    """Says whether a person's browser asks, not a program: its Accept prefers a page to JSON."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > accepted["application/json"]


def _answer(status: int, *, code: str, message: str, field: str | None) -> Response:
    if wants_page():
        answer = Response(_page(status, message), mimetype="text/html")
    else:
        answer = jsonify(error={"code": code, "message": message, "field": field})
    answer.status_code = status
    return answer


# The page says more about these by itself; they are sentences for programs.
_PLAIN = frozenset({SignInNeeded.words, NotAllowed.words, NotFound.words, Broken.words, _HTTP[403][1]})


def _page(status: int, message: str) -> str:
    try:
        return render_template("refusal.html", status=status, message=None if message in _PLAIN else message)
    except Exception:
        # Whatever broke the first page may break this one too; people still get a sentence.
        log.exception("page.not_drawn")
        return f"<!doctype html><html lang=en><title>{status}</title><p>{escape(message)}</p></html>"
