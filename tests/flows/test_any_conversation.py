"""Whatever happens in whatever order, a turn keeps its promises: tried with every event a conversation can meet."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flows.cursor import MOST_CALLS, MOST_HISTORY, MOST_PARKED, Cursor
from flows.effects import (
    CallAction,
    Card,
    Consented,
    FlowEntered,
    FlowLeft,
    MessageLeft,
    Misunderstood,
    Say,
    SetTimer,
    SlotSet,
    WantsAgent,
)
from flows.engine import FlowMachine
from flows.reading import read_flows
from flows.runner import Event, Result, turn
from rules.document import read
from rules.facts import Kind, Scope
from rules.nodes import Map
from rules.problems import Problem
from rules.schema import Walker

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
LANGUAGES = ("en", "de")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "sure": bool,
    "agreed": bool,
    "n": (int, float),
    "guests": (int, float),
    "order": (dict, str, int, bool),
}
"""Every other slot holds a text."""

CONTENT = """
    flows:
      lead:
        title: {en: Your details, de: Ihre Daten}
        inputs: {campaign: text}
        steps:
          - say: [Hello, {en: Hi, de: Hallo}]
          - {collect: name, ask: [Name?, Once more?]}
          - {collect: email, retries: 1, give_up: no_mail}
          - set: {n: {add: 1}, greeting: 'Hi {{ name | default: "you" }}'}
          - call: details
            with: {topic: "{{ greeting }}"}
            if_cancelled: no_mail
          - {say: Known, when: {contact.email: known}}
          - branch:
              - {if: n > 2, then: [{say: Often}, {goto: person}]}
              - {when: {size: Large}, then: no_mail}
              - else: [{buttons: Again?, options: [{Yes: restart}, {No: end}, {Back: back}, {Hm: stay}]}]
          - {id: person, handoff: sales, say: One moment., note: '{{ name | default: "?" }}', if_nobody: no_mail}
          - {id: no_mail, say: No mail}
          - buttons: And now?
            id: last
            options: [{Person: handoff support}, {Other: start quiz}, {Call: call quiz}, {Stay: call stay}]
          - say: Bye
      details:
        inputs: {topic: text}
        returns: [size]
        steps:
          - buttons: Which?
            save_as: size
            if_known: skip
            options: [Small, {label: Large, when: {opening_hours: open}}, {label: {en: None, de: Keine}, then: cancel}]
          - {collect: wish, ask: "A wish for {{ topic }}?", if_known: ask}
          - {collect: sure, type: yes_no, ask: Sure?, unless: {visits: at least 3}}
          - {goto: back, if: sure is false}
      quiz:
        interruptible: false
        steps:
          - {collect: color, choices: [Red, Blue], if_known: ask, interruptible: true}
          - {collect: pet, ask: Pet?, if_known: ask, give_up: end}
          - {call: lead, if: pet is "again", with: {campaign: quiz}}
      stay:
        on_silence: [{after: 2m, say: Still there?}, {after: 1h, then: cancel}]
        steps:
          - form:
              - {collect: arrival, type: date, min: today}
              - {collect: departure, type: date, must: departure > arrival, optional: true}
              - {collect: guests, type: number, min: 1, max: 8, help: A number.}
              - {collect: agreed, type: consent, when: {guests: more than 3}}
              - {collect: email}
            if_silent: {after: 1m, then: [{say: Hm}, {goto: look}]}
            retries: 1
            give_up: end
          - {id: look, tag: [a, b]}
          - note: '{{ guests | default: "?" }} guests'
          - action: look_up
            with: {who: '{{ name | default: "?" }}'}
            save_as: order
            on_error: later
          - {say: 'It is {{ order.status | default: "?" }}'}
          - id: later
            wait: 5m
          - {collect: phone, confirm: true, if_known: confirm, optional: true}
    """


@dataclass(frozen=True)
class Attribute:
    type: str
    choices: tuple[str, ...] = ()
    title: Mapping[str, str] | None = None


@cache
def machines() -> dict[str, FlowMachine]:
    problems: list[Problem] = []
    document = read(textwrap.dedent(CONTENT), "flows/any.yaml", problems)
    assert isinstance(document, Map)
    contact = {"name": Attribute("name"), "email": Attribute("email")}
    scope = Scope(contact=dict.fromkeys(contact, Kind("text")), languages=LANGUAGES)
    flows = read_flows(
        document.get("flows"),
        Walker(problems, LANGUAGES),
        scope=scope,
        contact=contact,
        visit={},
        departments=("sales", "support"),
    )
    codes = [problem.code for problem in problems]
    assert codes == ["F015", "F003"], "a flow that calls itself and one that hears nobody are among them on purpose"
    return dict(flows.machines)


def machine_of(flow: str, version: str | None) -> FlowMachine:
    machine = machines()[flow]
    assert version in (None, machine.version)
    return machine


WORDS = st.one_of(
    st.sampled_from(
        [
            "Ann",
            "ann@x.io",
            "no mail",
            "Small",
            "large",
            "2",
            "3",
            "ja",
            "nope",
            "again",
            "red",
            "human",
            "back",
            "restart",
            "cancel",
            "what can I do",
            "two of us, 3 to 7 January",
            "5 January",
            "seven",
            "no, my mail is b@x.io",
            "+49 170 1234567",
            "skip",
        ]
    ),
    st.text(max_size=12),
)
BUTTONS = st.fixed_dictionaries(
    {
        "step": st.sampled_from(
            ["lead.last", "lead.buttons_1", "details.buttons_size", "quiz.collect_color", "stay.form_1", "x", ""]
        ),
        "value": st.one_of(
            st.sampled_from(["Small", "Large", "Yes", "yes", "no", "Red", "Person", "__skip", "agreed:yes"]),
            st.none(),
            st.integers(),
        ),
    }
)

CARDS = st.fixed_dictionaries(
    {
        "step": st.sampled_from(["stay.form_1", "lead.collect_name", "x", ""]),
        "values": st.dictionaries(
            st.sampled_from(["arrival", "departure", "guests", "agreed", "email", "phone", "n", "x"]),
            st.one_of(
                st.sampled_from(["", "3.1.", "7 January", "5", "9", "a@b.io", "yes"]),
                st.booleans(),
                st.text(max_size=9),
            ),
        ),
    }
)
RESULTS = st.fixed_dictionaries(
    {
        "slots": st.dictionaries(
            st.sampled_from(["guests", "sure", "name", "wish"]), st.none() | st.booleans() | st.integers()
        ),
        "result": st.none() | st.integers() | st.text(max_size=5) | st.just({"status": "sent", "by": {"name": "Post"}}),
        "followup": st.sampled_from([None, "quiz", "nothing", 7]),
    }
)


class AnyConversation(RuleBasedStateMachine):
    """One conversation. It stands for all promises of `turn`; the machine only makes things happen to it."""

    @initialize(language=st.sampled_from([*LANGUAGES, "fr"]), known=st.booleans())
    def comes(self, language: str, known: bool) -> None:
        self.cursor = Cursor("c1", language)
        self.facts: dict[str, Any] = {"language": language, "opening_hours": "open", "visits": 1}
        self.facts |= {"contact.name": None, "contact.email": "known@x.io" if known else None}
        self.shown: Say | None = None
        self.timers: list[SetTimer] = []

    @rule(flow=st.sampled_from(["lead", "details", "quiz", "stay"]), campaign=st.none() | st.just("spring"))
    def a_flow_begins(self, flow: str, campaign: str | None) -> None:
        result = self.happens(Event("start", data={"flow": flow, "with": {"campaign": campaign} if campaign else {}}))
        assert result.handled

    @rule(text=WORDS)
    def a_message_begins_a_flow(self, text: str) -> None:
        assert self.happens(Event("start", text=text, data={"flow": "stay"})).handled

    @rule(card=CARDS)
    def they_fill_in_a_card(self, card: dict[str, Any]) -> None:
        before = self.cursor
        result = self.happens(Event("input", form=card))
        if card["step"] != f"{before.flow}.{before.state}":
            assert_same_place(result.cursor, before)
            assert all(isinstance(effect, Say | SetTimer) for effect in result.effects)

    @precondition(lambda self: bool(self.timers))
    @rule(data=st.data(), late=st.sampled_from([0, 90_000]))
    def a_timer_runs_out(self, data: st.DataObject, late: int) -> None:
        timer = data.draw(st.sampled_from(self.timers))
        before = self.cursor
        result = self.happens(Event("timer", data={"n": timer.n, "late": late}, epoch=timer.epoch))
        if timer.epoch != before.epoch:
            assert (result.cursor, result.effects, result.handled) == (before, (), False)
        else:
            assert result.handled

    @rule(result=RESULTS, late=st.integers(0, 1))
    def an_action_answers(self, result: dict[str, Any], late: int) -> None:
        before = self.cursor
        acts = before.running and self.acts() and not late
        assert self.happens(Event("done", data=result, epoch=before.epoch - late)).handled is acts

    @rule(reason=st.sampled_from(["timeout", "error"]))
    def an_action_fails(self, reason: str) -> None:
        acts = self.cursor.running and self.acts()
        assert self.happens(Event("action_failed", data={"reason": reason}, epoch=self.cursor.epoch)).handled is acts

    @rule()
    def the_question_is_put_again(self) -> None:
        before = self.cursor
        asks = self.cursor.running and self.asks()
        result = self.happens(Event("repeat"))
        assert result.handled is asks
        assert_same_place(result.cursor, before)

    @rule(text=WORDS)
    def they_write(self, text: str) -> None:
        self.happens(Event("input", text=text))

    @precondition(lambda self: not self.cursor.running)
    @rule(text=WORDS)
    def they_write_while_no_flow_runs(self, text: str) -> None:
        result = self.happens(Event("stray", text=text))
        assert result.handled is bool(result.effects)

    @precondition(lambda self: self.cursor.running)
    @rule(text=WORDS)
    def they_answer(self, text: str) -> None:
        assert self.happens(Event("input", text=text, epoch=self.cursor.epoch)).handled

    @precondition(lambda self: self.shown is not None and self.shown.options != ())
    @rule(data=st.data())
    def they_press_what_was_shown(self, data: st.DataObject) -> None:
        shown = self.shown
        assert shown is not None
        option = data.draw(st.sampled_from(shown.options))
        state = f"{self.cursor.flow}.{self.cursor.state}"
        result = self.happens(
            Event("input", button={"step": f"{shown.flow}.{shown.step}", "value": option.value, "label": option.label})
        )
        if state == f"{shown.flow}.{shown.step}":
            assert ("refused", False) not in [(entry[0], entry[4]) for entry in result.trace]

    @rule(button=BUTTONS)
    def they_press_something_else(self, button: dict[str, Any]) -> None:
        before = self.cursor
        result = self.happens(Event("input", button=button))
        if button["step"] != f"{before.flow}.{before.state}":
            assert_same_place(result.cursor, before)
            assert all(isinstance(effect, Say | SetTimer) for effect in result.effects)

    @rule(how=st.sampled_from(["returned", "closed"]))
    def an_agent_leaves(self, how: str) -> None:
        self.happens(Event("agent_left", data={"how": how}))
        if how == "closed":
            assert not self.cursor.running

    @rule()
    def an_agent_joins(self) -> None:
        before = self.cursor
        assert self.happens(Event("agent_joined")).cursor == before

    @rule(reason=st.sampled_from(["closed", "nobody"]), flow=st.sampled_from([None, "quiz"]))
    def nobody_is_there(self, reason: str, flow: str | None) -> None:
        data = {"reason": reason, "department": "sales"} | ({"flow": flow} if flow else {})
        self.happens(Event("nobody_came", data=data))

    @rule(late=st.integers(1, 3))
    def something_comes_too_late(self, late: int) -> None:
        before = self.cursor
        result = self.happens(Event("input", text="Ann", epoch=before.epoch - late))
        assert (result.cursor, result.effects, result.handled) == (before, (), False)

    @rule(hours=st.sampled_from(["open", "closed"]), visits=st.integers(1, 4))
    def time_goes_by(self, hours: str, visits: int) -> None:
        self.facts |= {"opening_hours": hours, "visits": visits}

    @precondition(
        lambda self: len(self.cursor.history) > 1 and self.asks() and self.interruptible() and not self.cursor.held
    )
    @rule()
    def they_go_back(self) -> None:
        *earlier, asked, last = self.cursor.history
        undone = {write.slot for write in (*asked.writes, *last.writes)}
        before = dict(self.cursor.slots)
        self.happens(Event("input", text="back"))
        assert (self.cursor.flow, self.cursor.state, self.cursor.stack) == (asked.flow, asked.state, asked.stack)
        # A form keeps which of its fields were done; a question may hold what is known, for a yes or no.
        assert self.cursor.history[:-1] == tuple(earlier)
        assert self.cursor.history[-1]._replace(writes=()) == asked._replace(writes=())
        assert self.cursor.done == asked.done
        assert all(self.cursor.slots.get(slot) == value for slot, value in before.items() if slot not in undone)
        assert set(self.cursor.slots) - set(before) <= undone

    @precondition(lambda self: self.asks() and self.interruptible())
    @rule()
    def they_want_a_person(self) -> None:
        before = self.cursor
        result = self.happens(Event("input", text="human"))
        assert_same_place(result.cursor, before)
        assert result.cursor.epoch == before.epoch
        assert [type(effect) for effect in result.effects] == [WantsAgent]
        assert self.happens(Event("agent_left", data={"how": "returned"})).cursor.state == before.state

    def happens(self, event: Event) -> Result:
        before = self.cursor.to_json()
        facts = dict(self.facts)
        result = turn(machine_of, self.cursor, event, facts, NOW)
        again = turn(machine_of, Cursor.from_json(before), event, dict(self.facts), NOW)
        note(f"{event} -> {result.cursor.flow}.{result.cursor.state} {[*result.effects]}")
        assert result == again, "the same came out differently"
        assert self.cursor.to_json() == before, "the cursor that was given was changed"
        assert facts == self.facts, "the facts were changed"
        self.check_effects(result)
        for effect in result.effects:
            if isinstance(effect, SlotSet) and effect.save_to == "contact":
                self.facts[f"contact.{effect.slot}"] = effect.value
            if isinstance(effect, Say):
                # The buttons of one field of a form are gone when the next one is asked for.
                self.shown = effect if effect.options or effect.form else self.shown
            if isinstance(effect, SetTimer):
                self.timers = [*self.timers, effect][-5:]
        self.cursor = result.cursor
        return result

    def check_effects(self, result: Result) -> None:
        inside = [flow for flow, _ in self.cursor.versions()]
        for effect in result.effects:
            match effect:
                case Say():
                    assert effect.text.strip()
                    assert "{{" not in effect.text
                    assert len({option.value for option in effect.options}) == len(effect.options)
                    if effect.form is not None:
                        self.check_card(effect.form)
                case SetTimer() | CallAction():
                    assert self.cursor.epoch < effect.epoch <= result.cursor.epoch
                case Consented():
                    assert isinstance(effect.value, bool) and effect.shown
                case SlotSet():
                    self.check_value(effect.slot, effect.value)
                case FlowEntered():
                    inside.append(effect.flow)
                case FlowLeft():
                    assert effect.flow in inside, "a flow was left that nobody was in"
                case MessageLeft():
                    assert effect.text
                    assert effect.email
                case Misunderstood():
                    assert effect.n >= 1
        if result.cursor.running and not result.handled:
            assert result.cursor == self.cursor
        if not result.handled:
            assert result.effects == ()

    def check_card(self, card: Card) -> None:
        names = [field.name for field in card.fields]
        assert len(set(names)) == len(names)
        assert set(card.errors) <= set(names)
        assert all(card.errors.values()) and all(field.label for field in card.fields)

    def check_value(self, slot: str, value: Any) -> None:
        assert value is None or isinstance(value, TYPES.get(slot, str)), (slot, value)

    def asks(self) -> bool:
        return self.cursor.running and self.state().question is not None

    def acts(self) -> bool:
        return bool(machines()[str(self.cursor.flow)].takes("done", self.cursor.state))

    def interruptible(self) -> bool:
        return bool(self.state().interruptible)

    def state(self) -> Any:
        return machines()[str(self.cursor.flow)].state(self.cursor.state)

    @invariant()
    def it_stands_where_somebody_is_waited_for(self) -> None:
        if not hasattr(self, "cursor"):
            return
        if self.cursor.running:
            assert self.state().kind == "wait"
        else:
            assert (self.cursor.stack, self.cursor.history, self.cursor.filled) == ((), (), ())
            assert self.cursor.parked == ()
            assert (self.cursor.done, self.cursor.held) == ((), ())

    @invariant()
    def it_can_be_kept(self) -> None:
        if hasattr(self, "cursor"):
            assert Cursor.from_json(self.cursor.to_json()) == self.cursor

    @invariant()
    def it_stays_small_and_typed(self) -> None:
        if not hasattr(self, "cursor"):
            return
        cursor = self.cursor
        assert len(cursor.stack) <= MOST_CALLS
        assert len(cursor.history) <= MOST_HISTORY
        assert len(cursor.parked) <= MOST_PARKED
        for slot, value in cursor.slots.items():
            self.check_value(slot, value)
        assert set(cursor.filled) <= set(cursor.slots)
        assert len(cursor.held) <= 1
        assert not (cursor.done and self.state().step.kind != "form")


def assert_same_place(now: Cursor, before: Cursor) -> None:
    """A question that was only put once more: its silence is counted anew, nothing else has changed."""
    same = now.copy()
    same.epoch, same.silent = before.epoch, before.silent
    assert same == before


AnyConversation.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, suppress_health_check=list(HealthCheck)
)
TestAnyConversation = AnyConversation.TestCase
