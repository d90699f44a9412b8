"""`parlour jobs`: what waits to be done, is late or was given up, at the shell and also while Parlour is running."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bot.backlog import PAGE, Backlog, NoSuchJob
from bot.database import CannotOpen
from web.app import utc_now
from web.commands.advice import again
from web.commands.places import open_database

_HEAD = ("Kind", "Waiting", "Overdue", "Oldest", "Given up")


class CannotDo(Exception):
    """The text says what to do."""


@contextmanager
def backlog_of(site: Path, *, data: Path | None, database: str | None) -> Iterator[Backlog]:
    """Yields the jobs of an installation; raises CannotDo."""
    try:
        opened = open_database(site, data, database)
    except CannotOpen as problem:
        raise CannotDo(str(problem)) from problem
    try:
        yield Backlog(opened, now=utc_now)
    except NoSuchJob as problem:
        raise CannotDo(f"{problem} List them with:  {again('jobs --state dead')}") from problem
    finally:
        opened.close()


def counted(backlog: Backlog, kind: str | None) -> Iterator[str]:
    """Yields a table of the kinds with how much there is of each."""
    loads = backlog.loads([kind] if kind else backlog.kinds())
    if not loads:
        yield "There are no jobs."
        return
    rows = [
        (kind, str(load.waiting), str(load.overdue), _span(load.lag) if load.lag else "", str(load.dead))
        for kind, load in loads.items()
    ]
    widths = [max(len(row[place]) for row in (_HEAD, *rows)) for place in range(len(_HEAD))]
    for row in (_HEAD, *rows):
        name, *numbers = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join([name.strip().ljust(widths[0]), *numbers])


def listed(backlog: Backlog, state: str, kind: str | None, page: int) -> Iterator[str]:
    """Yields a line for each job of a page, the newest first."""
    entries = backlog.page(state, kind=kind, page=page)
    if not entries:
        yield f"There are no {'more ' if page > 1 else ''}jobs that are {_in_words(state)}."
    for each in entries:
        when = each.done_at or each.run_at
        tries = f"{each.attempts} {'try' if each.attempts == 1 else 'tries'}"
        yield "  ".join([_moment(when), each.key, tries, each.outcome or ""]).rstrip()
    if len(entries) == PAGE:
        yield f"More on the next page:  --page {page + 1}"


def told(backlog: Backlog, key: str) -> list[str]:
    """Returns what there is to tell of one job; raises NoSuchJob."""
    entry = backlog.get(key)
    rows = [
        ("Key", entry.key),
        ("Kind", entry.kind),
        ("Conversation", entry.conversation_id),
        ("Goes to", entry.target),
        ("State", _in_words(entry.state)),
        ("Planned", _moment(entry.created_at)),
        ("Due", _moment(entry.run_at)),
        ("Tries", str(entry.attempts)),
        ("Last outcome", entry.outcome),
        ("Taken until" if entry.taken_by else "Next try", _moment(entry.lease_until) if entry.lease_until else None),
        ("Over since", _moment(entry.done_at) if entry.done_at else None),
    ]
    return [f"{name:<13} {value}" for name, value in rows if value is not None]


def retried(backlog: Backlog, keys: Iterable[str]) -> Iterator[str]:
    """Lets these be tried again, then says so of each; raises NoSuchJob at the first that was not given up.

    Nothing is said before all is done: whoever reads it may be gone after the first line.
    """
    done: list[str] = []
    missing: NoSuchJob | None = None
    for key in keys:
        try:
            backlog.retry(key)
        except NoSuchJob as problem:
            missing = problem
            break
        done.append(key)
    yield from (f"{key} is tried again." for key in done)
    if missing is not None:
        raise missing


def retried_all(backlog: Backlog, kind: str | None) -> list[str]:
    """Lets all that was given up be tried again, or all of one kind."""
    count = backlog.retry_all(kind)
    return [f"{count} {'job is' if count == 1 else 'jobs are'} tried again."]


def dropped(backlog: Backlog, key: str) -> list[str]:
    """Takes a job away; raises NoSuchJob."""
    backlog.drop(key)
    return [f"{key} is gone."]


def _in_words(state: str) -> str:
    return "given up" if state == "dead" else state


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
