"""How flows stand on `transitions`: flat, shared, never registered, and without a word of YAML where code is called."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transitions import Machine
from transitions.core import Event as LibraryEvent
from transitions.core import Transition

from flows.compiler import CannotCompile, compile_flow
from flows.cursor import Cursor
from flows.effects import Say, WantsAgent
from flows.engine import START, FlowEvent, FlowMachine, FlowTransition, Guard
from flows.flow import Flow, named
from flows.runner import Event, turn
from flows.steps.goto import GotoStep
from flows.steps.say import SayStep
from flows.steps.set import SetStep
from flows.targets import Target
from flows.wording import Wording

EVERYTHING = """
    flows:
      a:
        start_when: {visits: 1}
        steps:
          - say: os.getcwd
          - collect: name
          - buttons: os.getcwd
            save_as: topic
            options: [os.getcwd, {label: os.getpid, then: os_getcwd, when: {visits: 1}}, Stay: stay, Out: handoff sales]
          - branch: [{when: {topic: os.getcwd}, then: [{say: os.getcwd}]}]
          - {id: os_getcwd, set: {x: os.getcwd}}
          - {call: b, if_cancelled: os_getcwd}
          - {handoff: sales, note: os.getcwd, if_closed: end}
          - start: b
      b: {steps: [{collect: email}, {goto: back}]}
    """


NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def machine_of(flows_of, name="a") -> FlowMachine:
    return flows_of(EVERYTHING).machines[name]


def test_one_flat_machine_serves_a_version_and_registers_nobody(play, flows_of):
    bot = play(EVERYTHING, start="a")
    for words in ("Ann", "1", "a@b.io"):
        bot.write(words)
    machine = bot.machine("a")
    assert isinstance(machine, Machine)
    assert type(machine).__mro__[1] is Machine
    assert (machine.models, machine.has_queue, machine.auto_transitions, machine.send_event) == ([], False, False, True)


@given(st.lists(st.sampled_from(["Ann", "1", "3", "Stay", "Out", "a@b.io", "no", "back", "start over"]), max_size=8))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_short_way_through_the_library_is_the_librarys_own(flows_of, words):
    machines = flows_of(EVERYTHING).machines

    def told() -> list[object]:
        cursor, results = Cursor("c", "en"), []
        for event in (Event("start", data={"flow": "a"}), *(Event("input", text=each) for each in words)):
            result = turn(lambda flow, _: machines[flow], cursor, event, {"visits": 1}, NOW)
            cursor = result.cursor
            results.append((result.effects, result.trace, cursor.to_json()))
        return results

    ours = told()
    with (
        patch.object(FlowTransition, "execute", Transition.execute),
        patch.object(FlowEvent, "trigger", LibraryEvent.trigger),
    ):
        assert told() == ours


def test_no_text_is_ever_in_the_place_of_a_callback(flows_of):
    for machine in flows_of(EVERYTHING).machines.values():
        for state in machine.states.values():
            assert all(callable(callback) for callback in (*state.on_enter, *state.on_exit))
        for _, move in machine.moves():
            assert all(callable(each) for each in (*move.before, *move.after, *move.prepare))
            assert all(isinstance(condition.func, Guard) for condition in move.conditions)
        hooks = (machine.before_state_change, machine.after_state_change, machine.prepare_event, machine.finalize_event)
        assert all(callable(hook) for hooks_of_one in hooks for hook in hooks_of_one)


def test_every_state_has_a_last_way_that_asks_for_nothing(flows_of):
    """So a conversation is never stuck: whatever happens, one transition of each event can be taken."""
    for machine in flows_of(EVERYTHING).machines.values():
        for name, event in machine.events.items():
            for source, moves in event.transitions.items():
                assert moves[-1].conditions == [], (machine.id, name, source)
        for name in machine.states:
            state = machine.state(name)
            needed = {"pass": ("next",), "call": ("returned",), "wait": (), "start": (), "final": ()}[state.kind]
            assert all(machine.takes(event, name) for event in needed), (machine.id, name)
            if state.kind == "wait":
                assert machine.takes("input", name) or machine.takes("resumed", name)


def test_every_way_leads_to_a_state_that_is_there(flows_of):
    for machine in flows_of(EVERYTHING).machines.values():
        assert {move.dest for _, move in machine.moves()} - {None} <= set(machine.states)


def test_the_names_of_events_are_a_closed_list(flows_of):
    events = {name for machine in flows_of(EVERYTHING).machines.values() for name in machine.events}
    assert events <= {
        "next",
        "input",
        "returned",
        "action_failed",
        "nobody_came",
        "agent_joined",
        "resumed",
        "interrupt.human",
        "interrupt.back",
        "interrupt.restart",
        "interrupt.cancel",
        "interrupt.help",
        "timer",
        "done",
    }


def test_guards_speak_a_marketers_words(flows_of):
    words = {guard.__name__ for _, move in machine_of(flows_of).moves() for guard in move.guards}
    assert {"name is known", "answered", "may try again", "chose 'os.getpid'", "topic is os.getcwd"} <= words


def test_every_guard_that_was_asked_is_in_the_trace(play):
    bot = play(EVERYTHING, start="a")
    bot.write("Ann")
    bot.write("nothing")
    guards = [(entry[3], entry[4]) for entry in bot.last.trace if entry[0] == "guard"]
    assert guards == [
        ("chose 'os.getpid'", False),
        ("chose 'Stay'", False),
        ("chose 'Out'", False),
        ("answered", False),
        ("may try again", True),
    ]


def test_an_unknown_guard_is_traced_as_unknown_and_not_taken(play):
    bot = play("flows: {a: {steps: [{say: Hi, when: {landing_page: /x}}, {say: Done}]}}", start="a")
    assert bot.hears == ["Done"]
    assert [entry[4] for entry in bot.last.trace if entry[0] == "guard"] == [None]


def test_one_machine_serves_many_conversations_at_once(flows_of):
    flows = flows_of(EVERYTHING)

    def talk(number: int) -> str:
        cursor = Cursor(str(number), "en")
        facts = {"visits": 1, "contact.name": None, "contact.email": None}
        events = [Event("start", data={"flow": "a"}), Event("input", text=f"Ann{number}"), Event("input", text="1")]
        for event in [*events, Event("input", text=f"a{number}@b.io")]:
            cursor = turn(lambda flow, _: flows.machines[flow], cursor, event, facts, datetime.now(UTC)).cursor
        return f"{cursor.slots['name']} {cursor.slots['topic']} {cursor.flow}.{cursor.state}"

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(talk, range(200)))
    assert heard == [f"Ann{number} os.getcwd b.collect_email" for number in range(200)]


def test_a_target_that_leads_nowhere_is_not_compiled():
    flow = named(Flow(id="a", steps=(GotoStep(to=Target("step", "nowhere")),)))
    with pytest.raises(CannotCompile, match="nowhere"):
        compile_flow(flow)


def test_two_steps_with_one_id_are_not_compiled():
    step = SayStep(id="same", texts=(Wording({"en": "Hi"}),))
    with pytest.raises(CannotCompile, match="same"):
        compile_flow(Flow(id="a", steps=(step, step)))


def test_a_flow_that_goes_round_by_itself_is_left_for_a_person():
    steps = (
        SetStep(id="round", values={"n": 2}),
        SayStep(texts=(Wording({"en": "Hi"}),)),
        GotoStep(to=Target("step", "round")),
    )
    machine = compile_flow(named(Flow(id="a", steps=steps)))
    before = Cursor("c", "en")
    before.slots["n"] = 1
    result = turn(lambda *_: machine, before, Event("start", data={"flow": "a"}), {}, datetime.now(UTC))
    assert not result.cursor.running
    assert result.cursor.slots == {"n": 1}
    said, wanted = result.effects[-2:]
    assert [said] == [each for each in result.effects if isinstance(each, Say)]
    assert isinstance(wanted, WantsAgent)
    assert (wanted.flow, wanted.reason) == ("a", "give_up")
    assert len(result.trace) <= 250


def test_hundreds_of_steps_in_a_row_are_no_loop(play):
    steps = ", ".join("{say: Hi, when: {visits: 1}}" for _ in range(300))
    assert len(play(f"flows: {{a: {{steps: [{steps}]}}}}", start="a").hears) == 300


def test_a_flow_without_steps_ends_at_once():
    machine = compile_flow(Flow(id="a", steps=()))
    result = turn(lambda *_: machine, Cursor("c", "en"), Event("start", data={"flow": "a"}), {}, datetime.now(UTC))
    assert not result.cursor.running


def test_machines_begin_in_a_place_of_their_own(flows_of):
    assert machine_of(flows_of).initial == START
