"""What fifty triggers add to a page view, in processor time of the server. Prints one JSON line.

Two sites that differ in nothing else take turns in one process, so that the machine's moods meet both alike. What is
asked of the network and of the framework is the same for both and left out.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from bot.change import table_of
from bot.database import Database
from bot.greeting import Greeting
from bot.ids import new_id
from bot.impressions import Impressions
from bot.journal import Journal
from bot.models import Base, Bundle, PageView, Visit
from bot.site.loading import load_files
from bot.versions import SiteVersions
from bot.visits import Visits
from handoff.agents import Agents
from handoff.live import LiveConversations
from handoff.presence import Connections

TRIGGERS = 50
ROUNDS = 150
AT_ONCE = 10
SITE = """
site: {name: Bench, timezone: Europe/Berlin}
opening_hours: {default: {mon-sun: 09:00-18:00}}
departments: {team: {title: Team}}
attributes: {contact: {plan: {type: choice, choices: [free, team]}}}
"""
TRIGGER = """
  help_{n}:
    when: {{page: "/shop/{n}*", time_on_page: {n}s, agents_available: less than 1}}
    unless: {{contact.plan: team, shown.help_{before}: at least 1}}
    say: May I help with part {n}?
    priority: {n}
"""
FACTS = {
    "page": "/shop/7",
    "page.path": "/shop/7",
    "page.url": "https://bench.example/shop/7",
    "page.title": "Bench",
    "time_on_page": 0,
    "device": "desktop",
    "visits": 1,
}


class Shop:
    """A site with so many triggers, and one visitor who looks at its pages."""

    def __init__(self, folder: Path, triggers: int):
        self.database = Database(f"sqlite:///{folder / f'{triggers}.db'}")
        self.database.migrate()
        sites = SiteVersions(self.database, now=_now)
        written = "".join(TRIGGER.format(n=n, before=(n - 1) % triggers) for n in range(triggers))
        loaded = load_files({"site.yaml": SITE + ("triggers:" + written if written else "")})
        if loaded.site is None:
            raise ValueError("\n".join(map(str, loaded.problems)))
        sites.switch(loaded.site, loaded.files)
        journal = Journal(self.database)
        self._greeting = Greeting(
            sites,
            Visits(self.database, journal, new_id=new_id),
            Impressions(self.database, journal, new_id=new_id),
            Agents(self.database, sites, Connections(self.database, worker="bench", now=_now), now=_now),
            known=LiveConversations(self.database).known,
            now=_now,
        )
        self._visitor = new_id()
        self.viewed = 0

    def look(self, times: int) -> float:
        """Looks at a page so many times; returns the microseconds of processor time one took."""
        before = time.process_time()
        for _ in range(times):
            self.told = self._greeting.view(self._visitor, FACTS, languages=["en"]).to_json()
        self.viewed += times
        return (time.process_time() - before) / times * 1e6

    def written(self) -> dict[str, int]:
        """Returns how many rows each table has that is not empty; those of the content itself are no matter."""
        tables = [table for table in Base.metadata.sorted_tables if table is not table_of(Bundle)]
        with self.database.reading() as connection:
            counts = {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
        return {name: count for name, count in counts.items() if count}


def main(folder: Path) -> None:
    """Measures and prints."""
    without, fifty = Shop(folder, 0), Shop(folder, TRIGGERS)
    for shop in (without, fifty):
        shop.look(AT_ONCE)
    pairs = [(without.look(AT_ONCE), fifty.look(AT_ONCE)) for _ in range(ROUNDS)]
    sent = len(json.loads(fifty.told)["triggers"])
    only = {table_of(PageView).name: fifty.viewed, table_of(Visit).name: 1}
    wrong = [] if fifty.written() == only else [f"written: {fifty.written()}"]
    wrong += [] if sent == TRIGGERS else [f"sent: {sent}"]
    result = {
        "cpu_us": round(median(after - before for before, after in pairs), 1),
        "whole_us": round(median(after for _, after in pairs), 1),
        "answered": fifty.viewed,
        "bytes": len(fifty.told),
        "wrong": wrong,
    }
    print(json.dumps(result), flush=True)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
