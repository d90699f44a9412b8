"""`when` and `unless`: what marketers write, what it means, and what they are told."""
# ruff: noqa: E501 (a whole message is read best on one line)

from typing import Any

import pytest

from rules.condition_reading import parse_conditions
from rules.conditions import IR
from rules.document import read
from rules.facts import VOCABULARY, Kind, Scope
from rules.nodes import Map
from rules.problems import Problem

TRIGGER = Scope(
    inside="trigger",
    contact={
        "name": Kind("text"),
        "email": Kind("text"),
        "plan": Kind("choice", ("free", "team", "business")),
        "newsletter": Kind("yes_no"),
        "orders": Kind("number"),
    },
    triggers=frozenset({"pricing_help", "leaving_cart"}),
    languages=("en", "de"),
)
FLOW = Scope(
    contact=TRIGGER.contact,
    slots={
        "team_size": Kind("text"),
        "guests": Kind("number"),
        "arrival": Kind("date"),
        "departure": Kind("date"),
        "urgent": Kind("yes_no"),
        "order": Kind("any"),
    },
)


def conditions(text: str, scope: Scope = TRIGGER) -> tuple[IR | None, list[Problem]]:
    problems: list[Problem] = []
    root = read(text, "triggers/shop.yaml", problems)
    assert isinstance(root, Map), problems
    return parse_conditions(root, scope, problems), problems


def meaning(text: str, scope: Scope = TRIGGER) -> IR | None:
    condition, problems = conditions(text, scope)
    assert problems == []
    return condition


def told(text: str, scope: Scope = TRIGGER) -> list[str]:
    return [f"{problem.code} {problem}" for problem in conditions(text, scope)[1]]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("page: /pricing*", ("glob", "page", "/pricing*")),
        ("page: /pricing/", ("is", "page", "/pricing")),
        ("page: [/cart*, /checkout*]", ("any", ("glob", "page", "/cart*"), ("glob", "page", "/checkout*"))),
        ("page: [/, /de]", ("in", "page", ("/", "/de"))),
        ("page: not /cart", ("not", ("is", "page", "/cart"))),
        ('page: "*/cancel*"', ("glob", "page", "*/cancel*")),
        ("page: {not: [/cart, /checkout]}", ("not", ("in", "page", ("/cart", "/checkout")))),
        ("page: {starts: /shop, ends: .html}", ("all", ("starts", "page", "/shop"), ("ends", "page", ".html"))),
        ("page.query.step: 2", ("is", "page.query.step", "2")),
        ("page.query.ref: known", ("known", "page.query.ref")),
        ("page.title: {contains: [sale, offer]}", ("any", ("contains", "page.title", "sale"), ("contains", "page.title", "offer"))),
        ("time_on_page: 20s", (">=", "time_on_page", 20)),
        ("time_on_site: at most 2m", ("<=", "time_on_site", 120)),
        ("time_on_site: {less_than: 2m}", ("<", "time_on_site", 120)),
        ("scroll: 60%", (">=", "scroll", 60)),
        ("scroll: 60", (">=", "scroll", 60)),
        ("scroll: 0.5%", (">=", "scroll", 0.5)),
        ("scroll: 0", (">=", "scroll", 0)),
        ("visits: 3", ("is", "visits", 3)),
        ("visits: at least 2", (">=", "visits", 2)),
        ("visits: More Than 2", (">", "visits", 2)),
        ("visits: between 2 and 5", ("all", (">=", "visits", 2), ("<=", "visits", 5))),
        ("visits: not between 2 and 5", ("not", ("all", (">=", "visits", 2), ("<=", "visits", 5)))),
        ("visits: [1, at least 10]", ("any", ("is", "visits", 1), (">=", "visits", 10))),
        ("visits: {at_least: 2, at_most: 5}", ("all", (">=", "visits", 2), ("<=", "visits", 5))),
        ("returning: true", ("is", "returning", True)),
        ("returning: no", ("is", "returning", False)),
        ("device: Mobile", ("is", "device", "mobile")),
        ("device: [mobile, tablet]", ("in", "device", ("mobile", "tablet"))),
        ("language: [en, DE]", ("in", "language", ("en", "de"))),
        ("opening_hours: open", ("is", "opening_hours", "open")),
        ("agents_available: at least 1", (">=", "agents_available", 1)),
        ("chat: never", ("is", "chat", "never")),
        ("contact.known: true", ("is", "contact.known", True)),
        ("contact.plan: [team, business]", ("in", "contact.plan", ("team", "business"))),
        ("contact.email: known", ("known", "contact.email")),
        ("contact.email: not known", ("not", ("known", "contact.email"))),
        ("contact.email: {known: false}", ("not", ("known", "contact.email"))),
        ("contact.name: {is: known}", ("is", "contact.name", "known")),
        ("contact.name: at least 3", ("is", "contact.name", "at least 3")),
        ("contact.orders: at least 5", (">=", "contact.orders", 5)),
        ("shown.pricing_help: at least 1", (">=", "shown.pricing_help", 1)),
        ("dismissed.leaving_cart: 0", ("is", "dismissed.leaving_cart", 0)),
        ("date: at least 2026-12-01", (">=", "date", "2026-12-01")),
        ("date: 2026-12-24", ("is", "date", "2026-12-24")),
        ("time: between 9:00 and 12:00", ("all", (">=", "time", "09:00"), ("<=", "time", "12:00"))),
        ("time: between 22:00 and 06:00", ("any", (">=", "time", "22:00"), ("<=", "time", "06:00"))),
        ("weekday: mon-fri", ("in", "weekday", ("mon", "tue", "wed", "thu", "fri"))),
        ("weekday: [sat-mon, wednesday]", ("in", "weekday", ("sat", "sun", "mon", "wed"))),
        ("weekday: not sunday", ("not", ("is", "weekday", "sun"))),
        ("utm.campaign: spring*", ("glob", "utm.campaign", "spring*")),
        ("referrer: {matches: '*google*'}", ("glob", "referrer", "*google*")),
    ],
)  # fmt: skip
def test_an_entry_means_what_it_says(entry: str, expected: IR) -> None:
    assert meaning(f"when:\n  {entry}\n") == expected


def test_all_entries_must_hold_and_no_exception_may() -> None:
    text = "when:\n  page: /pricing*\n  scroll: 50%\nunless:\n  device: mobile\n  returning: true\nif: visits > 1\n"
    assert meaning(text) == (
        "all",
        ("glob", "page", "/pricing*"),
        (">=", "scroll", 50),
        ("not", ("is", "device", "mobile")),
        ("not", ("is", "returning", True)),
        (">", "visits", 1),
    )


def test_groups_nest() -> None:
    text = """
when:
  any:
    - {page: /pricing, scroll: 50%}
    - all:
        - page: /cart
        - not: {device: mobile, returning: true}
"""
    assert meaning(text) == (
        "any",
        ("all", ("is", "page", "/pricing"), (">=", "scroll", 50)),
        ("all", ("is", "page", "/cart"), ("not", ("all", ("is", "device", "mobile"), ("is", "returning", True)))),
    )


def test_without_conditions_there_is_none() -> None:
    assert meaning("say: hello\n") is None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("team_size: More than 50", ("is", "team_size", "More than 50")),
        ("slot.guests: more than 2", (">", "guests", 2)),
        ("urgent: yes", ("is", "urgent", True)),
        ("order.status: shipped", ("is", "order.status", "shipped")),
        ("order.total: at least 50", (">=", "order.total", 50)),
        ("order.label: at least it works", ("is", "order.label", "at least it works")),
        ('order.code: "50"', ("is", "order.code", "50")),
        ("departure: more than 2026-01-01", (">", "departure", "2026-01-01")),
    ],
)
def test_flows_know_their_slots(entry: str, expected: IR) -> None:
    assert meaning(f"when: {{{entry}}}\n", FLOW) == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("time_onpage: 30s", "K003 triggers/shop.yaml:2:3: there is no fact 'time_onpage' — did you mean 'time_on_page'?"),
        ("scroll: 2 minutes", "K006 triggers/shop.yaml:2:11: 'scroll' is a percentage from 0 to 100, not '2 minutes'"),
        ("scroll: 120%", "K006 triggers/shop.yaml:2:11: 'scroll' is a percentage from 0 to 100, not '120%'"),
        ("time_on_page: 30", "K006 triggers/shop.yaml:2:17: 'time_on_page': '30' has no unit — did you mean 30s? — write  time_on_page: 30s"),
        ("time_on_page: soon", "K006 triggers/shop.yaml:2:17: 'time_on_page' is a duration like 30s or 2m, not 'soon'"),
        ("time_on_page: 2 working hours", "K006 triggers/shop.yaml:2:17: 'time_on_page' is a duration like 30s or 2m, not '2 working hours'"),
        ("device: phone", "K006 triggers/shop.yaml:2:11: 'device' is desktop, tablet or mobile, not 'phone' — did you mean 'mobile'? — write  device: mobile"),
        ("language: fr", "K006 triggers/shop.yaml:2:13: 'language' is en or de, not 'fr'"),
        ("language: German", "K006 triggers/shop.yaml:2:13: 'language' is en or de, not 'German' — did you mean 'de'? — write  language: de"),
        ("visits: many", "K006 triggers/shop.yaml:2:11: 'visits' is a number, not 'many'"),
        ('visits: ">= 2"', "K006 triggers/shop.yaml:2:11: '>=' is written in words here — did you mean 'at least 2'? — write  visits: at least 2"),
        ("visits: between 5 and 2", "K006 triggers/shop.yaml:2:11: nothing is between 5 and 2: the smaller one comes first — did you mean 'between 2 and 5'? — write  visits: between 2 and 5"),
        ("returning: maybe", "K006 triggers/shop.yaml:2:14: 'returning' is true or false, not 'maybe'"),
        ("page: pricing", "K006 triggers/shop.yaml:2:9: 'page' is a page like /pricing or /shop/*, not 'pricing' — did you mean '/pricing'? — write  page: /pricing"),
        ("page: https://shop.example/pricing", "K006 triggers/shop.yaml:2:9: 'page' is a path, without the name of the website — write  page: /pricing"),
        ("page: /cart?step=2", "K006 triggers/shop.yaml:2:9: 'page' is compared without what follows '?' or '#'; for that there is page.query — write  page: /cart"),
        ("page:", "K006 triggers/shop.yaml:2:8: 'page' needs a value — write  page: /pricing*"),
        ("page: []", "K006 triggers/shop.yaml:2:9: the list beside 'page' is empty, so nothing is in it"),
        ("page: [not /cart, /x]", "K006 triggers/shop.yaml:2:10: a 'not' in a list would let nearly everything in; write together what is not wanted — write  page: {not: [/cart, …]}"),
        ("page: {contain: cart}", "K001 triggers/shop.yaml:2:10: 'contain' does not compare 'page' — did you mean 'contains'?"),
        ("page: {at_least: 3}", "K006 triggers/shop.yaml:2:20: 'page' is a page like /pricing or /shop/*, which has no more and less, so 'at_least' says nothing about it"),
        ("visits: {contains: 3}", "K006 triggers/shop.yaml:2:22: 'visits' is a number; only texts can be compared by 'contains'"),
        ("page: {contains: }", "K006 triggers/shop.yaml:2:20: 'contains' takes a value or a list of values"),
        ("contact.nmae: Ann", "K003 triggers/shop.yaml:2:3: there is no contact attribute 'nmae' — did you mean 'contact.name'?"),
        ("contact.plan: gold", "K006 triggers/shop.yaml:2:17: 'contact.plan' is free, team or business, not 'gold'"),
        ("email: known", "K003 triggers/shop.yaml:2:3: there is no fact 'email' — did you mean 'contact.email'?"),
        ("shown.pricing: 1", "K003 triggers/shop.yaml:2:3: there is no trigger 'pricing' — did you mean 'shown.pricing_help'?"),
        ("page.query: x", "K003 triggers/shop.yaml:2:3: 'page.query' needs a name, as in page.query.step"),
        ("and: []", "K003 triggers/shop.yaml:2:3: there is no fact 'and' — did you mean 'all'?"),
        ("slot.team_size: 5", "K003 triggers/shop.yaml:2:3: 'slot.team_size' is a slot, and slots are known only inside flows"),
        ("last_message: {contains: lawyer}", "K003 triggers/shop.yaml:2:3: 'last_message' is known only inside flows and rules, not in triggers"),
        ("scroll: 0.5", "K006 triggers/shop.yaml:2:11: 'scroll' is a percentage from 0 to 100, not '0.5' — did you mean '50%'? — write  scroll: 50%"),
        ("any: []", "K006 triggers/shop.yaml:2:8: there is no condition below 'any'; it takes some like 'page: /pricing*'"),
        ("any: [{page: /}, {}]", "K006 triggers/shop.yaml:2:20: there is no condition below 'any'; it takes some like 'page: /pricing*'"),
        ("all: []", "K006 triggers/shop.yaml:2:8: there is no condition below 'all'; it takes some like 'page: /pricing*'"),
        ("not: {}", "K006 triggers/shop.yaml:2:8: there is no condition below 'not'; it takes some like 'page: /pricing*'"),
        ("queue_length: 2", "K007 triggers/shop.yaml:2:3: the fact 'queue_length' is not yet in this version"),
        ("cart.value: 5", "K007 triggers/shop.yaml:2:3: the fact 'cart.value' is not yet in this version"),
        ("attr.seats: 5", "K007 triggers/shop.yaml:2:3: the fact 'attr.seats' is not yet in this version"),
        ("country: DE", "K007 triggers/shop.yaml:2:3: the fact 'country' is not yet in this version"),
        ("time: 10:00", "K006 triggers/shop.yaml:2:9: 'time' needs a wording, like between 09:00 and 12:00 or at least 18:00, not '10:00'"),
        ("time: at least 25:00", "K006 triggers/shop.yaml:2:9: 'time' is a time like 17:30, not '25:00'"),
        ("date: 24.12.2026", "K006 triggers/shop.yaml:2:9: 'date' is a date like 2026-12-24, not '24.12.2026' — did you mean '2026-12-24'? — write  date: 2026-12-24"),
        ("date: at least 2026-02-30", "K006 triggers/shop.yaml:2:9: there is no 2026-02-30 in the calendar"),
        ("weekday: weekend", "K006 triggers/shop.yaml:2:12: 'weekday' is a day like mon, or days like mon-fri, not 'weekend' — did you mean 'sat-sun'? — write  weekday: sat-sun"),
        ("any: {page: /}", "K006 triggers/shop.yaml:2:8: 'any' is a list of maps, each with a dash in front, like  - page: /pricing*"),
        ("not: [page]", "K006 triggers/shop.yaml:2:8: 'not' is a map of conditions that must not hold together"),
        ("page: not not /cart", "K006 triggers/shop.yaml:2:9: 'not not /cart' says 'not' twice"),
        ("contact.email: {known: maybe}", "K006 triggers/shop.yaml:2:26: 'known' is true or false"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(entry: str, message: str) -> None:
    assert told(f"when:\n  {entry}\n") == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("when: [{page: /}]", "K006 triggers/shop.yaml:1:7: 'when' is a map of conditions, not a list; without the dashes all of them must hold; where one of them is enough, write 'any:' above the list — write  when: {page: /}"),
        ("when: [{page: /a}, {scroll: 60}, {device: [mobile]}]", "K006 triggers/shop.yaml:1:7: 'when' is a map of conditions, not a list; without the dashes all of them must hold; where one of them is enough, write 'any:' above the list — write  when: {page: /a, scroll: 60, device: [mobile]}"),
        ('unless: [{page: /a}, {page: "/b, c"}]', "K006 triggers/shop.yaml:1:9: 'unless' is a map of conditions, not a list; without the dashes each of them is an exception — write  unless: {page: [/a, \"/b, c\"]}"),
        ('when: scroll > 50', "K006 triggers/shop.yaml:1:7: 'when' is a map like 'page: /pricing*', not a line; a condition in one line is written as 'if' — write  if: scroll > 50"),
        ("unless:\nsay: x", "K006 triggers/shop.yaml:1:8: 'unless' is empty; it takes conditions like 'page: /pricing*'"),
    ],
)  # fmt: skip
def test_conditions_in_another_shape_are_told_what_to_write(text: str, message: str) -> None:
    assert told(text) == [message]


def test_every_mistake_is_told_at_once() -> None:
    assert len(told("when:\n  pag: /\n  scroll: high\n  visits: at least few\nunless:\n  devise: mobile\n")) == 4


def test_conditions_too_deep_are_refused_without_a_trace() -> None:
    text = "when: " + "{not: " * 90 + "{page: /}" + "}" * 90
    assert [line.split(":")[-1] for line in told(text)] == [" there are too many conditions inside one another"]


def test_every_fact_of_the_vocabulary_can_be_written_as_its_example_or_is_refused_honestly() -> None:
    scope = Scope(
        contact={"plan": Kind("choice", ("free", "team", "business"))},
        slots={"team_size": Kind("text")},
        triggers=frozenset({"pricing_help"}),
    )
    for fact in VOCABULARY:
        problems = conditions(f"when:\n  {fact.example}\n", scope)[1]
        assert [problem.code for problem in problems] == ([] if fact.in_this_version else ["K007"]), fact.name


@pytest.mark.parametrize("value", ["a: b", "[[1]]", "[{a: b}]", "~", "''", "{is: {a: b}}", "{is: []}", "{known: [1]}"])
def test_no_shape_of_value_breaks_the_reader(value: str) -> None:
    for fact in VOCABULARY:
        name: Any = fact.name.replace("<", "").replace(">", "")
        conditions(f"when:\n  {name}: {value}\n" if value != "a: b" else f"when:\n  {name}:\n    {value}\n")
