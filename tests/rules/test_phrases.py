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
