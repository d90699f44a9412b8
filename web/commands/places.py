"""Where an installation keeps its database and its secrets."""

from pathlib import Path

from bot.database import CannotOpen, Database

IGNORE = "*\n"


def data_folder(site: Path, data: Path | None) -> Path:
    """Returns the data folder, made if need be; version control is told to leave it alone."""
    folder = data or site / ".parlour"
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o700)  # It holds conversations and the key: nobody else on this computer reads them.
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(IGNORE)
    return folder


def database_address(folder: Path, database: str | None) -> str:
    """Returns the address of the database: the one given, else SQLite in the data folder."""
    if database is None:
        return f"sqlite:///{(folder / 'parlour.db').resolve()}"
    return database.replace("postgresql://", "postgresql+psycopg://", 1)


def open_database(site: Path, data: Path | None, database: str | None) -> Database:
    """Returns the migrated database of an installation; raises CannotOpen."""
    try:
        opened = Database(database_address(data_folder(site, data), database))
    except OSError as problem:
        raise CannotOpen(
            f"The data folder {data or site / '.parlour'} cannot be made: {problem.strerror}."
        ) from problem
    opened.migrate()
    return opened
