"""The versions of the site's content: the one that runs here, and older flows that conversations still stand in."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from bot.blocking import RunBlocking, at_once
from bot.bundles import Bundles
from bot.database import Database
from bot.deployments import SERVE, Deployment, Deployments, Why
from bot.in_progress import needed
from bot.site.loading import Loaded, load_files
from bot.site.site import Site
from flows.engine import FlowMachine

MOST_OLD_MACHINES = 200
KEPT = 20
"""Deployments that can be gone back to, whether anybody stands in them or not."""
KEPT_FOR = timedelta(days=1)
"""How long files are kept for whoever is about to deploy them."""


class FlowGone(LookupError):
    """A cursor names a flow in a version that is not stored."""


class Sites(Protocol):
    """What the bot asks of the content."""

    current: Site

    def machine(self, flow: str, version: str | None = None) -> FlowMachine:
        """Returns a flow's machine, current or as it was in a version of the flow; raises FlowGone."""


class SiteVersions:
    """Knows which version this process gives to new conversations, and finds every older one.

    What takes long is handed to `run_blocking`.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime], run_blocking: RunBlocking = at_once):
        self.bundles = Bundles(database)
        self.deployments = Deployments(database, now=now)
        self._database = database
        self._now = now
        self._run_blocking = run_blocking
        self._old_machines: OrderedDict[tuple[str, str], FlowMachine] = OrderedDict()
        self._compiling = Lock()
        self.current: Site
        """What new conversations get; set by the first switch."""

    def switch(
        self,
        site: Site,
        files: Mapping[str, str],
        *,
        why: Why = "saved",
        by: str = SERVE,
        source: str = "",
        after: int | None = None,
    ) -> Deployment:
        """Makes a checked site the current one, here in one step and for every other process by its row.

        Raises Overtaken when the newest deployment is another one than `after`.
        """
        if after is None:
            newest = self.deployments.newest()
            after = newest.number if newest else 0
        made = self.deployments.add(site, files, why=why, by=by, source=source, after=after)
        self.current = site
        return made

    def load(self, version: str) -> Loaded | None:
        """Returns a version as it is read from its stored files, None where they are not stored."""
        files = self.bundles.files(version)
        return self._run_blocking(load_files, files) if files is not None else None

    def machine(self, flow: str, version: str | None = None) -> FlowMachine:
        """Returns a flow's machine, current or as it was in a version of the flow; raises FlowGone."""
        machine = self.current.machines.get(flow)
        if machine is not None and version in (None, machine.version):
            return machine
        if version is None:
            raise FlowGone(flow)
        known = self._old_machines.get((flow, version))
        return known or self._old_machine(flow, version)

    def forget_unused(self) -> int:
        """Deletes the files of versions that nobody needs any more; returns how many versions that were.

        Kept are those of the last deployments and those that an open conversation may come to.
        """
        before = self._now() - KEPT_FOR
        kept = {deployment.version for deployment in self.deployments.page(most=KEPT)}
        old = self.bundles.stored_before(before) - kept
        if not old:
            return 0
        wanted = needed(self._database)
        wanted -= self.bundles.homes(wanted, among=kept).keys()
        return self.bundles.forget(old - set(self.bundles.homes(wanted).values()), before=before)

    def _old_machine(self, flow: str, version: str) -> FlowMachine:
        with self._compiling:  # Many may ask for the same one at once, after a deployment.
            known = self._old_machines.get((flow, version))
            if known is None:
                known = self._old_machines[flow, version] = self._compile(flow, version)
                while len(self._old_machines) > MOST_OLD_MACHINES:
                    self._old_machines.popitem(last=False)
        return known

    def _compile(self, flow: str, version: str) -> FlowMachine:
        home = self.bundles.homes([(flow, version)]).get((flow, version))
        loaded = self.load(home) if home else None
        if loaded is None or loaded.site is None:
            raise FlowGone(f"{flow}@{version}")
        return loaded.site.machines[flow]
