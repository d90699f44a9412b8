"""`parlour visitor` and `parlour retention`: one person's record, and how long records stay, from the shell."""

import getpass
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.database import CannotOpen, Database
from bot.ids import new_id
from bot.site.loading import load
from handoff.privacy.acts import Acts
from handoff.privacy.erasing import Erasing, UnderHold
from handoff.privacy.people import Ambiguous, Held, NobodyFound, People, Person
from handoff.privacy.retention import Retention
from rules.problems import has_errors
from web.app import utc_now
from web.commands.places import open_database
from web.exporting import CannotWrite, write_to


class CannotDo(Exception):
    """The text says what to do."""


@contextmanager
def record_of(site: Path, who: str, *, data: Path | None, database: str | None) -> Iterator["Record"]:
    """Opens the record of one person; whatever cannot be done with it is raised as CannotDo."""
    with _opened(site, data, database) as opened:
        people = People(opened)
        try:
            yield Record(opened, people, people.one(who))
        except NobodyFound:
            raise CannotDo(
                f"There is nobody known as {who}. Name an e-mail address, a phone number, a name as it was given, or "
                "the id of a visitor or conversation."
            ) from None
        except Ambiguous as several:
            lines = "\n".join(f"  {line}" for line in listed(people, several.people))
            raise CannotDo(f"{who} may be any of these. Name one by its id:\n{lines}") from None
        except UnderHold as hold:
            raise CannotDo(_held(hold.held)) from None
        except CannotWrite as problem:
            raise CannotDo(str(problem)) from None
        except DBAPIError as problem:
            raise CannotDo(f"The database could not do it now, and nothing was changed: {problem.orig}.") from problem


class Record:
    """What can be done with the record of a person."""

    def __init__(self, database: Database, people: People, person: Person):
        self.person = person
        self._database = database
        self._tally = people.tally(person)
        self._acts = Acts(database, now=utc_now, new_id=new_id)

    def described(self) -> str:
        """Returns who it is and how much there is of them."""
        return _described(self.person, self._tally)

    def export(self, target: Path) -> Iterator[str]:
        """Writes the record into files and yields what is said about it."""
        files = write_to(target, self._database, self.person, at=utc_now())
        self._acts.exported(self.person, by=by_whom(), counts=self._tally)
        yield f"{self.described()}."
        yield from (f"Written: {file}" for file in files)
        yield "Notes of agents are in a part of their own: look through it before you hand it out."
        if self.person.held:
            yield _held(self.person.held)

    def refuse_if_held(self) -> None:
        """Raises UnderHold before anybody is asked anything."""
        if self.person.held:
            raise UnderHold(self.person.held)

    def erase(self) -> Iterator[str]:
        """Erases the person and yields what is said about it."""
        erased = Erasing(self._database, now=utc_now, new_id=new_id).erase(self.person, by=by_whom())
        yield f"Erased: {_counted(erased.counts)}."
        if not erased.all_cleared:
            yield "The database is large or busy, so its unused space may still hold traces. At a quiet hour:"
            yield f"  sqlite3 {self._database.url.database} VACUUM" if self._database.is_sqlite else "  VACUUM;"
        aside = ", and so does parlour-before-….db" if self._database.is_sqlite else ""
        yield f"Backups made before now still hold this person until they are deleted{aside}."

    def hold(self, because: str) -> Iterator[str]:
        """Puts the record under legal hold and yields what is said about it."""
        if not because.strip():
            raise CannotDo("Say why the record must stay, with --because.")
        self._acts.hold(self.person, because=because, by=by_whom())
        yield f"{self.described()}. Held: neither erased nor deleted for its age."

    def release(self) -> Iterator[str]:
        """Ends the hold and yields what is said about it."""
        if self.person.held is None:
            raise CannotDo(f"The record of {self.person.called} is not held.")
        self._acts.release(self.person, by=by_whom())
        yield f"{self.person.called} is held no more."


def retained(site: Path, *, data: Path | None, database: str | None, plan: bool) -> Iterator[str]:
    """Yields what would go because of its age; without `plan` it goes."""
    loaded = load(site)
    if loaded.site is None or has_errors(loaded.problems):
        raise CannotDo(
            f"The site has errors, so nobody knows how long it keeps what. Tell them with:  parlour check {site}"
        )
    keep = loaded.site.keep
    with _opened(site, data, database) as opened:
        retention = Retention(opened, lambda: keep, now=utc_now, new_id=new_id)
        gone = Counter(retention.plan()) if plan else sum(retention.sweep(), Counter())
    yield f"{'Would go' if plan else 'Gone'}: {_counted(gone) or 'nothing'}."


def listed(people: People, found: list[Person]) -> Iterator[str]:
    """Yields a line for each person."""
    for person in found:
        yield f"{person.id}  {_described(person, people.tally(person))}"


def by_whom() -> str:
    """Returns who types, as acts on records are signed."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"shell:{os.getuid()}"


@contextmanager
def _opened(site: Path, data: Path | None, database: str | None) -> Iterator[Database]:
    try:
        opened = open_database(site, data, database)
    except CannotOpen as problem:
        raise CannotDo(str(problem)) from problem
    try:
        yield opened
    finally:
        opened.close()


def _described(person: Person, tally: Mapping[str, int]) -> str:
    email = person.values.get("email")
    known = f"{person.called} <{email}>" if email and email != person.called else person.called
    return f"{known}: {_counted(tally) or 'nothing'}"


_NAMES: Mapping[str, Callable[[int], str]] = {
    name: lambda n, one=one, many=many: one if n == 1 else many  # type: ignore[misc]
    for name, one, many in (
        ("conversations", "conversation", "conversations"),
        ("messages", "message", "messages"),
        ("visits", "visit", "visits"),
        ("page_views", "page view", "page views"),
        ("impressions", "impression", "impressions"),
        ("visitors", "visitor", "visitors"),
        ("contacts", "contact", "contacts"),
        ("jobs", "job", "jobs"),
    )
}


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{counts[name]} {noun(counts[name])}" for name, noun in _NAMES.items() if counts.get(name))


def _held(held: Held) -> str:
    return f"This record is under legal hold since {held.since[:10]}: {held.because}"
