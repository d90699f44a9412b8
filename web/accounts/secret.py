"""Secrets that are kept as a hash only, and looked up by it."""

import hashlib
import secrets

HASH_LENGTH = 64


def new_secret() -> str:
    """Returns a secret nobody can guess."""
    return secrets.token_urlsafe(24)


def hashed(secret: str) -> str:
    """Returns the secret as it is kept."""
    # No salt and no slow hash: a random secret of 192 bits cannot be guessed, only stolen.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
