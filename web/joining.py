"""Files joined and squeezed for other people's pages: a visitor's browser asks once, not once a module.

Joins what is written here, not whatever could be written: named imports from relative addresses, exported functions,
classes and constants. What it does not know how to join it refuses, so that a test fails and not a visitor's page.
"""

import re
from collections import Counter
from pathlib import Path
from string import ascii_lowercase

from rjsmin import jsmin

from web.renaming import renamed

_IMPORT = re.compile(r'^import \{[^}]+\} from "(\.[^"]+)";\n', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) )", re.M)
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*| as \w+ *[,}].*from .*", re.M)
_NAMED = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+|\{[^}]*\})", re.M)

_STYLES = re.compile(r'^@import "(\.[^"]+)";\n', re.M)
_MEANING = re.compile(r"(--[\w-]+):([^;}]*)")
SET_BY_SCRIPT = frozenset(["--accent"])
"""Custom properties that a script gives their values: none that a sheet gives is ever seen."""


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
    return shortened(whole)


def shortened(script: str) -> str:
    """Returns the script without comments and spaces, and with short names for what is its own."""
    return renamed(jsmin(script))


def joined_styles(entry: Path) -> str:
    """Returns the style sheet with those it imports inside, without what nobody asks for, in as few letters as easy."""
    sheets = _in_order(entry.resolve(), _STYLES, [])
    whole = "\n".join(_STYLES.sub("", file.read_text()) for file in sheets)
    whole = re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", whole, flags=re.S))
    whole = re.sub(r" ?([{};,>]) ?", r"\1", whole).replace(": ", ":").replace(";}", "}").strip()
    whole = re.sub(r"(?<=[{};,])& (?=\.)", "", whole).replace(" !important", "!important")
    whole = whole.replace(":root,:host{", ":host{")  # They are for what has a root of its own.
    return _with_short_meanings(_folded(whole), named=[name for name, _ in _MEANING.findall(whole)])


def _in_order(file: Path, imports: re.Pattern[str], found: list[Path]) -> list[Path]:
    """Each after what it imports, the entry last."""
    for address in imports.findall(file.read_text()):
        other = (file.parent / address).resolve()
        if other not in found:
            _in_order(other, imports, found)
    if file not in found:
        found.append(file)
    return found


def _folded(styles: str) -> str:
    """Puts the values of custom properties that are set once where they are read, and leaves out what nobody needs."""
    often = Counter(name for name, _ in _MEANING.findall(styles))
    fixed = {name: value for name, value in _MEANING.findall(styles) if often[name] == 1}
    written = re.sub(r"var\((--[\w-]+)\)", lambda found: _value(found, fixed), styles)
    read = set(re.findall(r"var\((--[\w-]+)", written)) - SET_BY_SCRIPT
    written = re.sub(_MEANING.pattern + ";?", lambda found: found[0] if found[1] in read else "", written)
    return styles if written == styles else _folded(written.replace(";}", "}"))


def _with_short_meanings(styles: str, *, named: list[str]) -> str:
    """Gives custom properties short names, by where they stand in what was `named` before anything was left out.

    So sheets that begin with the same import call its meanings by the same names: both may be on one page.
    """
    own = [name for name in dict.fromkeys(named) if name not in SET_BY_SCRIPT]
    short = {name: f"--{_short(at)}" for at, name in enumerate(own)}
    return re.sub(r"(?<![\w-])--[\w-]+", lambda found: short.get(found[0], found[0]), styles)


def _short(at: int) -> str:
    """Returns a, b, …, z, aa, ab, …"""
    further, last = divmod(at, len(ascii_lowercase))
    return (_short(further - 1) if further else "") + ascii_lowercase[last]


def _value(found: re.Match[str], fixed: dict[str, str]) -> str:
    return found[0] if found[1] in SET_BY_SCRIPT else fixed.get(found[1], found[0])
