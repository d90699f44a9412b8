"""A message against few rules and against many, in one process: what the number of rules costs.

    python -m bench.rules

Both lists are made alike: words, beginnings, typos, phrases, all of several words, patterns. Prints the medians and
their ratio, and exits with 1 when it is higher than it may be.
"""

import random
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from rules.document import read
from rules.facts import Scope
from rules.nodes import Map
from rules.problems import Problem
from rules.rule import Rule
from rules.rule_reading import read_rules
from rules.rulebook import Rulebook, Standing
from rules.schema import Walker

FEW, MANY = 50, 5_000
A_FILE = 500
AT_MOST = 3.0
MESSAGES = 400
ROUNDS = 7
LETTERS = "aaeeiioubcdfghklmnprstvz"
KINDS = (
    "words: [{a}, {b}]",
    'words: ["{a:.4}*", "{b:.5}*"]',
    "words: [{a}, {b}], typos: 2",
    "phrases: [where is {a}, {b} please]",
    "all_words: [{a}, {b}]",
    "pattern: '\\b{a:.6}[a-z]*\\s+[0-9]{{2,4}}'",
    "words: [{a} {b}], typos: 1",
    "words: [{a}, {b}]",
)


def main() -> int:
    """Measures both in turn, prints, and returns 1 when the ratio is missed, else 0."""
    chance = random.Random(7)
    rulebooks = {count: Rulebook(rule for text in files(count) for rule in rules_in(text)) for count in (FEW, MANY)}
    said = [message(chance, vocabulary()) for _ in range(MESSAGES)]
    seconds: dict[int, list[float]] = {count: [] for count in rulebooks}
    for _ in range(ROUNDS):
        for count, book in rulebooks.items():  # Alternating, so that the machine's moods meet both alike.
            seconds[count].append(time_of(book, said))
    micros = {count: statistics.median(times) / MESSAGES * 1e6 for count, times in seconds.items()}
    for count, each in micros.items():
        print(f"{count:>6} rules: {each:7.1f} µs a message")
    ratio = micros[MANY] / micros[FEW]
    held = ratio <= AT_MOST
    print(f"{'held  ' if held else 'MISSED'}  {MANY:,} rules / {FEW} rules: {ratio:.2f} (at most {AT_MOST:g})")
    return int(not held)


@cache
def vocabulary() -> tuple[str, ...]:
    """Returns the words there are."""
    chance = random.Random(5)
    return tuple("".join(chance.choices(LETTERS, k=chance.randint(4, 10))) for _ in range(20_000))


def files(count: int) -> Iterator[str]:
    """Yields the files of a site with so many rules, of every kind the same share."""
    chance = random.Random(count)
    for first in range(0, count, A_FILE):
        lines = [line(number, chance) for number in range(first, min(first + A_FILE, count))]
        yield "\n".join(["rules:", *lines])


def line(number: int, chance: random.Random) -> str:
    """Returns one rule as it stands in a file."""
    match = KINDS[number % len(KINDS)].format(a=chance.choice(vocabulary()), b=chance.choice(vocabulary()))
    return f"  rule_{number}: {{match: {{{match}}}, answer: Yes., once_per: message}}"


def rules_in(text: str) -> Iterable[Rule]:
    """Returns the rules of a file; ends with what is wrong in it."""
    problems: list[Problem] = []
    document = read(text, "rules.yaml", problems)
    section = document.get("rules") if isinstance(document, Map) else None
    rules = read_rules(section, Scope(inside="rule"), Walker(problems)).values()
    if problems:
        sys.exit(str(problems[0]))
    return rules


def message(chance: random.Random, words_there_are: Sequence[str]) -> str:
    """Returns what somebody may write: ten words, one of them misspelt."""
    words = chance.choices(words_there_are, k=10)
    place = chance.randrange(len(words[0]))
    words[0] = words[0][:place] + chance.choice(LETTERS) + words[0][place + 1 :]
    return f"{' '.join(words[:5])}, {' '.join(words[5:])} 42?"


def time_of(book: Rulebook, said: Iterable[str]) -> float:
    """Returns the processor time that all messages take."""
    standing = Standing("en", "en")
    began = time.process_time()
    for text in said:
        book.heard(text, lambda: standing)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main())
