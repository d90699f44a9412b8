"""What the bot does with a message: the running flow, else a flow that starts with it, else the fallback.

Everything is written into the draft; only verbs of the desk commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from bot.actions import calls
from bot.actions.roster import Roster
from bot.circumstances import Facts, Staffing, of_conversation
from bot.contact import Known, save
from bot.conversation import Conversation, Draft
from bot.ruling import BOT_NAME, Ruling, each_text, standing_of
from bot.site.site import StartedByMessage
from bot.tagging import tag
from bot.timers import set_timer, told_of_timer
from bot.turn import Turn
from bot.versions import FlowGone, Sites
from flows.cursor import Cursor
from flows.effects import (
    CallAction,
    CallValidator,
    Card,
    Consented,
    Effect,
    Field,
    FlowEntered,
    FlowLeft,
    MessageLeft,
    Misunderstood,
    Noted,
    Option,
    Say,
    SetTimer,
    SlotSet,
    Tagged,
    WantsAgent,
    WhyAgent,
)
from flows.engine import Traced
from flows.moving import caught_up
from flows.runner import Event, Result, filled_in, may_be_left, reading_of, turn
from flows.sentences import sentence
from flows.settings import Settings
from rules.conditions import label
from rules.rule import Who
from rules.rulebook import Applied, Heard, Reading, Standing
from rules.texts import in_language

_SOMEBODY_IS_THERE = ("input", "repeat", "agent_left")
MOST_TOLD = 20
"""Conditions of flows that a message might have begun, in the account of a turn."""
NOTHING_HEARD = Heard("")
"""What rules make of a button."""


class Bot:
    """Answers conversations with the site's flows."""

    def __init__(self, sites: Sites, staffing: Staffing, roster: Roster | None = None):
        self.sites = sites
        self.roster = roster or Roster()
        self._staffing = staffing

    def hear(self, draft: Draft, known: Known, text: str, *, who: Who = "visitor") -> Heard:
        """Returns what the rules make of a message before it is kept; without rules, the message as it is.

        A visitor's message that is blocked is kept as one without words. An agent's is refused, so it stays as it is.
        """
        site = self.sites.current
        if not site.rulebook.has(who):
            return Heard(text)

        def look() -> Standing:
            facts = self.facts(draft, known, said=text if who == "visitor" else None)
            return standing_of(draft, known, site, facts)

        heard = site.rulebook.heard(text, look, who=who)
        if heard.blocked and who == "visitor":
            return heard._replace(text=sentence("message_removed", draft.state.language))
        return heard

    def masked(self, draft: Draft, known: Known, value: Any, *, who: Who = "visitor") -> Any:
        """Returns a value as it may be kept: every text in it without what rules mask."""
        if not self.sites.current.rulebook.moderates(who):
            return value
        return each_text(value, lambda text: self.hear(draft, known, text, who=who).text)

    def filled_in(self, draft: Draft, known: Known, form: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        """Returns a form as the thread shows it, and what its fields hold; None where no such form is open."""
        site, cursor = self.sites.current, draft.state.cursor
        try:
            return filled_in(self.sites.machine, cursor, form, self.facts(draft, known), draft.now, site.flow_settings)
        except FlowGone:
            return None

    def note(self, draft: Draft, known: Known, heard: Heard, *, who: Who = "visitor") -> Known:
        """Does what rules do whatever a message is taken for: tags, notes, a word to its sender."""
        if not heard.noted:
            return known
        ruling = Ruling(self.sites.current, self.facts(draft, known, said=heard.text), draft, known)
        ruling.note(heard, by_agent=who == "agent")
        return ruling.known

    def answer(
        self,
        draft: Draft,
        known: Known,
        *,
        text: str | None,
        button: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        heard: Heard = NOTHING_HEARD,
        begins: str | None = None,
    ) -> Turn:
        """Takes what the visitor wrote to the rules, and that or what was pressed or filled in into the flows.

        `begins` is the flow for what nothing else takes, where a bubble was answered. Says something in any case.
        """
        if button is not None and str(button.get("step", "")).startswith(calls.FROM_ACTION):
            # No question is open at a button of an action: it is a text that need not be typed.
            text, button = str(self.masked(draft, known, button["value"])), None
        reply = _Reply(self, draft, known, said=text)
        if heard.candidates or heard.warning:
            reading = reply.reading_of(heard.text)
            speaking = heard.speaking(reading, may_lead=reply.may_be_left())
            if speaking is not None:
                return reply.by_rule(speaking)
            if heard.warning and reading == "none" and reply.take(Event("repeat")):
                return reply.turn()
        if reply.take(Event("input", text=text, button=button, form=form)):
            draft.set(misunderstood=0)
            return reply.turn()
        if begins is not None and reply.start(begins, {}, text):
            return reply.turn()
        if button is None and form is None and (self._begin_flow(reply, text) or reply.take(Event("stray", text=text))):
            return reply.turn()
        said = button.get("label") if button is not None else text
        return reply.turn() if heard.warning else self._fall_back(reply, str(said or ""))

    def remark(self, draft: Draft, known: Known, heard: Heard) -> Known:
        """Lets a rule answer while somebody else has the conversation, or is about to."""
        speaking = heard.speaking("none", may_lead=False)
        if speaking is None:
            return known
        ruling = Ruling(self.sites.current, self.facts(draft, known, said=heard.text), draft, known)
        ruling.speak(speaking)
        return ruling.known

    def begin(self, draft: Draft, known: Known, flow: str, *, inputs: Mapping[str, Any]) -> Turn:
        """Starts a flow, handing it what a trigger's button said."""
        reply = _Reply(self, draft, known)
        reply.start(flow, inputs)
        return reply.turn()

    def is_wish_for_person(self, draft: Draft, text: str) -> bool:
        """Says whether a text that is the label of a button asks for a person all the same."""
        phrases = self.sites.current.flow_settings.phrases
        return phrases.match(text, draft.state.language, may_answer=True) == "human"

    def call_agent(self, known: Known, department: str | None, *, reason: WhyAgent) -> Turn:
        """Asks for a person without a flow."""
        return Turn(known, WantsAgent(reason=reason, department=department))

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

    def facts(self, draft: Draft, known: Known, *, said: str | None = None) -> Facts:
        """Returns what is true for this conversation now."""
        return of_conversation(self.sites.current, draft.state, known, self._staffing, draft.now, said=said)

    def _begin_flow(self, reply: "_Reply", text: str | None) -> bool:
        site = self.sites.current
        for flow in site.flows_started_by_messages:
            if reply.holds(flow):
                return reply.start(flow.id, {}, text)
        first = reply.draft.before.visitor_last_seq == 0 or _only_rules_have_spoken(reply.draft)
        return bool(first and site.conversation.start and reply.start(site.conversation.start, {}, text))

    def _fall_back(self, reply: "_Reply", text: str) -> Turn:
        settings = self.sites.current.conversation
        reply.note_misunderstood(text)
        count = reply.draft.state.misunderstood + 1
        reply.draft.set(misunderstood=count)
        if count >= settings.max_misunderstandings:
            reply.draft.set(misunderstood=0)
            return self.call_agent(reply.known, None, reason="not_understood")
        if settings.fallback_flow:
            reply.start(settings.fallback_flow, {})
        else:
            reply.say(in_language(settings.fallback, reply.language, self.sites.current.default_language))
        return reply.turn()


class _Reply:
    """One turn in the making: runs flows and writes their effects into the draft."""

    def __init__(self, bot: Bot, draft: Draft, known: Known, *, said: str | None = None):
        self.draft = draft
        self.known = known
        self.facts = bot.facts(draft, known, said=said)
        self.language = draft.state.language
        self._bot = bot
        self._wants_agent: WantsAgent | None = None
        self._left: MessageLeft | None = None
        self._closes = False
        self._entered: set[str] = set()
        self._looked_at: list[Traced] = []
        """What was asked before a flow began; told with its first turn."""

    def turn(self) -> Turn:
        return Turn(self.known, self._wants_agent, self._left, self._closes, frozenset(self._entered))

    def reading_of(self, text: str) -> Reading:
        """Returns what the running flow would take a text for."""
        sites, cursor = self._bot.sites, self._cursor()
        try:
            return reading_of(sites.machine, cursor, text, self.facts, self.draft.now, sites.current.flow_settings)
        except FlowGone:
            return "none"

    def may_be_left(self) -> bool:
        """Says whether the running flow lets another one, or a person, come in between."""
        try:
            return may_be_left(self._bot.sites.machine, self._cursor())
        except FlowGone:
            return True

    def by_rule(self, applied: Applied) -> Turn:
        """Lets a rule answer, or lead away; then the open question is put again."""
        rule = applied.rule
        ruling = Ruling(self._bot.sites.current, self.facts, self.draft, self.known)
        ruling.speak(applied)
        self.known = ruling.known
        self.draft.set(misunderstood=0)
        if rule.handoff:
            self._wants_agent = WantsAgent(reason="rule", department=rule.route)
        elif rule.close:
            self._closes = True
        elif rule.start or rule.call:
            flow = str(rule.start or rule.call)
            self.take(Event("start", data={"flow": flow, "with": {}, "instead": rule.start is not None}))
        elif rule.resume:
            self.take(Event("repeat"))
        return self.turn()

    def holds(self, flow: StartedByMessage) -> bool:
        """Says whether what a message must meet to begin a flow is met, and keeps what came of it for the record."""
        outcome = flow.holds(self.facts)
        if len(self._looked_at) < MOST_TOLD:
            place = flow.place
            words = f"start_when: {label(flow.condition)}"
            self._looked_at.append(("guard", flow.id, "", words, outcome, place.file, place.line))
        return outcome is True

    def note_misunderstood(self, text: str) -> None:
        """Writes down that nothing took what the visitor wrote."""
        trace = [*self._looked_at, ("refused", "", "", "neither a flow nor a rule takes it", None, "", 0)]
        self.draft.add("misunderstood", {"text": text, "trace": trace}, actor="bot")
        self._looked_at.clear()

    def start(self, flow: str, inputs: Mapping[str, Any], text: str | None = None) -> bool:
        return self.take(Event("start", text=text, data={"flow": flow, "with": dict(inputs)}))

    def take(self, event: Event) -> bool:
        """Fires one event; returns whether any flow took it. A site may want a flow that changed to begin again."""
        if self._begins_anew(event):
            return self._fire(Event("updated"))
        return self._fire(event)

    def _fire(self, event: Event) -> bool:
        try:
            result = turn(self._bot.sites.machine, self._cursor(), event, self.facts, self.draft.now, self._settings())
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

    def _cursor(self) -> Cursor:
        """Returns where the conversation stands, in the flows as they are now where a site wants it to move along.

        It is kept with the turn that begins there: what no flow takes, as a timer that comes too late, moves nobody.
        """
        cursor = self.draft.state.cursor
        moves = self._bot.sites.current.conversation.flow_updates == "move"
        return caught_up(cursor, self._bot.sites.machine) if moves else cursor

    def _begins_anew(self, event: Event) -> bool:
        """Says whether the running flow has changed and the site wants it to begin again, now that somebody is there.

        Never by the clock, for nobody would hear it; and whoever wants a person or to leave gets that instead.
        """
        site, machines = self._bot.sites.current, self._bot.sites.current.machines
        if site.conversation.flow_updates != "restart" or event.kind not in _SOMEBODY_IS_THERE:
            return False
        phrase = site.flow_settings.phrases.match(event.text or "", self.language)
        if phrase in ("human", "cancel") or event.data.get("how") == "closed":
            return False
        places = self.draft.state.cursor.frames()
        if not places or places[0][0] not in machines:
            return False
        return any(flow in machines and machines[flow].version != version for flow, version, _ in places)

    def _apologise(self) -> bool:
        # Neither this version nor the stored one has the flow any more: better to begin again than to be stuck.
        cursor = self.draft.state.cursor.copy()
        cursor.flow, cursor.stack, cursor.parked = None, (), ()
        self.draft.set(cursor=cursor)
        self.say(sentence("begin_again", self.language))
        return True

    def _write(self, result: Result) -> None:
        self.draft.add("turn", _account(result, self.facts, self._looked_at), actor="bot")
        self._looked_at.clear()
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
            case FlowEntered():
                self._entered.add(effect.flow)
            case SlotSet() | FlowLeft() | Misunderstood():
                pass  # Told in the account of the turn, or nowhere.
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


def _only_rules_have_spoken(draft: Draft) -> bool:
    """Says that the visitor has written before, but nothing yet that was for a flow."""
    return draft.state.cursor.epoch == 0 and bool(draft.before.rules)


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


def _account(result: Result, facts: Facts, looked_at: Sequence[Traced]) -> dict[str, Any]:
    """Returns what `explain`, the brief and the numbers read of a turn."""
    account: dict[str, Any] = {"trace": [*looked_at, *result.trace]}
    for effect in result.effects:
        match effect:
            case SlotSet():
                slot = {"slot": effect.slot, "value": effect.value, "flow": effect.flow, "step": effect.step}
                account.setdefault("slots", []).append(slot)
            case Misunderstood():
                account.setdefault("misunderstood", []).append({"step": effect.step, "text": effect.text})
            case SetTimer() if effect.epoch == result.cursor.epoch:
                account.setdefault("timers", []).append(told_of_timer(effect, facts))
    return account
