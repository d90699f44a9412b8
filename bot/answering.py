"""What the bot does with a message: the running flow, else a flow that starts with it, else the fallback.

Everything is written into the draft; only verbs of the desk commit.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.actions import calls
from bot.actions.roster import Roster
from bot.circumstances import Facts, Staffing, of_conversation
from bot.contact import Known, save
from bot.conversation import Conversation, Draft
from bot.tagging import tag
from bot.timers import set_timer, told_of_timer
from bot.turn import Turn
from bot.versions import FlowGone, SiteVersions
from flows.effects import (
    CallAction,
    CallValidator,
    Card,
    Consented,
    Effect,
    Field,
    MessageLeft,
    Misunderstood,
    Noted,
    Option,
    Say,
    SetTimer,
    SlotSet,
    Tagged,
    WantsAgent,
)
from flows.moving import caught_up
from flows.runner import Event, Result, turn
from flows.sentences import sentence
from flows.settings import Settings
from rules.texts import in_language

BOT_NAME = "Assistant"
"""Who the agents are told a note of a flow is from."""


class Bot:
    """Answers conversations with the site's flows."""

    def __init__(self, sites: SiteVersions, staffing: Staffing, roster: Roster | None = None):
        self.sites = sites
        self.roster = roster or Roster()
        self._staffing = staffing

    def answer(
        self,
        draft: Draft,
        known: Known,
        *,
        text: str | None,
        button: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
    ) -> Turn:
        """Takes what the visitor wrote, pressed or filled in into the flows; says something in any case."""
        if button is not None and str(button.get("step", "")).startswith(calls.FROM_ACTION):
            # No question is open at a button of an action: it is a text that need not be typed.
            text, button = str(button["value"]), None
        reply = _Reply(self, draft, known)
        if reply.take(Event("input", text=text, button=button, form=form)):
            draft.set(misunderstood=0)
            return reply.turn()
        if button is None and form is None and self._begin_flow(reply, text):
            return reply.turn()
        return self._fall_back(reply)

    def begin(self, draft: Draft, known: Known, flow: str, *, inputs: Mapping[str, Any]) -> Turn:
        """Starts a flow, handing it what a trigger's button said."""
        reply = _Reply(self, draft, known)
        reply.start(flow, inputs)
        return reply.turn()

    def call_agent(self, known: Known, department: str | None) -> Turn:
        """Asks for a person without a flow."""
        return Turn(known, WantsAgent(department, None, "normal", None, step="", flow="", reason="target"))

    def resume(self, draft: Draft, known: Known, event: Event) -> Turn:
        """Takes something that happened elsewhere (an agent came or went, a timer ran out) into the flows.

        Nothing is written if no flow waits for it.
        """
        reply = _Reply(self, draft, known)
        reply.take(event)
        return reply.turn()

    def waits(self, conversation: Conversation) -> bool:
        """Says whether a flow waits for the clock or for an action, and will go on by itself."""
        cursor = conversation.cursor
        if cursor.flow is None:
            return False
        try:
            return self.sites.machine(cursor.flow, cursor.version).state(cursor.state).resumes
        except LookupError:
            return False

    def facts(self, draft: Draft, known: Known) -> Facts:
        """Returns what is true for this conversation now."""
        return of_conversation(self.sites.current, draft.state, known, self._staffing, draft.now)

    def _begin_flow(self, reply: "_Reply", text: str | None) -> bool:
        site = self.sites.current
        for flow in site.flows_started_by_messages:
            if flow.start_when(reply.facts):
                return reply.start(flow.id, {}, text)
        first = reply.draft.before.visitor_last_seq == 0
        return bool(first and site.conversation.start and reply.start(site.conversation.start, {}, text))

    def _fall_back(self, reply: "_Reply") -> Turn:
        settings = self.sites.current.conversation
        count = reply.draft.state.misunderstood + 1
        reply.draft.set(misunderstood=count)
        if count >= settings.max_misunderstandings:
            reply.draft.set(misunderstood=0)
            return self.call_agent(reply.known, None)
        if settings.fallback_flow:
            reply.start(settings.fallback_flow, {})
        else:
            reply.say(in_language(settings.fallback, reply.language, self.sites.current.languages[0]))
        return reply.turn()


class _Reply:
    """One turn in the making: runs flows and writes their effects into the draft."""

    def __init__(self, bot: Bot, draft: Draft, known: Known):
        self.draft = draft
        self.known = known
        self.facts = bot.facts(draft, known)
        self.language = draft.state.language
        self._bot = bot
        self._wants_agent: WantsAgent | None = None
        self._left: MessageLeft | None = None

    def turn(self) -> Turn:
        return Turn(self.known, self._wants_agent, self._left)

    def start(self, flow: str, inputs: Mapping[str, Any], text: str | None = None) -> bool:
        return self.take(Event("start", text=text, data={"flow": flow, "with": dict(inputs)}))

    def take(self, event: Event) -> bool:
        """Fires one event; returns whether any flow took it."""
        self._catch_up()
        try:
            result = turn(
                self._bot.sites.machine, self.draft.state.cursor, event, self.facts, self.draft.now, self._settings()
            )
        except FlowGone:
            return self._apologise()
        if result.handled:
            self._write(result)
        return result.handled

    def _settings(self) -> Settings:
        settings, actions = self._bot.sites.current.flow_settings, self._bot.roster.names
        return replace(settings, actions=actions) if actions else settings

    def say(self, text: str) -> None:
        """Says a sentence that no flow wrote."""
        self.draft.add("message", {"text": text}, actor="bot")

    def _catch_up(self) -> None:
        cursor = self.draft.state.cursor
        try:
            moved = caught_up(cursor, self._bot.sites.machine)
        except FlowGone:
            return  # The flow was taken away: the conversation finishes on the stored one, if there is one.
        if moved is not cursor:
            self.draft.set(cursor=moved)

    def _apologise(self) -> bool:
        # Neither this version nor the stored one has the flow any more: better to begin again than to be stuck.
        cursor = self.draft.state.cursor.copy()
        cursor.flow, cursor.stack, cursor.parked = None, (), ()
        self.draft.set(cursor=cursor)
        self.say(sentence("begin_again", self.language))
        return True

    def _write(self, result: Result) -> None:
        self.draft.add("turn", _account(result, self.facts), actor="bot")
        self.draft.set(cursor=result.cursor)
        for effect in result.effects:
            # A question that was put twice in one turn is listened to once.
            if not isinstance(effect, SetTimer) or effect.epoch == result.cursor.epoch:
                self._carry_out(effect)
        self._save_answers(result.effects)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Say():
                self.draft.add("message", _message(effect), actor="bot")
            case CallAction():
                calls.plan(self.draft, effect)
            case CallValidator():
                calls.plan_validator(self.draft, effect)
            case SetTimer():
                set_timer(self.draft, effect, self.facts)
            case Tagged():
                tag(self.draft, effect.tags, source={"flow": effect.flow, "step": effect.step})
            case Noted():
                body = {"text": effect.text, "name": BOT_NAME, "flow": effect.flow, "step": effect.step}
                self.draft.add("note", body, actor="bot")
            case Consented():
                self.draft.add("consented", asdict(effect), actor="visitor")
            case WantsAgent():
                self._wants_agent = effect
            case MessageLeft():
                self._left = effect

    def _save_answers(self, effects: tuple[Effect, ...]) -> None:
        answers = [each for each in effects if isinstance(each, SlotSet) and each.save_to == "contact"]
        for answer in answers:
            source = {"conversation": self.draft.state.id, "flow": answer.flow, "step": answer.step}
            self.known = save(self.draft, self.known, {answer.slot: answer.value}, source=source)
            body = {"attribute": answer.slot, "value": answer.value, "flow": answer.flow, "step": answer.step}
            self.draft.add("contact_changed", body, actor="visitor")


def _message(effect: Say) -> dict[str, Any]:
    body: dict[str, Any] = {"text": effect.text, "flow": effect.flow, "step": f"{effect.flow}.{effect.step}"}
    if effect.options:
        body["options"] = _options(effect.options)
    if effect.asks:
        body["asks"] = effect.asks
    if effect.form:
        body["form"] = _card(effect.form)
    return body


def _card(card: Card) -> dict[str, Any]:
    return {
        "step": card.step,
        "title": card.title,
        "submit": card.submit,
        "fields": [_field(field) for field in card.fields],
        "errors": dict(card.errors),
    }


def _field(field: Field) -> dict[str, Any]:
    return {**asdict(field), "choices": None if field.choices is None else _options(field.choices)}


def _options(options: tuple[Option, ...]) -> list[dict[str, str]]:
    return [{"label": option.label, "value": option.value} for option in options]


def _account(result: Result, facts: Facts) -> dict[str, Any]:
    """Returns what `explain`, the brief and the numbers read of a turn."""
    account: dict[str, Any] = {"trace": [list(entry) for entry in result.trace]}
    slots = [
        {"slot": each.slot, "value": each.value, "flow": each.flow, "step": each.step}
        for each in result.effects
        if isinstance(each, SlotSet)
    ]
    if slots:
        account["slots"] = slots
    misunderstood = [
        {"step": each.step, "text": each.text} for each in result.effects if isinstance(each, Misunderstood)
    ]
    if misunderstood:
        account["misunderstood"] = misunderstood
    set_now = (each for each in result.effects if isinstance(each, SetTimer) and each.epoch == result.cursor.epoch)
    timers = [told_of_timer(each, facts) for each in set_now]
    if timers:
        account["timers"] = timers
    return account
