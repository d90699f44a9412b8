"""The versions of the site's content: the one that runs, and older flows that conversations still stand in."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.change import table_of
from bot.database import Database
from bot.models import Bundle
from bot.site.loading import load_files
from bot.site.site import Site
from flows.engine import FlowMachine

MOST_OLD_MACHINES = 200

_bundles = table_of(Bundle)


class FlowGone(LookupError):
    """A cursor names a flow in a version that is not stored."""


class SiteVersions:
    """Keeps every version that was ever switched to, and knows which one new conversations get."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]):
        self._database = database
        self._now = now
        self._old_machines: OrderedDict[tuple[str, str], FlowMachine] = OrderedDict()
        self.current: Site
        """What new conversations get; set by the first `switch`."""

    def switch(self, site: Site, files: Mapping[str, str]) -> None:
        """Makes a checked site the current one, in one step, after its files are stored."""
        self._store(site, files)
        self.current = site

    def latest(self) -> Site | None:
        """Returns the version that was stored last, compiled again, or None when there is none."""
        query = select(_bundles.c.files).order_by(_bundles.c.stored_at.desc()).limit(1)
        with self._database.reading() as connection:
            files = connection.scalar(query)
        return load_files(files).site if files else None

    def machine(self, flow: str, version: str | None = None) -> FlowMachine:
        """Returns a flow's machine, current or as it was in a version of the flow; raises FlowGone."""
        machine = self.current.machines.get(flow)
        if machine is not None and version in (None, machine.version):
            return machine
        if version is None:
            raise FlowGone(flow)
        known = self._old_machines.get((flow, version))
        if known is None:
            known = self._old_machines[flow, version] = self._compile(flow, version)
            while len(self._old_machines) > MOST_OLD_MACHINES:
                self._old_machines.popitem(last=False)
        return known

    def _compile(self, flow: str, version: str) -> FlowMachine:
        files = self._files_of(flow, version)
        site = load_files(files).site if files else None
        if site is None or flow not in site.machines:
            raise FlowGone(f"{flow}@{version}")
        return site.machines[flow]

    def _files_of(self, flow: str, version: str) -> Mapping[str, str] | None:
        query = select(_bundles.c.version, _bundles.c.flows).order_by(_bundles.c.stored_at.desc())
        with self._database.reading() as connection:
            for bundle, flows in connection.execute(query):
                if flows.get(flow) == version:
                    return connection.scalar(select(_bundles.c.files).where(_bundles.c.version == bundle))
        return None

    def _store(self, site: Site, files: Mapping[str, str]) -> None:
        flows = {flow: machine.version for flow, machine in site.machines.items()}
        row = {"version": site.version, "files": dict(files), "flows": flows, "stored_at": self._now()}
        try:
            with self._database.writing() as connection:
                connection.execute(_bundles.insert().values(row))
        except IntegrityError:
            return  # Stored before: a version is its own content.
