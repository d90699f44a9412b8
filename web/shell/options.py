"""What several commands have in common: how they are told the site, their options, and how they end with one line.

A command without other words takes the site as its word: `parlour check mysite`. One that has words of its own, and
every verb of a group, takes `--site`: `parlour backup monday.db --site mysite`.
"""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click


class _SiteFolder(click.Path):
    """The folder of a site; whoever names a file in it is told which one that is."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        named = Path(value)
        if named.is_file():
            folder = next((above for above in named.parents if (above / "site.yaml").exists()), None)
            which = f"the folder of the site: {folder}" if folder else "the folder of the site"
            self.fail(f"'{named}' is a file, and a site is read as a whole; name {which}", param, ctx)
        return super().convert(value, param, ctx)


_FOLDER = click.Path(path_type=Path, file_okay=False)
_SITE = _SiteFolder(path_type=Path, file_okay=False)
SITE = click.argument("site", type=_SITE, default="site")
SITE_OPTION = click.option("--site", type=_SITE, default="site", show_default=True, help="Folder of the site.")
DATA = click.option(
    "--data",
    type=_FOLDER,
    envvar="PARLOUR_DATA",
    help="Folder of database and secrets. Default: .parlour inside the site.",
)
DATABASE = click.option(
    "--database", envvar="PARLOUR_DATABASE", help="Address of the database. Default: SQLite in the data folder."
)
ACTIONS_URL = click.option(
    "--actions-url",
    envvar="PARLOUR_ACTIONS_URL",
    help="Address of an action server elsewhere. Default: the site's actions folder is served here.",
)

FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
PLAN = click.option("--plan", "only_plan", is_flag=True, help="Only say what would happen; status 3 if nothing would.")
WEBHOOKS_MAY_BE_LOCAL = click.option(
    "--webhooks-may-be-local",
    is_flag=True,
    envvar="PARLOUR_WEBHOOKS_MAY_BE_LOCAL",
    help="Let webhooks lead to this computer, also without HTTPS: for trying out.",
)
_CIRCUMSTANCES = (
    click.option("--page", default="/", show_default=True, help="The page the visitor is on."),
    click.option("--language", help="The visitor's language. Default: the site's first."),
    click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Any other fact, such as visits=3."),
    click.option(
        "--agents",
        "agents_here",
        default=0,
        show_default=True,
        type=click.IntRange(0, 1000),
        help="How many agents are there.",
    ),
    click.option("--at", "at", metavar="MOMENT", help="When it is, such as '2026-03-04 10:00' or 'sunday 11:00'."),
)


def in_circumstances(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options that say in what circumstances a visitor is."""
    return reduce(lambda decorated, option: option(decorated), reversed(_CIRCUMSTANCES), command)


NUMBER = click.IntRange(1, 1_000_000)
"""What counts something from 1, as far as a database counts."""


class Stop(click.ClickException):
    """One clear line of what to do, and exit status 1."""

    def show(self, file: Any = None) -> None:
        for line in f"parlour: {self.message}".split("\n"):
            tell(line, err=True)


class Misused(Stop):
    """One clear line of how a command is used, and exit status 2."""

    exit_code = 2


def tell(line: str, *, err: bool = False) -> None:
    """Prints a line in which others may have had their say: nothing in it moves the cursor or begins another line."""
    from bot.logs import printable

    click.echo(printable(line), err=err)


def existing(site: Path) -> Path:
    """Returns the folder of a site that must be there; raises Stop."""
    if not site.is_dir():
        make = "Say where it is with --site, or make" if _is_named_by_option() else "Make"
        raise Stop(f"There is no site at {site}. {make} one with:  parlour init {site}")
    refuse_folder_above(site)
    return site


def refuse_folder_above(site: Path) -> None:
    """Raises Stop when it is a folder inside this one that is a site: all in it would be read, and kept beside it."""
    below = [] if (site / "site.yaml").exists() else sorted(site.glob("[!.]*/site.yaml"))
    if below:
        raise Stop(
            f"There is no site.yaml in {site.resolve()}, but one in {below[0].parent}. Name that folder instead."
        )


def look_for(site: Path, *, data: Path | None, database: str | None) -> None:
    """Raises Stop where the site is needed to find the database, and is not there."""
    if data is None and database is None:
        existing(site)


def _is_named_by_option() -> bool:
    """Whether the running command takes the site as --site; whoever wrote it without that has named something else."""
    command = click.get_current_context().command
    return any(each.name == "site" and isinstance(each, click.Option) for each in command.params)
