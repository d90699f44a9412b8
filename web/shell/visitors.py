"""`parlour visitor` and `parlour retention`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE, SITE_OPTION, Stop, existing, look_for, tell

WHO = click.argument("who")


@click.group()
def visitor() -> None:
    """The record of one person: export, erase, legal hold.

    WHO is an e-mail address, a phone number, a name as it was given, or the id of a visitor or conversation.
    """


@visitor.command("export")
@WHO
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="A folder, or a file that ends in .zip. Nothing there is written over.",
)
@SITE_OPTION
@DATA
@DATABASE
def visitor_export(who: str, target: Path, **place: Any) -> None:
    """Write all that is recorded of a person.

    It is written as JSON, and as a page to read.

    \b
    Example:   parlour visitor export ann@example.org --to ann.zip
    """
    _with_record(who, lambda record: record.export(target), **place)


@visitor.command("erase")
@WHO
@click.option("--yes", is_flag=True, help="Do not ask.")
@SITE_OPTION
@DATA
@DATABASE
def visitor_erase(who: str, yes: bool, **place: Any) -> None:
    """Erase a person for good, also while Parlour is running. Refused under legal hold.

    \b
    Example:   parlour visitor erase ann@example.org
    """

    def erase(record: Any) -> Iterator[str]:
        record.refuse_if_held()
        if not yes:
            tell(record.described())
            click.confirm("Erase all of it? This cannot be taken back.", abort=True)
        yield from record.erase()

    _with_record(who, erase, **place)


@visitor.command("hold")
@WHO
@click.option("--because", required=True, help="Why; it is told to whoever tries to erase them.")
@SITE_OPTION
@DATA
@DATABASE
def visitor_hold(who: str, because: str, **place: Any) -> None:
    """Keep the record of a person, whatever happens.

    Until the hold is released it cannot be erased, nor deleted for its age.

    \b
    Example:   parlour visitor hold ann@example.org --because "Case 12/2026, asked by our lawyer"
    """
    _with_record(who, lambda record: record.hold(because), **place)


@visitor.command("release")
@WHO
@SITE_OPTION
@DATA
@DATABASE
def visitor_release(who: str, **place: Any) -> None:
    """End a legal hold.

    \b
    Example:   parlour visitor release ann@example.org
    """
    _with_record(who, lambda record: record.release(), **place)


@click.command()
@SITE
@click.option("--plan", is_flag=True, help="Only say what would go.")
@DATA
@DATABASE
def retention(site: Path, plan: bool, **place: Any) -> None:
    """Delete what is older than the site keeps it. `parlour serve` does so once a day by itself.

    \b
    Example:   parlour retention mysite --plan
    """
    from web.commands.visitors import CannotDo, retained

    try:
        for line in retained(existing(site), plan=plan, **place):
            click.echo(line)
    except CannotDo as problem:
        raise Stop(str(problem)) from None


def _with_record(who: str, work: Callable[[Any], Iterator[str]], *, site: Path, **place: Any) -> None:
    from web.commands.visitors import CannotDo, record_of

    look_for(site, **place)
    try:
        with record_of(site, who, **place) as record:
            for line in work(record):
                tell(line)
    except CannotDo as problem:
        raise Stop(str(problem)) from None
