"""Logs: one line an event, for people on a terminal and as JSON elsewhere; never a message's text or a secret.

What an exception says may be what a visitor wrote. So a log that is kept tells its kind and where it came from, and its
words are for the terminal alone.
"""

import logging
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict

_CHATTY = ("transitions", "alembic", "sqlalchemy", "gunicorn.access")


def set_up_logs() -> None:
    """Sends everything that is logged to standard error, and what nobody caught as well."""
    for_people = sys.stderr.isatty()
    errors: Any = _Lossy(sys.stderr)
    renderer = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=True)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([_printable, structlog.processors.format_exc_info] if for_people else [_traced]),
    ]
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(errors),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(errors)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # Its complaint would quote the line that cannot be written.
    sys.excepthook = tell_unforeseen
    sys.unraisablehook = lambda told: tell_unforeseen(told.exc_type, told.exc_value, told.exc_traceback)
    threading.excepthook = lambda told: tell_unforeseen(told.exc_type, told.exc_value, told.exc_traceback)


def tell_unforeseen(kind: type[BaseException], problem: BaseException | None, trace: Any) -> None:
    """Logs an exception that nobody caught."""
    structlog.get_logger().error("unforeseen", exc_info=(kind, problem, trace))


def printable(text: str) -> str:
    """Returns the text with everything written out that would move a terminal's cursor or change its colours."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def trace_of(problem: BaseException) -> str:
    """Returns where an exception came from and of which kind it is, without its words; its causes first."""
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    earlier = [trace_of(before)] if before is not None else []
    name = f"{type(problem).__module__}.{type(problem).__qualname__}"
    return "\n".join([*earlier, "".join(traceback.format_tb(problem.__traceback__)) + name])


def _traced(_: Any, __: str, told: EventDict) -> EventDict:
    found = told.pop("exc_info", None)
    problem = found[1] if isinstance(found, tuple) else sys.exc_info()[1] if found is True else found
    if problem:
        told["exception"] = trace_of(problem)
    return told


def _printable(_: Any, __: str, told: EventDict) -> EventDict:
    """Writes out what would move a terminal's cursor or change its colours."""
    return {name: printable(value) if isinstance(value, str) else value for name, value in told.items()}


class _Lossy:
    """Standard error for a log: a line it does not take, its disk being full or its reader gone, is lost in silence.

    Whoever logs is often busy with another fault, and must not fall over this one.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """Writes what can be."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Passes on what can be."""
        with suppress(OSError, ValueError):
            self._stream.flush()
