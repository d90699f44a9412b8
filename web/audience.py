"""Who may call a route: each declares its audience, and one gate before every request holds it to that.

    @audience("agent")                      the session of somebody signed in whose role includes it
    @audience("visitor")                    a visitor's token; called from the site's pages
    @audience("public", embedded=True)      anybody; called from the site's pages (CORS, no session, no CSRF)
    @audience("public")                     anybody; our own pages
    @audience("program")                    the operator's own programs, by the API's token; no page at all

A route without one is refused to everybody. What the gate lets through finds `g.agent` (`SignedIn`) or `g.visitor`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Literal, TypeVar, get_args

import structlog
from flask import Flask, Request, Response, g, request
from flask.typing import ResponseReturnValue

from web.errors import ApiTokenNeeded, NoHandshake, NotAllowed, Refusal, SignInNeeded, TokenNeeded
from web.limits import Limits, address_of
from web.origins import Embedding, WrongOrigin, is_foreign, is_own

log = structlog.get_logger()

Audience = Literal["public", "visitor", "agent", "lead", "marketer", "admin", "program"]
Role = Literal["agent", "lead", "marketer", "admin"]

AUDIENCES: tuple[Audience, ...] = get_args(Audience)
ROLES: tuple[Role, ...] = get_args(Role)

ROLES_OF: dict[Audience, frozenset[Role]] = {
    "agent": frozenset({"agent", "lead", "admin"}),
    "lead": frozenset({"lead", "admin"}),
    "marketer": frozenset({"marketer", "admin"}),
    "admin": frozenset({"admin"}),
}
"""Which roles an audience is made of."""

FREE_OF_CHARGE = "assets."
"""Endpoints that are not counted against an address: files."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody signed in, as a request or socket knows them."""

    agent_id: str
    account_id: str
    name: str
    role: Role
    stamp: str
    """Names this sign-in: `Accounts.valid_among([stamp])` says whether it holds."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a route declares."""

    audience: Audience
    embedded: bool
    late: bool


class Undeclared(NotAllowed):
    """The route names no audience, so nobody may call it."""

    words = "This address is not open to anybody yet."


def audience(name: Audience, *, embedded: bool | None = None, late: bool = False) -> Callable[[View], View]:
    """Declares who may call the view.

    `embedded`: pages of other origins call it, so origins are checked and CORS is answered, and no session counts.
    `late`: for sockets, under `@sock.route`. A refusal closes the socket with its number instead of failing the
    handshake, because a browser shows a page the number and hides the status. A wrong origin fails the handshake still.
    """
    declared = Declared(name, embedded=name == "visitor" if embedded is None else embedded, late=late)
    if (name == "visitor") != declared.embedded and name != "public":
        raise ValueError(
            f"{name!r} cannot be embedded={declared.embedded}: tokens travel from the site, sessions do not."
        )

    def declare(view: View) -> View:
        told = _closes_if_refused(view) if late else view
        told.audience = declared  # type: ignore[attr-defined]
        return told

    return declare


def _closes_if_refused(view: View) -> View:
    @wraps(view)
    def opened(socket: Any, *args: Any, **kwargs: Any) -> Any:
        refusal: Refusal | None = g.pop("refusal", None)
        if refusal is not None:
            _note_refused(refusal.status)
            return socket.close(refusal.close, refusal.message[:100])
        return view(socket, *args, **kwargs)

    return opened  # type: ignore[return-value]


def declare(app: Flask, endpoint: str, name: Audience) -> None:
    """Declares who may call a route whose view is not ours to decorate."""
    app.extensions.setdefault("audience", {})[endpoint] = Declared(name, embedded=False, late=False)


def declared_by(app: Flask, endpoint: str) -> Declared | None:
    """Returns what a route declares; None if it says nothing."""
    elsewhere = app.extensions.get("audience", {}).get(endpoint)
    return elsewhere or getattr(app.view_functions[endpoint], "audience", None)


def nobody(_: Request) -> None:
    """Lets no program in: there is no token."""
    raise ApiTokenNeeded


class Gate:
    """Holds every request to the audience its route declares."""

    def __init__(
        self,
        *,
        embedding: Embedding,
        visitor_of: Callable[[Request], str | None],
        signed_in: Callable[[], SignedIn | None],
        protect: Callable[[], None],
        limits: Limits,
        check_program: Callable[[Request], None] = nobody,
        refuse_socket: Callable[[Audience, str], None] = lambda audience, address: None,
    ):
        """`signed_in` tells whose session the request brings, `protect` raises when a form lacks its CSRF token.

        `check_program` raises when the request does not bring the API's token, `refuse_socket` when there is no room
        for one more socket of this audience from this address.
        """
        self._embedding = embedding
        self._visitor_of = visitor_of
        self._signed_in = signed_in
        self._protect = protect
        self._limits = limits
        self._check_program = check_program
        self._refuse_socket = refuse_socket

    def install(self, app: Flask) -> None:
        """Puts the gate before every request of the app."""

        @app.before_request
        def enter() -> ResponseReturnValue | None:
            if request.endpoint is None:
                return None  # No such address, or not with this method: Flask says so.
            declared = declared_by(app, request.endpoint)
            if declared is None:
                raise Undeclared
            if _is_socket():
                self._refuse_socket(declared.audience, address_of(request))
            if not request.endpoint.startswith(FREE_OF_CHARGE):
                self._limits.take("socket" if _is_socket() else "page", address_of(request))
            if declared.audience == "program":
                # No session counts here, so there is nothing a page could ride on: the token is all.
                self._check_program(request)
                return None
            answer = self._enter_embedded(declared) if declared.embedded else self._enter_own(declared)
            if _is_socket():
                _make_readable(request)
            return answer

        @app.after_request
        def leave(answer: Response) -> Response:
            declared = declared_by(app, request.endpoint) if request.endpoint else None
            if declared and declared.embedded:
                self._embedding.expose(request, answer)
            if answer.status_code in (401, 403) or (answer.status_code == 404 and "agent" in g):
                _note_refused(answer.status_code)
            return answer

    def _enter_embedded(self, declared: Declared) -> ResponseReturnValue | None:
        self._embedding.check(request)
        if request.method == "OPTIONS":
            return self._embedding.preflight()
        g.visitor = self._visitor_of(request)
        if declared.audience == "visitor" and g.visitor is None:
            _refuse(TokenNeeded(), declared)
        return None

    def _enter_own(self, declared: Declared) -> ResponseReturnValue | None:
        unsafe = request.method not in _SAFE_METHODS
        if (_is_socket() and not is_own(request)) or (unsafe and is_foreign(request)):
            raise WrongOrigin("This page may not ask this.")
        if declared.audience != "public":
            self._let_in(declared)
        if unsafe:
            self._protect()
        return None

    def _let_in(self, declared: Declared) -> None:
        agent = self._signed_in()
        if agent is None:
            _refuse(SignInNeeded(), declared)
        elif agent.role not in ROLES_OF[declared.audience]:
            g.turned_away = agent
            _refuse(NotAllowed(), declared)
        else:
            g.agent = agent


def _make_readable(handshake: Request) -> None:
    """Raises NoHandshake for a head that wsproto stumbles over, which takes all of these for ASCII.

    It also reads the host's name as IDNA 2003 knows names, so not `xn--strae-oqa.example`, and asks no more about it:
    whether the page may ask has been looked at by now.
    """
    if not all(handshake.headers.get(name, "").isascii() for name in _READ_BY_WSPROTO):
        raise NoHandshake
    handshake.environ["HTTP_HOST"] = "localhost"


_READ_BY_WSPROTO = ("Host", "Connection", "Sec-WebSocket-Protocol")


def _note_refused(status: int) -> None:
    """Logs who asked for what in vain: by its route, since an address may hold words or a secret."""
    agent: SignedIn | None = g.get("agent") or g.get("turned_away")
    who = f"agent:{agent.agent_id}" if agent else "visitor" if g.get("visitor") else "nobody"
    route = request.url_rule.rule if request.url_rule else None
    log.warning(
        "request.refused", status=status, who=who, method=request.method, route=route, address=address_of(request)
    )


def _is_socket() -> bool:
    return request.url_rule is not None and request.url_rule.websocket


def _refuse(refusal: Refusal, declared: Declared) -> None:
    if not declared.late:
        raise refusal
    g.refusal = refusal
