"""Whether the database can be used: said in one line when it no longer can, and in one when it can again."""

from collections.abc import Callable

import structlog
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from bot.change import table_of
from bot.database import Database
from bot.epoch import NAME
from bot.models import Setting
from bot.trouble import called, sentence

QUIET_FOR = 3.0
"""Seconds without trouble before it may be over: what failed comes again sooner, and is larger than what we try."""

log = structlog.get_logger()
_settings = table_of(Setting)


class Wellbeing:
    """Hears of all trouble with a database, and finds out when it is over."""

    def __init__(self, database: Database, *, clock: Callable[[], float]):
        self.kind = database.url.get_backend_name()
        self.problem: str | None = None
        """What is wrong and what to do, without the address of the database; None when nothing is."""
        self._database = database
        self._clock = clock
        self._said: set[str] = set()
        self._since = 0.0
        self._heard_at = 0.0
        database.on_trouble = self._hear

    def answers(self) -> bool:
        """Asks the database something that any of them knows, and says whether it answered."""
        try:
            with self._database.reading() as connection:
                connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def look_again(self) -> None:
        """While there is trouble, tries whether all is there and can be written; called every second or so."""
        if self.problem is None or self._clock() - self._heard_at < QUIET_FOR:
            return
        try:
            with self._database.writing() as connection:
                itself = update(_settings).where(_settings.c.name == NAME).values(value=_settings.c.value)
                connection.execute(itself)
            if not self._database.is_whole():
                return
        except DBAPIError:
            return  # It has been heard.
        self.problem = None
        self._said.clear()
        log.info("database.well_again", seconds=round(self._clock() - self._since))

    def _hear(self, problem: DBAPIError) -> None:
        self._heard_at = self._clock()
        if self.problem is None:
            self._since = self._heard_at
        self.problem = sentence(problem)
        if self.problem not in self._said:
            self._said.add(self.problem)
            log.error("database.trouble", problem=sentence(problem, called(self._database.url)))
