"""Which pages may speak to us: the site's own pages embed the widget, only our own page opens the agents' socket.

A courtesy for honest browsers and a wall against pages that ride on somebody's session; no proof of who calls.
"""

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from flask import Request, Response

from web.errors import Refusal

PREFLIGHT_SECONDS = 600
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SET_BY_PROXIES = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")

Domains = Callable[[], Iterable[str]]


class WrongOrigin(Refusal):
    """A page that may not ask does."""

    status = 403
    code = "origin"


def may_embed(origin: str | None, domains: Iterable[str]) -> bool:
    """Says whether a page of this origin may carry the widget.

    `shop.example` stands for exactly that host on its usual port, `*.shop.example` for every host below it,
    `shop.example:8443` for that port. Loopback always may. No origin at all is no page, and may too.
    """
    if origin is None:
        return True
    page = _parsed(origin)
    if page is None or page.hostname is None:
        return False
    host = page.hostname.rstrip(".")
    if is_loopback(host):
        return True
    port = page.port or _DEFAULT_PORTS[page.scheme]
    return any(_covers(domain, host, port, usual=port == _DEFAULT_PORTS[page.scheme]) for domain in domains)


def is_own(request: Request) -> bool:
    """Says whether the asking page is one of ours, letter by letter: scheme, host and port."""
    return request.headers.get("Origin") == f"{request.scheme}://{request.host}"


def is_foreign(request: Request) -> bool:
    """Says whether the browser tells that the asking page is not ours; a caller that tells nothing is not foreign."""
    origin = request.headers.get("Origin")
    if origin is not None and not is_own(request):
        return True
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none")


def is_loopback(host: str) -> bool:
    """Says whether the host name means this computer."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def asks_for_this_computer(request: Request) -> bool:
    """Says whether the host that is asked for means this computer; a page of somebody's may have another lead here."""
    host = request.host if request.host.endswith("]") else request.host.rsplit(":", 1)[0]
    return is_loopback(host)


def came_through_a_proxy(request: Request) -> bool:
    """Says whether a proxy says so: whoever asks is not on this computer then, wherever the proxy is."""
    return any(name in request.headers for name in _SET_BY_PROXIES)


class Embedding:
    """The pages of the running site that may speak to the widget's routes, and what their browsers are told."""

    def __init__(self, domains: Domains):
        self._domains = domains

    def check(self, request: Request) -> None:
        """Raises WrongOrigin, with what to write, for a page that may not embed the widget."""
        origin = request.headers.get("Origin")
        if is_own(request) or may_embed(origin, self._domains()):
            return
        page = _parsed(origin or "")
        advice = "It has no address of its own."
        if page is not None and page.netloc:
            advice = f"Add {page.netloc} to `domains` in site.yaml if it is one of yours."
        raise WrongOrigin(f"This page may not use the chat. {advice}")

    def preflight(self) -> Response:
        """Returns the answer to the browser's question before a request with a token or a JSON body."""
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
        return answer

    def expose(self, request: Request, answer: Response) -> None:
        """Lets the asking page read the answer, if it may embed the widget; never with credentials."""
        answer.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin and (is_own(request) or may_embed(origin, self._domains())):
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = "Retry-After"


def _parsed(origin: str) -> SplitResult | None:
    try:
        page = urlsplit(origin)
        page.port  # noqa: B018  raises for a port that is none
    except ValueError:
        return None
    whole = page.scheme in _DEFAULT_PORTS and not (page.path or page.query or page.fragment or "@" in page.netloc)
    return page if whole else None


def _covers(domain: str, host: str, port: int, *, usual: bool) -> bool:
    name, _, wanted = domain.strip().lower().rpartition(":") if ":" in domain else (domain.strip().lower(), "", "")
    if wanted != str(port) and not (wanted == "" and usual):
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name
