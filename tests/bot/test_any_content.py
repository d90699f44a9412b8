"""Whatever stands in a file: a site or problems, never an accident."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.site import load_files
from bot.site.sections import SECTIONS
from rules.problems import shown

RIGHT = """\
site: {name: Teahouse, languages: [en, de], timezone: Europe/Berlin}
opening_hours:
  default:
    mon-sun: 09:00-18:00
    except: {2026-12-24: closed}
departments:
  sales: {title: Sales, if_no_answer: {after: 60s}}
widget: {color: "#0a7d4b", greeting: {en: Hello, de: Hallo}}
conversation: {start: welcome, phrases: {human: [a person]}}
attributes:
  contact: {plan: {type: choice, choices: [free, team]}}
responses:
  ship: {shortcut: /ship, text: "Hi {{ contact.name | default: \\"you\\" }}"}
triggers:
  help:
    when: {page: /tea*, time_on_page: at least 20s}
    unless: {contact.plan: team}
    say: May I help?
    buttons: [Yes please: start welcome, No thanks: dismiss]
    limit: {per_day: 1, gap: 2h}
manners: {per_visit: 2}
flows:
  welcome:
    steps:
      - say: [Hello!, Welcome!]
      - collect: email
        ask: Your address?
        retries: 1
      - id: menu
        buttons: What is it about?
        save_as: topic
        options:
          - Prices
          - Other: back
      - branch:
          - if: topic is "Prices"
            then: [{say: "We are cheap, {{ email }}."}]
          - else: end
      - handoff: sales
        note: |
          Topic: {{ topic | default: "none" }}
"""
PIECES = st.sampled_from(
    [*"{}[]\"'#&*!|>%@`:-,?\t\n \u00a0\\", ": ", "- ", "{{ ", " }}", "\n\t", "\n   ", "null", "[[", "<<: ", "9" * 20]
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.one_of(st.just(""), PIECES, st.text(max_size=5))),
    min_size=1,
    max_size=5,
)


def edited(text: str, edits: list[tuple[float, int, str]]) -> str:
    for where, length, piece in edits:
        at = int(where * len(text))
        text = text[:at] + piece + text[at + length :]
    return text


def assert_told(files: dict[str, str | bytes]) -> None:
    loaded = load_files(files)
    assert (loaded.site is None) == any(problem.level == "error" for problem in loaded.problems)
    for problem in loaded.problems:
        assert str(problem) and shown(problem, loaded.files.get(problem.place.file))


def test_the_unharmed_file_is_right() -> None:
    assert load_files({"site.yaml": RIGHT}).problems == ()


@given(EDITS)
@settings(max_examples=300, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_with_slips_of_the_hand(edits: list[tuple[float, int, str]]) -> None:
    assert_told({"site.yaml": edited(RIGHT, edits)})


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
@settings(max_examples=100, derandomize=True, database=None)
def test_a_file_of_anything(content: str | bytes) -> None:
    assert_told({"site.yaml": "site: {name: T}\n", "other.yaml": content})


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["say", "steps", "flows", "collect", "when", "id", "a", "default", "en", "then"]),
                inner,
                max_size=3,
            ),
        ),
        max_leaves=12,
    ),
    st.sampled_from(SECTIONS),
)
@settings(max_examples=120, derandomize=True, database=None)
def test_a_section_that_holds_anything(content: object, section: str) -> None:
    assert_told({"de.yaml": json.dumps({section: {"x": content, "default": content}}), "s.yaml": "site: {name: T}\n"})
    assert_told({"de.yaml": json.dumps({section: content})})
