from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.answers import KINDS, LONGEST_TEXT, Accepted, Choice, Context, Refused, recognise
from flows.finding import FINDABLE, values_in
from flows.sentences import has_sentence, sentence

GERMAN = Context("de", "DE")
SIZES = Context(
    "de",
    choices=(
        Choice("Small", {"en": "Small", "de": "Klein"}),
        Choice("Large", {"en": "Large", "de": "Groß"}),
        Choice("Largest", {"en": "Largest", "de": "Am größten"}),
    ),
)


def value(kind, text, context=GERMAN):
    found = recognise(kind, text, context)
    assert isinstance(found, Accepted), found
    return found.value


def refusal(kind, text, context=GERMAN):
    found = recognise(kind, text, context)
    assert isinstance(found, Refused), found
    return found.reason


# Text and names


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
        ("🙂", "name_no_letters"),
        ("ann@x.io", "name_is_address"),
        ("https://x.io", "name_is_address"),
        ("why do you ask?", "name_is_question"),
        ("a" * 200, "name_too_long"),
    ],
)
def test_what_is_no_name_is_refused_with_its_reason(text, reason):
    assert refusal("name", text) == reason


# E-mail addresses


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


# Phone numbers


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


# One of several


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("Small", "Small"),
        ("klein!", "Small"),
        ("KLEIN", "Small"),
        ("1", "Small"),
        ("3.", "Largest"),
        ("sm", "Small"),
        ("gro", "Large"),
        ("large", "Large"),
        ("larges", "Largest"),
        ("am größten", "Largest"),
        ("AM GRÖSSTEN", "Largest"),
    ],
)
def test_an_answer_is_chosen_by_label_value_number_or_clear_beginning(text, chosen):
    assert value("choice", text, SIZES) == chosen


def test_what_was_chosen_is_shown_in_the_language_of_the_conversation():
    assert recognise("choice", "small", SIZES) == Accepted("Small", "Klein")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("medium", "choice_unknown"), ("4", "choice_unknown"), ("0", "choice_unknown"), ("lar", "choice_ambiguous")],
)
def test_an_answer_that_is_not_offered_is_refused(text, reason):
    assert refusal("choice", text, SIZES) == reason


def labelled(*labels):
    return Context("en", choices=tuple(Choice(label, {"en": label}) for label in labels))


ROOMS = labelled("1 room", "3 rooms", "2 rooms")
PEOPLE = labelled("10 people", "25 people", "100 people")
STAFF = labelled("1-5", "6 to 50", "More than 50")


@pytest.mark.parametrize(
    ("text", "choices", "chosen"),
    [
        *(
            ("2", ROOMS, "2 rooms"),
            ("3.", ROOMS, "3 rooms"),
            ("10", PEOPLE, "10 people"),
            ("100", PEOPLE, "100 people"),
        ),
        *(("3", STAFF, "1-5"), ("50", STAFF, "6 to 50"), ("more", STAFF, "More than 50")),
        *(("< 50", labelled("< 50", "> 50"), "< 50"), (">  50", labelled("< 50", "> 50"), "> 50")),
        ("5", labelled("5", "5-10"), "5"),
        ("2", labelled("2 kg", "2.5 kg"), "2 kg"),
    ],
)
def test_a_number_is_the_one_in_a_label_before_it_counts_the_choices(text, choices, chosen):
    assert value("choice", text, choices) == chosen


COLOURS = labelled("Red", "Green", "Blue")


@pytest.mark.parametrize(
    ("text", "choices", "chosen"),
    [
        *((text, COLOURS, "Green") for text in ("option 2", "Number 2", "the second one", "second, please", "the 2nd")),
        *((text, COLOURS, "Green") for text in ("Nummer 2", "die zweite", "das Zweite bitte", "Möglichkeit 2")),
        ("option 2", ROOMS, "3 rooms"),
        ("number 2", ROOMS, "2 rooms"),
        ("second", labelled("First floor", "Second floor"), "Second floor"),
    ],
)
def test_an_option_can_be_pointed_at(text, choices, chosen):
    assert value("choice", text, choices) == chosen


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("option 4", COLOURS),
        ("the fourth", COLOURS),
        ("option 0", COLOURS),
        ("the second time", COLOURS),
        ("the first one", labelled("Second class", "First class")),
    ],
)
def test_what_is_pointed_at_must_be_clear(text, choices):
    assert isinstance(recognise("choice", text, choices), Refused)


@pytest.mark.parametrize("text", ["fine", "Fine!", "that's fine, thanks", "passt", "in Ordnung"])
def test_who_is_content_says_yes(text):
    assert value("yes_no", text) is True


@pytest.mark.parametrize("text", ["passt nicht", "that doesn't work"])
def test_who_is_not_content_says_no(text):
    assert value("yes_no", text) is False


@pytest.mark.parametrize("text", ["a fine mess", "fine dining tonight", "was passt denn"])
def test_a_word_for_content_within_a_story_is_no_answer(text):
    assert isinstance(recognise("yes_no", text), Refused)


@pytest.mark.parametrize(
    ("text", "choices", "reason"),
    [
        *(("4", ROOMS, "choice_unknown"), ("1", PEOPLE, "choice_unknown"), ("51", STAFF, "choice_unknown")),
        *(("More than 5", STAFF, "choice_unknown"), ("2", labelled("2.5 kg", "5 kg"), "choice_unknown")),
        ("5", labelled("1-5", "5-10"), "choice_ambiguous"),
    ],
)
def test_a_number_that_is_in_no_one_label_is_asked_again(text, choices, reason):
    assert refusal("choice", text, choices) == reason


# Yes or no


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes, please!", "y", "OK", "sure", "Of course", "no problem"),
        *("Ja", "ja gern", "J", "Klar doch", "bitte"),
        *("oui", "Bien sûr", "d’accord", "sí", "Si", "claro que sí", "sì", "va bene"),
        *("👍", "👍🏽"),
        *("yea", "ya", "yess", "Sounds good!", "That's right", "alright", "of course, please"),
    ],
)
def test_yes_is_understood_in_several_languages(text):
    assert recognise("yes_no", text, GERMAN) == Accepted(True, "Ja")


@pytest.mark.parametrize(
    "text",
    [
        *("no", "No, thank you.", "n", "nope", "not now", "please don't"),
        *("Nein", "nein danke", "nein, bitte nicht", "lieber nicht", "nö"),
        *("non merci", "no gracias", "no grazie", "👎"),
        *("absolutely not", "Certainly not!", "definitely not", "of course not", "not yet", "leider nein"),
    ],
)
def test_no_is_understood_in_several_languages(text):
    assert recognise("yes_no", text, Context("en")) == Accepted(False, "No")


@pytest.mark.parametrize(
    "text",
    [
        "maybe",
        "not sure",
        "no idea",
        "No clue.",
        "no name",
        "nein, keine Ahnung",
        "no, that's right",
        "no, I mean yes",
        "yes and no",
        "42",
        "?",
        "no one has ever asked me that before here",
    ],
)
def test_what_is_neither_is_asked_again(text):
    assert refusal("yes_no", text) == "yes_no_unclear"


# Numbers, money, dates, web addresses, consent

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
    ],
)
def test_a_web_address_is_found_and_made_whole(text, address):
    assert value("url", text, ENGLISH) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("none", "url_missing"),
        ("ann@x.io", "url_missing"),
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


# All of them


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
