"""What several commands have in common: their options, and how they end with a line of what to do."""

from pathlib import Path
from typing import Any

import click

SITE = click.argument("site", type=click.Path(path_type=Path, file_okay=False), default="site")
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
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
SITE_OPTION = click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False), default="site", show_default=True
)


class Stop(click.ClickException):
    """One clear line of what to do, and exit status 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"parlour: {self.message}", err=True)


def existing(site: Path) -> Path:
    if not site.is_dir():
        make = "Say where it is with --site, or make" if _is_named_by_option() else "Make"
        raise Stop(f"There is no site at {site}. {make} one with:  parlour init {site}")
    return site


def _is_named_by_option() -> bool:
    """Whether the running command takes the site as --site; whoever wrote it without that has named something else."""
    command = click.get_current_context().command
    return any(each.name == "site" and isinstance(each, click.Option) for each in command.params)
