"""`say`: the bot says something and goes on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import Say
from flows.steps.step import Step, common, step_table
from flows.wording import Wording
from rules.kinds import Texts
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep(Step):
    kind: ClassVar[str] = "say"
    table: ClassVar[Table] = step_table(
        "say", {"say": Key(Texts(), "what the bot says; of a list, each conversation hears one", required=True)}
    )

    texts: tuple[Wording, ...]
    """One of them is said: always the same one at this step of a conversation."""

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(texts=reading.wordings(read.node("say")), **common(read, reading))

    def wordings(self) -> tuple[Wording, ...]:
        return self.texts

    def compile(self, build: Build, after: str) -> None:
        spoken = [wording.spoken() for wording in self.texts]
        flow, step = build.flow.id, self.id

        def say(e: Any) -> None:
            run = e.model
            chosen = spoken[0] if len(spoken) == 1 else spoken[chosen_place(run.cursor.conversation, step, len(spoken))]
            text = chosen.text(run)
            if text:
                run.effects.append(Say(text, step, flow))

        build.move("next", build.state(self, "pass", enter=say), after)


def chosen_place(conversation: str, step: str, count: int) -> int:
    """Returns which of some texts this conversation hears: spread evenly, and the same whenever it is replayed."""
    digest = hashlib.sha256(f"{conversation}:{step}".encode()).digest()
    return int.from_bytes(digest[:4]) % count
