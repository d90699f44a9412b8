import re
from pathlib import Path

import pytest

from flows import answers
from flows.sentences import _sentences, has_sentence, languages, question_for, sentence
from rules.templates import parse_template

ALL = _sentences()
ROOT = Path(answers.__file__).parents[1]
SAYS = re.compile(r"\bfrom flows\.sentences import|\brun\.say\(|\bRefused\(")


def test_english_and_german_are_spoken():
    assert languages() == ("en", "de")


@pytest.mark.parametrize("key", ALL)
def test_every_sentence_is_said_in_every_language_with_the_same_gaps(key):
    assert tuple(ALL[key]) == languages()
    gaps = [{name.name for name in parse_template(text).names} for text in ALL[key].values()]
    assert gaps[0] == gaps[1]


@pytest.mark.parametrize("key", ALL)
def test_no_sentence_blames_begs_or_shouts(key):
    for text in ALL[key].values():
        assert not re.search(r"!|\b(please|bitte|sorry|oops|invalid|ungültig|leider)\b", text, re.IGNORECASE)


def test_every_refusal_has_its_sentence():
    source = Path(answers.__file__).read_text(encoding="utf-8")
    reasons = set(re.findall(r'Refused\("(\w+)"', source)) | set(re.findall(r'"(phone_\w+)"', source))
    assert reasons
    assert all(has_sentence(reason) for reason in reasons)
    # Nothing is said after a refusal, so it has to put the question again itself.
    assert [text for reason in reasons for text in ALL[reason].values() if not text.endswith("?")] == []


def test_no_sentence_is_kept_that_nobody_says():
    layers = (ROOT / layer for layer in ("flows", "bot", "handoff", "web"))
    sources = [file.read_text(encoding="utf-8") for layer in layers for file in layer.rglob("*.py")]
    words = {word for each in sources if SAYS.search(each) for word in re.findall(r'"(\w+)"', each)}
    words |= {f"{kind}_{what}" for kind in answers.KINDS for what in ("several", "missing", "too_small", "too_large")}
    assert [key for key in ALL if key not in words and not key.startswith("ask_")] == []


def test_another_language_hears_english():
    assert sentence("not_understood", "pl") == sentence("not_understood", "en")
    assert sentence("not_understood", "de-AT") == sentence("not_understood", "de")


def test_what_is_said_may_have_gaps():
    assert sentence("agent_gone", "de", name="Anna") == "Anna ist nicht mehr da. Ich frage jemand anderen."


def test_a_value_that_looks_like_a_template_stays_as_it_is():
    assert sentence("agent_joined", "en", agent="{{ secret }}") == "{{ secret }} is here now."


def test_a_sentence_we_do_not_have_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        sentence("nothing_of_the_kind", "en")


@pytest.mark.parametrize(
    ("slot", "kind", "title", "question"),
    [
        ("email", "email", "Address", "What is your e-mail address?"),
        ("order", "text", "Order number", "Order number?"),
        ("work_mail", "email", None, "What is your e-mail address?"),
        ("size", "choice", None, "Which one is it?"),
        ("colour", "pattern", None, "What would you like to tell us?"),
    ],
)
def test_a_question_nobody_wrote_is_asked_politely(slot, kind, title, question):
    assert question_for(slot, kind, "en", title) == question


@pytest.mark.parametrize("language", languages())
def test_a_form_is_sent_by_the_word_that_a_message_is_sent_by(language):
    texts = ROOT / "web" / "static" / "widget" / "texts"
    own = (texts / f"{language}.js").read_text(encoding="utf-8")
    forms = (texts / "forms.js").read_text(encoding="utf-8").partition(f"  {language}: {{")[2]
    said = [re.search(r'\bsend: "(.*?)"', text)[1] for text in (own, forms)]
    assert said == [sentence("submit", language)] * 2


def test_whoever_is_spoken_to_in_german_is_spoken_to_as_sie():
    texts = [each["de"] for each in ALL.values()]
    texts += [path.read_text(encoding="utf-8") for path in ROOT.glob("web/static/widget/texts/*.js")]
    texts += [path.read_text(encoding="utf-8") for path in ROOT.glob("*/starter/*.yaml")]
    texts += [path.read_text(encoding="utf-8") for path in ROOT.glob("flows/standard/*.yaml")]
    assert [
        text for text in texts if re.search(r"\b([Dd]u|[Dd]ir|[Dd]ich|[Dd]eine?[mnrs]?|[Ee]uch|[Ee]ure?)\b", text)
    ] == []
