"""The files of every version of the site's content, by their hash, for as long as something refers to them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from bot.change import table_of
from bot.database import Database
from bot.models import Bundle
from bot.site.site import Site

FlowVersion = tuple[str, str]
"""A flow, and the version of it."""

_bundles = table_of(Bundle)


def store(connection: Connection, site: Site, files: Mapping[str, str], at: datetime) -> None:
    """Keeps the files of a version. What was kept before counts as kept now, so that no sweep takes it away."""
    again = update(_bundles).where(_bundles.c.version == site.version).values(stored_at=at)
    if connection.execute(again).rowcount:
        return
    flows = {flow: machine.version for flow, machine in site.machines.items()}
    row = {"version": site.version, "files": dict(files), "flows": flows, "stored_at": at}
    connection.execute(_bundles.insert().values(row))


class Bundles:
    """What is stored."""

    def __init__(self, database: Database):
        self._database = database

    def files(self, version: str) -> Mapping[str, str] | None:
        """Returns the files of a version, None where it is not stored."""
        with self._database.reading() as connection:
            return connection.scalar(select(_bundles.c.files).where(_bundles.c.version == version))

    def starting_with(self, prefix: str) -> list[str]:
        """Returns the versions that begin with these digits of a hash."""
        query = select(_bundles.c.version).where(_bundles.c.version.startswith(prefix, autoescape=True))
        with self._database.reading() as connection:
            return list(connection.scalars(query.order_by(_bundles.c.stored_at.desc())))

    def homes(self, wanted: Collection[FlowVersion], *, among: Collection[str] | None = None) -> dict[FlowVersion, str]:
        """Returns for each flow in a version the bundle that has it, the one that was stored last if several do."""
        found: dict[FlowVersion, str] = {}
        query = select(_bundles.c.version, _bundles.c.flows).order_by(_bundles.c.stored_at.desc())
        with self._database.reading() as connection:
            for bundle, flows in connection.execute(query):
                if len(found) == len(wanted):
                    break
                if among is None or bundle in among:
                    here = (each for each in wanted if each not in found and flows.get(each[0]) == each[1])
                    found |= dict.fromkeys(here, bundle)
        return found

    def stored_before(self, moment: datetime) -> set[str]:
        """Returns the versions that were stored, and deployed last, before a moment."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(_bundles.c.version).where(_bundles.c.stored_at < moment)))

    def forget(self, versions: Collection[str], *, before: datetime) -> int:
        """Deletes versions, but for those that were deployed again since a moment; returns how many were deleted."""
        old = _bundles.c.version.in_(versions) & (_bundles.c.stored_at < before)
        with self._database.writing() as connection:
            return connection.execute(delete(_bundles).where(old)).rowcount
