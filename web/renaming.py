"""Local names of a script made short, which is most of what can be saved once spaces and comments are gone.

Reads the JavaScript that is written here, after `rjsmin`: modules, classes, functions, a semicolon at each end. Names
of properties, of what is exported and of what the browser brings stay as they are; private ones nobody else can know.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from string import ascii_uppercase
from typing import Self

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<number>\d[\w.]*)
    |(?P<name>[\w$]+)
    |(?P<private>\#\w+)
    |(?P<mark>=>|\.\.\.|\?\.(?!\d)|[^\w\s])
    |(?P<space>\s+)""",
    re.X,
)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_PIECE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:\$\{|`)", re.S)
"""A template up to the next gap in it or to its end."""

_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        async await break case catch class const continue default delete do else export extends false finally for from
        function get if import in instanceof let new null of return set static super switch this throw true try typeof
        undefined void while yield Infinity
        """,
    )
)
_BRIEFLY = {"const": "let", "true": "!0", "false": "!1"}
"""What means the same: whoever wrote `const` has seen to it that nothing is given twice."""
_AS_FRACTION = "1/0"
"""`Infinity`, where nothing beside it binds more tightly than the stroke does, or would grow together with it."""
_BEFORE_FRACTION = frozenset([*"(,=:?|&><[", "=>"])
_AFTER_FRACTION = frozenset("),;:]}")
_NAMING = frozenset(["const", "let"])
"""Of two such statements the second goes on with the first: they are one word in the end."""
_BEFORE_VALUE = frozenset([*"(,=:[!&|?{};+-*%<>", "=>", "...", "return", "typeof", "case", "", "${"])
"""After these a slash begins a pattern and divides nothing."""
_CONSTANT = re.compile(r"[A-Z][A-Z_]+")
"""What is named like this is given once."""
_FIXED = re.compile(r"""[\d_]+|"[^"\\]*"|/.+/[imsu]*""")
_BEFORE_BLOCK = frozenset([")", "=>", ";", "{", "}", "else", "try", "catch", "finally", "do", ""])
_HEADS = frozenset(["if", "for", "while", "switch"])
_CLOSES = frozenset(")]}")
_LETTERS = "etnrsiaolcdhupmfgbywkvxjzq" + ascii_uppercase
"""Those that scripts are full of anyway come first: what is said often packs well."""
_FREE = -2
"""Where a name is from that the script does not declare."""


@dataclass(slots=True)
class _Token:
    text: str
    kind: str
    role: str = ""
    """Of a name: `variable`, `shorthand` (key and variable at once), or nothing."""
    opens: str = ""
    """Of a bracket or a template's gap: what is inside."""
    pair: int = -1
    """Of what opens: where it closes."""
    closes: int = -1
    """Of what closes: where it opened. The middle of a template does both."""


@dataclass(slots=True)
class _Scope:
    start: int
    end: int
    outer: "Self | None" = None
    names: dict[str, None] = field(default_factory=dict)
    """What is declared in it, in order."""
    seen: set[tuple[int, str]] = field(default_factory=set)
    """What is said in it of names declared further out: by which scope, and which."""
    short: dict[str, str] = field(default_factory=dict)

    def declaring(self, name: str) -> "_Scope | None":
        scope: _Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope


def renamed(script: str) -> str:
    """Returns the script with short names for what is declared in it."""
    tokens, solid = _read(_settled(script))
    scopes = _scopes(solid)
    inner = _innermost(solid, scopes)
    for at in _declared(solid):
        inner[at].names[solid[at].text] = None
    exported = {solid[at].text for at in _exported(solid)}
    _look_out(solid, inner)
    by_start = {scope.start: scope for scope in scopes}
    for scope in scopes:
        _shorten(scope, by_start, exported)
    for at, token in enumerate(solid):
        declaring = inner[at].declaring(token.text) if token.role else None
        short = declaring.short[token.text] if declaring else token.text
        if short != token.text:
            token.text = short if token.role == "variable" else f"{token.text}:{short}"
    _shorten_private(solid)
    for token in _idle(solid):
        token.text = ""
    solid = [token for token in solid if token.text]
    for at, token in enumerate(solid):
        if token.kind == "word" and token.text in _BRIEFLY and solid[at - 1].text != "." and solid[at + 1].text != ":":
            token.text = _BRIEFLY[token.text]
            token.kind = "word" if token.text == "let" else "mark"
        between = token.text == "Infinity" and solid[at - 1].text in _BEFORE_FRACTION
        if between and token.kind == "word" and solid[at + 1].text in _AFTER_FRACTION:
            token.text, token.kind = _AS_FRACTION, "mark"
    return "".join(_without_gaps([token for token in tokens if token.text]))


def _read(script: str) -> tuple[list[_Token], list[_Token]]:
    """Returns the tokens, all and without spaces, knowing what they are."""
    tokens = list(_tokens(script))
    solid = [token for token in tokens if token.kind != "space"]
    _pair(solid)
    _give_roles(solid)
    return tokens, solid


def _settled(script: str) -> str:
    """Puts what a constant stands for where it is read, if that is in one place only."""
    tokens, solid = _read(script)
    said = Counter(token.text for token in solid if token.role)
    for at, token in enumerate(solid[:-4]):
        name, equals, value, ends = solid[at + 1 : at + 5]
        once = _CONSTANT.fullmatch(name.text) and said[name.text] == 2 and solid[at - 1].text != "export"
        fixed = equals.text == "=" and ends.text == ";" and _FIXED.fullmatch(value.text)
        if token.text == "const" and once and fixed:
            (read,) = (other for other in solid if other.role and other.text == name.text and other is not name)
            if read.role == "variable":
                read.text = value.text
                for idle in (token, name, equals, value, ends):
                    idle.text = ""
    left = zip([_Token(";", "mark"), *tokens], tokens, strict=False)
    return "".join(token.text for before, token in left if before.text or token.kind != "space")


def _idle(solid: list[_Token]) -> Iterator[_Token]:
    """Yields what may be left out: what separates nothing, brackets round one thing alone, `let` after `const`."""
    for at, token in enumerate(solid[:-1]):
        before, after = solid[at - 1] if at else _Token("", ""), solid[at + 1]
        ends_block = after.text == "}" and after.kind == "mark"
        ends_list = after.closes >= 0 and solid[after.closes].opens in ("object", "(", "[")
        if token.kind == "mark" and ((token.text == ";" and ends_block) or (token.text == "," and ends_list)):
            yield token
        lone = token.opens == "(" and token.pair == at + 2 and after.kind == "name"
        if lone and before.kind == "mark" and solid[at + 3].text == "=>":
            yield from (token, solid[at + 2])
        elif token.opens == "(" and before.text in ("=", "=>", "(", ",") and _is_one_thing(solid, at):
            yield from (token, solid[token.pair])
        if token.text in _NAMING and before.text == ";" and _gives_names(solid, at - 1):
            before.text = ","
            yield token


def _is_one_thing(solid: list[_Token], at: int) -> bool:
    """Says whether what is in these brackets, all that is given there, would be the same without them."""
    end = solid[at].pair
    if solid[at + 1].text == "{" or solid[end + 1].text not in (",", ";", ")", "}", "]"):
        return False
    inside = at + 1
    while inside < end and solid[inside].text != ",":
        inside = max(inside, solid[inside].pair) + 1
    return inside == end


def _gives_names(solid: list[_Token], end: int) -> bool:
    """Says whether the statement that this semicolon ends gives names, and exports none of them."""
    at = end - 1
    while at > 0 and not (solid[at].kind == "mark" and solid[at].text in (";", "{")):
        if solid[at].text in _NAMING and solid[at].kind == "word":
            return solid[at - 1].text != "export"
        at = (solid[at].closes if solid[at].closes >= 0 else at) - 1
    return solid[at].text in _NAMING


def _without_gaps(tokens: list[_Token]) -> Iterator[str]:
    """Leaves out the new line after what closes, and spaces beside marks: `rjsmin` keeps those within templates."""
    nothing = _Token("", "")
    for before, token, after in zip([nothing, *tokens], tokens, [*tokens[1:], nothing], strict=False):
        if token.kind == "number":
            yield token.text.replace("_", "")
        elif token.kind != "space":
            yield token.text
        elif "\n" in token.text:
            yield "" if before.text in ("}", ")") else token.text
        else:
            beside_mark = "mark" in (before.kind, after.kind) and not {before.text, after.text} <= {"+", "-"}
            yield "" if beside_mark else token.text


def _tokens(script: str) -> Iterator[_Token]:
    at, last = 0, ""
    braces: list[str] = []
    while at < len(script):
        gap_ends = script[at] == "}" and braces[-1:] == ["${"]
        if script[at] == "`" or gap_ends:
            found, kind = _PIECE.match(script, at), "template"
        elif script[at] == "/" and last in _BEFORE_VALUE:
            found, kind = _PATTERN.match(script, at), "text"
        else:
            found, kind = _TOKEN.match(script, at), ""
        if found is None:
            raise ValueError(f"cannot read `{script[at : at + 40]}`")
        text = found.group()
        kind = kind or found.lastgroup or ""
        if kind == "name" and text in _WORDS:
            kind = "word"
        if gap_ends or (kind == "mark" and text == "}"):
            braces.pop()
        if kind == "template" and text.endswith("${"):
            braces.append("${")
        elif kind == "mark" and text == "{":
            braces.append("{")
        if kind != "space":
            last = "${" if text.endswith("${") else text if kind in ("mark", "word") else kind
        yield _Token(text, kind)
        at = found.end()


def _pair(solid: list[_Token]) -> None:
    """Tells every bracket where its other end is and what is inside."""
    open_at: list[int] = []
    class_begins = case_begins = False
    before = _Token("", "")
    for at, token in enumerate(solid):
        after_case = case_begins and before.text == ":"
        if token.kind == "word":
            case_begins = case_begins or token.text in ("case", "default")
            class_begins = class_begins or (token.text == "class" and solid[at + 1].text != ":")
        if (token.kind == "mark" and token.text in _CLOSES) or (token.kind == "template" and token.text[0] == "}"):
            token.closes = open_at.pop()
            solid[token.closes].pair = at
        if token.kind == "template" and token.text.endswith("${"):
            token.opens = "gap"
        elif token.kind == "mark" and token.text in ("(", "["):
            token.opens = token.text
        elif token.kind == "mark" and token.text == "{":
            in_object = bool(open_at) and solid[open_at[-1]].opens == "object"
            token.opens = "class" if class_begins else _inside(before, in_object=in_object, after_case=after_case)
            class_begins = False
        if token.opens:
            open_at.append(at)
        case_begins = case_begins and not after_case
        before = token


def _inside(before: _Token, *, in_object: bool, after_case: bool) -> str:
    """What a brace opens, told by what stands before it."""
    if before.text == "{" and in_object:
        return "object"
    return "block" if after_case or (before.text in _BEFORE_BLOCK and before.kind != "text") else "object"


def _give_roles(solid: list[_Token]) -> None:
    """Tells names that stand for variables from names of properties."""
    open_at: list[int] = []
    in_value = False
    for at, token in enumerate(solid):
        before, after = (solid[at - 1].text if at else ""), (solid[at + 1].text if at + 1 < len(solid) else "")
        if token.closes >= 0:
            open_at.pop()
        where = solid[open_at[-1]].opens if open_at else "block"
        if where == "class" and token.kind == "mark" and token.text in "=;}":
            in_value = token.text == "="
        if token.opens:
            open_at.append(at)
            in_value = in_value and token.opens != "class"
        if token.kind != "name" or before in (".", "?."):
            continue
        if where == "class" and not in_value:
            continue
        if where == "object" and before in ("{", ",", "get", "set", "async"):
            token.role = "shorthand" if after in (",", "}", "=") else ""
        else:
            token.role = "variable"


def _scopes(solid: list[_Token]) -> list[_Scope]:
    """Every stretch in which a name may mean something of its own, outer ones first."""
    stretches = {(-1, len(solid))}
    bodies: set[int] = set()
    """Blocks that belong to the parameters before them."""
    for at, token in enumerate(solid):
        after = solid[at + 1].text if at + 1 < len(solid) else ""
        if token.opens == "block" and at not in bodies:
            stretches.add((at, token.pair))
        elif token.text == "=>" and token.kind == "mark":
            start = solid[at - 1].closes if solid[at - 1].text == ")" else at - 1
            stretches.add((start, _end_of_value(solid, at + 1)))
            bodies.add(at + 1)
        elif token.text == ")" and after == "{" and solid[token.closes - 1].text not in _HEADS:
            stretches.add((token.closes, solid[at + 1].pair))
            bodies.add(at + 1)
        elif token.text == "for" and token.kind == "word":
            stretches.add((at, _end_of_statement(solid, at)))
    scopes: list[_Scope] = []
    for start, end in sorted(stretches, key=lambda each: (each[0], -each[1])):
        outer = next((scope for scope in reversed(scopes) if scope.start <= start and end <= scope.end), None)
        scopes.append(_Scope(start, end, outer))
    return scopes


def _end_of_value(solid: list[_Token], at: int) -> int:
    """Where the body of an arrow ends."""
    return solid[at].pair if solid[at].opens == "block" else _end_before(solid, at, (",", ";"))


def _end_of_statement(solid: list[_Token], at: int) -> int:
    if solid[at].opens == "block":
        return solid[at].pair
    if solid[at].text in _HEADS and solid[at].kind == "word":
        end = _end_of_statement(solid, solid[at + 1].pair + 1)
        follows = solid[end + 1].text if end + 1 < len(solid) else ""
        return _end_of_statement(solid, end + 2) if follows == "else" else end
    return _end_before(solid, at, (";",)) + 1


def _end_before(solid: list[_Token], at: int, ends: tuple[str, ...]) -> int:
    """The last place before one of these, or before what closes around it."""
    first = at
    while at < len(solid):
        token = solid[at]
        if at > first and token.closes >= 0 and token.closes < first:
            break
        if token.kind == "mark" and token.text in ends:
            break
        at = token.pair if token.opens else at + 1
    return at - 1


def _innermost(solid: list[_Token], scopes: list[_Scope]) -> list[_Scope]:
    inner = [scopes[0]] * len(solid)
    for scope in scopes[1:]:
        inner[scope.start : scope.end + 1] = [scope] * (scope.end + 1 - scope.start)
    return inner


def _declared(solid: list[_Token]) -> Iterator[int]:
    """Where names are declared."""
    for at, token in enumerate(solid[:-1]):
        after = solid[at + 1]
        if token.kind == "word" and token.text in ("const", "let", "function", "class"):
            if after.opens:
                yield from _bound(solid, at + 1)
            elif after.role:
                yield at + 1
        elif after.text == "=>" and token.role:
            yield at
        elif token.text == ")" and (
            after.text == "=>" or (after.opens == "block" and solid[token.closes - 1].text not in _HEADS)
        ):
            yield from _bound(solid, token.closes)


def _bound(solid: list[_Token], at: int) -> Iterator[int]:
    """The names that a pattern or a list of parameters gives a value to; what stands behind a `=` is such a value."""
    end, in_default = solid[at].pair, False
    opened = solid[at].opens
    at += 1
    while at < end:
        token = solid[at]
        if token.text == "=" and token.kind == "mark":
            in_default = True
        elif token.text == "," and token.kind == "mark":
            in_default = False
        elif token.opens and in_default:
            at = token.pair
        elif token.opens:
            yield from _bound(solid, at)
            at = token.pair
        elif token.role and not in_default and not (opened == "object" and solid[at + 1].text == ":"):
            yield at
        at += 1


def _exported(solid: list[_Token]) -> Iterator[int]:
    for at, token in enumerate(solid):
        if token.text == "export" and token.kind == "word":
            yield next(place for place in range(at, len(solid)) if solid[place].role)


def _look_out(solid: list[_Token], inner: list[_Scope]) -> None:
    """Tells every stretch which names in it are from further out."""
    for at, token in enumerate(solid):
        if not token.role:
            continue
        declaring = inner[at].declaring(token.text)
        passed: _Scope | None = inner[at]
        while passed is not None and passed is not declaring:
            passed.seen.add((declaring.start if declaring else _FREE, token.text))
            passed = passed.outer


def _shorten(scope: _Scope, by_start: dict[int, _Scope], exported: set[str]) -> None:
    """Gives out names that mean nothing else in this stretch, in order: stretches that do alike then look alike."""
    taken = {by_start[start].short.get(name, name) if start in by_start else name for start, name in scope.seen}
    kept = exported if scope.outer is None else set()
    free = (name for name in _short_names() if name not in taken | kept)
    for name in scope.names:
        scope.short[name] = name if name in kept else next(free)


def _shorten_private(solid: list[_Token]) -> None:
    """Gives out names anew for each class, in order; what stands within another class may say its names, too."""
    end = -1
    for at, token in enumerate(solid):
        if token.opens == "class" and at > end:
            end, short = token.pair, defaultdict[str, str](_short_names().__next__)
        if token.kind == "private":
            token.text = f"#{short[token.text]}"


def _short_names() -> Iterator[str]:
    for length in (1, 2, 3):
        for letters in product(_LETTERS, repeat=length):
            if "".join(letters) not in _WORDS:
                yield "".join(letters)
