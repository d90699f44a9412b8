"""Which option an answer means, and what is yes and what is no."""

import pytest

from flows.answers import Accepted, Choice, Context, Refused, recognise
from tests.flows.reading import GERMAN, SIZES, refusal, value


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


RANGES = labelled("11-50 employees", "51-200 employees", "201-500 employees")


@pytest.mark.parametrize(
    ("text", "labels", "chosen"),
    [
        ("one", ("Two or more", "One seat"), "One seat"),
        ("two", ("Two or more", "One"), "Two or more"),
        ("drei", ("Drei Tage", "Zwei Tage", "Ein Tag"), "Drei Tage"),
        ("ten", ("Ten minutes", "Half an hour"), "Ten minutes"),
        ("neun", ("Neun Uhr", "Zehn Uhr"), "Neun Uhr"),
    ],
)
def test_a_number_word_begins_a_label_before_it_counts_the_choices(text, labels, chosen):
    assert value("choice", text, labelled(*labels)) == chosen


@pytest.mark.parametrize(
    "text", ["I have one", "I need one", "just me", "zu zweit", "Ich brauche eins", "can I get one?"]
)
def test_how_many_somebody_has_or_needs_is_no_place_in_the_list(text):
    assert isinstance(recognise("choice", text, labelled("Tuesday", "Friday")), Refused)


DESKS = labelled("Sales", "Support", "Termin")


@pytest.mark.parametrize(
    ("text", "choices", "chosen"),
    [
        *((text, DESKS, "Support") for text in ("support, please", "Hi, I need support", "two please", "two")),
        *((text, DESKS, "Support") for text in ("I want to talk to support", "sup please", "ich will zum Support")),
        *((text, DESKS, "Termin") for text in ("Termin bitte", "einen Termin bitte", "ich möchte einen Termin")),
        *((text, DESKS, "Termin") for text in ("Ich hätte gerne einen Termin", "the last one", "den letzten bitte")),
        *((text, COLOURS, "Red") for text in ("the red one", "I'll take the red one", "red one please")),
        ("a return, please", labelled("Return", "Prices"), "Return"),
        ("return please", labelled("A return", "Prices"), "A return"),
        *((text, STAFF, "1-5") for text in ("1 to 5", "1 bis 5 bitte", "1-5, please", "five", "I'd like two")),
        *((text, STAFF, "6 to 50") for text in ("6-50", "7 people", "wir sind 7 Personen", "7 please")),
        ("more please", STAFF, "More than 50"),
        ("1 to 5", labelled("1-5 rooms", "6-50 rooms"), "1-5 rooms"),
        *((text, RANGES, "51-200 employees") for text in ("51-200", "51-200 please", "51 to 200", "100")),
        ("10.000", labelled("5.000 Euro", "10.000 Euro"), "10.000 Euro"),
        ("the first", labelled("Last week", "This week"), "Last week"),
        ("die zweite", labelled("Letzte Bestellung", "Andere Bestellung"), "Andere Bestellung"),
    ],
)
def test_an_answer_may_be_as_polite_as_people_are(text, choices, chosen):
    assert value("choice", text, choices) == chosen


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        *(("red or green, please", COLOURS), ("not the red one", COLOURS), ("I don't want red", COLOURS)),
        ("I want it", labelled("It is broken", "Other")),
        *(("eine bitte", COLOURS), ("the first", labelled("Second class", "First class"))),
        *(("the last one", labelled("This week", "Last week")), ("the plan", labelled("Plan one", "Plan two"))),
        *(("7 months", STAFF), ("1 to 6", STAFF), ("1 to 5 weeks", labelled("1-5 days", "6-9 days"))),
        ("7 people", labelled("5-10", "7-12")),
    ],
)
def test_nothing_is_guessed_from_what_is_left_of_a_polite_answer(text, choices):
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
