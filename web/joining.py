"""Files joined and squeezed for other people's pages: a visitor's browser asks once, not once a module.

Joins what is written here, not whatever could be written: named imports from relative addresses, exported functions,
classes and constants. What it does not know how to join it refuses, so that a test fails and not a visitor's page.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from string import ascii_letters

from rjsmin import jsmin

_IMPORT = re.compile(r'^import \{[^}]+\} from "(\.[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) )", re.M)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*| as \w+ *[,}].*from .*", re.M)
_NAMED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+|\{[^}]*\})", re.M)
_PRIVATE = re.compile(r"(?<![\"'`])#([A-Za-z]\w*)")

_STYLES = re.compile(r'^@import "(\.[^"]+)";\n', re.M)
_MEANING = re.compile(r"(--[\w-]+):[^;}]*;?")


class CannotJoin(ValueError):
    """A file is written in a way that is not joined; the message says where and how."""


def joined_script(entry: Path) -> str:
    """Returns one module that does and exports what `entry` and all it imports do; raises CannotJoin."""
    modules = _in_order(entry.resolve(), _IMPORT, [])
    for file in modules:
        source = _IMPORT.sub("", _EXPORT.sub("", file.read_text()))
        if left := _LEFT_OVER.search(source):
            raise CannotJoin(f"{file.name}: cannot join `{left.group().strip()}`")
    parts = [_IMPORT.sub("", file.read_text()) for file in modules]
    whole = "\n".join([*(_EXPORT.sub("", part) for part in parts[:-1]), parts[-1]])
    twice = [name for name, times in Counter(_NAMED.findall(_EXPORT.sub("", whole))).items() if times > 1]
    if twice:
        raise CannotJoin(f"{entry.name}: two modules name something `{twice[0]}`, and joined they would meet")
    return _short_privates(jsmin(whole))


def joined_styles(entry: Path) -> str:
    """Returns the style sheet with those it imports inside, without what nobody asks for, in as few letters as easy."""
    sheets = _in_order(entry.resolve(), _STYLES, [])
    whole = "\n".join(_STYLES.sub("", file.read_text()) for file in sheets)
    whole = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", whole, flags=re.S))
    whole = re.sub(r" ?([{};,>]) ?", r"\1", whole).replace(": ", ":").replace(";}", "}").strip()
    return _without_unused(whole)


def _in_order(file: Path, imports: re.Pattern[str], found: list[Path]) -> list[Path]:
    """Each after what it imports, the entry last."""
    for address in imports.findall(file.read_text()):
        other = (file.parent / address).resolve()
        if other not in found:
            _in_order(other, imports, found)
    if file not in found:
        found.append(file)
    return found


def _short_privates(script: str) -> str:
    """The names of private fields mean nothing outside their class, so they may be as short as can be."""
    often = Counter(re.findall(r"\.#(\w+)", script)).most_common()
    short = dict(zip((name for name, _ in often), _short_names(), strict=False))
    return _PRIVATE.sub(lambda found: f"#{short.get(found.group(1), found.group(1))}", script)


def _short_names() -> Iterator[str]:
    yield from ascii_letters
    for number in count():
        yield from (f"{letter}{number}" for letter in ascii_letters)


def _without_unused(styles: str) -> str:
    """Leaves out custom properties that are set and never read, and again what only those had read."""
    read = set(re.findall(r"var\((--[\w-]+)", styles))
    kept = _MEANING.sub(lambda found: found.group() if found.group(1) in read else "", styles)
    return styles if kept == styles else _without_unused(kept)
