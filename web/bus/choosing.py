"""Which bus there is, by the word of the operator."""

from hashlib import sha256
from importlib.util import find_spec

from sqlalchemy import URL

from web.bus.bus import Bus

POSTGRES = "postgres"
_SCHEMES = ("redis://", "rediss://", "valkey://", "valkeys://", "unix://")


class NoSuchBus(Exception):
    """The text says what to write."""


def check_bus(word: str, *, is_sqlite: bool) -> None:
    """Raises NoSuchBus when this cannot be the bus."""
    if is_sqlite:
        raise NoSuchBus("SQLite serves one process. For several give --database postgresql://…")
    if word == POSTGRES:
        return
    if not word.startswith(_SCHEMES):
        raise NoSuchBus("--bus is postgres, or an address such as redis://127.0.0.1:6379")
    if find_spec("valkey") is None:
        raise NoSuchBus("For a bus at redis://… install Parlour with it:  pip install '.[redis]'")
    import valkey

    try:
        valkey.from_url(word).connection_pool.make_connection()
    except (ValueError, TypeError):
        # Not shown: it may be a password with something wrong around it.
        raise NoSuchBus(
            "The address of the bus cannot be read. Write  redis://:password@host:6379  and in the password %2F for /"
        ) from None


def bus_of(word: str, database: URL, *, key: bytes, worker: str) -> Bus:
    """Returns the bus; `key` is the installation's secret, by which its workers know one another."""
    name, seal = sha256(b"bus:" + key).hexdigest()[:16], sha256(b"seal:" + key).digest()
    if word == POSTGRES:
        from web.bus.postgres import PostgresBus

        return PostgresBus(database, name, worker, seal)
    from web.bus.valkey import ValkeyBus

    return ValkeyBus(word, name, worker, seal)
