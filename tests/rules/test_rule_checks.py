"""What `check` says of rules together is so: no message is answered by a rule that it calls shaded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.document import read
from rules.facts import Scope
from rules.rule_checks import NameQuestion, check_rules
from rules.rule_reading import read_rules
from rules.rulebook import Rulebook, Standing
from rules.schema import Walker


def rules_of(text):
    problems = []
    walker = Walker(problems, ("en", "de"))
    rules = read_rules(read(text, "r.yaml", problems).get("rules"), Scope(inside="rule"), walker)
    assert [str(problem) for problem in problems] == []
    return list(rules.values())


WORD = st.sampled_from(["park", "parking", "car", "place"])
ENTRY = st.lists(WORD, min_size=1, max_size=2).map(" ".join).flatmap(lambda w: st.sampled_from([w, f"{w}*"]))
RULE = st.dictionaries(
    st.sampled_from(["words", "all_words", "phrases"]), st.lists(ENTRY, min_size=1, max_size=2), min_size=1, max_size=2
)
SAID = st.lists(st.sampled_from(["park", "parking", "car", "cars", "place", "places", "x"]), max_size=5).map(" ".join)


@settings(max_examples=150)
@given(RULE, RULE, st.integers(0, 1), st.integers(0, 1), st.lists(SAID, min_size=20, max_size=20))
def test_a_rule_in_the_shade_of_another_answers_nothing(first, second, typos, more, said):
    lines = [
        f"  {name}: {{match: {{{', '.join(f'{key}: {list_}' for key, list_ in match.items())}, typos: {n}}},"
        " answer: Yes., once_per: message}"
        for name, match, n in (("first", first, typos), ("second", second, more))
    ]
    rules = rules_of("rules:\n" + "\n".join(lines))
    shaded = [problem for problem in check_rules(rules, ()) if problem.code == "R001"]
    assert all("'second' never answers" in problem.message for problem in shaded)
    for text in said if shaded else ():
        chosen = Rulebook(rules).heard(text, lambda: Standing("en", "en")).speaking("none")
        assert chosen is None or chosen.rule.id == "first"


@pytest.mark.parametrize(
    "second",
    [
        "{match: {words: [parking lot]}, answer: No.}",
        "{match: {phrases: [is there parking]}, answer: No.}",
        "{match: {all_words: [parking, car]}, answer: No.}",
        "{match: {words: [parking]}, when: {visits: 1}, answer: No.}",
        "{match: {words: [parking]}, scope: bot_idle, answer: No.}",
    ],
)
def test_these_are_in_the_shade(second):
    rules = rules_of(f"rules:\n  first: {{match: {{words: [parking]}}, answer: Yes.}}\n  second: {second}")
    assert [problem.code for problem in check_rules(rules, ())] == ["R001"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{match: {words: [parking]}, answer: Yes.}", "{match: {words: [parking, car]}, answer: No.}"),
        ("{match: {words: [parking]}, answer: Yes.}", "{match: {words: [parking], typos: 1}, answer: No.}"),
        ("{match: {words: [parking]}, answer: Yes.}", "{match: {words: [parking]}, answer: No., scope: always}"),
        ("{match: {words: [parking]}, answer: Yes.}", "{match: {words: [parking]}, tag: car}"),
        ("{match: {words: [parking]}, answer: Yes.}", "{match: {pattern: parking}, answer: No.}"),
        ("{match: {words: [parking]}, when: {visits: 1}, answer: Yes.}", "{match: {words: [parking]}, answer: No.}"),
        ("{match: {words: [parking], language: de}, answer: Yes.}", "{match: {words: [parking]}, answer: No.}"),
        ("{when: {visits: 1}, answer: Yes.}", "{match: {words: [parking]}, answer: No.}"),
    ],
)
def test_these_are_not(first, second):
    codes = [problem.code for problem in check_rules(rules_of(f"rules:\n  first: {first}\n  second: {second}"), ())]
    assert codes == []


def test_a_single_word_as_a_phrase_may_be_somebodys_name():
    rules = rules_of("rules:\n  max: {match: {phrases: [max]}, answer: XXL.}")
    assert [each.code for each in check_rules(rules, [NameQuestion("welcome", "name")])] == ["R004"]
    assert list(check_rules(rules, [])) == []
    two = rules_of("rules:\n  max: {match: {phrases: [largest size], words: [max]}, answer: XXL.}")
    assert list(check_rules(two, [NameQuestion("welcome", "name")])) == []
