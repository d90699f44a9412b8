"""Spans: what took how long and what belongs to it, for a tracing system outside. Without one they are nothing.

    with spans("webhook", webhook=webhook.id) as note:
        note(status=send())

What is noted is ids, kinds and numbers; never a word that somebody wrote.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

Note = Callable[..., None]
"""Adds to a span what is known only later."""
Spans = Callable[..., AbstractContextManager[Note]]
"""Begins a span of this name; it ends with the block."""


def no_spans(name: str, **attributes: str | int | None) -> AbstractContextManager[Note]:
    """Notes nothing."""
    return _NOTHING


def _ignore(**_: str | int | None) -> None:
    return


_NOTHING: AbstractContextManager[Note] = nullcontext(_ignore)
