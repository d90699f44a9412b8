"""Reads a condition written in one line: `if: scroll > 50 and not known contact.email`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rules.comparisons import TEXT_OPS, Unfit, Written, comparable, compared, pattern_advice, words_for
from rules.conditions import IR, TRUE, all_of, any_of, negated
from rules.facts import ORDERED, Fact, Scope, known_in_browser
from rules.nodes import Node, Scalar, Unreadable
from rules.problems import Problem, error, warning

LONGEST_LINE = 120
"""A longer condition is easier to read in its structured form."""
LONGEST_AT_ALL = 2_000
DEEPEST = 20
"""More conditions than this inside one another are refused."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>>=|<=|!=|==|=>|=<|<>|=|>|<|!|&&|\|\||[&|](?=\s))
      | (?P<mark>[()\[\],])
      | (?P<word>[^\s()\[\],"'=!<>][^\s()\[\],"=!<>]*)
      | (?P<rest>\S)
    )""",
    re.VERBOSE,
)
_SIGNS = {"=": "is", "!=": "not", ">": "more_than", ">=": "at_least", "<": "less_than", "<=": "at_most"}
_FOREIGN = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or", "!": "not", "&": "and", "|": "or"}
_OTHER_WORDS = {"und": "and", "oder": "or", "nicht": "not", "et": "and", "ou": "or", "y": "and", "o": "or", "e": "and"}
"""What joins conditions in other languages."""
_IR_OPS = {"is": "is", "at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}
_WORDING_SIGNS = {"at least": ">=", "at most": "<=", "more than": ">", "less than": "<"}
_KEYWORDS = frozenset({"and", "or", "not", "known", "is", "in", "contains", "starts", "ends", "matches", "with"})
_OPERATOR_WORDS = ("is", "in", "contains", "starts", "ends", "matches")
_OPERATOR_HELP = "is, is not, =, !=, >, >=, <, <=, in, not in, contains, starts with, ends with or matches"


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["text", "sign", "mark", "word", "rest", "end"]
    text: str
    at: int

    def is_word(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


class _Unreadable(Exception):
    """The line cannot be read on from here; carries what to say about it and where."""

    def __init__(self, message: str, at: int, write: str | None = None) -> None:
        super().__init__(message)
        self.at, self.write = at, write


def parse_if(node: Node, scope: Scope, problems: list[Problem]) -> IR:
    """Returns the condition a line stands for; what is wrong is reported and counts as true."""
    if isinstance(node, Unreadable):
        return TRUE
    if not isinstance(node, Scalar) or not node.text.strip():
        message = "'if' is a condition in one line, like  scroll > 50 and device is mobile"
        problems.append(error("K006", node.place, message))
        return TRUE
    if len(node.text) > LONGEST_AT_ALL:
        message = f"a condition of {len(node.text)} characters is too long for one line; write it below 'when'"
        problems.append(error("K006", node.place, message))
        return TRUE
    if len(node.text) > LONGEST_LINE:
        message = f"a condition of {len(node.text)} characters is easier to read below 'when', a line for each part"
        problems.append(Problem("K008", "info", node.place, message))
    try:
        return _Line(node, scope, problems).read()
    except _Unreadable as wrong:
        problems.append(error("K006", node.place_at(wrong.at), str(wrong), write=wrong.write))
        return TRUE


class _Line:
    """One line on its way from tokens to a condition."""

    def __init__(self, node: Scalar, scope: Scope, problems: list[Problem]) -> None:
        self.node, self.scope, self.problems = node, scope, problems
        self.tokens = _tokens(node.text)
        self.next = 0
        self.depth = 0

    def read(self) -> IR:
        condition = self._or()
        token = self._peek()
        if token.kind != "end":
            raise self._unexpected(token)
        return condition

    def _or(self) -> IR:
        parts = [self._and()]
        while self._took("or"):
            parts.append(self._and())
        return any_of(parts)

    def _and(self) -> IR:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return all_of(parts)

    def _not(self) -> IR:
        if self._peek().is_word("nicht") and self.scope.find("nicht") is None:
            raise self._foreign(self._peek())
        return negated(self._test()) if self._took("not") else self._test()

    def _test(self) -> IR:
        token = self._peek()
        if token.kind == "mark" and token.text == "(":
            return self._bracket()
        if self._took("known"):
            fact = self._fact("known")
            return ("known", fact.name) if fact else TRUE
        fact = self._fact(None)
        op = self._operator()
        if op is None:
            return self._bare(fact, token)
        return self._comparison(fact, op)

    def _bracket(self) -> IR:
        self.next += 1
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Unreadable("there are too many brackets inside one another", self._peek().at)
        condition = self._or()
        token = self._peek()
        if not (token.kind == "mark" and token.text == ")"):
            raise _Unreadable("a bracket is opened and not closed: ')' is missing", token.at)
        self.next += 1
        self.depth -= 1
        return condition

    def _bare(self, fact: Fact | None, token: _Token) -> IR:
        if fact is None:
            return TRUE
        if fact.type not in ("yes_no", "any"):
            following = self._peek()
            if following.is_word(*_OTHER_WORDS):
                raise self._foreign(following)
            if following.kind == "word" and not following.is_word("and", "or"):
                message = f"'{following.text}' does not compare '{fact.name}'; there are {_OPERATOR_HELP}"
                raise _Unreadable(message, following.at)
            message = f"'{fact.name}' is {words_for(fact)}, so it needs a comparison"
            raise _Unreadable(message, token.at, f"{fact.name} is …")
        return ("is", fact.name, True)

    def _fact(self, after: str | None) -> Fact | None:
        token = self._peek()
        if token.kind != "word" or token.is_word(*_KEYWORDS):
            where = f"after '{after}' " if after else ""
            raise self._unexpected(token, f"{where}a fact is expected, like scroll or page")
        self.next += 1
        return self.scope.resolve(token.text, self.node.place_at(token.at), self.problems)

    def _operator(self) -> str | None:
        token = self._peek()
        if token.kind == "sign":
            if token.text in _FOREIGN:
                raise self._foreign(token)
            self.next += 1
            return _SIGNS[token.text]
        if self._took("is"):
            return "not" if self._took("not") else "is"
        if self._took("in"):
            return "in"
        if token.is_word("not") and self.tokens[self.next + 1].is_word("in"):
            self.next += 2
            return "not in"
        for word in ("starts", "ends"):
            if self._took(word):
                self._took("with")
                return word
        return next((word for word in ("contains", "matches") if self._took(word)), None)

    def _comparison(self, fact: Fact | None, op: str) -> IR:
        if fact is not None and fact.type in ORDERED:
            self._refuse_wording(op)
        values = self._list(op) if op in ("in", "not in") else [self._value(op)]
        if fact is None:
            return TRUE
        opposite, op = op.startswith("not"), {"not": "is", "in": "is", "not in": "is"}.get(op, op)
        others = [(token, other) for token, _, other in values if other is not None]
        parts = [self._with_fact(fact, op, other, token) for token, other in others]
        if literals := [(token, written) for token, written, other in values if other is None]:
            parts.insert(0, self._with_literals(fact, op, literals))
        return negated(any_of(parts)) if opposite else any_of(parts)

    def _refuse_wording(self, op: str) -> None:
        """Raises for `visits is at least 3`, which is how it is written below `when`."""
        token, more = self._peek(), self.tokens[min(self.next + 1, len(self.tokens) - 1)]
        said = f"{token.text} {more.text}".lower()
        if token.kind == "word" and said in _WORDING_SIGNS:
            sign, line = _WORDING_SIGNS[said], self.node.text
            start = line[: token.at].rstrip().removesuffix("is").rstrip()
            better = f"if: {start} {sign} {line[more.at + len(more.text) :].strip()}" if op == "is" else None
            raise _Unreadable(f"'{said}' is written '{sign}' in one line", token.at, better)

    def _with_literals(self, fact: Fact, op: str, literals: list[tuple[_Token, Written]]) -> IR:
        for token, written in literals:
            if advice := pattern_advice(op, [written]):
                self.problems.append(warning("K010", self.node.place_at(token.at), advice))
            if not written.quoted and written.text.lower() == "known":
                raise _Unreadable("'known' stands in front of the fact", token.at, f"known {fact.name}")
            if isinstance(read := compared(fact, op, [written]), Unfit):
                self.problems.append(
                    error("K006", self.node.place_at(token.at), read.message, write=self._mended(token, read.write))
                )
                return TRUE
        together = compared(fact, op, [written for _, written in literals])
        return TRUE if isinstance(together, Unfit) else together

    def _mended(self, token: _Token, better: str | None) -> str | None:
        if better is None:
            return None
        text = self.node.text
        return f"if: {text[: token.at]}{better}{text[token.at + len(token.text) :]}"

    def _with_fact(self, fact: Fact, op: str, other: Fact, token: _Token) -> IR:
        place = self.node.place_at(token.at)
        if op in TEXT_OPS:
            message = f"'{op}' compares with a text, not with another fact; put '{other.name}' in quotes if it is one"
            self.problems.append(error("K006", place, message))
        elif not comparable(fact, other):
            message = f"'{fact.name}' is {words_for(fact)} and '{other.name}' is {words_for(other)}: they never compare"
            self.problems.append(error("K006", place, message))
        elif op != "is" and not {fact.type, other.type} <= ORDERED:
            self.problems.append(error("K006", place, f"'{fact.name}' and '{other.name}' have no more and less"))
        elif self.scope.inside == "trigger" and known_in_browser(fact.name) != known_in_browser(other.name):
            # Sent to the page, the comparison would give away what only the server is to know.
            ours, theirs = (other, fact) if known_in_browser(fact.name) else (fact, other)
            message = f"'{ours.name}' stays on the server and '{theirs.name}' is known in the page"
            self.problems.append(error("K006", place, f"{message}, so a trigger cannot compare them"))
        else:
            return ("cmp", _IR_OPS[op], fact.name, other.name)
        return TRUE

    def _list(self, op: str) -> list[tuple[_Token, Written, Fact | None]]:
        token = self._peek()
        if not (token.kind == "mark" and token.text == "["):
            raise self._unexpected(token, f"after '{op}' a list is expected, like [de, en]")
        self.next += 1
        values = [self._value(op)]
        while self._took_mark(","):
            values.append(self._value(op))
        if not self._took_mark("]"):
            raise _Unreadable("a list is opened and not closed: ']' is missing", self._peek().at)
        return values

    def _value(self, after: str) -> tuple[_Token, Written, Fact | None]:
        token = self._peek()
        if token.kind == "text":
            self.next += 1
            return token, Written(re.sub(r"\\(.)", r"\1", token.text[1:-1]), quoted=True), None
        if token.kind != "word" or token.is_word("and", "or"):
            shown_op = {"more_than": ">", "less_than": "<", "at_least": ">=", "at_most": "<="}.get(after, after)
            raise self._unexpected(token, f"after '{shown_op}' a value is expected")
        self.next += 1
        words = [token.text]
        while (more := self._peek()).kind == "word" and not more.is_word("and", "or"):
            words.append(more.text)
            self.next += 1
        joined = " ".join(words)
        if len(words) > 1:
            self._refuse_joint(token, words)
        if len(words) == 1:
            fact = self.scope.find(joined)
            return token, Written(joined), fact if fact is not None and fact.in_this_version else None
        if not re.match(r"-?[0-9]", joined):
            raise _Unreadable("a text of several words needs quotes", token.at, f'"{joined}"')
        return _Token("word", joined, token.at), Written(joined), None

    def _refuse_joint(self, token: _Token, words: list[str]) -> None:
        """Raises for `language = de oder page = /x`, where the text ends before the word that joins it to the next."""
        place = self.tokens.index(token)
        following = self.tokens[place + len(words)]
        for at, word in enumerate(words[1:], start=1):
            joint, compares = self.tokens[place + at], following.kind == "sign" or following.is_word(*_OPERATOR_WORDS)
            if _OTHER_WORDS.get(word.lower()) in ("and", "or") and (compares or at == 1):
                raise self._foreign(joint)
            if compares and at == len(words) - 2:
                raise _Unreadable(f"'{word}' joins nothing here; parts are joined by 'and' or 'or'", joint.at)

    def _foreign(self, token: _Token) -> _Unreadable:
        """Returns what to say of a sign or word of other languages, with the whole line as it is written here."""
        words = {**_FOREIGN, **_OTHER_WORDS}
        meant = words[token.text.lower()]
        line, at = "", 0
        for each in self.tokens:
            is_joint = each.text == token.text if each.kind == "word" else each.kind == "sign"
            if is_joint and each.text.lower() in words:
                right = words[each.text.lower()]
                before = self.node.text[at : each.at]
                apart = " " if right.isalpha() else ""
                line += f"{before}{apart if before[-1:].strip() else ''}{right}"
                at = each.at + len(each.text)
                line += apart if self.node.text[at : at + 1].strip() else ""
        line = (line + self.node.text[at:]).strip()
        return _Unreadable(f"'{token.text}' is written '{meant}' here", token.at, line)

    def _peek(self) -> _Token:
        return self.tokens[self.next]

    def _took(self, word: str) -> bool:
        if not self._peek().is_word(word):
            return False
        self.next += 1
        return True

    def _took_mark(self, mark: str) -> bool:
        token = self._peek()
        if token.kind != "mark" or token.text != mark:
            return False
        self.next += 1
        return True

    def _unexpected(self, token: _Token, expected: str | None = None) -> _Unreadable:
        if token.kind == "end":
            return _Unreadable(f"the line ends too early{': ' + expected if expected else ''}", token.at)
        if token.kind == "sign" and token.text in _FOREIGN:
            return self._foreign(token)
        if token.kind == "rest":
            return _Unreadable(f"a quote {token.text} is opened and not closed", token.at)
        if token.is_word(*_OTHER_WORDS):
            return self._foreign(token)
        if expected:
            return _Unreadable(f"{expected}, not '{token.text}'", token.at)
        return _Unreadable(f"'{token.text}' is not expected here; parts are joined by 'and' or 'or'", token.at)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text.rstrip()):
        kind = match.lastgroup or "rest"
        found.append(_Token(kind, match[kind], match.start(kind)))  # type: ignore[arg-type]
    return [*found, _Token("end", "", len(text)), _Token("end", "", len(text))]
