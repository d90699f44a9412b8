"""`parlour backup`, `parlour restore`, `parlour new-epoch`: a copy of the record, and one put back."""

import shlex
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from bot.address import written
from bot.backup import Copied, back_up, restore
from bot.database import CannotOpen, Database
from bot.epoch import renew_epoch
from web.app import utc_now
from web.commands.advice import again
from web.commands.places import data_folder, database_address, open_database
from web.tokens import KEY_FILE


def backed_up(to: Path, site: Path, data: Path | None, database: str | None) -> Iterator[str]:
    """Makes a backup and yields what is said about it; raises CannotOpen."""
    folder = data or site / ".parlour"
    url = Database(database_address(folder, database)).url
    if url.get_backend_name() != "sqlite":
        raise CannotOpen(
            f"PostgreSQL makes its own backups:  pg_dump --format=custom --file={_typed(to)} {_named(url)}"
        )
    yield f"{to}: {_told(back_up(Path(str(url.database)), to))}, whole when read back."
    yield f"Keep {folder / KEY_FILE} with it: without that everybody signs in again, and visitors begin anew."


def restored(backup: Path, site: Path, data: Path | None, database: str | None) -> Iterator[str]:
    """Puts a backup in the place of the database and yields what is said about it; raises CannotOpen."""
    url = Database(database_address(data_folder(site, data), database)).url
    if url.get_backend_name() != "sqlite":
        raise CannotOpen(
            "PostgreSQL restores its own backups. Stop Parlour, then:  "
            f'psql {_named(url)} --command="DROP SCHEMA public CASCADE" --command="CREATE SCHEMA public",  '
            f"pg_restore --dbname={_named(url)} {_typed(backup)}  and  {again('new-epoch')}"
        )
    copied, aside = restore(backup, Path(str(url.database)), at=utc_now())
    yield f"Restored {backup}: {_told(copied)}."
    if aside is not None:
        yield f"The database before is kept as {aside}; delete it when it is no longer needed."
    yield "Start Parlour now. Every open window will load what is stored, and send what it still has."


def begun_anew(site: Path, data: Path | None, database: str | None) -> Iterator[str]:
    """Makes the record another one and yields what is said about it; raises CannotOpen."""
    opened = open_database(site, data, database)
    try:
        with opened.writing() as connection:
            renew_epoch(connection)
    finally:
        opened.close()
    yield "Every open window will load what is stored, and send what it still has."


def _told(copied: Copied) -> str:
    count = f"{copied.conversations} conversation{'' if copied.conversations == 1 else 's'}"
    upto = f", the latest of {copied.latest} UTC" if copied.latest else ""
    return f"{count}{upto}, {copied.size / 1_000_000:.1f} MB"


def _named(url: URL) -> str:
    """Returns the address as PostgreSQL's own programs take it; the password is asked for or found by them."""
    plain = url.set(drivername="postgresql")._replace(password=None).difference_update_query(["password"])
    return _typed(written(plain, hide_password=True))


def _typed(word: object) -> str:
    return shlex.quote(str(word))
