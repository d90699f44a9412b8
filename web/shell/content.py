"""`parlour check` and `parlour talk`."""

import sys
from pathlib import Path
from typing import Any

import click

from web.shell.options import ACTIONS_URL, SITE, Stop, existing


@click.command()
@SITE
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(site: Path, form: str) -> None:
    """Check a site and tell everything that is wrong with it. Exit status 1 when there are errors.

    \b
    Example:   parlour check mysite --format json
    """
    from web.commands.checking import check_site

    sys.exit(check_site(existing(site), form))


@click.command()
@SITE
@click.option("--page", default="/", show_default=True, help="The page the visitor is on.")
@click.option("--language", help="The visitor's language. Default: the site's first.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Any other fact, such as visits=3.")
@click.option("--agents", "agents_here", default=0, show_default=True, help="How many agents are there.")
@click.option("--at", "at", metavar="MOMENT", help="When it is, such as '2026-03-04 10:00' or 'sunday 11:00'.")
@ACTIONS_URL
def talk(site: Path, **circumstances: Any) -> None:
    """Speak with the bot in the terminal; lines may be piped in.

    \b
    Example:   echo "Hello" | parlour talk mysite --page /pricing --at "sunday 11:00"
    """
    from web.commands.talking import CannotTalk, talk_with

    try:
        talk_with(existing(site), **circumstances)
    except CannotTalk as problem:
        raise Stop(str(problem)) from None
