"""Which version of the content is current: every switch is a row, and the newest row says it to every process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bot.bundles import store
from bot.change import table_of
from bot.database import Database
from bot.models import DeploymentRow
from bot.site.site import Site

PAGE = 20
ROLLED_BACK = "rolled back"
SERVE = "serve"
"""Who switched, where nobody knows who saved the files."""
Why = Literal["saved", "deployed", "rolled back"]

_deployments = table_of(DeploymentRow)


class Overtaken(Exception):
    """Somebody else switched first."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One switch; columns are explained in `bot/models.py`."""

    number: int
    version: str
    at: datetime
    by: str
    why: Why
    source: str


class Deployments:
    """The history of switches; the newest counts."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]):
        self._database = database
        self._now = now

    def newest(self) -> Deployment | None:
        """Returns the one that counts; None while nothing was ever deployed. Cheap enough to be asked every second."""
        return next(iter(self.page(most=1)), None)

    def page(self, *, before: int | None = None, most: int = PAGE) -> list[Deployment]:
        """Returns deployments, the newest first, beginning below a number."""
        return self._found(*(() if before is None else (_deployments.c.number < before,)), most=most)

    def taken_from(self, source: str) -> Deployment | None:
        """Returns how a folder was taken last; of one that never was, how any content was."""
        here = self._found(_deployments.c.source == source, most=1)
        return next(iter(here or self._found(_deployments.c.why != ROLLED_BACK, most=1)), None)

    def before(self, current: Deployment) -> Deployment | None:
        """Returns the switch to the version before the current one; after rolling back, to the one before that."""
        origin: Deployment | None = current
        while origin is not None and origin.why == ROLLED_BACK:
            same = (_deployments.c.version == origin.version, _deployments.c.number < origin.number)
            origin = next(iter(self._found(*same, most=1)), None)
        if origin is None:
            return None
        earlier = (_deployments.c.number < origin.number, _deployments.c.version != current.version)
        return next(iter(self._found(*earlier, most=1)), None)

    def add(
        self, site: Site, files: Mapping[str, str], *, why: Why, by: str, source: str = "", after: int
    ) -> Deployment:
        """Makes a checked site the current one, its files stored in the same transaction.

        Raises Overtaken when the newest deployment is not the one with the number `after` any more.
        """
        made = Deployment(after + 1, site.version, self._now(), by, why, source)
        values = {name: getattr(made, name) for name in Deployment.__slots__}
        try:
            with self._database.writing() as connection:
                store(connection, site, files, made.at)
                connection.execute(_deployments.insert().values(values))
        except IntegrityError as problem:
            raise Overtaken from problem
        return made

    def _found(self, *conditions: object, most: int) -> list[Deployment]:
        query = select(_deployments).where(*conditions)  # type: ignore[arg-type]
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(_deployments.c.number.desc()).limit(most)).mappings()
            return [Deployment(**row) for row in rows]
