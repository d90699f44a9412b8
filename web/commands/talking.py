"""`parlour talk`: the bot in a terminal, on a record that is forgotten afterwards."""

import sys
from collections.abc import Iterable, Iterator
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
from flows.cursor import Cursor
from flows.engine import FlowMachine
from handoff.handover import Handover
from handoff.routing import Agent, available_in, here_in
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
    """As many agents as the person at the terminal says; they work in every department and never answer."""

    def __init__(self, here: int, departments: Iterable[str]):
        everywhere = frozenset(departments)
        self._agents = [
            Agent(f"agent-{n}", f"agent {n}", "agent", "online", True, 0, 1, everywhere, None, 1) for n in range(here)
        ]

    def all(self) -> list[Agent]:
        return self._agents

    def agents_online(self, department: str | None) -> int:
        return len(here_in(department, self._agents))

    def agents_available(self, department: str | None) -> int:
        return len(available_in(department, self._agents))

    def names_available(self, department: str | None) -> list[str]:
        return [agent.name for agent in available_in(department, self._agents)]


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
    staff = _Staff(agents_here, content.departments)
    bot = Bot(_OneSite(content), staff)  # type: ignore[arg-type]
    _Talk(Handover(bot, staff), conversation, now).run()  # type: ignore[arg-type]


class _Talk:
    def __init__(self, handover: Handover, conversation: Conversation, now: datetime):
        self._handover = handover
        self._conversation = conversation
        self._known = Known("talk", visitor_revision=1)
        self._now = now

    def run(self) -> None:
        for text in _lines():
            self._now += timedelta(seconds=1)
            draft = Draft(self._conversation, self._now)
            draft.add("message", {"text": text}, actor="visitor:talk")
            if draft.state.holder == "bot":
                turn = self._handover.bot.answer(draft, self._known, text=text, button=None)
                self._known = self._handover.settle(draft, turn)
            else:
                click.echo("  (a person would answer now)")
            for event in draft.events[1:]:
                _print(event)
            self._conversation = draft.state


def _print(event: Event) -> None:
    body = event.body
    if event.kind == "message":
        options = [option["label"] for option in body.get("options", ())]
        click.echo(f"bot: {body['text']}" + (f"   [{' | '.join(options)}]" if options else ""))
    elif event.kind == "agent_requested":
        click.echo(f"  → waits for a person of '{body['department']}' ({body['reason']})")
    elif event.kind == "message_left":
        click.echo(f"  → a message is left for '{body['department']}', to be answered at {body['email']}")


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
