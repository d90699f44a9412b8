"""What a card shows of what is known means the same when it comes back: in every language, for every type."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.answers import Accepted, Context, recognise, typed

EVERYTHING = """
    flows:
      all:
        steps:
          - form:
              - {collect: wheels, type: number, ask: How many?}
              - {collect: price, type: money, ask: How much?}
              - {collect: day, type: date, ask: When?}
              - {collect: gift, type: yes_no, ask: A gift?}
              - {collect: terms, type: consent, ask: Do you agree?}
              - {collect: size, choices: [Small, Large], ask: Which?}
              - {collect: name}
              - {collect: email}
              - {collect: phone}
              - {collect: web, type: url, ask: Where?}
              - {collect: wish, ask: Anything else?}
              - {collect: last, type: number, max: 9, ask: Last?}
          - say: Done
    """
OTHERS = {
    "day": "2026-12-24",
    "gift": "yes",
    "terms": True,
    "size": "Large",
    "name": "Ann Berg",
    "email": "ann@x.io",
    "phone": "+49 89 123456",
    "web": "x.io/a",
    "wish": "2.125 of them, please",
}
LANGUAGES = ("en", "de", "fr", "es", "it", "pl", "sv", "de-CH", "en-IN", "ar-EG", "fa", "hi")
NUMBERS = st.integers(-(10**15) + 1, 10**15 - 1) | st.decimals(
    -999_999, 999_999, allow_nan=False, allow_infinity=False, places=3
).map(float)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("wheels", ["2,125", "2.125", "12345", "-0,125", "1,5 million"])
def test_a_card_that_comes_back_holds_what_was_filled_in(play, language, wheels):
    bot = play(EVERYTHING, start="all", language=language)
    bot.fill_in("all.form_1", wheels=wheels, price="12,50", **OTHERS, last="12")
    known = dict(bot.slots)
    assert known.keys() == {"wheels", "price", *OTHERS}
    shown = {field.name: field.value for field in bot.card.fields}
    assert bot.fill_in("all.form_1", **{**shown, "last": "3"}) == ["Done"]
    assert bot.slots == {**known, "last": 3}


def test_a_number_is_shown_as_the_language_writes_it(play):
    bot = play(EVERYTHING, start="all", language="de")
    bot.fill_in("all.form_1", wheels="2,125", price="1234,5 €", gift="no", last="12")
    shown = {field.name: field.value for field in bot.card.fields}
    assert (shown["wheels"], shown["price"], shown["gift"]) == ("2,125", "1234,50", "no")


def test_a_number_with_more_digits_than_are_read_is_kept_where_nobody_touches_it(play):
    text = EVERYTHING.replace("steps:", "inputs: {wheels: number}\n        steps:", 1)
    bot = play(text, language="de")
    bot.start("all", wheels=0.1 + 0.2)
    assert bot.card.fields[0].value == "0,30000000000000004"
    bot.fill_in("all.form_1", wheels="0,30000000000000004", price="1")
    assert bot.slots["wheels"] == 0.1 + 0.2
    bot.fill_in("all.form_1", wheels="0,4", price="1")
    assert bot.slots["wheels"] == 0.4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["number", "money"])
@given(value=NUMBERS)
def test_a_number_that_is_typed_for_somebody_is_read_as_that_number(kind, language, value):
    context = Context(language)
    value = round(value, 2) if kind == "money" else value
    read = recognise(kind, str(typed(kind, value, context)), context)
    assert isinstance(read, Accepted)
    assert math.isclose(read.value, value, rel_tol=0, abs_tol=0)
