"""`parlour talk`: the bot in a terminal, on a record that is forgotten afterwards."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bot.answering import Bot
from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.site.loading import load
from bot.site.site import Site
from bot.turn import Turn
from flows.cursor import Cursor
from flows.engine import FlowMachine
from rules.problems import has_errors, shown

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CannotTalk(Exception):
    """The text says what to do."""


class _OneSite:
    """The only version of the site there is while talking."""

    def __init__(self, site: Site):
        self.current = site

    def machine(self, flow: str, version: str | None = None) -> FlowMachine:
        return self.current.machines[flow]


class _Staff:
    """As many agents as the person at the terminal says."""

    def __init__(self, here: int):
        self._here = here

    def agents_online(self, department: str | None) -> int:
        return self._here

    def agents_available(self, department: str | None) -> int:
        return self._here


def talk_with(
    site: Path, *, page: str, language: str | None, facts: tuple[str, ...], agents_here: int, at: str | None
) -> None:
    """Reads lines until there are no more, and prints what the bot says to each."""
    content = _content(site)
    now = _moment(at, content) if at else datetime.now(UTC)
    known_facts = {"page": page, "page.path": page, **dict(_fact(each) for each in facts)}
    conversation = Conversation(
        id="talk",
        visitor_id="talk",
        created_at=now,
        last_at=now,
        language=language or content.default_language,
        context=known_facts,
        cursor=Cursor("talk", language or content.default_language),
    )
    bot = Bot(_OneSite(content), _Staff(agents_here))  # type: ignore[arg-type]
    _Talk(bot, conversation, now).run()


class _Talk:
    def __init__(self, bot: Bot, conversation: Conversation, now: datetime):
        self._bot = bot
        self._conversation = conversation
        self._known = Known("talk", visitor_revision=1)
        self._now = now

    def run(self) -> None:
        for text in _lines():
            self._now += timedelta(seconds=1)
            draft = Draft(self._conversation, self._now)
            draft.add("message", {"text": text}, actor="visitor:talk")
            turn = self._bot.answer(draft, self._known, text=text, button=None)
            self._settle(draft, turn)
            self._conversation = draft.state

    def _settle(self, draft: Draft, turn: Turn) -> None:
        self._known = turn.known
        self._print(draft.events)
        if turn.wants_agent is not None:
            department = turn.wants_agent.department or "the first that is open"
            click.echo(f"  → a person is wanted, department: {department}")
        if turn.left is not None:
            click.echo(f"  → a message was left, to be answered at {turn.left.email}")

    def _print(self, events: list[Event]) -> None:
        for event in events:
            if event.kind == "message" and event.role == "bot":
                options = [option["label"] for option in event.body.get("options", ())]
                click.echo(f"bot: {event.body['text']}" + (f"   [{' | '.join(options)}]" if options else ""))


def _content(site: Path) -> Site:
    loaded = load(site)
    if loaded.site is None or has_errors(loaded.problems):
        errors = [shown(each, loaded.files.get(each.place.file)) for each in loaded.problems if each.level == "error"]
        raise CannotTalk("\n\n".join(["This site has errors:", *errors]))
    return loaded.site


def _lines() -> Iterator[str]:
    interactive = sys.stdin.isatty()
    if interactive:
        click.echo("Write to the bot; an empty line or Ctrl+D ends.")
    while True:
        if interactive:
            click.echo("you: ", nl=False)
        line = sys.stdin.readline()
        if not line or (interactive and not line.strip()):
            return
        if line.strip():
            if not interactive:
                click.echo(f"you: {line.strip()}")
            yield line.strip()


def _fact(written: str) -> tuple[str, Any]:
    name, equals, value = written.partition("=")
    if not equals:
        raise CannotTalk(f"'{written}' is no fact. Write NAME=VALUE, such as visits=3.")
    if value in ("true", "false"):
        return name, value == "true"
    try:
        return name, float(value) if "." in value else int(value)
    except ValueError:
        return name, value


def _moment(written: str, site: Site) -> datetime:
    day, _, time = written.strip().lower().partition(" ")
    try:
        if day in DAYS:
            today = datetime.now(site.zone).date()
            on = today + timedelta(days=(DAYS.index(day) - today.weekday()) % 7)
            return datetime.fromisoformat(f"{on.isoformat()}T{time or '12:00'}").replace(tzinfo=site.zone)
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        raise CannotTalk(f"'{written}' is no moment. Write '2026-03-04 10:00' or 'sunday 11:00'.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=site.zone)
