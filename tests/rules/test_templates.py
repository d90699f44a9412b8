import json
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.filters import DATE_FORMATS, FILTERS
from rules.hours import OpeningHours, Window
from rules.templates import LONGEST_OUTPUT, TemplateProblem, parse_template

BERLIN = ZoneInfo("Europe/Berlin")
HOURS = OpeningHours(BERLIN, week=((Window(540, 1_080),),) * 5 + ((),) * 2)


def rendered(text, values=None, language="en", currency="EUR"):
    return parse_template(text).render(values or {}, language, currency, BERLIN)


def problem(text) -> TemplateProblem:
    with pytest.raises(TemplateProblem) as refused:
        parse_template(text)
    return refused.value


# Gaps


def test_a_text_without_gaps_is_itself():
    template = parse_template("Hello <there> & welcome")
    assert template.names == ()
    assert template.render({}) == "Hello <there> & welcome"


@pytest.mark.parametrize("values", [{"contact.name": "Anna"}, {"contact": {"name": "Anna"}}])
def test_a_dotted_name_is_found_flat_or_nested(values):
    assert rendered("Hello {{ contact.name }}", values) == "Hello Anna"


def test_an_absent_value_leaves_nothing():
    assert rendered("Hello {{ name }}.") == "Hello ."
    assert rendered("Hello {{ contact.name }}.", {"contact": "Anna"}) == "Hello ."


@pytest.mark.parametrize("absent", [{}, {"name": None}, {"name": ""}, {"name": "  "}])
def test_a_default_takes_the_place_of_what_is_absent(absent):
    assert rendered('Hello {{ name | default: "there" }}', absent) == "Hello there"


def test_no_and_zero_are_not_absent():
    assert rendered('{{ wants | default: "?" }} {{ count | default: "?" }}', {"wants": False, "count": 0}) == "no 0"


def test_a_default_may_be_another_value():
    assert rendered("{{ name | default: email }}", {"email": "ann@x.io"}) == "ann@x.io"


def test_a_default_works_after_other_filters():
    assert rendered('{{ name | first_name | upper | default: "you" }}') == "you"


def test_yes_and_no_are_said_in_the_language():
    assert rendered("{{ wants }}", {"wants": True}, "de") == "ja"
    assert rendered("{{ wants }}", {"wants": False}, "fr-CA") == "non"


def test_several_values_are_listed_in_the_language():
    assert rendered("{{ topics }}", {"topics": ["tea", "cups", "cake"]}, "de") == "tea, cups und cake"
    assert rendered("{{ topics | summary }}", {"topics": {"b", "a"}}) == "a and b"


def test_a_template_tells_which_names_it_uses():
    template = parse_template('{{ name | first_name | default: "x" }}, {{ contact.email }} {{ a | default: b.c }}')
    assert [(name.name, name.has_default) for name in template.names] == [
        ("name", True),
        ("contact.email", False),
        ("a", True),
        ("b.c", False),
    ]
    assert all(template.text.startswith(name.name, name.offset) for name in template.names)


# Filters


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("{{ x | upper }}", "straße", "STRASSE"),
        ("{{ x | lower }}", "ANNA", "anna"),
        ("{{ x | capitalize }}", "anna MEYER", "Anna MEYER"),
        ("{{ x | first_name }}", "Anna Berg", "Anna"),
        ("{{ x | first_name }}", "Dr. Anna Berg", "Anna"),
        ("{{ x | first_name }}", "Berg, Anna", "Anna"),
        ("{{ x | first_name }}", "Dr.", "Dr."),
        ("{{ x | first_name }}", "Drew", "Drew"),
        ("{{ x | truncate: 12 }}", "A short walk in the hills", "A short…"),
        ("{{ x | truncate: 12 }}", "A short walk", "A short walk"),
        ("{{ x | truncate: 5 }}", "Donaudampfschiff", "Dona…"),
        ("{{ x | number }}", 1234567.5, "1,234,567.5"),
        ("{{ x | number: 0 }}", 2.5, "2"),
        ("{{ x | number: 2 }}", "3", "3.00"),
        ("{{ x | money }}", 19.9, "€19.90"),
        ('{{ x | money: "USD" }}', Decimal("5"), "$5.00"),
        ("{{ x | money }}", "many", "many"),
        ("{{ x | number }}", True, "yes"),
        ("{{ x }}", 2.5, "2.5"),
        ("{{ x }}", 3, "3"),
    ],
)
def test_a_filter_shows_a_value_its_way(text, value, shown):
    assert rendered(text, {"x": value}) == shown


def test_numbers_and_money_follow_the_language():
    assert rendered("{{ x | money }} {{ x | number }} {{ x }}", {"x": 1234.5}, "de") == "1.234,50\xa0€ 1.234,5 1234,5"


def test_money_without_a_currency_is_a_number():
    assert rendered("{{ x | money }}", {"x": 5}, currency=None) == "5.00"


@pytest.mark.parametrize(
    ("language", "wanted", "shown"),
    [
        ("en", "weekday time", "Monday 09:00"),
        ("de", "weekday time", "Montag 09:00 Uhr"),
        ("fr", "weekday time", "lundi 09:00"),
        ("en", "weekday", "Monday"),
        ("en", "time", "09:00"),
        ("de", "medium", "23.11.2026"),
        ("en", "medium", "Nov 23, 2026"),
        ("de", "long", "23. November 2026"),
        ("de", "date time", "23.11.2026 09:00 Uhr"),
    ],
)
def test_a_moment_is_shown_in_the_zone_of_the_site(language, wanted, shown):
    values = {"at": datetime(2026, 11, 23, 8, tzinfo=UTC)}
    assert rendered(f'{{{{ at | date: "{wanted}" }}}}', values, language) == shown


@pytest.mark.parametrize(
    ("value", "wanted", "shown"),
    [
        ("2026-11-23", "medium", "23.11.2026"),
        ("2026-11-23T08:00:00+00:00", "time", "09:00 Uhr"),
        ("2026-11-23T08:00:00Z", "time", "09:00 Uhr"),
        ("2026-11-23", "weekday time", "Montag"),
        (date(2026, 11, 23), "time", "23.11.2026"),
        ("09:30", "time", "09:30 Uhr"),
        ("20261123", "medium", "20261123"),
        ("next week", "medium", "next week"),
        (None, "medium", ""),
    ],
)
def test_a_date_is_shown_as_far_as_it_is_known(value, wanted, shown):
    assert rendered(f'{{{{ x | date: "{wanted}" }}}}', {"x": value}, "de") == shown


def test_opening_hours_are_summed_up():
    values = {"site": {"opening_hours": HOURS}}
    assert rendered("{{ site.opening_hours | summary }}", values, "de") == "Mo–Fr 09:00–18:00"
    assert rendered("{{ site.opening_hours }}", values) == "Mon–Fri 09:00–18:00"


# What is refused when the site is loaded

GAP = 'a gap is a name and filters: {{ contact.name | default: "there" }}'


@pytest.mark.parametrize(
    ("text", "sentence", "offset"),
    [
        ("Hi {{ x | upcase }}", "there is no filter 'upcase' — did you mean 'upper'?", 10),
        ("{{ x | firstname }}", "there is no filter 'firstname' — did you mean 'first_name'?", 7),
        ("{{ x | zzz }}", "there is no filter 'zzz'; there are " + ", ".join(FILTERS), 7),
        ("Hi {{ x", "there is a {{ without its }}; " + GAP, 3),
        ("Hi x }}", "there is a }} without its {{; " + GAP, 5),
        ("Hi {{ {{ x }} }}", "there is a {{ without its }}; " + GAP, 3),
        ("Hi {{ }}", "{{ }} has no name in it; " + GAP, 3),
        ("Hi {{ x y }}", "'{{ x y }}' cannot be read; " + GAP, 3),
        (
            "{% if x %}a{% endif %}",
            "a text has no tags such as {% if %}; what depends on something is a 'branch' or a 'when'",
            0,
        ),
        ("{{ x | default }}", "the filter 'default' needs what to say instead, for example default: \"there\"", 7),
        ("{{ x | upper: 2 }}", "the filter 'upper' takes nothing after it", 7),
        (
            "{{ x | truncate: 'a' }}",
            "the filter 'truncate' takes a whole number from 0 to 1000, for example truncate: 80",
            17,
        ),
        ("{{ x | date: y }}", "the filter 'date' takes a text in quotes, for example date: \"weekday time\"", 13),
        ("{{ x | date: '%d' }}", "the filter 'date' does not know '%d'; there are " + ", ".join(DATE_FORMATS), 13),
        (
            "{{ x | date: 'weekdaytime' }}",
            "the filter 'date' does not know 'weekdaytime' — did you mean 'weekday time'?",
            13,
        ),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_to_write(text, sentence, offset):
    refused = problem(text)
    assert (str(refused), refused.offset) == (sentence, offset)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ x.__class__ }}",
        "{{ x._secret }}",
        "{{ x['__class__'] }}",
        "{{ x[y] }}",
        "{{ x[0] }}",
        "{{ x() }}",
        "{{ constructor.constructor('alert(1)')() }}",
        "{{ self | attr('x') }}",
        "{{ (1..1000000000) }}",
        "{{ 7*7 }}",
        "{{ x if y else z }}",
        "{{ x | map: '__class__' }}",
        "{{ x | default: allow_false: true }}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% include 'site.yaml' %}",
        "{%- for i in (1..10) -%}{{ i }}{%- endfor -%}",
        "{% assign x = 1 %}",
        "{{ true }}",
        "{{ nil }}",
    ],
)
def test_nothing_but_names_and_our_filters_is_taken(text):
    assert str(problem(text))


def test_what_is_enormously_long_is_refused():
    assert str(problem("x" * 20_000)) == "this text has 20000 characters, 10000 at most"
    assert str(problem("{{ x " + "| upper " * 100 + "}}")) == "there are 803 characters between {{ and }}, 400 at most"


@pytest.mark.parametrize(
    "text",
    ["{{" * 4_999, "{{" + " " * 9_990 + "}}", "{{ x " + " " * 390 + "}}" * 20, "{{-" * 3_000, "{" * 9_999],
)
def test_text_that_makes_a_search_go_back_and_forth_is_read_or_refused(text):
    try:
        parse_template(text)
    except TemplateProblem as refused:
        assert str(refused)


# Values are data


HOSTILE = [
    "{{7*7}}",
    "${7*7}",
    "{% assign x = 1 %}",
    "{0.__class__}",
    "{{ secret }}",
    "{{constructor.constructor('a')()}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_visitor_wrote_is_never_a_template(text):
    assert rendered("You wrote: {{ x }}", {"x": text, "secret": "s3cret"}) == f"You wrote: {text}"
    assert rendered("{{ nothing | default: x }}", {"x": text, "secret": "s3cret"}) == text


class Loud:
    token = "s3cret"

    def __str__(self):
        raise AssertionError("a template asked an object for its text")

    __html__ = __repr__ = __str__


def test_objects_are_neither_shown_nor_looked_into():
    assert rendered("{{ x }}{{ x.token }}{{ x | upper }}{{ x | date }}{{ x | money }}", {"x": Loud()}) == ""
    assert rendered("{{ x.format }}{{ x.keys }}", {"x": "text"}) == ""


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_that_no_calendar_of_the_site_has_stays_as_it_was_written(moment):
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        assert parse_template("{{ x | date }}").render({"x": moment}, "en", "EUR", zone) == moment


def test_output_is_limited():
    assert len(rendered("{{ x }}", {"x": "a" * 1_000_000})) == 2_000
    assert len(rendered("{{ x }}" * 1_000, {"x": "a" * 1_000_000})) == LONGEST_OUTPUT
    assert rendered("{{ x }}", {"x": 10**5_000}) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(json_values, st.sampled_from(["en", "de", "fr", "xx", ""]))
def test_every_filter_takes_every_value(value, language):
    for name, known in FILTERS.items():
        argument = {"nothing": "", "text": "", "number": ": 3", "value": ": 'x'"}[known.takes]
        assert isinstance(rendered(f"{{{{ x | {name}{argument} }}}}", {"x": value}, language), str)


@given(st.text(alphabet="{}%|.:'\" xy_[]()-", max_size=40))
def test_any_text_is_a_template_or_a_sentence(text):
    try:
        template = parse_template(text)
    except TemplateProblem as refused:
        assert str(refused)
        assert 0 <= refused.offset <= len(text)
    else:
        assert isinstance(template.render({"x": json.dumps(text)}), str)
