"""Is the whole message one of these phrases: "a person, please" is, "no person has called me" is not."""

import unicodedata
from collections.abc import Iterable, Mapping

from rules.texts import base_of, in_language
from rules.wishes import asked_for, names_any_one, only_names, requested, without_courtesy

LONGEST_MESSAGE = 200
"""A longer message is no phrase, so it is not looked at."""

# Variation selectors, skin tones and keycaps only change how a sign looks; and many write "dont" for "don't".
_NOTHING = dict.fromkeys([*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), 0x20E3, ord("'"), ord("’"), ord("ʼ")])

DEFAULT_PHRASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "human": {
        "en": (
            "human",
            "human being",
            "human agent",
            "person",
            "agent",
            "representative",
            "operator",
            "talk to someone",
            "talk to somebody",
            "speak to someone",
            "speak to somebody",
            "speak with someone",
            "chat with someone",
        ),
        "de": (
            "mensch",
            "menschen",
            "person",
            "mitarbeiter",
            "mitarbeiterin",
            "mitarbeitern",
            "berater",
            "beraterin",
            "mit jemandem sprechen",
            "mit jemand sprechen",
        ),
        "fr": ("humain", "un humain", "conseiller", "une personne", "parler à quelqu'un", "parler à un humain"),
        "es": ("humano", "agente", "una persona", "persona", "hablar con una persona", "hablar con un agente"),
        "it": ("umano", "operatore", "una persona", "persona", "parlare con una persona", "parlare con un operatore"),
    },
    "restart": {
        "en": ("start over", "start again", "restart", "begin again", "from the beginning"),
        "de": (
            "neu anfangen",
            "von vorn",
            "von vorne",
            "von vorn anfangen",
            "von vorne anfangen",
            "neustart",
            "neu starten",
            "noch mal von vorn",
        ),
        "fr": ("recommencer", "depuis le début"),
        "es": ("empezar de nuevo", "volver a empezar", "reiniciar"),
        "it": ("ricominciare", "ricomincia", "da capo"),
    },
    "back": {
        "en": ("back", "go back", "previous question", "one step back"),
        "de": ("zurück", "zurückgehen", "vorherige frage", "einen schritt zurück"),
        "fr": ("retour", "question précédente", "revenir"),
        "es": ("atrás", "volver", "pregunta anterior"),
        "it": ("indietro", "domanda precedente"),
    },
    "cancel": {
        "en": ("cancel", "never mind", "forget it"),
        "de": ("abbrechen", "abbruch", "vergiss es", "vergessen sie es"),
        "fr": ("annuler", "laissez tomber"),
        "es": ("cancelar", "olvídalo"),
        "it": ("annulla", "lascia perdere"),
    },
    "help": {
        "en": ("what can I do", "what can I write"),
        "de": ("was kann ich tun", "was kann ich schreiben"),
        "fr": ("que puis-je faire",),
        "es": ("qué puedo hacer",),
        "it": ("che cosa posso fare",),
    },
}
"""What a site understands that says nothing else. Words that may be an answer ("help", "stop") are left to the site."""

_WISHED_FOR = "human"
"""What is understood in a wish as well: "I want to cancel" may be an answer, "I want to talk to a person" is none."""
_REQUESTED = ("back", "restart")
"""What is understood when it is asked for: "can we go back?" is no answer, "can I cancel?" may be a question."""


class _Words(dict[int, int | str]):
    """A table for `str.translate` that learns: letters and digits stay, anything else becomes a space."""

    last_learnt = 0x2FFF
    """What comes after is looked up each time: nobody shall make us remember all of Unicode."""

    def __missing__(self, letter: int) -> int | str:
        kept = letter if unicodedata.category(chr(letter))[0] in ("L", "N", "M") else " "
        if letter <= self.last_learnt:
            self[letter] = kept
        return kept


_WORDS = _Words()


def normalised(words: str) -> str:
    """Returns what is compared: letters and digits in small letters, one space between words, no signs, no emoji.

    What consists of signs only stays as it is, so that a phrase may be an emoji.
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", words).casefold()).translate(_NOTHING)
    return " ".join(text.translate(_WORDS).split()) or " ".join(text.split())


class Phrases:
    """Phrases by name and language, prepared for being compared with messages."""

    __slots__ = ("_any_language", "_by_language", "_first", "_politely", "_wished_for")

    def __init__(self, phrases: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._by_language: dict[str, dict[str, str]] = {}
        self._any_language: dict[str, str] = {}
        self._politely: dict[str, str] = {}
        self._wished_for: set[str] = set()
        self._first = {
            name: {language: words for language, wordings in by_language.items() for words in list(wordings)[:1]}
            for name, by_language in phrases.items()
        }
        for name, by_language in phrases.items():
            for language, wordings in by_language.items():
                for words in wordings:
                    known = normalised(words)
                    if known:
                        self._by_language.setdefault(language, {}).setdefault(known, name)
                        self._any_language.setdefault(known, name)
                        self._politely.setdefault(without_courtesy(known), name)
                        if name == _WISHED_FOR:
                            self._wished_for.add(asked_for(known))

    def first(self, name: str, language: str) -> str | None:
        """Returns what visitors are told to write for this: the first wording in their language, else in English."""
        return in_language(self._first.get(name, {}), language, "en") or None

    def match(self, message: str, language: str, *, may_answer: bool = False) -> str | None:
        """Returns the name of the phrase that the whole message is, or None.

        The language of the conversation goes first; then any other, for people often write in another one than their
        browser says. The phrase that was written first wins. Words of courtesy make no difference, nor does it how
        somebody asks for a person. `may_answer`: what only names one, as "a person" does, may be meant otherwise.
        """
        if len(message) > LONGEST_MESSAGE:
            return None
        said = normalised(message)
        for code in (language, base_of(language)):
            name = self._by_language.get(code, {}).get(said)
            if name is not None:
                return name
        name = self._any_language.get(said) or self._politely.get(without_courtesy(said))
        if name is not None:
            return name
        if asked_for(said) in self._wished_for and (not only_names(said) or (names_any_one(said) and not may_answer)):
            return _WISHED_FOR
        asked = self._politely.get(requested(said))
        return asked if asked in _REQUESTED else None
