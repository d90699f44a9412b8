"""Texts in several languages: which of them a person reads, and how their language writes dates and numbers."""

from collections.abc import Mapping
from functools import lru_cache

from babel import Locale, UnknownLocaleError

Text = Mapping[str, str]
"""Language code → text. A plain string in YAML is the text of the site's first language."""


def in_language(text: Text, language: str, default: str) -> str:
    """Returns the text in this language, else its base (`de` for `de-AT`), else in the default, else any."""
    for code in (language, base_of(language), default, base_of(default)):
        if code in text:
            return text[code]
    return next(iter(text.values()), "")


def base_of(language: str) -> str:
    """Returns `de` for `de-AT` and `de_AT`."""
    return language.replace("_", "-").partition("-")[0].lower()


@lru_cache(maxsize=256)
def locale_of(language: str) -> Locale:
    """Returns how this language writes things; without its region if that is unknown, English as the last resort."""
    for code in (language, base_of(language)):
        try:
            return Locale.parse(code.replace("-", "_"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return Locale.parse("en")
