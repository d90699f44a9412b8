"""`conversation:` — what begins one, what is said when nothing matches, which phrases work everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.site.reading import Reading
from rules.kinds import ID_PATTERN, Choice, Integer, Length, Nested, Phrases, Reference, Text
from rules.phrases import DEFAULT_PHRASES
from rules.problems import did_you_mean
from rules.schema import Key, Read, Table
from rules.texts import Text as Texts

FlowUpdates = Literal["move", "finish_old", "restart"]
PhrasesByLanguage = Mapping[str, tuple[str, ...]]

DEFAULT_FALLBACK: Texts = {
    "en": "I did not get that. Could you say it in other words? You can also ask for a person.",
    "de": "Das habe ich nicht verstanden. Sagen Sie es mit anderen Worten, oder fragen Sie nach einem Menschen.",
}


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    start: str | None
    """The flow that begins when the visitor writes first and nothing else matches."""
    fallback: Texts
    fallback_flow: str | None
    idle_close: timedelta
    phrases: Mapping[str, PhrasesByLanguage]
    """The site's own; a language in which it has none keeps the usual ones. For a person they are only more words."""
    max_misunderstandings: int
    """In a row; then the conversation goes to a person."""
    flow_updates: FlowUpdates = "move"
    """What happens to a conversation when the flow it is in gets a new version."""


PHRASES = Table(
    "phrases",
    {
        "human": Key(Phrases(), "the visitor wants a person; these are understood besides the usual words"),
        "restart": Key(Phrases(), "the visitor wants to begin again"),
        "back": Key(Phrases(), "the visitor wants the question before"),
        "cancel": Key(Phrases(), "the visitor wants to leave the flow"),
        "help": Key(Phrases(), "the visitor wants to know what to do"),
    },
)

CONVERSATION = Table(
    "conversation",
    {
        "start": Key(Reference("a flow"), "the flow that begins when the visitor writes and nothing else matches"),
        "fallback": Key(Text(), "what is said when nothing matches: a text, or the id of a flow"),
        "idle_close": Key(Length(), "a conversation in which nothing happens is closed after this time", default="24h"),
        "phrases": Key(Nested(PHRASES), "what works everywhere: human, restart, back, cancel, help"),
        "max_misunderstandings": Key(
            Integer(1, 20), "so often in a row the bot may fail before a person is called", default=3
        ),
        "flow_updates": Key(
            Choice(("move", "finish_old", "restart")),
            "those in a flow that changes move along if their step is still there, finish it as it was, or begin again",
            default="move",
        ),
    },
)


def conversation(read: Read, reading: Reading) -> ConversationSettings:
    """Returns the settings, after looking whether the flows they name exist."""
    if read["start"]:
        reading.exists("flows", read["start"], read.place_of("start"))
    flow = _fallback_flow(read, reading)
    fallback = DEFAULT_FALLBACK if flow or not read["fallback"] else read["fallback"]
    return ConversationSettings(
        start=read["start"],
        fallback=fallback,
        fallback_flow=flow,
        idle_close=timedelta(seconds=read["idle_close"].seconds),
        phrases=_phrases(read["phrases"], reading),
        max_misunderstandings=read["max_misunderstandings"],
        flow_updates=read["flow_updates"],
    )


def _fallback_flow(read: Read, reading: Reading) -> str | None:
    """Returns the flow that `fallback` names, if it is one word that looks like an id; else it is a text."""
    text = (read["fallback"] or {}).get(reading.walker.default_language, "")
    flows = reading.ids.get("flows", ())
    if text in flows:
        return text
    if ID_PATTERN.fullmatch(text) and ("_" in text or did_you_mean(text, flows)):
        reading.exists("flows", text, read.place_of("fallback"))
    return None


def _phrases(read: Read | None, reading: Reading) -> Mapping[str, PhrasesByLanguage]:
    written = {name: read[name] or {} for name in DEFAULT_PHRASES} if read else {}
    phrases = {name: {**default, **written.get(name, {})} for name, default in DEFAULT_PHRASES.items()}
    if read and not all(written["human"].values()):
        message = "'human' without a phrase changes nothing: a person can always be asked for in the usual words"
        reading.walker.report("K006", read.place_of("human"), message, write="human: [colleague]")
    usual = DEFAULT_PHRASES["human"]
    human = {code: tuple(dict.fromkeys((*words, *usual.get(code, ())))) for code, words in phrases["human"].items()}
    return {**phrases, "human": human}
