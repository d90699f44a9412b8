"""`parlour deploy`, `rollback` and `versions`: which content is served, and what a switch does to conversations."""

import getpass
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot.bundles import FlowVersion
from bot.database import CannotOpen, Database
from bot.deployments import Deployment, Overtaken, Why
from bot.in_progress import in_progress, places
from bot.planning import Version, plan
from bot.site.loading import Loaded
from bot.versions import SiteVersions
from rules.problems import Problem, as_json, has_errors
from web.app import utc_now
from web.commands.advice import again
from web.commands.checking import checked, show
from web.commands.places import open_database

NOTHING_CHANGES = 3
"""Exit status of `--plan` where nothing would change; 2 says that a command was not understood."""
LEAST_DIGITS = 6
"""Of the hash by which a version is named."""


class CannotSwitch(Exception):
    """The text says what to do; nothing was changed."""


@contextmanager
def installation(site: Path, data: Path | None, database: str | None, *, makes: bool) -> Iterator["Installation"]:
    """Opens what an installation has deployed; what goes wrong with it is raised as CannotSwitch."""
    try:
        opened = open_database(site, data, database, makes=makes)
    except CannotOpen as problem:
        raise CannotSwitch(str(problem)) from problem
    try:
        yield Installation(opened)
    except Overtaken as problem:
        raise CannotSwitch("Somebody else switched at the same moment, so nothing was changed. Try again.") from problem
    finally:
        opened.close()


class Installation:
    """The content of one database, looked at and switched from the shell."""

    def __init__(self, database: Database):
        self._database = database
        self._sites = SiteVersions(database, now=utc_now)

    def deploy(self, site: Path, *, form: str, only_plan: bool) -> int:
        """Checks a directory and makes it the current version; returns the exit status."""
        loaded, problems = checked(site)
        tell = partial(show, site, loaded, problems)
        if not has_errors(problems):
            source = str(site.resolve())
            return self._switch(
                loaded, "deployed", source=source, problems=problems, tell=tell, form=form, only_plan=only_plan
            )
        if form == "json":
            click.echo(_json(problems=[as_json(each) for each in problems], switched=False))
        else:
            tell()
            click.echo("Nothing was changed.")
        return 1

    def roll_back(self, digits: str | None, *, form: str, only_plan: bool) -> int:
        """Makes an earlier version the current one; returns the exit status."""
        version = self._named(digits) if digits else self._before()
        loaded = self._sites.load(version)
        if loaded is None:
            raise CannotSwitch(f"The files of {version[:12]} are not stored any more.")
        if loaded.site is None:
            wrong = next(each for each in loaded.problems if each.level == "error")
            raise CannotSwitch(f"This version of Parlour cannot run {version[:12]}: {wrong}")
        return self._switch(loaded, "rolled back", form=form, only_plan=only_plan)

    def list(self, *, before: int | None, most: int, form: str) -> None:
        """Prints the deployments, the newest first, then how many conversations stand in the flows of older versions.

        They are counted by version and not in the lines of deployments: a version may have been deployed several times.
        """
        newest = self._sites.deployments.newest()
        rows = self._sites.deployments.page(before=before, most=most)
        older = self._in_older_flows(newest)
        if form == "json":
            told = [_row(each, current=each == newest) for each in rows]
            click.echo(_json(deployments=told, conversations_in_older_flows=older.total(), by_version=older))
            return
        if newest is None:
            click.echo(f"Nothing was deployed yet. The first version is made by:  {again('deploy')}")
            return
        for each in rows:
            click.echo(_line(each, current=each == newest))
        if rows and rows[-1].number > 1:
            click.echo(f"Older ones:  {again(f'versions --before {rows[-1].number}')}")
        click.echo(f"Conversations that still stand in older flows: {older.total():,}.")
        for version, count in older.most_common():
            click.echo(f"  {count:>5,} as in {version[:12]}")

    def _switch(
        self,
        loaded: Loaded,
        why: Why,
        *,
        source: str = "",
        problems: tuple[Problem, ...] = (),
        tell: Callable[[], None] = lambda: None,
        form: str,
        only_plan: bool,
    ) -> int:
        """Switches, then prints what came of it: whoever reads may be gone, which must not decide.

        `tell` prints the problems for people.
        """
        assert loaded.site is not None
        newest = self._sites.deployments.newest()
        before = self._content(newest)
        self._sites.current = before[0] if before else loaded.site
        planned = plan(before, (loaded.site, loaded.files), in_progress(self._database), self._sites.machine)
        switches = not only_plan and not planned.changes_nothing
        if switches:
            after = newest.number if newest else 0
            self._sites.deployments.add(loaded.site, loaded.files, why=why, by=_user(), source=source, after=after)
        if form == "json":
            told = [as_json(each) for each in problems]
            click.echo(_json(problems=told, **planned.as_json(), switched=switches))
            return NOTHING_CHANGES if only_plan and planned.changes_nothing else 0
        tell()
        if planned.changes_nothing:
            click.echo(f"{planned.after[:12]} is the current version already.")
        else:
            click.echo("\n".join(planned.lines()))
            click.echo(f"{planned.after[:12]} is the current version now." if switches else "Nothing was changed yet.")
        return NOTHING_CHANGES if only_plan and planned.changes_nothing else 0

    def _content(self, deployment: Deployment | None) -> Version | None:
        loaded = self._sites.load(deployment.version) if deployment else None
        return (loaded.site, loaded.files) if loaded and loaded.site else None

    def _before(self) -> str:
        current = self._sites.deployments.newest()
        before = self._sites.deployments.before(current) if current else None
        if before is None:
            raise CannotSwitch(f"There is no version before the current one. All of them:  {again('versions')}")
        return before.version

    def _named(self, digits: str) -> str:
        """Returns the version that a person means by its first digits."""
        if not re.fullmatch(rf"[0-9a-f]{{{LEAST_DIGITS},64}}", digits):
            raise CannotSwitch(
                f"'{digits}' is no version: at least {LEAST_DIGITS} digits of one in  {again('versions')}"
            )
        found = self._sites.bundles.starting_with(digits)
        if not found:
            raise CannotSwitch(f"No version that is stored begins with {digits}. All of them:  {again('versions')}")
        if len(found) > 1:
            raise CannotSwitch(f"{len(found)} versions begin with {digits}; write more digits of the one you mean.")
        return found[0]

    def _in_older_flows(self, newest: Deployment | None) -> Counter[str]:
        """Returns version → how many conversations stand in a flow of it that is not the current one.

        Each conversation counts once, by the first such flow it went into, however many it stands in.
        """
        together = places(self._database)
        current = {newest.version} if newest else set()
        older: set[FlowVersion] = {place for each in together for place in each}
        older -= self._sites.bundles.homes(older, among=current).keys()
        homes = self._sites.bundles.homes(older)
        inside: Counter[str] = Counter()
        for each, count in together.items():
            if first := next((homes[place] for place in each if place in homes), None):
                inside[first] += count
        return inside


def _row(deployment: Deployment, *, current: bool) -> dict[str, Any]:
    return {
        "number": deployment.number,
        "version": deployment.version,
        "at": deployment.at.isoformat(),
        "by": deployment.by,
        "why": deployment.why,
        "current": current,
    }


def _line(deployment: Deployment, *, current: bool) -> str:
    mark = "*" if current else " "
    when = f"{deployment.at:%Y-%m-%d %H:%M}"
    return f"{mark} {deployment.number:>4}  {deployment.version[:12]}  {when}  {deployment.why} by {deployment.by}"


def _json(**told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # In a container there need not be a name for it.
