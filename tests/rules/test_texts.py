import pytest

from rules.texts import base_of, in_language, locale_of

HELLO = {"en": "Hello", "de": "Hallo"}


@pytest.mark.parametrize(
    ("language", "text"),
    [("de", "Hallo"), ("de-AT", "Hallo"), ("de_AT", "Hallo"), ("fr", "Hello"), ("en", "Hello"), ("", "Hello")],
)
def test_a_text_is_read_in_the_language_its_base_or_the_default(language, text):
    assert in_language(HELLO, language, "en") == text


def test_a_text_without_the_default_language_is_still_said():
    assert in_language({"fr": "Bonjour"}, "it", "en") == "Bonjour"
    assert in_language({}, "it", "en") == ""


@pytest.mark.parametrize(
    ("language", "locale"),
    [("de", "de"), ("de-AT", "de_AT"), ("de-ZZ", "de_DE"), ("xx", "en"), ("", "en"), ("not one", "en")],
)
def test_every_language_code_has_a_way_of_writing_dates(language, locale):
    assert str(locale_of(language)) == locale


def test_the_base_of_a_language():
    assert base_of("pt-BR") == "pt"
