"""What is a text, a name, an address, a number to call; and what holds for every kind of answer."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.answers import KINDS, LONGEST_TEXT, Accepted, Context, Refused, recognise
from flows.sentences import has_sentence, sentence
from tests.flows.reading import GERMAN, SIZES, refusal, value


def test_any_text_is_a_text_without_what_cannot_be_seen():
    assert value("text", "  Two lines,\nplease \x07\u202e ") == "Two lines,\nplease"


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07", "\u202e"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_no_answer_to_anything(kind, text):
    assert refusal(kind, text) == "text_empty"


def test_a_text_has_an_end():
    assert value("text", "x" * LONGEST_TEXT)
    too_long = recognise("text", "x" * (LONGEST_TEXT + 1))
    assert sentence(too_long.reason, "en", **too_long.values) == (
        "That is longer than 2000 characters. Can you say it more briefly?"
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Anna", "Anna"),
        ("  anna   berg ", "anna berg"),
        ("My name is Anna Berg.", "Anna Berg"),
        ("hello, I'm Anna!", "Anna"),
        ("Ich heiße Anna", "Anna"),
        ("Guten Tag, mein Name ist Dr. Anna Berg", "Dr. Anna Berg"),
        ("je m’appelle Zoé", "Zoé"),
        ("O’Neill", "O'Neill"),
        ("Ich bin die Anna", "Anna"),
        ("Hallo zusammen, hier ist der Jörg", "Jörg"),
        ("ich bin Dieter", "Dieter"),
        ("Hello there, I'm Anna", "Anna"),
        ("Theresa", "Theresa"),
        ("Name: Anna", "Anna"),
        ("My name: Anna", "Anna"),
        ("Mein Name ist: Anna", "Anna"),
        ("Name Anna Berg", "Name Anna Berg"),
        *(("Good morning, I am Ann", "Ann"), ("Hi! Good evening – this is Ann Berg", "Ann Berg")),
        *(("Guten Morgen, ich bin Anna", "Anna"), ("Grüß Gott, mein Name ist Anna", "Anna"), ("Grüezi, Urs", "Urs")),
        *(("Moin moin, hier ist Jan", "Jan"), ("Hallo, hier spricht Anna Berg", "Anna Berg")),
        *(("you can call me Ann", "Ann"), ("The name is Ann", "Ann"), ("its ann", "ann"), ("Name ist Anna", "Anna")),
        *(("Anna Berg, guten Tag!", "Anna Berg"), ("Ann, hello", "Ann"), ("Ann good morning", "Ann")),
        *(("Herr Morgen", "Herr Morgen"), ("Jo Hi", "Jo Hi"), ("Moin Abend", "Abend")),
        ("Ann (Berg)", "Ann (Berg)"),
        ("(Ann) Berg.", "(Ann) Berg"),
        ("(Ann)", "Ann"),
        ("Ann :)", "Ann"),
        ("Imran", "Imran"),
        ("Hi-Ling Chen", "Hi-Ling Chen"),
        ("Parker", "Parker"),
        ("李雷", "李雷"),
        ("محمد", "محمد"),
    ],
)
def test_a_name_is_found_in_how_people_introduce_themselves(text, name):
    assert value("name", text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("12345", "name_no_letters"),
        ("hello!", "name_no_letters"),
        ("hello there", "name_no_letters"),
        *(
            (text, "name_no_letters")
            for text in ("Good morning", "good evening!", "Guten Morgen", "Grüß Gott", "hey, hey")
        ),
        ("🙂", "name_no_letters"),
        ("ann@x.io", "name_is_address"),
        ("https://x.io", "name_is_address"),
        ("why do you ask?", "name_is_question"),
        ("a" * 200, "name_too_long"),
    ],
)
def test_what_is_no_name_is_refused_with_its_reason(text, reason):
    assert refusal("name", text) == reason


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@x.io", "ann@x.io"),
        ("my mail is ann@x.io", "ann@x.io"),
        ("no, it is <Ann@X.IO>!", "Ann@x.io"),
        ("mailto:ann@x.io", "ann@x.io"),
        ("ann@x.io, I said ANN@x.io", "ANN@x.io"),
        ("ann+shop@mail.example.org.", "ann+shop@mail.example.org"),
        ("jörg@müller.de", "jörg@müller.de"),
        ("ann＠x.io", "ann@x.io"),
        ("ann@shop.example", "ann@shop.example"),
        ("ann@shop.test", "ann@shop.test"),
        ("ann@ and then ann@x.io", "ann@x.io"),
        ("email:ann@x.io", "ann@x.io"),
        ("E-Mail:ann@x.io", "ann@x.io"),
        ("mail=ann@x.io", "ann@x.io"),
        ("mailbox@x.io", "mailbox@x.io"),
        ("ann@x.io/", "ann@x.io"),
        ("ann@x.io\u200b", "ann@x.io"),
        ("\ufeffann@x.io", "ann@x.io"),
    ],
)
def test_an_address_is_found_in_a_sentence(text, address):
    assert value("email", text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ann(at)x.io", "email_no_at"),
        ("annx.io", "email_no_at"),
        ("why do you ask?", "email_missing"),
        ("@x.io", "email_no_name"),
        ("ann@", "email_no_domain"),
        ("ann@x", "email_no_dot"),
        ("a@b.io or c@d.io", "email_several"),
        ("a@@b.io", "email_unusual"),
        ("a..b@c.io", "email_unusual"),
        ("a" * 300 + "@b.io", "email_unusual"),
        ("a@b\r\nBcc:", "email_no_dot"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_with_its_reason(text, reason):
    assert refusal("email", text) == reason


def test_the_refusal_says_what_is_missing():
    assert sentence(refusal("email", "ann(at)x.io"), "en") == "That e-mail address has no @. What is it in full?"


@pytest.mark.parametrize("text", ["a@b.io\r\nBcc: c", "a@b.io\nX: 1", "a@b.io\x00c d", 'a@b.io"'])
def test_no_address_carries_a_second_line(text):
    assert value("email", text) == "a@b.io"


@pytest.mark.parametrize(
    ("text", "number", "shown"),
    [
        ("030 1234567", "+49301234567", "+49 30 1234567"),
        ("(030) 12 34 56-7", "+49301234567", "+49 30 1234567"),
        ("+49 (0)30 1234567", "+49301234567", "+49 30 1234567"),
        ("0049 170 1234567", "+491701234567", "+49 170 1234567"),
        ("call me at 0170/123 45 67 after six", "+491701234567", "+49 170 1234567"),
        ("+44 7700 900123", "+447700900123", "+44 7700 900123"),
        ("+1 202-555-0100", "+12025550100", "+1 202-555-0100"),
        ("tel:+43 1 58858", "+43158858", "+43 1 58858"),
        ("0170 1234567, again: 01701234567", "+491701234567", "+49 170 1234567"),
    ],
)
def test_a_number_is_found_and_kept_in_one_form(text, number, shown):
    assert recognise("phone", text, GERMAN) == Accepted(number, shown)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("49 171 1234567", "DE", "+491711234567"),
        ("my number is (49) 171 1234567, thanks", "DE", "+491711234567"),
        ("491711234567", "DE", "+491711234567"),
        ("44 20 7946 0958", "GB", "+442079460958"),
        ("04921 12345", "DE", "+49492112345"),
        ("171 1234567", "DE", "+491711234567"),
    ],
)
def test_a_number_with_its_countrys_code_needs_no_plus(text, country, number):
    assert value("phone", text, Context("en", country)) == number


def test_a_number_without_its_country_is_one_of_the_site():
    assert value("phone", "01 58858", Context(country="AT")) == "+43158858"
    assert refusal("phone", "030 1234567", Context(country=None)) == "phone_no_country"
    assert value("phone", "0049 30 1234567", Context(country=None)) == "+49301234567"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no", "phone_no_digits"),
        ("12", "phone_no_digits"),
        ("+49 1", "phone_too_short"),
        ("+1 20", "phone_too_short"),
        ("12345", "phone_unusual"),
        ("1" * 40, "phone_too_long"),
        ("+999 123456", "phone_no_country"),
        ("0170 1234567 or 030 1234567", "phone_several"),
    ],
)
def test_a_number_nobody_can_dial_is_refused_with_its_reason(text, reason):
    assert refusal("phone", text) == reason


def test_an_unknown_kind_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        recognise("emial", "x")


@given(st.sampled_from(KINDS), st.text(max_size=80), st.sampled_from(["en", "de", "xx", ""]))
def test_any_text_is_an_answer_or_a_sentence(kind, text, language):
    found = recognise(kind, text, Context(language, "DE", SIZES.choices))
    if isinstance(found, Accepted):
        assert found.shown
        assert recognise(kind, str(found.shown), Context(language, "DE", SIZES.choices))
    else:
        assert has_sentence(found.reason)
        assert sentence(found.reason, language, **found.values)


@pytest.mark.parametrize(
    ("kind", "text", "language", "meant"),
    [
        ("number", "ſix", "en", 6),
        ("number", "three mıllion", "en", 3_000_000),
        ("number", "3 MİLLİON", "en", 3_000_000),
        ("number", "20 \N{KELVIN SIGN}", "en", 20_000),
        ("money", "20 tſd €", "de", 20_000),
        ("number", "EİNE", "de", 1),
        ("date", "3 auguſt", "de", "2026-08-03"),
        ("date", "3 NİSAN", "tr", "2026-04-03"),
        ("date", "3 KASIM", "tr", "2026-11-03"),
        ("date", "frıday", "en", "2026-03-06"),
        ("date", "in 3 dayſ", "en", "2026-03-05"),
        ("date", "geſtern", "de", "2026-03-01"),
    ],
)
def test_letters_that_only_look_like_others_in_capitals_are_read_as_these(kind, text, language, meant):
    assert value(kind, text, Context(language, today=date(2026, 3, 2))) == meant


def test_a_unit_that_is_none_is_no_day():
    assert refusal("date", "in 3 tagn") == "date_missing"


ALMOST = (
    "in",
    "bis",
    "3",
    "4.",
    "2026",
    "€",
    "k",
    "K",
    "one",
    "six",
    "sechs",
    "dreißig",
    "thousand",
    "million",
    "Mio.",
    "tsd",
)
ALMOST += (
    "day",
    "days",
    "tag",
    "tage",
    "tagen",
    "tagn",
    "weeks",
    "wochen",
    "next",
    "nächsten",
    "friday",
    "dienstag",
    "today",
)
ALMOST += (
    "morgen",
    "gestern",
    "vorgestern",
    "aujourd'hui",
    "mañana",
    "august",
    "kasım",
    "nisan",
    "dec",
    "sept",
    "us$",
    "cents",
)
ALMOST += ("first", "option", "yes", "agree", "my name is", "http://", "mail:", "+49", "klein", "groß")
"""What the kinds of answer look for, to be written in letters that are the same to a pattern, and not to `lower`."""
ALIKE = str.maketrans({"s": "ſ", "i": "ı", "I": "İ", "k": "\N{KELVIN SIGN}", "ß": "ẞ", "µ": "μ"})
WRITTEN = st.sampled_from(
    [str, str.upper, str.title, lambda word: word.translate(ALIKE), lambda word: word.upper().translate(ALIKE)]
)


@given(
    st.sampled_from(KINDS),
    st.lists(st.builds(lambda write, word: write(word), WRITTEN, st.sampled_from(ALMOST)), min_size=1, max_size=5),
    st.sampled_from([" ", ""]),
    st.sampled_from(["en", "de", "tr", "el", "fr"]),
)
def test_words_in_any_letters_are_an_answer_or_a_sentence(kind, words, between, language):
    found = recognise(kind, between.join(words), Context(language, "DE", SIZES.choices, today=date(2026, 3, 2)))
    assert found.shown if isinstance(found, Accepted) else has_sentence(found.reason)


@given(
    st.from_regex(r"[a-z][a-z0-9]{0,8}@[a-z][a-z0-9]{0,8}\.(com|de|io)", fullmatch=True),
    st.sampled_from(["{}", "mail: {}.", "({})"]),
)
def test_every_ordinary_address_is_taken(address, words):
    assert value("email", words.format(address)) == address


@pytest.mark.parametrize(
    "text", ["@" * 20_000, "a@" * 10_000, "1 " * 10_000, "+" * 20_000, "(" * 20_000, "a." * 10_000, "hi " * 7_000]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_text_made_to_keep_us_busy_is_answered_like_any_other(kind, text):
    assert isinstance(recognise(kind, text, GERMAN), Accepted | Refused)
