"""Tables of keys and kinds, and the walker that checks a document against them and reports every problem at once.

A table says which keys a map may have, what each holds and what it means; it lives with the thing it describes:

    WIDGET = Table("widget", {
        "color": Key(Word(), "the colour of buttons and of the visitor's messages", default="#0a7d4b"),
        "position": Key(Choice(("bottom_right", "bottom_left")), "the corner of the page", default="bottom_right"),
        "greeting": Key(Text(), "said when the chat is opened", required=True),
    })

    walker = Walker(problems, languages=("en", "de"))   # the first language is the site's default
    widget = walker.read(node, WIDGET)                  # always a Read, whatever the file holds

`Read` is a mapping of every key of the table to an ordinary value of the kind's type: what was written, else the
default (None without one). A wrong value has been reported and is replaced by the default, or by an empty value of
that type, so dataclasses can be made from a Read in any case; `read.sound` says whether it is right as a whole,
`read.is_sound("color")` for one key. For messages about values there are `read.place` (of the map),
`read.place_of("color")` (of the value), `read.key_place("color")`, `read.id_place` (of the id it stands under in a
section), and for odd readings `read.node("color")`, the raw node, and `read.wrote("color")`.

The kinds are in `rules.kinds`; a new one is a frozen dataclass derived from `Kind` with `words`, `read` and `instead`.
A list of steps is read by `rules.step_lists.Steps(STEPS)` with one table for each kind of step; its value is a list of
Reads with `read.kind` set. Keys and words of the language that this version does not run are listed in `rules.later`,
by the `name` of the table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from rules import later
from rules.nodes import List, Map, Node, Scalar, Unreadable
from rules.problems import Place, Problem, did_you_mean, error, has_errors, suggestion


class Wrong:
    """The type of `WRONG`, which a kind returns after it has reported a problem."""


WRONG: Final = Wrong()


@dataclass(frozen=True)
class Kind:
    """What a value may be. Derived kinds are values too, so that a table can be read as documentation."""

    @property
    def words(self) -> str:
        """Says what belongs here, to end "'x' is …" with: `a number from 1 to 10`."""
        raise NotImplementedError

    def read(self, node: Node, walker: Walker, label: str) -> Any:
        """Returns the value, or `WRONG` after reporting; the label names the value in messages: `'max_chats'`."""
        raise NotImplementedError

    def beside(self, default: Any) -> Kind:
        """Returns this kind as it reads a value that stands in the place of this default."""
        return self

    def instead(self) -> Any:
        """Returns an empty value of this kind's type, to go on with after a problem."""
        return None

    def of_default(self, default: Any, walker: Walker) -> Any:
        """Returns the value that a table's default, given as a marketer would write it, stands for."""
        return default


@dataclass(frozen=True)
class Key:
    """One key of a table."""

    kind: Kind
    meaning: str
    """One line for the reference."""
    default: Any = None
    """As a marketer would write it: `24h`, `true`."""
    required: bool = False


@dataclass(frozen=True)
class Table:
    """The keys one kind of map may have."""

    name: str
    """Finds what is not in this version yet, and names the place in messages: `'x' is not an option of 'widget'`."""
    keys: Mapping[str, Key]
    noun: str = ""
    """What messages call it instead: `a trigger`."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """What to do about words that belong to other maps, for they are no misspelt keys of this one."""

    @property
    def called(self) -> str:
        return self.noun or f"'{self.name}'"


def tables_in(table: Table) -> Iterator[Table]:
    """Yields a table and every table its keys lead to, each once; for references and for checks of the tables."""
    met: list[Table] = []
    waiting: list[Any] = [table]
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, Table) and here not in met:
            met.append(here)
            yield here
            waiting += [key.kind for key in here.keys.values()]
        elif isinstance(here, Kind):
            waiting += [getattr(here, each.name) for each in fields(here)]
        elif isinstance(here, Mapping):
            waiting += here.values()


class Read(Mapping[str, Any]):
    """A map that was read by a table; see the module's first lines."""

    __slots__ = ("_nodes", "_spoiled", "_values", "id", "id_place", "kind", "map", "place", "sound", "table")

    def __init__(self, table: Table, place: Place, node: Map | None) -> None:
        self.table, self.place, self.map = table, place, node
        self.kind: str | None = None
        self.id: str | None = None
        self.id_place = place
        self.sound = True
        self._values: dict[str, Any] = {}
        self._nodes: dict[str, tuple[Scalar, Node]] = {}
        self._spoiled: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def wrote(self, key: str) -> bool:
        """Says whether the file has this key."""
        return key in self._nodes

    def node(self, key: str) -> Node | None:
        """Returns the raw value, or None if the key is not written."""
        return self._nodes[key][1] if key in self._nodes else None

    def place_of(self, key: str) -> Place:
        """Returns the place of a value, of the whole map if the key is not written."""
        return self._nodes[key][1].place if key in self._nodes else self.place

    def key_place(self, key: str) -> Place:
        """Returns the place of a key, of the whole map if it is not written."""
        return self._nodes[key][0].place if key in self._nodes else self.place

    def is_sound(self, key: str) -> bool:
        """Says that nothing was wrong with this value."""
        return key not in self._spoiled


@dataclass
class Walker:
    """Reads nodes by tables and kinds; problems are added to the list it was given."""

    problems: list[Problem]
    languages: Sequence[str] = ()
    """Of the site, its default first; empty while they are not known, and then no language is doubted."""
    ids: Mapping[str, Collection[str]] = field(default_factory=dict)
    """What is written in the sections of the site; without a section where that is not known."""

    @property
    def default_language(self) -> str:
        return self.languages[0] if self.languages else "en"

    def report(
        self, code: str, place: Place, message: str, *, write: str | None = None, why: str | None = None
    ) -> Wrong:
        """Adds an error and returns `WRONG`, so that a kind can end with it."""
        self.problems.append(error(code, place, message, write=write, why=why))
        return WRONG

    def refuse(self, node: Node, kind: Kind, label: str) -> Wrong:
        """Reports that a value is not of the kind that belongs here."""
        return self.report("K006", node.place, f"{label} is {kind.words}, not {found(node)}")

    def value(self, node: Node, kind: Kind, label: str) -> Any:
        """Returns the value a node stands for, or `WRONG`."""
        return WRONG if isinstance(node, Unreadable) else kind.read(node, self, label)

    def read(self, node: Node | None, table: Table) -> Read:
        """Returns what the table makes of a map; of anything else, a Read of defaults after reporting it."""
        if not isinstance(node, Map):
            return self._without(node, table)
        before = len(self.problems)
        read = Read(table, node.place, node)
        read._nodes.update(self._sorted_out(node, table))
        for name, key in table.keys.items():
            read._values[name] = self._value_of(read, name, key)
        self._require(read, node)
        self._advise(read)
        read.sound = not has_errors(self.problems[before:])
        return read

    def _value_of(self, read: Read, name: str, key: Key) -> Any:
        entry = read._nodes.get(name)
        if entry is None:
            return self._unwritten(key)
        before = len(self.problems)
        value = self.value(entry[1], key.kind.beside(key.default), f"'{name}'")
        if has_errors(self.problems[before:]) or value is WRONG:
            read._spoiled.add(name)
        if value is WRONG:
            return key.kind.instead() if key.default is None else self._default_of(key)
        return value

    def _unwritten(self, key: Key) -> Any:
        return key.kind.instead() if key.required else self._default_of(key)

    def _default_of(self, key: Key) -> Any:
        return None if key.default is None else key.kind.of_default(key.default, self)

    def _sorted_out(self, node: Map, table: Table) -> dict[str, tuple[Scalar, Node]]:
        """Returns the entries by the keys they were meant for, after reporting the others."""
        known = {key.text: (key, value) for key, value in node.entries if key.text in table.keys}
        for key, value in node.entries:
            if key.text in table.keys:
                continue
            if key.text in later.keys_of(table.name):
                self.report("K007", key.place, later.sentence(f"'{key.text}'"), why=later.ADVICE)
                continue
            if advice := table.elsewhere.get(key.text):
                self.report("K001", key.place, f"{shortened(key.text)} is not an option of {table.called}; {advice}")
                continue
            if key.text in self.languages and len(self.languages) > 1:
                message = (
                    f"{shortened(key.text)} is not an option of {table.called}; a text in several languages is a map"
                )
                first = self.default_language if key.text != self.default_language else self.languages[1]
                self.report("K001", key.place, message, write=f"{{{first}: …, {key.text}: …}}")
                continue
            free = [name for name in table.keys if name not in known]
            meant = did_you_mean(key.text, free)
            hint = f" — did you mean '{meant}'?" if meant else suggestion(key.text, table.keys)
            self.report("K001", key.place, f"{shortened(key.text)} is not an option of {table.called}{hint}")
            if meant:
                # Read under the word that was meant: what it holds may be wrong as well, and nothing is missed twice.
                known[meant] = (key, value)
        return known

    def _require(self, read: Read, node: Map) -> None:
        for name, key in read.table.keys.items():
            if key.required and not read.wrote(name):
                self.report("K006", node.place, f"{read.table.called} needs '{name}': {key.meaning}")

    def _advise(self, read: Read) -> None:
        for name in (name for name in read.table.keys if name in later.without_effect(read.table.name)):
            if read.wrote(name):
                message = f"'{name}' has no effect in this version"
                self.problems.append(Problem("K009", "info", read.key_place(name), message))

    def _without(self, node: Node | None, table: Table) -> Read:
        nowhere = Place("", 1, 1)
        if node is not None and not isinstance(node, Unreadable):
            self.report("K006", node.place, f"{table.called} is a map of options, not {found(node)}")
        read = Read(table, node.place if node else nowhere, None)
        read.sound = False
        for name, key in table.keys.items():
            read._values[name] = self._unwritten(key)
        return read


def found(node: Node) -> str:
    """Returns what stands there, in a marketer's words."""
    if isinstance(node, Map):
        return "a map (lines of 'key: value')" if node.entries else "an empty map {}"
    if isinstance(node, List):
        return "a list" if node.items else "an empty list []"
    if isinstance(node, Scalar) and node.text.strip():
        return shortened(node.text)
    return "empty"


def shortened(text: str) -> str:
    """Returns a text in quotes, cut to a length that fits a sentence."""
    line = " ".join(text.split())
    return f"'{line}'" if len(line) <= 40 else f"'{line[:39]}…'"
