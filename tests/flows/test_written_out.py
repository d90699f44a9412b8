"""Numbers, money, days and addresses of the web, as people write them."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.answers import Context, Refused, recognise
from flows.finding import FINDABLE, values_in
from flows.sentences import sentence
from tests.flows.reading import refusal, value

TODAY = date(2026, 3, 4)  # A Wednesday.
ENGLISH = Context("en", today=TODAY)
DATED = Context("de", today=TODAY)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en", "2", 2),
        ("en", "about 20 people", 20),
        ("en", "1,234.5", 1234.5),
        ("de", "1.234,5", 1234.5),
        ("en", "1.234", 1.234),
        ("de", "1.234", 1234),
        ("en", "1,234", 1234),
        ("de", "1,234", 1.234),
        ("de", "1.5", 1.5),
        ("en", "1'000'000", 1_000_000),
        ("fr", "10\u202f000", 10_000),
        ("de", "10 000", 10_000),
        ("en", "minus -3 degrees", -3),
        ("en", "5k", 5_000),
        ("en", "twenty-one", 21),
        ("en", "two hundred", 200),
        ("de", "einundzwanzig", 21),
        ("de", "fünf Tausend", 5_000),
        ("de", "zu zweit", 2),
        ("en", "just me", 1),
        ("de", "eine", 1),
        ("en", "Zwei", 2),
        ("en", "٣", 3),
        ("en", "2 people, two", 2),
    ],
)
def test_a_number_is_understood_as_people_write_it(language, text, number):
    assert value("number", text, Context(language)) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("many", "number_missing"),
        ("ann2@x.io", "number_missing"),
        ("1.2.3", "number_missing"),
        ("9" * 16, "number_missing"),
        ("3-5 people", "number_several"),
        ("2 or 3", "number_several"),
    ],
)
def test_what_is_no_one_number_is_asked_again(text, reason):
    assert refusal("number", text, ENGLISH) == reason


@pytest.mark.parametrize(
    ("language", "text", "amount"),
    [
        ("en", "50", 50),
        ("en", "€50", 50),
        ("de", "50,- €", 50),
        ("de", "1.500 Euro", 1_500),
        ("en", "EUR 1,000.50", 1000.5),
        ("en", "20k€", 20_000),
        ("de", "5 Tsd. Euro", 5_000),
        ("en", "99 cents", 0.99),
        ("en", "we are 2 and have 5000 EUR", 5_000),
        ("en", "9.999", 10),
    ],
)
def test_an_amount_of_money_is_a_number_with_its_units_understood(language, text, amount):
    assert value("money", text, Context(language)) == amount


def test_other_money_than_the_sites_is_asked_again():
    assert recognise("money", "50 dollars", ENGLISH) == Refused("money_currency", {"currency": "EUR"})
    assert value("money", "50 dollars", Context("en", currency="CAD")) == 50
    assert value("money", "100 kr", Context("de", currency="DKK")) == 100
    assert refusal("money", "50 € or 60 €", ENGLISH) == "money_several"
    assert recognise("money", "1500", DATED).shown == "1.500,00\xa0€"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-24", "2026-12-24"),
        ("24.12.", "2026-12-24"),
        ("24.12", "2026-12-24"),
        ("am 24. 12. 2027 dann", "2027-12-24"),
        ("24.12.27", "2027-12-24"),
        ("3.5.85", "1985-05-03"),
        ("24. Dezember", "2026-12-24"),
        ("December 24th, 2027", "2027-12-24"),
        ("the 24th of December", "2026-12-24"),
        ("24 Dec", "2026-12-24"),
        ("24. Dez. 2026", "2026-12-24"),
        ("2. März", "2027-03-02"),
        ("4.3.", "2026-03-04"),
        ("24/12/2026", "2026-12-24"),
        ("12/24", "2026-12-24"),
        ("today", "2026-03-04"),
        ("heute Morgen", "2026-03-04"),
        ("Guten Morgen, heute bitte", "2026-03-04"),
        ("tomorrow evening", "2026-03-05"),
        ("morgen", "2026-03-05"),
        ("übermorgen", "2026-03-06"),
        ("the day after tomorrow", "2026-03-06"),
        ("yesterday", "2026-03-03"),
        ("in zwei Wochen", "2026-03-18"),
        ("in 3 days", "2026-03-07"),
        ("Friday", "2026-03-06"),
        ("am Mittwoch", "2026-03-11"),
        ("Freitag, 6. März", "2026-03-06"),
        ("29 February", "2028-02-29"),
    ],
)
def test_a_day_is_understood_as_people_write_it(text, day):
    assert value("date", text, DATED) == day


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "date_missing"),
        ("24", "date_missing"),
        ("1.2.3.4", "date_missing"),
        ("31.2.", "date_not_in_calendar"),
        ("2026-13-01", "date_not_in_calendar"),
        ("3 to 7 January", "date_several"),
        ("28 December to 3 January", "date_several"),
        ("next Friday", "date_ambiguous"),
        ("nächsten Freitag", "date_ambiguous"),
    ],
)
def test_what_is_no_one_day_is_asked_again(text, reason):
    assert refusal("date", text, DATED) == reason


def test_a_day_that_could_be_two_is_told_with_both():
    found = recognise("date", "3/4/2026", Context("en", today=TODAY))
    said = sentence(found.reason, "en", **found.values)
    assert said == "Is that Friday, April 3, 2026, or Wednesday, March 4, 2026?"
    assert value("date", "3/4/2026", Context("en-US", today=TODAY)) == "2026-03-04"
    assert value("date", "3/4/2026", Context("en-GB", today=TODAY)) == "2026-04-03"
    assert value("date", "3/4/2026", Context("fr", today=TODAY)) == "2026-04-03"


def test_without_a_year_it_is_the_last_such_day_where_only_the_past_may_be_meant():
    assert value("date", "24.12.", Context("de", today=TODAY, most="2026-03-04", past=True)) == "2025-12-24"
    assert value("date", "29.2.", Context("de", today=TODAY, past=True)) == "2024-02-29"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("example.com", "https://example.com"),
        ("see http://Shop.Example.com/A?b=c.", "http://shop.example.com/A?b=c"),
        ("(www.x.de/y)", "https://www.x.de/y"),
        ("münchen.de", "https://münchen.de"),
        ("HTTPS:/x.de:8080", "https://x.de:8080"),
        ("-foo-bar.com", "https://foo-bar.com"),
        ("a-" * 1900 + " x.de", "https://x.de"),
    ],
)
def test_a_web_address_is_found_and_made_whole(text, address):
    assert value("url", text, ENGLISH) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("none", "url_missing"),
        ("ann@x.io", "url_missing"),
        ("ann@foo-bar.com", "url_missing"),
        ("javascript:alert(1)", "url_missing"),
        ("data:text/html,x", "url_missing"),
        ("ftp://files.example.com", "url_missing"),
        ("https://user:secret@x.de/", "url_missing"),
        ("a.de or b.de", "url_several"),
    ],
)
def test_what_is_no_web_address_is_asked_again(text, reason):
    assert refusal("url", text, ENGLISH) == reason


@pytest.mark.parametrize(
    ("text", "said"), [("I agree", True), ("einverstanden", True), ("yes", True), ("ablehnen", False)]
)
def test_a_consent_is_a_yes_or_a_no(text, said):
    assert value("consent", text, ENGLISH) is said
    assert refusal("consent", "maybe", ENGLISH) == "consent_unclear"


@given(
    st.dates(date(1970, 1, 1), date(2069, 12, 31)),
    st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y", "%d %B %Y", "%B %d, %Y"]),
)
def test_every_day_is_understood_however_it_is_written(day, form):
    assert value("date", f"on {day.strftime(form)}, I think", ENGLISH) == day.isoformat()


@given(st.integers(-(10**9), 10**9), st.integers(0, 99), st.sampled_from([("en", ",", "."), ("de", ".", ",")]))
def test_every_number_is_understood_as_its_language_writes_it(whole, hundredths, signs):
    language, thousands, decimal = signs
    text = f"{whole:,}".replace(",", thousands) + (f"{decimal}{hundredths:02}" if hundredths else "")
    number = abs(whole) + hundredths / 100
    assert value("number", f"it is {text} or so", Context(language)) == pytest.approx(
        -number if text[0] == "-" else number
    )


@given(st.sampled_from(FINDABLE), st.text(max_size=60), st.sampled_from(["en", "de"]))
def test_what_is_found_in_a_text_lies_in_it_and_apart(kind, text, language):
    found = values_in(kind, text, Context(language, "DE", today=TODAY))
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
