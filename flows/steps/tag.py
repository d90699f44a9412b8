"""`tag`: the conversation gets words by which people find it again. A step back does not take them away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from flows.effects import Tagged
from flows.steps.step import Step, common, step_table
from rules.kinds import OneOrList, Word
from rules.schema import Key, Read, Table

if TYPE_CHECKING:
    from flows.compiler import Build
    from flows.reading import Reading

TAG = Word("a word or a few, without commas, 40 letters at most", r"\s*[^\s,](?:[^,\n]{0,38}[^\s,])?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagStep(Step):
    kind: ClassVar[str] = "tag"
    table: ClassVar[Table] = step_table(
        "tag", {"tag": Key(OneOrList(TAG), "words by which people find the conversation again", required=True)}
    )

    tags: tuple[str, ...]

    @classmethod
    def of(cls, read: Read, reading: Reading) -> Self:
        return cls(tags=tuple(tag.strip() for tag in read["tag"] or ()), **common(read, reading))

    def compile(self, build: Build, after: str) -> None:
        effect = Tagged(self.tags, self.id, build.flow.id)

        def tag(e: Any) -> None:
            e.model.effects.append(effect)

        build.move("next", build.state(self, "pass", enter=tag), after)
