"""Ids nobody can guess: 128 random bits."""

import secrets
from collections.abc import Callable

NewId = Callable[[], str]


def new_id() -> str:
    """Returns 22 characters of A-Z a-z 0-9 - _ holding 128 random bits; the first is no `-`, for the shell's sake."""
    while (drawn := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return drawn
