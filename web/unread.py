"""What is told to whoever sends what no request can be made of: it never reaches the application."""

from http import HTTPStatus

from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)

from web.errors import told_of
from web.headers import ALWAYS
from web.hub import encoded

_STATUS: dict[type[BaseException], HTTPStatus] = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    ParseException: HTTPStatus.BAD_REQUEST,
}


def status_of(problem: BaseException) -> HTTPStatus:
    """Returns what an answer's status says of a problem; what is not the other side's fault is ours."""
    return next((_STATUS[kind] for kind in type(problem).__mro__ if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


def answer(status: HTTPStatus, **head: str) -> bytes:
    """Returns an answer as it travels, with the head of all our answers and nothing of what was asked."""
    body = encoded({"error": told_of(status)})
    says = {
        **ALWAYS,
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
        "Content-Length": str(len(body.encode())),
        "Connection": "close",
        **{name.replace("_", "-"): value for name, value in head.items()},
    }
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in says.items())]
    return "\r\n".join([*lines, "", body]).encode()
