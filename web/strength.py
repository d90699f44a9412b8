"""Whether a token that an operator gives can be sent in a header, and is not found out by trying."""

SHORTEST_TOKEN = 20
"""Characters."""


class WeakToken(Exception):
    """Nobody could bring this token, or everybody could guess it; the text says how to make one."""


def strong(token: str, called: str) -> str:
    """Returns the token; raises WeakToken."""
    if len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable():
        return token
    raise WeakToken(
        f"{called} must have at least {SHORTEST_TOKEN} plain characters. Make one with:  openssl rand -hex 24"
    )
