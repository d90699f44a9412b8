"""`parlour check`, `talk`, `deploy`, `rollback` and `versions`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from web.shell.options import (
    ACTIONS_URL,
    DATA,
    DATABASE,
    FORMAT,
    NUMBER,
    PLAN,
    SITE,
    Stop,
    existing,
    in_circumstances,
    look_for,
)


@click.command()
@SITE
@FORMAT
def check(site: Path, form: str) -> None:
    """Check a site and tell everything that is wrong with it. Exit status 1 when there are errors.

    \b
    Example:   parlour check mysite --format json
    """
    from web.commands.checking import check_site

    sys.exit(check_site(existing(site), form))


@click.command()
@SITE
@in_circumstances
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


@click.command()
@SITE
@PLAN
@FORMAT
@DATA
@DATABASE
def deploy(site: Path, form: str, only_plan: bool, **place: Any) -> None:
    """Check a site and make it the version that is served.

    What becomes of conversations in progress is said first. With errors nothing changes, and the exit status is 1.

    \b
    Example:   parlour deploy mysite --plan
    """
    existing(site)
    _switched(
        site, lambda installed: installed.deploy(site, form=form, only_plan=only_plan), makes=not only_plan, **place
    )


@click.command()
@SITE
@click.option(
    "--to", "version", metavar="VERSION", help="Six or more of its first digits. Default: the version before."
)
@PLAN
@FORMAT
@DATA
@DATABASE
def rollback(site: Path, version: str | None, form: str, only_plan: bool, **place: Any) -> None:
    """Go back to the version before, or to any other.

    That one is named by its first six or more digits.

    \b
    Example:   parlour rollback mysite --to 7b3d99
    """
    look_for(site, **place)
    _switched(site, lambda installed: installed.roll_back(version, form=form, only_plan=only_plan), **place)


@click.command()
@SITE
@click.option("--before", type=NUMBER, metavar="NUMBER", help="Only those before this one.")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many of them.")
@FORMAT
@DATA
@DATABASE
def versions(site: Path, before: int | None, most: int, form: str, **place: Any) -> None:
    """List what was deployed, when and by whom.

    The newest comes first, and the current one has a star.

    \b
    Example:   parlour versions mysite --before 40
    """
    look_for(site, **place)
    _switched(site, lambda installed: installed.list(before=before, most=most, form=form), **place)


def _switched(site: Path, work: Callable[[Any], int | None], *, makes: bool = False, **place: Any) -> None:
    from web.commands.deploying import CannotSwitch, installation

    try:
        with installation(site, **place, makes=makes) as installed:
            status = work(installed)
    except CannotSwitch as problem:
        raise Stop(str(problem)) from None
    sys.exit(status or 0)
