"""`parlour jobs`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, NUMBER, SITE_OPTION, Stop, look_for, tell

STATES = ("waiting", "overdue", "dead", "done")
KINDS = (
    *("action", "callback", "close_when_idle", "offer_over", "overflow", "reminder", "stop_waiting", "timer"),
    "webhook",
)
"""What there is to do, whoever does it."""
KIND = click.option("--kind", type=click.Choice(KINDS), metavar="KIND", help="Only this: " + ", ".join(KINDS) + ".")


@click.group(invoke_without_command=True)
@click.option("--state", type=click.Choice(STATES), help="List the jobs in this state. Default: count them all.")
@KIND
@click.option("--page", type=NUMBER, help="Which page of the list. Default: the first.")
@SITE_OPTION
@DATA
@DATABASE
@click.pass_context
def jobs(context: click.Context, state: str | None, kind: str | None, page: int | None, **place: Any) -> None:
    """What waits to be done, is late, or was given up. Nothing of what visitors wrote is shown.

    \b
    Example:   parlour jobs
               parlour jobs --state dead --kind webhook
    """
    if context.invoked_subcommand is not None:
        _refuse_options_before(context.invoked_subcommand, context)
        return
    if page and not state:
        raise click.UsageError("--page goes with --state; a count has one page.")
    from web.commands.jobs import counted, listed

    _with_backlog(lambda backlog: listed(backlog, state, kind, page or 1) if state else counted(backlog, kind), **place)


@jobs.command("show")
@click.argument("key")
@SITE_OPTION
@DATA
@DATABASE
def jobs_show(key: str, **place: Any) -> None:
    """Tell all there is to tell of one job.

    That is its times, its tries, and what came of the last.

    \b
    Example:   parlour jobs show webhook:8f3aQx…:m_F6GR…:4
    """
    from web.commands.jobs import told

    _with_backlog(lambda backlog: told(backlog, key), **place)


@jobs.command("retry")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@click.option("--all-dead", is_flag=True, help="Everything that was given up.")
@KIND
@SITE_OPTION
@DATA
@DATABASE
def jobs_retry(keys: tuple[str, ...], all_dead: bool, kind: str | None, **place: Any) -> None:
    """Let what was given up be tried for another day.

    \b
    Example:   parlour jobs retry --all-dead --kind webhook
    """
    from web.commands.jobs import retried, retried_all

    if bool(keys) == all_dead:
        raise click.UsageError("Name the jobs to try again, or say --all-dead for all that were given up.")
    if kind and not all_dead:
        raise click.UsageError("--kind goes with --all-dead; a job that is named needs no kind.")
    _with_backlog(lambda backlog: retried_all(backlog, kind) if all_dead else retried(backlog, keys), **place)


@jobs.command("drop")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@SITE_OPTION
@DATA
@DATABASE
def jobs_drop(key: str, yes: bool, **place: Any) -> None:
    """Take a job away for good that waits or was given up.

    What it was to do will not be done.

    \b
    Example:   parlour jobs drop webhook:8f3aQx…:m_F6GR…:4
    """
    from web.commands.jobs import dropped, told

    def ask_and_drop(backlog: Any) -> Iterable[str]:
        if not yes:
            for line in told(backlog, key):
                tell(line)
            click.confirm("Take it away for good?", abort=True)
        return dropped(backlog, key)

    _with_backlog(ask_and_drop, **place)


def _refuse_options_before(verb: str, context: click.Context) -> None:
    """An option before the verb is not the verb's, so it would do nothing."""
    for option in context.command.params:
        if option.name and context.get_parameter_source(option.name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(f"Write {option.opts[0]} behind '{verb}'.")


def _with_backlog(work: Callable[[Any], Iterable[str]], *, site: Path, **place: Any) -> None:
    from web.commands.jobs import CannotDo, backlog_of

    look_for(site, **place)
    try:
        with backlog_of(site, **place) as backlog:
            for line in work(backlog):
                tell(line)
    except CannotDo as problem:
        raise Stop(str(problem)) from None
