"""Logs: one line an event, for people on a terminal and as JSON elsewhere; never a message's text or a secret."""

import logging
import sys
from typing import Any

import structlog


def set_up_logs() -> None:
    """Sends everything that is logged to standard error."""
    for_people = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=True)
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for chatty in ("transitions", "alembic", "sqlalchemy", "gunicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
