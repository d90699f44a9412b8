"""`parlour backup`, `parlour restore` and `parlour new-epoch`."""

from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE, SITE_OPTION, look_for

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@FILE
@SITE_OPTION
@DATA
@DATABASE
def backup(file: Path, **place: Any) -> None:
    """Copy the database into a file, also while Parlour is running.

    The copy is read back whole before it gets its name. Nothing is ever written over.

    \b
    Example:   parlour backup /backups/monday.db --site mysite
    """
    from web.commands.backup import backed_up

    look_for(**place)
    for line in backed_up(file, **place):
        click.echo(line)


@click.command()
@FILE
@SITE_OPTION
@DATA
@DATABASE
def restore(file: Path, **place: Any) -> None:
    """Put a backup in the place of the database; the one before is kept beside it. Stop Parlour first.

    \b
    Example:   parlour restore /backups/monday.db --site mysite
    """
    from web.commands.backup import restored

    look_for(**place)
    for line in restored(file, **place):
        click.echo(line)


@click.command("new-epoch")
@SITE
@DATA
@DATABASE
def new_epoch(**place: Any) -> None:
    """Make every open window load the record anew, after it was restored by other means: pg_restore.

    \b
    Example:   parlour new-epoch mysite
    """
    from web.commands.backup import begun_anew

    look_for(**place)
    for line in begun_anew(**place):
        click.echo(line)
