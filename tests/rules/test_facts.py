"""The vocabulary, and what is known where nobody mentions it."""

import pytest

from rules.facts import VOCABULARY, Kind, Scope, completed, fact_named, kind_of_answer, known_in_browser


def test_every_fact_is_there_once_with_words_and_somebody_who_knows_it() -> None:
    assert len({fact.name for fact in VOCABULARY}) == len(VOCABULARY)
    assert all(fact.label and fact.known_by and ":" in fact.example for fact in VOCABULARY)
    assert all(("{}" in fact.label) == (fact.family is not None) for fact in VOCABULARY)


@pytest.mark.parametrize(
    ("name", "in_browser"),
    [
        ("page", True),
        ("page.query.ref", True),
        ("shown.pricing_help", True),
        ("visits", True),
        ("contact.plan", False),
        ("contact.known", False),
        ("opening_hours", False),
        ("agents_available", False),
        ("date", False),
        ("slot.size", False),
        ("no_such_fact", False),
    ],
)
def test_it_is_known_what_the_page_can_find_out_itself(name: str, in_browser: bool) -> None:
    assert known_in_browser(name) is in_browser


def test_a_family_needs_a_name_in_it() -> None:
    assert fact_named("page.query.") is None
    assert fact_named("shown.x") is not None


def test_whoever_knows_the_page_knows_what_is_not_in_its_address() -> None:
    names = ["page.query.ref", "shown.a", "dismissed.b", "contact.plan", "scroll"]
    assert completed({"page": "/", "shown.a": 2}, names) == {
        "page": "/",
        "shown.a": 2,
        "page.query.ref": None,
        "dismissed.b": 0,
    }
    assert completed({}, ["page.query.ref"]) == {}


def test_answers_are_of_the_kind_conditions_compare() -> None:
    assert kind_of_answer("email") == Kind("text")
    assert kind_of_answer("choice", ["a", "b"]) == Kind("choice", ("a", "b"))
    assert kind_of_answer("consent") == Kind("yes_no")
    assert kind_of_answer("record") == Kind("any")


def test_a_scope_offers_what_may_be_written_in_its_place() -> None:
    scope = Scope(
        inside="trigger", contact={"plan": Kind("text")}, slots={"size": Kind("text")}, triggers=frozenset({"a"})
    )
    names = scope.names()
    assert {"page", "exit_intent", "contact.plan", "shown.a", "dismissed.a", "answered.a"} <= set(names)
    assert "size" not in names
    assert "queue_length" not in names
    assert "size" in Scope(slots={"size": Kind("text")}).names()


def test_a_slot_has_one_name() -> None:
    scope = Scope().with_slots({"size": Kind("number")})
    for written in ("size", "slot.size"):
        fact = scope.find(written)
        assert fact is not None
        assert (fact.name, fact.type) == ("size", "number")
