import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.phrases import DEFAULT_PHRASES, Phrases, normalised

OURS = Phrases(
    {
        "human": {"en": ["a person, please", "agent"], "de": ["Mitarbeiter"]},
        "cancel": {"en": ["stop", "don't"], "de": ["Schluss", "👎"]},
        "stay": {"de": ["stop"]},
    }
)


@pytest.mark.parametrize(
    "message",
    [
        "a person, please",
        "A PERSON PLEASE",
        "  a   person\nplease!! ",
        "A person, please. 🙏🏽",
        "«a person please»",
        "“a person”, please…",
    ],
)
def test_signs_emoji_and_letter_case_make_no_difference(message):
    assert OURS.match(message, "en") == "human"


@pytest.mark.parametrize("message", ["bus stop", "stop it", "no agent", "", "   ", "?!", "🙏", "agentx"])
def test_only_the_whole_message_is_a_phrase(message):
    assert OURS.match(message, "en") is None


@pytest.mark.parametrize("message", ["don't", "dont", "Don’t!"])
def test_an_apostrophe_may_be_left_out(message):
    assert OURS.match(message, "en") == "cancel"


def test_a_phrase_may_be_an_emoji():
    assert OURS.match("👎", "de") == "cancel"
    assert OURS.match(" 👎🏽 ", "en") == "cancel"
    assert OURS.match("👍", "de") is None


def test_letters_are_compared_however_they_are_encoded():
    zurueck = Phrases({"back": {"de": ["zur\u00fcck"]}})
    assert zurueck.match("ZURU\u0308CK", "de") == "back"


def test_the_language_of_the_conversation_goes_first():
    assert OURS.match("stop", "en") == "cancel"
    assert OURS.match("stop", "de") == "stay"
    assert OURS.match("stop", "de-AT") == "stay"


def test_a_phrase_of_another_language_is_understood_too():
    assert OURS.match("Mitarbeiter!", "en") == "human"
    assert OURS.match("agent", "pl") == "human"


def test_a_very_long_message_is_no_phrase():
    assert Phrases({"a": {"en": ["x" * 500]}}).match("x" * 500, "en") is None


@pytest.mark.parametrize(
    ("message", "language", "name"),
    [
        ("Can I talk to a person?", "en", "human"),
        ("Ich möchte mit einem Menschen sprechen.", "de", "human"),
        ("Start over", "en", "restart"),
        ("zurück", "de", "back"),
        ("Parler à quelqu’un", "fr", "human"),
    ],
)
def test_a_site_understands_the_usual_words_without_writing_them(message, language, name):
    assert Phrases(DEFAULT_PHRASES).match(message, language) == name


def test_no_usual_phrase_means_two_things_in_one_language():
    for language in ("en", "de", "fr", "es", "it"):
        words = [normalised(phrase) for by_language in DEFAULT_PHRASES.values() for phrase in by_language[language]]
        assert len(words) == len(set(words))


@given(st.text(max_size=60))
def test_what_is_compared_is_compared_once_and_for_all(text):
    assert normalised(normalised(text)) == normalised(text)


@pytest.mark.parametrize(
    "message",
    [
        *("human please", "Agent, please!", "I need a human", "I want to speak to a human", "speak to a person"),
        *("talk to human", "real human", "representative", "please connect me to an agent", "can I talk to someone?"),
        *("Hi, could I please speak with a real person now?", "I'd like to chat with a human agent", "get me a person"),
        *("Mitarbeiter bitte", "Kann ich mit einem Menschen sprechen?", "Ich brauche einen echten Menschen"),
        *("Bitte verbinden Sie mich mit einem Mitarbeiter", "ich möchte bitte mit jemandem reden", "eine Person bitte"),
        *("un humain, s'il vous plaît", "una persona, por favor"),
        *("A person", "an agent", "ein Mensch", "einen Berater", "a real person"),
        *("verbinden Sie mich bitte mit einem Mitarbeiter", "Können Sie mich bitte mit einem Menschen verbinden?"),
    ],
)
def test_a_person_is_asked_for_in_many_ways(message):
    assert Phrases(DEFAULT_PHRASES).match(message, "en") == "human"


@pytest.mark.parametrize(
    "message",
    [
        *("I met a human", "no human please", "I don't want to talk to a human", "I am an agent", "someone", "please"),
        *(
            "kein Mensch",
            "Ich bin Mitarbeiter",
            "I need a room for one person",
            "talk to my agent Ann",
            "jemand",
            "the person",
            "your agent",
            "I want to speak to a human " + "now " * 900,
        ),
    ],
)
def test_a_person_who_is_only_spoken_of_is_not_asked_for(message):
    assert Phrases(DEFAULT_PHRASES).match(message, "en") is None


@pytest.mark.parametrize(
    ("message", "name"),
    [("A person", None), ("ein Mensch", None), ("a person, please", "human"), ("person", "human")],
)
def test_who_only_names_a_person_may_mean_what_a_button_says(message, name):
    assert Phrases(DEFAULT_PHRASES).match(message, "en", may_answer=True) == name


def test_a_sites_own_word_for_a_person_is_asked_for_in_the_same_ways():
    ours = Phrases({"human": {"en": ["colleague"]}})
    assert ours.match("Can I talk to a colleague, please?", "en") == "human"
    assert ours.match("I had a colleague", "en") is None


def test_please_makes_no_difference_to_any_phrase_but_a_wish_may_be_an_answer():
    usual = Phrases(DEFAULT_PHRASES)
    assert usual.match("Please go back", "en") == "back"
    assert usual.match("abbrechen bitte", "de") == "cancel"
    assert usual.match("I want to cancel", "en") is None


@pytest.mark.parametrize(
    ("message", "name"),
    [
        *(("Can we go back?", "back"), ("Could I go back please", "back"), ("Können wir bitte zurückgehen?", "back")),
        *(("can we start over?", "restart"), ("Let's start over", "restart")),
        ("Können wir noch mal von vorn?", "restart"),
        *(("can I cancel?", None), ("can I come back?", None), ("can we?", None)),
    ],
)
def test_a_way_back_may_be_asked_for(message, name):
    assert Phrases(DEFAULT_PHRASES).match(message, "en") == name
