"""How YAML is read: what values mean, what is refused, what is said about mistakes."""

import tracemalloc

import pytest

from rules.document import plain, read
from rules.nodes import Map, Node, Scalar
from rules.problems import Problem


def read_all(text: str | bytes) -> tuple[Node | None, list[Problem]]:
    problems: list[Problem] = []
    return read(text, "shop.yaml", problems), problems


def told(text: str | bytes) -> list[str]:
    return [f"{problem.code} {problem}" for problem in read_all(text)[1]]


def value_of(text: str) -> object:
    node, problems = read_all(text)
    assert problems == []
    return plain(node)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("10:00", "10:00"),
        ("09:00", "09:00"),
        ("0123", "0123"),
        ("+4912", "+4912"),
        ("1_000", "1_000"),
        ("2026-12-24", "2026-12-24"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("12345678901234567", "12345678901234567"),
        ("42", 42),
        ("-7", -7),
        ("1.5", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("'42'", "42"),
        ('"true"', "true"),
    ],
)
def test_a_value_means_what_people_mean_by_it(written: str, meant: object) -> None:
    assert value_of(f"key: {written}\n") == {"key": meant}


def test_on_and_no_are_keys_like_any_other() -> None:
    assert value_of("on: page\nno: thanks\n") == {"on": "page", "no": "thanks"}


def test_a_number_keeps_the_text_it_was_written_as() -> None:
    node, _ = read_all("version: 1.10\n")
    assert isinstance(node, Map)
    version = node.get("version")
    assert isinstance(version, Scalar)
    assert (version.value, version.text, version.quoted) == (1.1, "1.10", False)


def test_every_value_knows_its_place() -> None:
    node, _ = read_all("a:\n  - b: hello\n    grüße: [x, y]\n")
    assert isinstance(node, Map)
    places = {}

    def walk(here: Node) -> None:
        if isinstance(here, Scalar):
            places[here.text] = (here.place.line, here.place.column, here.end.column)
        for entry in here.entries if isinstance(here, Map) else ():
            walk(entry[0])
            walk(entry[1])
        for item in getattr(here, "items", ()):
            walk(item)

    walk(node)
    assert places == {
        "a": (1, 1, 2),
        "b": (2, 5, 6),
        "hello": (2, 8, 13),
        "grüße": (3, 5, 10),
        "x": (3, 13, 14),
        "y": (3, 16, 17),
    }


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("say: hi {{ x }}", (1, 9)),
        ('say: "hi {{ x }}"', (1, 10)),
        ("say: 'hi {{ x }}'", (1, 10)),
        ("say: 'it''s {{ x }}'", (1, 13)),
        (r'say: "\"hi\" \u00e9 {{ x }}"', (1, 21)),
        ("say: |\n  hi\n\n  there {{ x }}", (4, 9)),
        ("say: |-\n    {{ x }}", (2, 5)),
        ("say: >\n  hi\n  {{ x }}", (1, 6)),
        ("say: hi\n  {{ x }}", (1, 6)),
    ],
)
def test_a_place_inside_a_text_can_be_pointed_at(written: str, place: tuple[int, int]) -> None:
    node, _ = read_all(written + "\n")
    assert isinstance(node, Map)
    say = node.get("say")
    assert isinstance(say, Scalar)
    at = say.place_at(say.text.index("{{"))
    assert (at.line, at.column) == place


def test_windows_lines_a_byte_order_mark_and_line_separators_do_not_matter() -> None:
    assert value_of("\ufeffa: 1\r\nb:\r\n  c: x\u2028y\r\n") == {"a": 1, "b": {"c": "x y"}}
    assert told("a: 1\rb: 2\r\na: 3\n") == [
        "Y003 shop.yaml:3:1: 'a' appears twice (first on line 1); the second one would silently win"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n- say: {{ name }} thanks",
            '2:1: a text that starts with {{ must be in quotes — write  - say: "{{ name }} thanks"',
        ),
        ("say: {{ name }}", '1:1: a text that starts with {{ must be in quotes — write  say: "{{ name }}"'),
        ("say: @here", '1:1: a text that starts with @ must be in quotes — write  say: "@here"'),
        ("say: %d left", '1:1: a text that starts with % must be in quotes — write  say: "%d left"'),
        ("say: `code`", '1:1: a text that starts with ` must be in quotes — write  say: "`code`"'),
        ("say: *now* or never", '1:1: a text that starts with * must be in quotes — write  say: "*now* or never"'),
        ("say: & more", '1:1: a text that starts with & must be in quotes — write  say: "& more"'),
        ("say: - x", '1:1: a text that starts with - must be in quotes — write  say: "- x"'),
        ("say: > 50 people", '1:1: a text that starts with > must be in quotes — write  say: "> 50 people"'),
        ("say: [Hi] there\nb: 1", '1:1: a text that starts with [ must be in quotes — write  say: "[Hi] there"'),
        ("say: Hello: friend", "1:1: a text with ': ' in it must be in quotes — write  say: \"Hello: friend\""),
        ("say: “Hello: friend”", "1:1: a text with ': ' in it must be in quotes — write  say: \"Hello: friend\""),
        ('say: "Hi" she said', "1:1: a text that begins with a quote must end with it — write  say: '\"Hi\" she said'"),
        (
            "say: 'It's nice'",
            "1:1: the ' inside of this text ends it; it must be in other quotes — write  say: \"It's nice\"",
        ),
        (
            'say: "He said "hi" to me"',
            '1:1: the " inside of this text ends it; it must be in other quotes — write  say: \'He said "hi" to me\'',
        ),
        (
            "say: 'It''s Ann's'",
            "1:1: the ' inside of this text ends it; it must be in other quotes — write  say: \"It's Ann's\"",
        ),
        (
            'say: "Hi" she said, "bye"',
            '1:1: a text that begins with a quote must end with it — write  say: \'"Hi" she said, "bye"\'',
        ),
        ('say: "Hi\nb: 1', '1:6: the quote " that opens here is not closed on this line — write  say: "Hi"'),
        ("say: 'It''s\nb: 1", "1:6: the quote ' that opens here is not closed on this line — write  say: 'It''s'"),
        ("    say: @x  # why", '1:5: a text that starts with @ must be in quotes — write  say: "@x"  # why'),
    ],
)
def test_quotes_that_are_missing_are_pointed_out_with_the_line_to_write(text: str, expected: str) -> None:
    assert told(text + "\n") == [f"Y001 shop.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("when: {visits: >3}", '16: a text that starts with > must be in quotes — write  when: {visits: ">3"}'),
        ("when: {page: *}", '14: a text that starts with * must be in quotes — write  when: {page: "*"}'),
        (
            "options: ['Don't know', 'It's ok', 'It''s fine']",
            "11: the ' inside of this text ends it; it must be in other quotes"
            " — write  options: [\"Don't know\", \"It's ok\", 'It''s fine']",
        ),
        (
            'say: {en: "Hi" there, de: x}  # both',
            "11: a text that begins with a quote must end with it — write  say: {en: '\"Hi\" there', de: x}  # both",
        ),
        (
            "options: [Price?, {{ x }}, {a: [b]}]",
            '19: a text that starts with {{ must be in quotes — write  options: [Price?, "{{ x }}", {a: [b]}]',
        ),
        (
            "options: [a, hi {{ x }}: end]",
            '14: a text like this must be in quotes inside of [ ] and { } — write  options: [a, "hi {{ x }}": end]',
        ),
        (
            "say: {en: Note: closed, de: Zu, no: 10:30}",
            "11: a text with ': ' in it must be in quotes — write  say: {en: \"Note: closed\", de: Zu, no: 10:30}",
        ),
    ],
)
def test_a_text_in_brackets_is_put_in_quotes_where_it_needs_them(text: str, expected: str) -> None:
    node, problems = read_all(f"{text}\nb: 1\nb: 2\n")
    assert [f"{problem.code} {problem}" for problem in problems[:-1]] == [f"Y001 shop.yaml:1:{expected}"]
    assert isinstance(node, Map) and plain(node.get("b")) == 1


@pytest.mark.parametrize(
    ("text", "expected", "meant"),
    [
        ("- say: x\n  -say: y", ["3:3: a space is missing after '-' — write  - say: y"], [{"say": "x"}, {"say": "y"}]),
        (
            "-say: x\n  -say: y",
            [
                "2:3: a space is missing after '-' — write  - say: x",
                "3:3: a space is missing after '-' — write  - say: y",
            ],
            [{"say": "x"}, {"say": "y"}],
        ),
        (
            "-collect: x\n    ask: y",
            ["2:3: a space is missing after '-' — write  - collect: x"],
            [{"collect": "x", "ask": "y"}],
        ),
        ("-\tsay: x", ["2:4: a tab stands after '-'; YAML wants a space there — write  - say: x"], [{"say": "x"}]),
        (
            "- say: |\n      Hi: x\n     you\n     there",
            [
                "4:6: this line belongs to the text that begins above in column 7; begin it there too",
                "5:6: this line belongs to the text that begins above in column 7; begin it there too",
            ],
            [{"say": "Hi: x\nyou\nthere\n"}],
        ),
        (
            "- say: >\n    Hello: there\n    you\n    all\n    id: x",
            ["3:5: a text after > must be indented further than its key, two spaces more"],
            [{"say": "Hello: there you all\n", "id": "x"}],
        ),
        (
            '- say: "C:\\path"\n  - say: {en: "it\'s C:\\path"}',
            [
                "2:13: there is a \\ in this text that means nothing between \"…\"; use '…' instead, or write it twice"
                " — write  - say: 'C:\\path'",
                "3:23: there is a \\ in this text that means nothing between \"…\"; use '…' instead, or write it twice"
                ' — write  - say: {en: "it\'s C:\\\\path"}',
            ],
            [{"say": "C:\\path"}, {"say": {"en": "it's C:\\path"}}],
        ),
    ],
)
def test_what_stands_wrong_in_a_list_is_told_and_read_as_it_was_meant(
    text: str, expected: list[str], meant: object
) -> None:
    node, problems = read_all(f"a:\n  {text}\nb: 1\nb: 2\n")
    assert [str(problem) for problem in problems[:-1]] == [f"shop.yaml:{line}" for line in expected]
    assert plain(node) == {"a": meant, "b": 1}


@pytest.mark.parametrize(
    ("text", "line", "meant"),
    [
        (
            "- say: Open at 9:00.\n    On Sundays at 10:30. Please note: parking is free.\n    Come in!",
            3,
            "Open at 9:00. On Sundays at 10:30. Please note: parking is free. Come in!",
        ),
        ("- say: Open at 9:00.\n    Please note: parking is free.", 3, "Open at 9:00. Please note: parking is free."),
        ("- say: Open at 9:00.\n    Note: parking is free.", 3, "Open at 9:00. Note: parking is free."),
        ("- say: Hello,\n\n    it is 10:30: come", 4, "Hello, it is 10:30: come"),
    ],
)
def test_a_colon_in_a_text_over_several_lines_is_told_once_with_the_whole_text(
    text: str, line: int, meant: str
) -> None:
    node, problems = read_all(f"a:\n{text}\nb: 1\nb: 2\n")
    assert plain(node) == {"a": [{"say": meant}], "b": 1}
    assert [(problem.code, problem.place.line) for problem in problems[:-1]] == [("Y001", line)]
    assert problems[0].write == f'- say: "{meant}"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n b: 1\n  c: 2",
            "3:3: this line is indented to column 3 and belongs to nothing there — should it begin in column 2?",
        ),
        (
            "a:\n  b: 1\n c: 2",
            "3:2: this line is indented to column 2 and belongs to nothing there — should it begin in column 3?",
        ),
        (
            "s:\n  - say: x\n  retries: 2",
            "3:3: this line is indented to column 3 and belongs to nothing there — should it begin in column 5?",
        ),
        ("say:Hello\nb: 1", "1:4: a space is missing after 'say:' — write  say: Hello"),
        ("say: [a, b\nc: d", "1:6: the [ that opens here is not closed on this line — write  say: [a, b]"),
        ("say: {a: 1\nc: d", "1:6: the { that opens here is not closed on this line — write  say: {a: 1}"),
        (
            "a: 1\nsteps\nb: 2",
            "2:1: 'steps' has no ':', so it is neither a key with its value nor an item of a list — write  steps:",
        ),
        (
            "a: x\n- say: hi",
            "2:1: a list item ('- …') stands here among keys; is the key of the list missing above it?",
        ),
        (
            'a: "c:\\path"',
            "1:7: there is a \\ in this text that means nothing between \"…\"; use '…' instead, or write it twice"
            " — write  a: 'c:\\path'",
        ),
        ("? [a]\n: 1", "1:3: a list or a map stands here where the name of a key is expected"),
        ("a: [b,\n  c\nd: e", "3:2: the [ above is not closed with ] before this line"),
    ],
)
def test_a_broken_line_is_explained_in_plain_words(text: str, expected: str) -> None:
    assert told(text + "\n") == [f"Y006 shop.yaml:{expected}"]


def test_several_broken_lines_are_told_together_and_the_rest_is_still_read() -> None:
    node, problems = read_all("a:\n  - say: {{ x }} hi\n\t- say: @here\n  - say: Yes: no\nb: 1\nb: 2\n")
    assert plain(node) == {"a": [{"say": "{{ x }} hi"}, {"say": "@here"}, {"say": "Yes: no"}], "b": 1}
    assert [(problem.code, problem.place.line) for problem in problems] == [
        ("Y001", 2),
        ("Y005", 3),
        ("Y001", 3),
        ("Y001", 4),
        ("Y003", 6),
    ]


@pytest.mark.parametrize("right", ["'It''s ok'", "'Say ''Hi'' to me'", r'"\"Hi\" she said"', "'It''s ok'  # yes"])
def test_a_right_line_above_a_broken_one_is_not_accused(right: str) -> None:
    problems = read_all(f"a:\n  - say: {right}\n  - say: Yes: no\n  - say: 'Hi' she said\n")[1]
    assert [(problem.code, problem.place.line) for problem in problems] == [("Y001", 3), ("Y001", 4)]


def test_many_broken_lines_are_all_told_and_the_rest_is_still_read() -> None:
    node, problems = read_all("".join(f"k{number}: @x\n" for number in range(30)) + "b: 1\nb: 2\n")
    assert [problem.code for problem in problems] == ["Y001"] * 30 + ["Y003"]
    assert isinstance(node, Map) and plain(node.get("b")) == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  - say: [b,\n      c\n  - say: x", 4),
        ("  - say: {a: [b}\n  - say: x", 2),
        ("  - say: x\n  y: 1\n  - say: x", 3),
        ("  - x: 1\n    ? [a]\n  - say: x", 3),
    ],
)
def test_what_is_broken_in_no_known_way_is_left_out_and_the_rest_is_still_read(text: str, line: int) -> None:
    node, problems = read_all(f"a:\n{text}\nb: 1\nb: 2\n")
    assert [problem.place.line for problem in problems[:-1]] == [line]
    assert isinstance(node, Map) and plain(node)["a"][-1] == {"say": "x"} and plain(node)["b"] == 1
    assert problems[-1].code == "Y003"


def test_a_longer_text_may_hold_anything() -> None:
    text = "a: |\n  Note: {{ x }}\n  @here #1\n\tand a tab\nb: 1\n"
    assert value_of("a: |\n  Note: {{ x }}\n  @here #1\nb: 1\n") == {"a": "Note: {{ x }}\n@here #1\n", "b": 1}
    assert [line.split(":")[1] for line in told(text)] == ["4"], "the mistake is told, the longer text is left alone"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "say: Yes, we do! #1 shop",
            '1:6: visitors will only see "Yes, we do!": YAML treats " #1 shop" as a comment'
            ' — write  say: "Yes, we do! #1 shop"',
        ),
        (
            "- Order #7",
            '1:3: visitors will only see "Order": YAML treats " #7" as a comment — write  - "Order #7"',
        ),
        (
            "color: #0a7d4b",
            '1:8: \'color\' stays empty: YAML treats "#0a7d4b" as a comment — write  color: "#0a7d4b"',
        ),
    ],
)
def test_a_text_that_is_cut_by_a_comment_is_pointed_out(text: str, expected: str) -> None:
    assert f"Y002 shop.yaml:{expected}" in told(text + "\n")


def test_a_comment_is_no_mistake() -> None:
    assert value_of("a: some text # a comment\nb: x   #aligned\nc: 4 #per agent\nd: 'x' #y\ne: # later\n") == {
        "a": "some text",
        "b": "x",
        "c": 4,
        "d": "x",
        "e": None,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x hi", "1:4: '&x' is an anchor of YAML, and those are not used here — write  \"&x hi\""),
        ("a: *x", "1:4: '*x' is an alias of YAML, and those are not used here — write  \"*x\""),
        ("a: !include ../../etc/passwd", "1:4: '!include' is a tag of YAML, and those are not used here"),
        ("a: !!str 1", "1:4: '!!str' is a tag of YAML, and those are not used here"),
        (
            "a: !!python/object/apply:os.system ['true']",
            "1:4: '!!python/object/apply:os.system' is a tag of YAML, and those are not used here",
        ),
        ("a:\n  <<: {b: 1}", "2:3: '<<' merges one map into another in YAML; that is not used here"),
    ],
)
def test_anchors_aliases_and_tags_are_refused(text: str, expected: str) -> None:
    assert told(text + "\n") == [f"Y004 shop.yaml:{expected}"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a:\n\tb: 1", "2:1: this line is indented with a tab; YAML wants spaces, two for each level"),
        (
            "a:\n\u00a0 b: 1",
            "2:1: an invisible sign (U+00A0) stands where a space should be; delete it and type a space",
        ),
        (
            "b: 1\nsay:\u00a0Hello",
            "2:5: an invisible sign (U+00A0) stands where a space should be; delete it and type a space",
        ),
    ],
)
def test_tabs_and_invisible_spaces_are_named(text: str, expected: str) -> None:
    assert told(text + "\n") == [f"Y005 shop.yaml:{expected}"]


TABBED = "Y005 shop.yaml:{}: this line is indented with a tab; YAML wants spaces, two for each level"


@pytest.mark.parametrize("tab", [2, 4, 8])
def test_a_line_with_a_tab_and_spaces_hides_nothing_that_is_wrong_below(tab: int) -> None:
    lines = ["steps:", "  - say: Hi", "  - ask: How?", "    options:", "      - Yes", "      - No", "a: @x", "a: 2"]
    whole, others = read_all("\n".join(lines))
    assert [problem.code for problem in others] == ["Y001", "Y003"]
    for index, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if indent < tab:
            continue
        beginning = "\t" * (indent // tab) + " " * (indent % tab)
        changed = [*lines[:index], beginning + line.lstrip(), *lines[index + 1 :]]
        node, problems = read_all("\n".join(changed))
        assert [f"{problem.code} {problem}" for problem in problems[:1]] == [TABBED.format(f"{index + 1}:1")]
        assert problems[1:] == others, f"{tab}: {changed[index]!r}"
        assert node is not None and whole is not None and plain(node) == plain(whole)


def test_lines_that_are_indented_with_tabs_one_below_the_other_are_one_mistake() -> None:
    many = "".join(f"\tf{number}:\n\t\tsteps:\n\t\t  - say: Hi\n" for number in range(100))
    assert told(f"flows:\n{many}a:\n\tb: 1\nc: @x\n") == [
        "Y005 shop.yaml:2:1: lines 2 to 301 are indented with tabs; YAML wants spaces, two for each level",
        TABBED.format("303:1"),
        'Y001 shop.yaml:304:1: a text that starts with @ must be in quotes — write  c: "@x"',
    ]


def test_a_longer_text_that_is_indented_with_tabs_goes_along_and_keeps_tabs_of_its_own() -> None:
    node, problems = read_all("a:\n\tsay: |\n\t\tOne\n\t\t  two\nb: |\n  Three\n  \tfour\n")
    assert [problem.place.line for problem in problems] == [2]
    assert node is not None and plain(node) == {"a": {"say": "One\n  two\n"}, "b": "Three\n\tfour\n"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "Y009 shop.yaml:1:1: this file is empty; delete it or write a section into it"),
        ("  \n\n", "Y009 shop.yaml:1:1: this file is empty; delete it or write a section into it"),
        ("# later\n", "Y009 shop.yaml:1:1: this file holds comments only, so nothing of it is used"),
        (
            "- a\n",
            "Y009 shop.yaml:1:1: this file holds a list, not sections like 'flows:' or 'triggers:'"
            " with their content below",
        ),
        (
            "hello\n",
            "Y009 shop.yaml:1:1: this file holds a text, not sections like 'flows:' or 'triggers:'"
            " with their content below",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "Y009 shop.yaml:2:1: a second document begins here ('---'), and only the first would be read",
        ),
        (
            "a: x\0y\n",
            "Y008 shop.yaml:1:5: a control character (U+0000) stands here, which no text may hold; delete it",
        ),
        (
            b"a: 1\nb: caf\xe9\n",
            "Y008 shop.yaml:2:7: this letter is not in UTF-8; save the file as UTF-8"
            " (in the 'save as' window of your editor)",
        ),
        (
            "a: 1\n".encode("utf-16"),
            "Y008 shop.yaml:1:1: this file is saved as UTF-16; save it as UTF-8"
            " (in the 'save as' window of your editor)",
        ),
        ("n: " + "9" * 5_000 + "\n", "Y007 shop.yaml:1:4: this number has 5,000 digits; 100 at most"),
        ("[" * 5_000 + "]" * 5_000, "Y007 shop.yaml:1:201: this is nested more than 200 levels deep"),
        ("- a\n" * 200_000, "Y007 shop.yaml:50000:3: this file has more than 50,000 values; split it up"),
        ("a" * 50_000_000, "Y007 shop.yaml:1:1: this file is 50.0 MB; 1 MB at most, so split it up"),
        (b"a" * 1_500_000, "Y007 shop.yaml:1:1: this file is 1.5 MB; 1 MB at most, so split it up"),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_a_file_that_cannot_be_content_is_refused_in_one_sentence(text: str | bytes, expected: str) -> None:
    assert told(text) == [expected]


def test_a_bomb_of_aliases_is_refused_before_anything_is_built_from_it() -> None:
    bomb = "a0: &a0 lol\n" + "".join(
        f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
    )
    node, problems = read_all(bomb)
    assert {problem.code for problem in problems} == {"Y004"}
    assert len(str(plain(node))) < 1_000


@pytest.mark.parametrize(
    "text",
    [
        "[" + "a," * 490_000 + "]",
        "{a: " * 200_000,
        "a: " + "[" * 1_900 + "@]",
        "- " * 490_000,
        "- &a x\n" * 130_000,
        "a: @x\n" * 150_000,
        "a: @" + " " * 900_000 + "#x",
        "".join(" " * column + "a:\n" for column in range(1_300)),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_file_made_to_exhaust_a_reader_stays_within_bounds(text: str) -> None:
    tracemalloc.start()
    try:
        problems = read_all(text)[1]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0 < len(problems) <= 200
    assert peak < 100_000_000


def test_the_first_of_two_equal_keys_is_kept() -> None:
    assert plain(read_all("say: a\nask: b\nsay: c\n")[0]) == {"say": "a", "ask": "b"}
