"""`if:`: what a line means, and what is said about one that means nothing."""
# ruff: noqa: E501 (a whole message is read best on one line)

import pytest

from rules.condition_line import parse_if
from rules.conditions import IR, TRUE
from rules.document import read
from rules.facts import Kind, Scope
from rules.nodes import Map
from rules.problems import Problem

SCOPE = Scope(
    contact={"email": Kind("text"), "plan": Kind("choice", ("free", "team"))},
    slots={
        "team_size": Kind("text"),
        "guests": Kind("number"),
        "arrival": Kind("date"),
        "departure": Kind("date"),
        "urgent": Kind("yes_no"),
        "order": Kind("any"),
        "topic": Kind("text"),
    },
    languages=("en", "de"),
)


def line(text: str, scope: Scope = SCOPE) -> tuple[IR, list[Problem]]:
    problems: list[Problem] = []
    root = read(f"if: {text}\n", "flows/a.yaml", problems)
    assert isinstance(root, Map), problems
    node = root.get("if")
    assert node is not None
    return parse_if(node, scope, problems), problems


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scroll > 50", (">", "scroll", 50)),
        ("scroll >= 50 %", (">=", "scroll", 50)),
        ("time_on_page >= 30s", (">=", "time_on_page", 30)),
        ("time_on_page < 2 m", None),
        ("time_on_page is 30s", ("is", "time_on_page", 30)),
        ("page is /pricing*", ("glob", "page", "/pricing*")),
        ("page is not /pricing", ("not", ("is", "page", "/pricing"))),
        ("page != /pricing", ("not", ("is", "page", "/pricing"))),
        ('page.title contains "big sale"', ("contains", "page.title", "big sale")),
        ("page starts with /shop", ("starts", "page", "/shop")),
        ("page ends with .html", ("ends", "page", ".html")),
        ("referrer matches *google*", ("glob", "referrer", "*google*")),
        ("language in [en, de]", ("in", "language", ("en", "de"))),
        ("page in [/a, /b*]", ("any", ("is", "page", "/a"), ("glob", "page", "/b*"))),
        ("language not in [en]", ("not", ("is", "language", "en"))),
        ("weekday is mon-wed", ("in", "weekday", ("mon", "tue", "wed"))),
        ("date >= 2026-12-01", (">=", "date", "2026-12-01")),
        ("time < 12:00", ("<", "time", "12:00")),
        ("returning", ("is", "returning", True)),
        ("not returning", ("not", ("is", "returning", True))),
        ("returning is false", ("is", "returning", False)),
        ("known contact.email", ("known", "contact.email")),
        ("not known contact.email", ("not", ("known", "contact.email"))),
        ("urgent and guests > 2", ("all", ("is", "urgent", True), (">", "guests", 2))),
        ("departure > arrival", ("cmp", ">", "departure", "arrival")),
        ("slot.departure is arrival", ("cmp", "is", "departure", "arrival")),
        ("guests not in [visits, 3]", ("not", ("any", ("is", "guests", 3), ("cmp", "is", "guests", "visits")))),
        ('topic is "arrival"', ("is", "topic", "arrival")),
        ('topic is "known"', ("is", "topic", "known")),
        ('topic is "say \\"hi\\""', ("is", "topic", 'say "hi"')),
        ("topic is 'it is'", ("is", "topic", "it is")),
        ('order.status is "shipped"', ("is", "order.status", "shipped")),
        ("order.total >= 50", (">=", "order.total", 50)),
        ('order.code is "50"', ("is", "order.code", "50")),
        ("order.paid", ("is", "order.paid", True)),
        (
            "page is /a or page is /b and scroll > 5",
            ("any", ("is", "page", "/a"), ("all", ("is", "page", "/b"), (">", "scroll", 5))),
        ),
        (
            "(page is /a or page is /b) and not (scroll>5)",
            ("all", ("any", ("is", "page", "/a"), ("is", "page", "/b")), ("not", (">", "scroll", 5))),
        ),
        ("SCROLL > 5", None),
        ("scroll > 5 AND returning", ("all", (">", "scroll", 5), ("is", "returning", True))),
    ],
)
def test_a_line_means_what_it_says(text: str, expected: IR | None) -> None:
    condition, problems = line(text)
    assert (condition, problems) == (expected, []) if expected else problems


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scrol > 50", "K003 flows/a.yaml:1:5: there is no fact 'scrol' — did you mean 'scroll'?"),
        ("scroll > 2m", "K006 flows/a.yaml:1:14: 'scroll' is a percentage from 0 to 100, not '2m'"),
        ("time_on_page > 30", "K006 flows/a.yaml:1:20: 'time_on_page': '30' has no unit — did you mean 30s? — write  if: time_on_page > 30s"),
        ("time_on_page > 2 minutes", "K006 flows/a.yaml:1:20: 'time_on_page': '2 minutes' is not how a duration is written — did you mean 2m? — write  if: time_on_page > 2m"),
        ("scroll", "K006 flows/a.yaml:1:5: 'scroll' is a percentage from 0 to 100, so it needs a comparison — write  scroll is …"),
        ("scroll over 50", "K006 flows/a.yaml:1:12: 'over' does not compare 'scroll'; there are is, is not, =, !=, >, >=, <, <=, in, not in, contains, starts with, ends with or matches"),
        ("scroll >", "K006 flows/a.yaml:1:12: the line ends too early: after '>' a value is expected"),
        ("scroll > and returning", "K006 flows/a.yaml:1:14: after '>' a value is expected, not 'and'"),
        ("scroll == 50", "K006 flows/a.yaml:1:12: '==' is written '=' here — write  scroll = 50"),
        ("topic == free && language = de", "K006 flows/a.yaml:1:11: '==' is written '=' here — write  topic = free and language = de"),
        ("scroll => 5 & returning", "K006 flows/a.yaml:1:12: '=>' is written '>=' here — write  scroll >= 5 and returning"),
        ("language = de oder page = /x", "K006 flows/a.yaml:1:19: 'oder' is written 'or' here — write  language = de or page = /x"),
        ("returning und scroll > 50", "K006 flows/a.yaml:1:15: 'und' is written 'and' here — write  returning and scroll > 50"),
        ("nicht returning", "K006 flows/a.yaml:1:5: 'nicht' is written 'not' here — write  not returning"),
        ("language = de plus page = /x", "K006 flows/a.yaml:1:19: 'plus' joins nothing here; parts are joined by 'and' or 'or'"),
        ("returning && urgent", "K006 flows/a.yaml:1:15: '&&' is written 'and' here — write  returning and urgent"),
        ("page is /a or business", "K003 flows/a.yaml:1:19: there is no fact 'business'"),
        ("visits is at least 3 and returning", "K006 flows/a.yaml:1:15: 'at least' is written '>=' in one line — write  if: visits >= 3 and returning"),
        ("visits is not more than 3", "K006 flows/a.yaml:1:19: 'more than' is written '>' in one line"),
        ("topic is More than 50", 'K006 flows/a.yaml:1:14: a text of several words needs quotes — write  "More than 50"'),
        ("language in en", "K006 flows/a.yaml:1:17: after 'in' a list is expected, like [de, en], not 'en'"),
        ("language in [en, de", "K006 flows/a.yaml:1:23: a list is opened and not closed: ']' is missing"),
        ("(returning", "K006 flows/a.yaml:1:14: a bracket is opened and not closed: ')' is missing"),
        ("returning)", "K006 flows/a.yaml:1:14: ')' is not expected here; parts are joined by 'and' or 'or'"),
        ("returning urgent", "K006 flows/a.yaml:1:15: 'urgent' is not expected here; parts are joined by 'and' or 'or'"),
        ('topic is "open', 'K006 flows/a.yaml:1:14: a quote " is opened and not closed'),
        ("contact.email is known", "K006 flows/a.yaml:1:22: 'known' stands in front of the fact — write  known contact.email"),
        ("not not returning", "K006 flows/a.yaml:1:9: a fact is expected, like scroll or page, not 'not'"),
        ("known 5", "K003 flows/a.yaml:1:11: there is no fact '5'"),
        ("departure > guests", "K006 flows/a.yaml:1:17: 'departure' is a date like 2026-12-24 and 'guests' is a number: they never compare"),
        ("topic > team_size", "K006 flows/a.yaml:1:13: 'topic' and 'team_size' have no more and less"),
        ("topic contains team_size", "K006 flows/a.yaml:1:20: 'contains' compares with a text, not with another fact; put 'team_size' in quotes if it is one"),
        ("contact.plan is gold", "K006 flows/a.yaml:1:21: 'contact.plan' is free or team, not 'gold'"),
        ("turns > 3", "K007 flows/a.yaml:1:5: the fact 'turns' is not yet in this version"),
        ("[1, 2]", "K006 flows/a.yaml:1:5: 'if' is a condition in one line, like  scroll > 50 and device is mobile"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(text: str, message: str) -> None:
    assert [f"{problem.code} {problem}" for problem in line(text)[1]] == [message]


def test_two_wrong_values_are_told_together() -> None:
    assert len(line("scroll > 2m or visits is many or devise is mobile")[1]) == 3


def test_a_trigger_does_not_compare_what_only_the_server_knows_with_what_the_page_knows() -> None:
    trigger = Scope(inside="trigger", contact={"orders": Kind("number")})
    assert [str(problem) for problem in line("contact.orders > visits", trigger)[1]] == [
        "flows/a.yaml:1:22: 'contact.orders' stays on the server and 'visits' is known in the page, "
        "so a trigger cannot compare them"
    ]
    assert line("contact.orders > agents_online", trigger) == (("cmp", ">", "contact.orders", "agents_online"), [])


def test_a_long_line_is_read_and_another_form_advised() -> None:
    condition, problems = line(" or ".join(["scroll > 50"] * 12))
    assert condition[0] == "any"
    assert [(problem.code, problem.level) for problem in problems] == [("K008", "info")]


@pytest.mark.parametrize(
    "text",
    ["(" * 500 + "returning", "returning or " * 400 + "returning", "not " * 300 + "returning", '"' * 300, "'((("],
)
def test_a_line_made_to_exhaust_is_refused_without_a_trace(text: str) -> None:
    problems: list[Problem] = []
    root = read(f"if: |\n  {text}\n", "flows/a.yaml", problems)
    assert isinstance(root, Map)
    node = root.get("if")
    assert node is not None
    assert parse_if(node, SCOPE, problems) == TRUE
    assert problems
