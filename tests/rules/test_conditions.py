"""The laws of conditions, and what partial evaluation, time and words make of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import (
    FALSE,
    IR,
    TRUE,
    UNKNOWN,
    compile_condition,
    evaluate,
    facts_in,
    label,
    reasons,
)
from rules.facts import known_in_browser, page_path
from rules.partial import settled, simplify

VECTORS = json.loads((Path(__file__).parents[1] / "conditions.vectors.json").read_text())


@pytest.mark.parametrize(("law", "ir", "facts", "expected"), VECTORS["evaluate"])
def test_every_law_holds(law: str, ir: IR, facts: dict[str, Any], expected: bool | None) -> None:
    assert evaluate(ir, facts) is expected, law
    assert compile_condition(ir)(facts) is expected, law
    assert reasons(ir, facts).outcome is expected, law


@pytest.mark.parametrize(("address", "path"), VECTORS["page_path"])
def test_pages_are_compared_by_their_path(address: str, path: str) -> None:
    assert page_path(address) == path


NAMES = ("page", "scroll", "visits", "contact.plan", "agents_available", "opening_hours")
VALUES = st.sampled_from([None, "/", "a", "open", 0, 1, 50, True, False])
LEAVES = st.one_of(
    st.tuples(st.sampled_from(["is", ">=", "<", "glob", "contains"]), st.sampled_from(NAMES), VALUES),
    st.tuples(st.just("in"), st.sampled_from(NAMES), st.lists(VALUES, max_size=3).map(tuple)),
    st.tuples(st.just("known"), st.sampled_from(NAMES)),
    st.tuples(st.just("cmp"), st.sampled_from(["is", ">=", ">", "<"]), st.sampled_from(NAMES), st.sampled_from(NAMES)),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: ("all", *parts)),
        st.lists(inner, max_size=3).map(lambda parts: ("any", *parts)),
        inner.map(lambda part: ("not", part)),
    ),
    max_leaves=8,
)
FACTS = st.dictionaries(st.sampled_from(NAMES), VALUES)


def _split(facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    server = {name: value for name, value in facts.items() if not known_in_browser(name)}
    return server, {name: value for name, value in facts.items() if known_in_browser(name)}


@given(CONDITIONS, FACTS)
def test_what_is_left_comes_out_as_the_whole_would(ir: IR, facts: dict[str, Any]) -> None:
    server, browser = _split(facts)
    assert evaluate(simplify(ir, server), browser) is evaluate(ir, facts)


@given(CONDITIONS, FACTS)
def test_nothing_that_only_the_server_knows_is_left(ir: IR, facts: dict[str, Any]) -> None:
    server, _ = _split(facts)
    left = settled(simplify(ir, server))
    assert all(known_in_browser(name) for name in facts_in(left))


@given(CONDITIONS, FACTS)
def test_without_its_unknown_leaves_a_condition_is_true_when_it_was(ir: IR, facts: dict[str, Any]) -> None:
    server, browser = _split(facts)
    left = simplify(ir, server)
    assert (evaluate(settled(left), browser) is True) == (evaluate(left, browser) is True)


def test_a_plan_that_fits_leaves_only_what_the_page_knows() -> None:
    ir = ("all", ("glob", "page", "/pricing*"), ("is", "contact.plan", "team"), (">=", "time_on_page", 30))
    left = simplify(ir, {"contact.plan": "team"})
    assert left == ("all", ("glob", "page", "/pricing*"), (">=", "time_on_page", 30))


def test_a_plan_that_does_not_fit_leaves_nothing_to_send() -> None:
    ir = ("all", ("glob", "page", "/pricing*"), ("is", "contact.plan", "team"))
    assert simplify(ir, {"contact.plan": "free"}) == FALSE
    assert simplify(("not", ir), {"contact.plan": "free"}) == TRUE


def test_what_nobody_knows_never_fires_and_never_excepts() -> None:
    ir = ("all", ("is", "page", "/"), ("not", ("is", "country", "US")))
    assert simplify(ir, {}) == ("all", ("is", "page", "/"), UNKNOWN)
    assert settled(simplify(ir, {})) == FALSE
    either = ("any", ("is", "page", "/"), ("is", "country", "US"))
    assert settled(simplify(either, {})) == ("is", "page", "/")


def test_a_comparison_of_two_facts_is_turned_round_when_its_first_half_is_known() -> None:
    assert simplify(("cmp", ">", "limit", "scroll"), {"limit": 40}) == ("<", "scroll", 40)
    assert simplify(("cmp", ">=", "scroll", "limit"), {"limit": 40}) == (">=", "scroll", 40)


@pytest.mark.parametrize(
    ("ir", "words"),
    [
        (("glob", "page", "/pricing*"), "page is /pricing*"),
        ((">=", "time_on_page", 30), "on this page at least 30s"),
        ((">=", "time_on_site", 120), "on this site at least 2m"),
        (("is", "opening_hours", "open"), "opening hours: open"),
        ((">=", "agents_available", 1), "agents available at least 1"),
        (("not", ("in", "contact.plan", ("team", "business"))), "unless plan is team or business"),
        ((">=", "scroll", 60), "scrolled at least 60%"),
        (("is", "returning", True), "returning visitor: yes"),
        (("known", "contact.email"), "email is known"),
        ((">", "shown.pricing_help", 0), "times pricing help was shown more than 0"),
        (("is", "page.query.step", "2"), "step in the page address is 2"),
        (("cmp", ">", "departure", "arrival"), "departure more than arrival"),
        (
            ("all", ("is", "page", "/"), ("any", ("is", "device", "mobile"), ("<", "visits", 2))),
            "page is / and (device: mobile or visits less than 2)",
        ),
        (TRUE, "always"),
        (FALSE, "never"),
    ],
)
def test_a_condition_reads_as_a_marketer_would_say_it(ir: IR, words: str) -> None:
    assert label(ir) == words


def test_reasons_say_what_was_seen_and_what_nobody_knew() -> None:
    ir = ("all", ("glob", "page", "/pricing*"), (">=", "scroll", 50), ("not", ("is", "contact.plan", "team")))
    why = reasons(ir, {"page": "/pricing", "contact.plan": None})
    assert why.outcome is None
    assert [(leaf.label, leaf.outcome, leaf.seen, leaf.unknown) for leaf in why.leaves()] == [
        ("page is /pricing*", True, "/pricing", False),
        ("scrolled at least 50%", None, None, True),
        ("plan is team", False, None, False),
    ]
    assert json.loads(json.dumps(why.as_json()))["parts"][2]["label"] == "unless plan is team"
