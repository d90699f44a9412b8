"""A rule: what it looks for in a message, when it holds, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rules.conditions import IR
from rules.kinds import Choice, Conditions, Id, Integer, Nested, OneOrList, Phrases, Reference, Text, Word, YesNo
from rules.matching.match import Match
from rules.mention import Mention
from rules.problems import Place
from rules.saying import Saying
from rules.schema import Key, Table
from rules.texts import Text as Texts

Who = Literal["visitor", "agent"]
Scope = Literal["always", "no_agent", "bot_idle"]
OncePer = Literal["message", "conversation", "visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    id: str
    place: Place = field(compare=False)
    match: Match | None = None
    """What is looked for; None where only conditions decide."""
    condition: IR | None = None
    """All of `when`, `unless` and `if`."""
    holds: Callable[[Mapping[str, Any]], bool | None] | None = field(default=None, compare=False)
    """The condition, compiled."""
    who: Who = "visitor"
    """Whose messages it looks at."""
    scope: Scope = "no_agent"
    answer: Saying | None = None
    start: str | None = None
    """The flow that begins instead of the one that runs."""
    call: str | None = None
    """The flow that begins on top of the one that runs."""
    route: str | None = None
    """The department a later hand over goes to."""
    handoff: bool = False
    """Hands over to that department now."""
    tags: tuple[str, ...] = ()
    note: Saying | None = None
    priority_up: bool = False
    mask: Texts | None = None
    """What stands in the place of what was found."""
    block: bool = False
    warn: Saying | None = None
    close: bool = False
    priority: int = 50
    once_per: OncePer = "message"
    resume: bool = True
    """Whether the open question is put again after the answer."""
    mentions: tuple[Mention, ...] = field(default=(), compare=False)

    @property
    def moderates(self) -> bool:
        """Says that it changes or stops a message before it is kept."""
        return self.mask is not None or self.block

    @property
    def leads(self) -> bool:
        """Says that the conversation goes somewhere else."""
        return bool(self.start or self.call or self.handoff or self.close)

    @property
    def speaks(self) -> bool:
        """Says that it answers the message, or leads away: of these one at most acts on a message."""
        return self.answer is not None or self.leads


MATCH = Table(
    "match",
    {
        "words": Key(Phrases(), "any of these words is in the message; a `*` at its end stands for the rest of a word"),
        "all_words": Key(Phrases(), "all of these words are in the message"),
        "phrases": Key(Phrases(), "the whole message is one of these"),
        "pattern": Key(Word("a pattern"), "this regular expression is found in the message, in small or large letters"),
        "typos": Key(Integer(0, 2), "how many letters of a longer word may be wrong", default=0),
        "language": Key(Word("a language of the site"), "only in conversations in this language"),
    },
)

RULE = Table(
    "rule",
    {
        "match": Key(Nested(MATCH), "what is looked for in the message; one of its lists is enough"),
        "when": Key(Conditions(), "conditions that must all hold"),
        "unless": Key(Conditions(), "exceptions, none of which may hold"),
        "if": Key(Conditions(), "conditions in one line"),
        "who": Key(Choice(("visitor", "agent")), "whose messages it looks at", default="visitor"),
        "scope": Key(
            Choice(("always", "no_agent", "bot_idle")),
            "always; while no agent has the conversation; or only while no flow runs",
            default="no_agent",
        ),
        "answer": Key(Text(), "what the bot says"),
        "start": Key(Reference("a flow"), "the flow that begins, instead of the one that runs"),
        "call": Key(Reference("a flow"), "the flow that begins, after which the one that ran goes on"),
        "route": Key(Reference("a department"), "the department that a later hand over goes to"),
        "handoff": Key(YesNo(), "true: hands over to that department now", default=False),
        "tag": Key(OneOrList(Id()), "tags that the conversation gets", default=()),
        "note": Key(Text(), "a note for agents"),
        "priority_up": Key(YesNo(), "true: agents are asked sooner", default=False),
        "mask": Key(Text(), "what is kept and shown in the place of what was found"),
        "block": Key(YesNo(), "true: the message is not kept, and nobody but its sender sees it", default=False),
        "warn": Key(Text(), "what the sender is told about the message"),
        "close": Key(YesNo(), "true: the conversation ends", default=False),
        "priority": Key(Integer(0, 100), "which of several rules comes first", default=50),
        "once_per": Key(
            Choice(("message", "conversation", "visitor")),
            "how often it acts; what answers or leaves a note does so once in a conversation",
        ),
        "then": Key(Choice(("resume", "stop")), "after an answer: put the open question again, or leave it at that"),
    },
    noun="a rule",
)
