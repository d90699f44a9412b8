"""How a document is checked against tables of keys and kinds: every problem at once, each with what to write."""

from typing import Any

import pytest

from rules.document import read
from rules.durations import Duration
from rules.kinds import (
    Choice,
    Conditions,
    Id,
    Integer,
    Length,
    ListOf,
    MapOf,
    Nested,
    Number,
    OneOrList,
    Percent,
    Phrases,
    Reference,
    Text,
    Texts,
    Word,
    YesNo,
)
from rules.nodes import Node
from rules.problems import Place, Problem
from rules.schema import Key, Kind, Read, Table, Walker
from rules.step_lists import Steps

TYPE = Choice(("text", "name", "email", "phone", "choice", "yes_no"), noun="answer type", code="K004")
STEPS: dict[str, Table] = {}
STEPS |= {
    "say": Table("say", {"say": Key(Texts(), "what is said"), "id": Key(Id(), "name")}, "a 'say' step"),
    "collect": Table(
        "collect",
        {
            "collect": Key(Id(), "the slot"),
            "ask": Key(Texts(), "the question"),
            "type": Key(TYPE, "what is asked for", default="text"),
            "retries": Key(Integer(0, 10), "how often again", default=2),
            "note": Key(Text(), "a remark"),
            "id": Key(Id(), "name"),
        },
        "a 'collect' step",
    ),
    "goto": Table("goto", {"goto": Key(Reference("step"), "where"), "id": Key(Id(), "name")}, "a 'goto' step"),
    "branch": Table("branch", {"branch": Key(ListOf(Nested(Table("case", {}))), "cases")}, "a 'branch' step"),
    "handoff": Table(
        "handoff",
        {"handoff": Key(Reference("department"), "to whom"), "note": Key(Text(), "a remark")},
        "a 'handoff' step",
    ),
}
FLOW = Table(
    "flow",
    {
        "title": Key(Text(), "for reports"),
        "start_when": Key(Conditions(), "when it begins"),
        "steps": Key(Steps(STEPS), "what happens", required=True),
    },
    "a flow",
)


def node_of(text: str) -> Node:
    problems: list[Problem] = []
    node = read(text, "flows/welcome.yaml", problems)
    assert node is not None and problems == []
    return node


def walk(text: str, table: Table = FLOW, languages: tuple[str, ...] = ("en", "de")) -> tuple[Read, list[str]]:
    problems: list[Problem] = []
    value = Walker(problems, languages).read(node_of(text), table)
    return value, [f"{problem.code} {problem}" for problem in problems]


def value_of(kind: Kind, written: str) -> tuple[Any, list[str]]:
    """Reads `key: …` by a kind."""
    value, told = walk(f"key: {written}\n", Table("thing", {"key": Key(kind, "a value")}))
    return value["key"], [line.removeprefix("K006 flows/welcome.yaml:") for line in told]


def test_one_run_tells_everything_that_is_wrong_in_a_flow() -> None:
    _, told = walk(
        "title: Welcome\n"
        "steps:\n"
        "  - colect: name\n"
        "    ask: Your name?\n"
        "  - collect: email\n"
        "    type: emial\n"
        "    retrys: many\n"
        "    goto: finsh\n"
        "  - say: [Hi, {en: Hello, fr: Bonjour}]\n"
        "titel: Again\n"
    )
    assert told == [
        "K001 flows/welcome.yaml:10:1: 'titel' is not an option of a flow — did you mean 'title'?",
        "K002 flows/welcome.yaml:3:5: unknown step 'colect' — did you mean 'collect'?",
        "K001 flows/welcome.yaml:8:5: 'goto' is not an option of a 'collect' step but a step of its own;"
        " begin it with '- ' on its own line — write  - goto: finsh",
        "K001 flows/welcome.yaml:7:5: 'retrys' is not an option of a 'collect' step — did you mean 'retries'?",
        "K004 flows/welcome.yaml:6:11: unknown answer type 'emial' — did you mean 'email'?",
        "K006 flows/welcome.yaml:7:13: 'retries' is a whole number from 0 to 10, not 'many'",
        "K001 flows/welcome.yaml:9:27: 'fr' is not a language of this site (en, de)",
    ]


def test_what_is_right_comes_back_as_ordinary_values_with_their_places() -> None:
    flow, told = walk(
        "steps:\n  - collect: email\n    ask: {en: Mail?, de: E-Mail?}\n    type: email\n  - say: Thanks\n"
    )
    assert told == []
    collect, say = flow["steps"]
    assert (collect.kind, say.kind) == ("collect", "say")
    assert dict(collect) == {
        "collect": "email",
        "ask": [{"en": "Mail?", "de": "E-Mail?"}],
        "type": "email",
        "retries": 2,
        "note": None,
        "id": None,
    }
    assert say["say"] == [{"en": "Thanks"}]
    assert flow.sound and collect.sound and collect.is_sound("ask")
    assert collect.place == Place("flows/welcome.yaml", 2, 5)
    assert collect.place_of("type") == Place("flows/welcome.yaml", 4, 11)
    assert collect.key_place("type") == Place("flows/welcome.yaml", 4, 5)
    assert collect.place_of("retries") == collect.place
    assert collect.wrote("type") and not collect.wrote("retries")


def test_a_wrong_value_is_replaced_by_the_default_or_an_empty_one() -> None:
    flow, told = walk("title: [a]\nsteps:\n  - collect: [x]\n    retries: -1\n")
    collect = flow["steps"][0]
    assert (flow["title"], collect["collect"], collect["retries"]) == ({}, "", 2)
    assert not flow.sound and not collect.sound and not collect.is_sound("retries") and collect.is_sound("ask")
    assert len(told) == 3


def test_a_missing_key_is_told_with_its_meaning() -> None:
    flow, told = walk("title: Hi\n")
    assert told == ["K006 flows/welcome.yaml:1:1: a flow needs 'steps': what happens"]
    assert flow["steps"] == [] and not flow.sound


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("- colect: email", "K002 flows/welcome.yaml:2:5: unknown step 'colect' — did you mean 'collect'?"),
        (
            "- question: email",
            "K002 flows/welcome.yaml:2:5: unknown step 'question'; a question is 'collect' with its words as 'ask'"
            " — write  - {collect: answer, ask: email}",
        ),
        ("- escalate: sales", "K002 flows/welcome.yaml:2:5: unknown step 'escalate' — did you mean 'handoff'?"),
        ("- next: menu", "K002 flows/welcome.yaml:2:5: unknown step 'next' — did you mean 'goto'?"),
        (
            "- dance: tango",
            "K002 flows/welcome.yaml:2:5: unknown step 'dance';"
            " the steps are say, collect, goto, branch, handoff",
        ),
        (
            "- id: menu",
            "K002 flows/welcome.yaml:2:5: this step does nothing;"
            " it needs one of say, collect, goto, branch, handoff",
        ),
        ("- score: 5", "K007 flows/welcome.yaml:2:5: the step 'score' is not yet in this version"),
        (
            "- say:Hello",
            "K006 flows/welcome.yaml:2:5: a step is a map like 'say: Hello', not 'say:Hello' — write  - say: Hello",
        ),
        ("- [say]", "K006 flows/welcome.yaml:2:5: a step is a map like 'say: Hello', not a list"),
        (
            "- {say: Hi, typing: 2s}",
            "K007 flows/welcome.yaml:2:15: 'typing' is not yet in this version",
        ),
        (
            "- {handoff: sales, notes: Hurry}",
            "K001 flows/welcome.yaml:2:22: 'notes' is not an option of a 'handoff' step — did you mean 'note'?",
        ),
        (
            "- {say: Hi, zebra: 1}",
            "K001 flows/welcome.yaml:2:15: 'zebra' is not an option of a 'say' step",
        ),
    ],
)  # fmt: skip
def test_a_step_that_is_not_one_is_explained(step: str, expected: str) -> None:
    assert walk(f"steps:\n  {step}\n")[1] == [expected]


def test_an_option_that_is_also_a_step_belongs_to_the_step_it_stands_in() -> None:
    tables = {**STEPS, "note": Table("note", {"note": Key(Text(), "a remark")}, "a 'note' step")}
    table = Table("flow", {"steps": Key(Steps(tables), "what happens")}, "a flow")
    flow, told = walk("steps:\n  - handoff: sales\n    note: Hurry\n  - note: Alone\n", table)
    assert told == []
    assert [step.kind for step in flow["steps"]] == ["handoff", "note"]


def test_two_steps_written_as_one_are_both_read() -> None:
    flow, told = walk("steps:\n  - say: Hi\n    goto: menu\n")
    assert [step.kind for step in flow["steps"]] == ["say", "goto"]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        (Word(), "hello", "hello"),
        (Word(), "1.10", "1.10"),
        (Text(), "hello", {"en": "hello"}),
        (Text(), "{en: Hi, de: Hallo}", {"en": "Hi", "de": "Hallo"}),
        (Texts(), "[a, {en: b}]", [{"en": "a"}, {"en": "b"}]),
        (Phrases(), "[stop, no thanks]", {"en": ("stop", "no thanks")}),
        (Phrases(), "{en: stop, de: [halt, nein]}", {"en": ("stop",), "de": ("halt", "nein")}),
        (Integer(1, 9), "3", 3),
        (Number(0), "1.5", 1.5),
        (Percent(), "5%", 5),
        (Percent(), "12.5", 12.5),
        (Percent(), "0.5%", 0.5),
        (YesNo(), "yes", True),
        (YesNo(), "false", False),
        (Choice(("a", "b")), "b", "b"),
        (Length(), "2h", Duration(7_200)),
        (Id(), "order_2", "order_2"),
        (Reference("flow"), "welcome", "welcome"),
        (ListOf(Word()), "[a, b]", ["a", "b"]),
        (OneOrList(Word()), "a", ["a"]),
        (MapOf(Integer(), "thing"), "{a: 1, b: 2}", {"a": 1, "b": 2}),
    ],
)
def test_every_kind_reads_what_belongs_to_it(kind: Kind, written: str, expected: object) -> None:
    assert value_of(kind, written) == (expected, [])


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        (Word(), "", "1:5: 'key' is a text, not empty"),
        (Word(), "[a]", "1:6: 'key' is a text, not a list"),
        (Text(), "{a b: c, d: e}", "1:6: 'key' is a text, or a text for each language,"
" not a map (lines of 'key: value')"),
        (Text(), "{de: Hallo}", "1:6: 'key' has no text in 'en', the site's first language"),
        (Text(), "{en: [x]}", "1:11: 'key' in 'en' is a text, not a list"),
        (Texts(), "[]", "1:6: 'key' is a text or a list of texts, not an empty list []"),
        (Integer(1, 9), "10", "1:6: 'key' is a whole number from 1 to 9, not '10'"),
        (Integer(), "1.5", "1:6: 'key' is a whole number, not '1.5'"),
        (Number(0), "-1", "1:6: 'key' is a number of at least 0, not '-1'"),
        (Percent(), "2 minutes", "1:6: 'key' is a percentage from 0 to 100, not '2 minutes'"),
        (Percent(), "0.05", "1:6: 'key' is a percentage from 0 to 100, not '0.05' — did you mean '5%'?"),
        (Percent(), "101%", "1:6: 'key' is a percentage from 0 to 100, not '101%'"),
        (YesNo(), "perhaps", "1:6: 'key' is true or false, not 'perhaps'"),
        (Choice(("left", "right")), "rigth", "1:6: 'key' is left or right, not 'rigth' — did you mean 'right'?"),
        (Length(), "5", "1:6: 'key': '5' has no unit — did you mean 5s?"),
        (Length(), "[5s]", "1:6: 'key' is a duration like 30s, 5m, 2h or 3d, not a list"),
        (
            Id(),
            "My Flow",
            "1:6: 'My Flow' cannot be an id: an id has small letters, digits and _, and begins with a letter"
            " — did you mean 'my_flow'?",
        ),
        (
            Id(frozenset({"end"})),
            "end",
            "1:6: 'end' has a meaning of its own and cannot be an id; choose another word",
        ),
        (ListOf(Word()), "a", "1:6: 'key' is a list, not 'a'"),
        (ListOf(Integer()), "[1, x]", "1:10: each of 'key' is a whole number, not 'x'"),
        (MapOf(Integer(), "thing"), "[1]", "1:6: 'key' is a map with an id for each thing, not a list"),
        (MapOf(Integer(), "thing"), "{a: x}", "1:10: thing 'a' is a whole number, not 'x'"),
        (Nested(FLOW), "hello", "1:6: 'key' is a map of options, not 'hello'"),
    ],
)  # fmt: skip
def test_every_kind_says_what_belongs_there(kind: Kind, written: str, expected: str) -> None:
    assert value_of(kind, written)[1] == [expected]


def test_a_text_that_a_colon_made_a_map_is_recognised() -> None:
    table = Table("flow", {"ask": Key(Texts(), "the questions")}, "a flow")
    _, told = walk("ask:\n  - Please note: it is closed on Sunday\n", table)
    assert told == [
        "Y002 flows/welcome.yaml:2:5: each of 'ask' is read as a map because of the ': ' in it;"
        " a text with ': ' must be in quotes — write  \"Please note: it is closed on Sunday\""
    ]


def test_ids_that_cannot_be_are_told_at_their_place() -> None:
    table = Table("file", {"flows": Key(MapOf(Nested(FLOW), "flow", frozenset({"leave_message"})), "the flows")})
    flows, told = walk("flows:\n  Welcome:\n    steps: [{say: Hi}]\n  leave_message:\n    steps: [{say: Hi}]\n", table)
    assert told == [
        "K006 flows/welcome.yaml:2:3: 'Welcome' cannot be an id: an id has small letters, digits and _, and begins with"
        " a letter — did you mean 'welcome'?",
        "K006 flows/welcome.yaml:4:3: 'leave_message' has a meaning of its own and cannot be an id;"
        " choose another word",
    ]
    assert flows["flows"]["Welcome"].id == "Welcome"
    assert flows["flows"]["Welcome"].id_place == Place("flows/welcome.yaml", 2, 3)
    assert not flows["flows"]["Welcome"].sound


def test_nothing_is_said_twice_about_what_yaml_refused() -> None:
    problems: list[Problem] = []
    node = read("title: *x\nsteps: !y [{say: &z Hi}, *a]\n", "a.yaml", problems)
    refused = len(problems)
    Walker(problems).read(node, FLOW)
    assert refused == 4 and problems[refused:] == []


def test_languages_are_not_doubted_while_they_are_unknown() -> None:
    assert walk("title: {fr: Bonjour}\nsteps: [{say: Hi}]\n", languages=())[1] == []


def test_a_document_that_is_no_map_becomes_a_read_of_defaults() -> None:
    problems: list[Problem] = []
    flow = Walker(problems).read(node_of("a: 1\n").entries[0][1], FLOW)  # type: ignore[union-attr]
    assert [str(problem) for problem in problems] == ["flows/welcome.yaml:1:4: a flow is a map of options, not '1'"]
    assert dict(flow) == {"title": None, "start_when": None, "steps": []} and not flow.sound
