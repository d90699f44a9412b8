"""Which rules' words are in a message: the index finds exactly what looking at every rule by itself would find."""

import itertools
import unicodedata

import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from rules.matching.index import Index
from rules.matching.masks import masked, stretches_of
from rules.matching.match import Match
from rules.matching.misspelt import MisspeltWords
from rules.matching.numbers import numbers_in
from rules.matching.patterns import PatternProblem, Patterns, compiled
from rules.matching.words import Message, NotWords, WantedWord, spans_of, wanted
from rules.phrases import normalised

LETTERS = "abcdeüß"
WORD = st.text(LETTERS, min_size=1, max_size=10)
SAID = st.lists(WORD, max_size=12).map(" ".join)


def said_words(text):
    return normalised(text).split()


def fits(entry, word):
    """The slow reference, written by what the documentation says."""
    if entry.endswith("*"):
        return word.startswith(normalised(entry[:-1]))
    return word == normalised(entry)


def stands_in(entry, words, typos):
    parts = entry.split()
    return any(
        all(is_meant(part, words[start + n], typos) for n, part in enumerate(parts))
        for start in range(len(words) - len(parts) + 1)
    )


def is_meant(part, word, typos):
    if fits(part, word):
        return True
    known = normalised(part)
    if part.endswith("*") or len(known) < 4 or not typos:
        return False
    return OSA.distance(known, word) <= (typos if len(known) >= 8 else 1)


def slowly(rules, text):
    """Returns the numbers of the rules that match, and those that match as a whole."""
    words = said_words(text)
    found, whole = set(), set()
    for number, (lists, pattern, typos) in enumerate(rules):
        if any(
            len(entry.split()) == len(words) and stands_in(entry, words, typos) for entry in lists.get("phrases", ())
        ):
            whole.add(number)
        some = any(stands_in(entry, words, typos) for entry in lists.get("words", ()))
        every = lists.get("all_words") and all(stands_in(entry, words, typos) for entry in lists["all_words"])
        if some or every or number in whole or (pattern and compiled(pattern).search(text)):
            found.add(number)
    return found, whole


ENTRY = st.lists(WORD, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from([" ".join(words), " ".join(words) + "*", "* ".join(words)])
)
RULE = st.tuples(
    st.dictionaries(
        st.sampled_from(["words", "all_words", "phrases"]), st.lists(ENTRY, min_size=1, max_size=3), max_size=3
    ),
    st.sampled_from([None, None, r"a+b", r"\bcd|dc\b", r"ü.?a", r"^e"]),
    st.integers(0, 2),
)


@settings(max_examples=150)
@given(st.lists(RULE, max_size=12), SAID)
@example([({"words": ["abcdabcd"]}, None, 2)], "bacdabdc")
@example([({"words": ["abcdabcde"]}, None, 2)], "bcdabcd")
@example([({"phrases": ["ab*"]}, None, 0), ({"phrases": ["ab"]}, None, 0)], "abc")
def test_the_index_finds_what_looking_at_every_rule_finds(rules, text):
    matches = [
        Match(
            **{name: tuple(wanted(entry, typos) for entry in entries) for name, entries in lists.items()},
            pattern=pattern,
        )
        for lists, pattern, typos in rules
    ]
    found = Index(matches).find(Message(text))
    assert (set(found), {number for number, how in found.items() if how.whole}) == slowly(rules, text)


@settings(max_examples=100)
@given(st.lists(st.tuples(WORD, st.integers(0, 2)), max_size=20), WORD)
def test_misspelt_words_are_found_as_comparing_with_every_one_finds_them(known, said):
    near = MisspeltWords()
    typos = {}
    for word, most in known:
        near.add(word, most)
        typos[word] = max(most, typos.get(word, 0))
    assert set(near.near(said)) == {word for word, most in typos.items() if OSA.distance(word, said) <= most}


@pytest.mark.parametrize(
    ("entry", "typos", "message", "is_there"),
    [
        ("refund", 0, "I want a REFUND!", True),
        ("refund", 0, "refunds please", False),
        ("refund*", 0, "Refundable?", True),
        ("money back", 0, "give me my money-back guarantee", True),
        ("money back", 0, "back to the money", False),
        ("e-mail", 0, "my E-Mail is gone", True),
        ("don't", 0, "I dont know", True),
        ("größe", 0, "Welche GRÖSSE passt?", True),
        ("idiot", 1, "you idoit", True),
        ("idiot", 1, "you idiots", True),
        ("idiot", 0, "you idoit", False),
        ("shut up", 1, "just shutt up", True),
        ("now", 2, "not", False),
        ("2024", 2, "2025", False),
        ("complaint", 2, "complait", True),
        ("complaint", 1, "compalit", False),
    ],
)
def test_words_are_found_as_people_write_them(entry, typos, message, is_there):
    assert Message(message).has(wanted(entry, typos)) is is_there


@pytest.mark.parametrize(
    ("entry", "code"), [("*", "R003"), (" ** ", "R003"), ("pa*rk", "K006"), ("*park", "K006"), ("'", "R003")]
)
def test_a_star_stands_at_the_end_of_a_word_and_never_alone(entry, code):
    with pytest.raises(NotWords) as told:
        wanted(entry)
    assert told.value.code == code


def test_only_longer_words_without_digits_may_be_misspelt():
    assert wanted("lost parcels no2 no*", 2) == (
        WantedWord("lost", typos=1),
        WantedWord("parcels", typos=1),
        WantedWord("no2"),
        WantedWord("no", begins=True),
    )


@settings(max_examples=150)
@given(st.text(max_size=40))
@example("≮ a")
@example("don’t stop")
@example("ŉa")
def test_every_word_is_found_where_it_stands_or_nowhere_at_all(text):
    spans = spans_of(text)
    words = Message(text).words
    assert words == normalised(text).split()
    if spans is not None and any(unicodedata.category(letter)[0] in "LNM" for word in words for letter in word):
        assert len(spans) == len(words)
        for word, (start, end) in zip(words, spans, strict=True):
            assert word in normalised(text[start:end]).split()


# Masks


def mask(text, match, instead="[…]"):
    return masked(text, [(stretch, instead) for stretch in stretches_of(Message(text), match)])


CARD = Match(pattern=r"\b(?:[0-9][ -]?){13,16}\b")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("my card is 4111 1111 1111 1111, thanks", "my card is […], thanks"),
        ("4111111111111111 or 5500-0000-0000-0004", "[…] or […]"),
        ("4111111111111111", "[…]"),
    ],
)
def test_what_a_pattern_finds_is_taken_out(text, kept):
    assert mask(text, CARD) == kept


GROUPS = ("4111", "1111", "1111", "1111")
IBAN = ("DE89", "3704", "0044", "0532", "0130", "00")
BETWEEN = {
    "nothing": "",
    "a space": " ",
    "spaces": "  ",
    "a tab": "\t",
    "a line": "\n",
    "a space and a line": " \r\n",
    "a space that does not break": "\u00a0",
    "a thin space": "\u2009",
    "a space without width": "\u200b",
    "a joiner without width": "\u2060",
    "a soft hyphen": "\u00ad",
    "a hyphen": "-",
    "a hyphen that does not break": "\u2011",
    "a dash": "–",
    "a dash with spaces": " — ",
    "a minus": "−",
    "a dot": ".",
    "a raised dot": "·",
    "a slash": "/",
    "a line below": "_",
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN.keys())
@pytest.mark.parametrize(("number", "groups"), [("credit_card", GROUPS), ("iban", IBAN)])
def test_a_number_is_taken_out_whatever_stands_between_its_groups(number, groups, between):
    written = between.join(groups)
    assert mask(f"It is {written}, thanks", Match(number=number)) == "It is […], thanks"
    assert mask(f"x{written}x", Match(number=number)) == "x[…]x"
    assert mask(f"_{written}_", Match(number=number)) == "_[…]_"


@pytest.mark.parametrize(
    ("number", "text", "kept"),
    [
        ("credit_card", "４１１１１１１１１１１１１１１１", "[…]"),
        ("credit_card", "٤١١١ ١١١١ ١١١١ ١١١١", "[…]"),
        ("credit_card", "4\ufe0f\u20e31\ufe0f\u20e3" + "1\ufe0f\u20e3" * 14, "[…]\ufe0f\u20e3"),
        ("credit_card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "[…]"),
        ("credit_card", "41 11 11 11 11 11 11 11", "[…]"),
        ("credit_card", "4111 1111-1111 1111", "[…]"),
        ("credit_card", "4111 1111 1111 1111 12/27 123", "[…] 12/27 123"),
        ("credit_card", "on 12 4111 1111 1111 1111", "on 12 […]"),
        ("credit_card", "4111 1111 1111 1111\n5500 0000 0000 0004", "[…]"),
        ("credit_card", "4111111111111111, 5500000000000004", "[…], […]"),
        ("credit_card", "3782 822463 10005 or 3056 930902 5904", "[…] or […]"),
        ("credit_card", "2223000048400011 6011000990139424 3530111333300000", "[…]"),
        ("credit_card", "4000 0000 0000 0000 006", "[…]"),
        ("iban", "IBAN:ＤＥ８９３７０４００４４０５３２０１３０００", "IBAN:[…]"),
        ("iban", "IBANde89370400440532013000", "IBAN[…]"),
        ("iban", "D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", "[…]"),
        ("iban", "DE89 3704 0044 0532 0130 00 at the bank", "[…] at the bank"),
        ("iban", "nl91 abna 0417 1643 00 or GB29 NWBK 6016 1331 9268 19", "[…] or […]"),
        ("iban", "NO93 8601 1117 947, MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[…], […]"),
        ("iban", "FR14 2004 1010 0505 0001 3M02 606", "[…]"),
    ],
)
def test_a_number_is_taken_out_with_all_its_digits_and_no_others(number, text, kept):
    assert mask_if_found(text, number) == kept


@pytest.mark.parametrize(
    "text",
    [
        "+49 151 23456789 or +49 (0)30 1234567",
        "0049 151 23456789, 4915123456789",
        "030 12345678 / 0171 1234567",
        "order 4500 1234 5678 of 27.11.2026",
        "order 4111 1111 1111 1112",
        "27.11.2026 - 30.11.2026, 25.12.2026-06.01.2027",
        "2026-11-27 10:00 - 2026-11-28 12:00",
        "2026-11-27 2026-11-28 2026-11-29",
        "25.00 24.50 23.90 26.10 28.20 22.40 39.90",
        "4006381333931 and 4012345678901",
        "356938035643809",
        "550e8400-e29b-41d4-a716-446655440000",
        "DE89 3704 0044 0532 0130 01",
        "at 10 people came, be 32 475 12 34 56, no 49 151 2345 6780",
    ],
)
def test_phone_numbers_orders_prices_and_dates_stay(text):
    assert mask_if_found(text, "credit_card") == mask_if_found(text, "iban") == text


def mask_if_found(text, number):
    match = Match(number=number)
    return mask(text, match) if Index([match]).find(Message(text)) else text


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from([*GROUPS, *IBAN, "41", "1", "４", " ", "-", "x", "\u200b"]), max_size=40).map("".join),
    st.sampled_from(["credit_card", "iban"]),
)
def test_once_numbers_were_taken_out_none_is_left(text, number):
    stretches = numbers_in(text, number)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(stretches))
    assert numbers_in(masked(text, [(each, "[…]") for each in stretches]), number) == []


def test_words_are_taken_out_with_all_their_letters_and_no_others():
    rude = Match(words=(wanted("idiot", 1), wanted("shut up")))
    assert mask("Shut UP, you Idoit! Not an idealist.", rude) == "[…], you […]! Not an idealist."


def test_a_whole_phrase_and_a_rule_without_a_match_take_all_of_it():
    assert mask("Secret word", Match(phrases=(wanted("secret word"),))) == "[…]"
    assert mask("anything", None) == "[…]"


def test_what_several_masks_find_is_replaced_once():
    assert masked("a 123 b", [((2, 5), "[x]"), ((2, 5), "[x]"), ((3, 5), "[y]")]) == "a [x] b"


@settings(max_examples=80)
@given(st.text("ab1 -", max_size=40))
def test_nothing_that_a_mask_finds_is_left(text):
    digits = compiled(r"[0-9]+")
    if digits.search(text):
        assert digits.search(mask(text, Match(pattern=r"[0-9]+"))) is None


# Patterns


@pytest.mark.parametrize(
    ("pattern", "code", "told"),
    [
        (r"(?<![0-9])[0-9]{4}", "R002", "look-behind"),
        (r"refund(?= now)", "R002", "look-ahead"),
        (r"(\w+) \1", "R002", "refers back"),
        (r"(?P<x>a)(?P=x)", "R002", "refers back"),
        (r"(?>a+)b", "R002", "forbids going back"),
        (r"a++b", "R002", "forbids going back"),
        (r"(refund", "R002", r"a ( in this pattern is not closed"),
        (r"[refund", "R002", r"a [ in this pattern is not closed"),
        (r"*refund", "R002", "nothing before a *"),
        (r"\q", "R002", "has no meaning"),
        (r"a{2000}", "R002", "repeats too much"),
        (r"(?:(?:\pL{100}){9}x){1,1}", "R002", "too large"),
        ("x" * 1001, "R002", "1,001 characters"),
        (r".*", "R003", "every message"),
        (r".", "R003", "every message"),
        (r"\w", "R003", "every message"),
        (r"refund|", "R003", "every message"),
        (r"x[^\s\S]", "R003", "no message"),
        (r"refund$now", "R003", "no message"),
        (r"now^refund", "R003", "no message"),
    ],
)
def test_a_pattern_that_cannot_be_run_or_says_nothing_is_refused_with_a_sentence(pattern, code, told):
    with pytest.raises(PatternProblem) as problem:
        compiled(pattern)
    assert (problem.value.code, told in problem.value.message) == (code, True), problem.value.message


@pytest.mark.parametrize(
    "pattern", [r"\Bing\b", r"^refund", r"now$", r"[A-Z]{2}-[0-9]{6}", r"(?i)x", r"[(?=]", r"\(\?=", r"a\++", r"€"]
)
def test_an_ordinary_pattern_is_taken(pattern):
    assert compiled(pattern)


def test_a_look_at_the_edge_of_a_word_is_told_as_that_edge():
    with pytest.raises(PatternProblem) as told:
        compiled(r"(?<!\d)[0-9]{5}(?!\d)")
    assert told.value.write == r"\b[0-9]{5}\b"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(\w+\s?)*$x?!", "aaaaaaaaaa " * 900 + "!"),
        (r"^(a+)+b$", "a" * 10_000),
        (r"(x+x+)+y", "x" * 10_000),
        (r"(?:[a-z]{1,30}[0-9]{1,30}){1,10}!", "ab12" * 2_500),
        (r"(.*)*(.*)*(.*)*z!", "a" * 10_000),
    ],
)
def test_no_pattern_can_hold_up_the_chat_whatever_is_written(pattern, text):
    """An engine that goes back to try otherwise would not come to the end of this in years."""
    assert list(Patterns({0: pattern, 1: "[ab1x]"}).found_in(text)) == [1]
    assert masked(text, [(stretch, "") for stretch in stretches_of(Message(text), Match(pattern=pattern))]) == ""


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=60))
def test_patterns_together_find_what_each_finds_alone(text):
    several = {3: r"[a-f]+x?", 5: r"[0-9]{2}", 8: r"ü|é", 9: r"\bno\b"}
    alone = {number for number, pattern in several.items() if compiled(pattern).search(text.encode(errors="replace"))}
    assert set(Patterns(several).found_in(text)) == alone


@pytest.mark.parametrize("when", ["when they are joined", "while they are looked for"])
def test_without_memory_for_all_patterns_together_each_is_looked_for_by_itself(when, monkeypatch):
    if when == "when they are joined":
        monkeypatch.setattr("rules.matching.patterns.MOST_MEMORY", 10_000)
    patterns = Patterns({4: "ab+c", 7: "[0-9]{3,90}", 8: "ü"})
    if when == "when they are joined":
        assert patterns._together is None
    else:
        # One that gave up finds nothing, not even what fits everything.
        patterns._together = re2.Set.SearchSet()
        patterns._together.Add("nothing of this")
        patterns._together.Compile()
    assert set(patterns.found_in("abbc, 1234")) == {4, 7}
