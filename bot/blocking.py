"""How what would hold up the others is run: a server hands it to a thread, and without one it is done at once."""

from collections.abc import Callable
from typing import Any

RunBlocking = Callable[..., Any]
"""`run_blocking(function, *args)` returns what the function returns."""


def at_once(function: Callable[..., Any], *args: Any) -> Any:
    """Runs it here and now."""
    return function(*args)
