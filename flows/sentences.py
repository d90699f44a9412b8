"""What the bot says by itself, in every language the product speaks: refusals, usual questions, news of a handoff.

    sentence("email_no_at", "de")                  # "In dieser Adresse fehlt das @. Wie lautet sie vollständig?"
    sentence("agent_gone", "en", name="Anna")      # "Anna is not here any more. I am asking somebody else."
    question_for("email", "email", language="en")  # the polite question for a value nobody wrote a question for

The texts are in `flows/standard/sentences.yaml`.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Any

from rules.document import plain, read
from rules.problems import Problem
from rules.templates import Template, parse_template
from rules.texts import in_language

_FILE = "sentences.yaml"
_FALLBACK = "en"


def sentence(key: str, language: str, **values: Any) -> str:
    """Returns what is said, in this language or in English; raises KeyError for a sentence we do not have."""
    return _template(key, language).render(values, language)


def has_sentence(key: str) -> bool:
    return key in _sentences()


def languages() -> tuple[str, ...]:
    """Returns the languages every sentence is written in."""
    return tuple(next(iter(_sentences().values())))


def question_for(slot: str, kind: str, language: str, title: str | None = None) -> str:
    """Returns how a value is asked for that nobody wrote a question for: by its name, its title, else its kind."""
    if has_sentence(f"ask_{slot}"):
        return sentence(f"ask_{slot}", language)
    if title:
        return sentence("ask_titled", language, title=title)
    return sentence(f"ask_{kind}" if has_sentence(f"ask_{kind}") else "ask_text", language)


@lru_cache(maxsize=1)
def _sentences() -> dict[str, dict[str, str]]:
    problems: list[Problem] = []
    source = files("flows").joinpath("standard", _FILE).read_bytes()
    sentences = plain(read(source, _FILE, problems))
    if problems or not isinstance(sentences, dict):
        raise RuntimeError(f"the sentences of the product cannot be read: {problems}")
    return sentences


@lru_cache(maxsize=2_048)
def _template(key: str, language: str) -> Template:
    return parse_template(in_language(_sentences()[key], language, _FALLBACK))
