"""`parlour talk`: the bot in a terminal, on a record that is forgotten afterwards."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bot.actions.actions import Actions
from bot.actions.calls import ACTION, Call
from bot.actions.client import Failed, NotAnAddress
from bot.actions.tracker import Told
from bot.answering import Bot
from bot.change import Row
from bot.contact import Known
from bot.conversation import Conversation, Draft
from bot.events import Event
from bot.jobs import Job
from bot.models import JobRow
from bot.site.loading import load
from bot.site.site import Site
from bot.turn import Turn
from flows.cursor import Cursor
from flows.engine import FlowMachine
from handoff.falling_due import FALL_DUE, fall_due
from handoff.handover import Handover
from handoff.returning import Returning
from handoff.routing import Agent, available_in, here_in
from rules.durations import NotADuration, parse_duration
from rules.problems import has_errors, shown
from rules.rulebook import Heard
from web.commands.acting import served_actions
from web.commands.circumstances import CannotBe, as_told, circumstances, language_spoken

YEARS = range(1970, 2200)
"""In which it may be while talking: opening hours and timers count from there in both directions."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


WAIT = "/wait"
"""Begins a line that lets time pass: `/wait 5m`."""


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
            Agent(f"agent-{n}", f"agent {n}", "agent", "online", True, 0, 0, 1, everywhere, None, 1)
            for n in range(here)
        ]

    def all(self) -> list[Agent]:
        return self._agents

    def get(self, agent_id: str) -> Agent | None:
        return next((agent for agent in self._agents if agent.id == agent_id), None)

    def may_still_take(self, agent_id: str, department: str | None) -> bool:
        return any(agent.id == agent_id for agent in available_in(department, self._agents))

    def agents_online(self, department: str | None) -> int:
        return len(here_in(department, self._agents))

    def agents_available(self, department: str | None) -> int:
        return len(available_in(department, self._agents))

    def names_available(self, department: str | None) -> list[str]:
        return [agent.name for agent in available_in(department, self._agents)]


def talk_with(
    site: Path,
    *,
    page: str,
    language: str | None,
    facts: tuple[str, ...],
    agents_here: int,
    at: str | None,
    actions_url: str | None,
) -> None:
    """Reads lines until there are no more, and prints what the bot says to each."""
    content = content_of(site)
    now = moment_of(at, content) if at else datetime.now(UTC)
    try:
        context = circumstances(content, page=page, facts=facts)
        spoken = language_spoken(content, language) if language else content.default_language
    except CannotBe as problem:
        raise CannotTalk(str(problem)) from problem
    content = as_told(content, context, now)
    conversation = Conversation(
        id="talk",
        visitor_id="talk",
        created_at=now,
        last_at=now,
        language=spoken,
        context=context,
        cursor=Cursor("talk", spoken),
    )
    staff = _Staff(agents_here, content.departments)
    try:
        with served_actions(site, actions_url) as actions:
            bot = Bot(_OneSite(content), staff, actions.roster)
            _Talk(Handover(bot, staff), conversation, now, actions).run()
    except NotAnAddress as problem:
        raise CannotTalk(str(problem)) from problem


class _Talk:
    def __init__(self, handover: Handover, conversation: Conversation, now: datetime, actions: Actions):
        self._handover = handover
        self._actions = actions
        self._events: list[Event] = []
        self._conversation = conversation
        self._known = Known("talk", visitor_revision=1)
        self._now = now
        self._timers: list[Job] = []

    def run(self) -> None:
        for text in _lines():
            if text.startswith(WAIT):
                self._let_pass(text.removeprefix(WAIT).strip())
            else:
                self._hear(text)
            if not self._conversation.open:
                return

    def _hear(self, text: str) -> None:
        self._now += timedelta(seconds=1)
        draft = Draft(self._conversation, self._now)
        bot = self._handover.bot
        heard = bot.hear(draft, self._known, text)
        draft.add("message", {"text": heard.text}, actor="visitor:talk")
        if heard.text != text:
            click.echo(f"  → kept as: {heard.text}")
        self._known = bot.note(draft, self._known, heard)
        if not heard.blocked:
            self._answer(draft, heard)
        self._went_on(draft, draft.events[1:])

    def _answer(self, draft: Draft, heard: Heard) -> None:
        bot = self._handover.bot
        if draft.state.holder == "bot":
            self._take(draft, bot.answer(draft, self._known, text=heard.text, heard=heard))
        else:
            self._known = bot.remark(draft, self._known, heard)
            click.echo("  (a person would answer now)")

    def _let_pass(self, length: str) -> None:
        """Lets time pass, and everything happen that falls due in it: timers run out, and nobody has come."""
        try:
            until = self._now + timedelta(seconds=parse_duration(length).seconds)
        except NotADuration as wrong:
            click.echo(f"  ({wrong})")
            return
        while due := sorted((each for each in self._timers if each.run_at <= until), key=lambda each: each.run_at):
            self._timers.remove(due[0])
            self._now = max(self._now, due[0].run_at)
            draft = Draft(self._conversation, self._now)
            self._known = fall_due(self._handover, draft, self._known, due[0])
            self._went_on(draft, draft.events)
        self._now = until

    def _take(self, draft: Draft, turn: Turn) -> None:
        self._known = self._handover.settle(draft, turn)

    def _went_on(self, draft: Draft, events: Iterable[Event]) -> None:
        for event in events:
            _print(event)
        rows = draft.change().rows
        self._timers += [_job(row.values) for row in rows if _is_job(row, *FALL_DUE)]
        self._events += draft.events
        self._conversation = draft.state
        for call in [Call.of(_job(row.values)) for row in rows if _is_job(row, ACTION)]:
            self._carry_out(call)

    def _carry_out(self, call: Call) -> None:
        """Calls an action as the server does it, and waits for it."""
        draft = Draft(self._conversation, self._now)
        returning = Returning(self._handover)
        site = self._handover.bot.sites.current
        told = Told(site, self._conversation, self._known, self._events, call.arguments, call.form)
        try:
            returned = self._actions.run(call.action, told, within=(call.over_at - call.began_at).total_seconds())
        except Failed as failed:
            click.echo(f"  (the action {call.action} failed: {failed.words})")
            self._known = returning.came_to_nothing(draft, self._known, call, failed)
        else:
            self._known = returning.came_back(draft, self._known, call, returned)
        self._went_on(draft, draft.events)


def _is_job(row: Row, *kinds: str) -> bool:
    return row.model is JobRow and row.values["kind"] in kinds


def _job(values: Mapping[str, Any]) -> Job:
    kept = {name: values[name] for name in Job.__slots__ if name != "id"}
    return Job(id=0, **kept)


def _print(event: Event) -> None:
    body = event.body
    if event.kind == "message":
        options = [option["label"] for option in body.get("options", ())]
        click.echo(f"bot: {body['text']}" + (f"   [{' | '.join(options)}]" if options else ""))
    elif event.kind == "rule_applied":
        click.echo(f"  → rule {body['rule']} {', '.join(body['did'])}: {body['why']}")
    elif event.kind == "closed":
        click.echo("  → the conversation has ended")
    elif event.kind == "agent_requested":
        click.echo(f"  → waits for a person of '{body['department']}' ({body['reason']})")
    elif event.kind == "requeued":
        click.echo(f"  → waits for a person of '{body['department']}' (nobody has answered)")
    elif event.kind == "waited_long":
        click.echo("  → nobody has come")
    elif event.kind == "note":
        click.echo(f"  → noted for the agents: {body['text']}")
    elif event.kind == "tagged":
        click.echo(f"  → tagged {', '.join(body['tags'])}")
    elif event.kind == "message_left":
        click.echo(f"  → a message is left for '{body['department']}', to be answered at {body['email']}")


def content_of(site: Path) -> Site:
    """Returns a site that has no errors; raises CannotTalk."""
    loaded = load(site)
    if loaded.site is None or has_errors(loaded.problems):
        errors = [shown(each, loaded.files.get(each.place.file)) for each in loaded.problems if each.level == "error"]
        raise CannotTalk("\n\n".join(["This site has errors:", *errors]))
    return loaded.site


def _lines() -> Iterator[str]:
    interactive = sys.stdin.isatty()
    if interactive:
        click.echo("Write to the bot. /wait 5m lets time pass; an empty line or Ctrl+D ends.")
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


def moment_of(written: str, site: Site) -> datetime:
    """Returns the moment that is meant by `2026-03-04 10:00` or `sunday 11:00`; raises CannotTalk."""
    day, _, time = written.strip().lower().partition(" ")
    try:
        if day in DAYS:
            today = datetime.now(site.zone).date()
            on = today + timedelta(days=(DAYS.index(day) - today.weekday()) % 7)
            return datetime.fromisoformat(f"{on.isoformat()}T{time or '12:00'}").replace(tzinfo=site.zone)
        moment = datetime.fromisoformat(written.strip())
        if moment.year not in YEARS:
            raise ValueError
    except ValueError:
        raise CannotTalk(f"'{written}' is no moment. Write '2026-03-04 10:00' or 'sunday 11:00'.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=site.zone)
