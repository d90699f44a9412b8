"""Where an installation keeps its database and its secrets."""

from pathlib import Path

from bot.database import CannotOpen, Database

IGNORE = "*\n"
READ_WHOLE = 200 * 1024 * 1024
"""A command that is over in a moment reads no larger file whole to see that it is not damaged; `serve` does."""


def data_folder(site: Path, data: Path | None) -> Path:
    """Returns the data folder, made if need be; version control is told to leave it alone. Raises CannotOpen."""
    folder = data or site / ".parlour"
    ignore = folder / ".gitignore"
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            folder.chmod(0o700)  # It holds conversations and the key: nobody else on this computer reads them.
        if not ignore.exists():
            ignore.write_text(IGNORE)
    except OSError as problem:
        raise CannotOpen(
            f"The data folder {folder} cannot be used: {problem.strerror}. Parlour must be able to write there."
        ) from problem
    return folder


def database_address(folder: Path, database: str | None) -> str:
    """Returns the address of the database: the one given, else SQLite in the data folder."""
    if database is None:
        return f"sqlite:///{(folder / 'parlour.db').resolve()}"
    return database


def open_database(site: Path, data: Path | None, database: str | None) -> Database:
    """Returns the migrated database of an installation; raises CannotOpen."""
    opened = Database(database_address(data_folder(site, data), database))
    opened.migrate(read_whole=READ_WHOLE)
    return opened
