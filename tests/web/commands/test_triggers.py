"""Which trigger would speak, asked at the shell without a browser."""

from pathlib import Path

import pytest

from tests.shell import parlour

TUESDAY = ("--at", "tuesday 10:00")


def explained(site: Path, *words: str) -> list[str]:
    told = parlour("explain", "triggers", "--site", str(site), *TUESDAY, *words)
    assert told.exit_code == 0, told.output
    return told.output.splitlines()


def test_the_trigger_that_speaks_comes_first_with_its_words_and_its_reasons(site: Path):
    told = explained(site, "--page", "/demo/pricing", "--fact", "time_on_page=40s", "--agents", "1", "--language", "de")
    assert told[:5] == [
        "pricing_help speaks: Fragen zu den Preisen? Ich kann helfen oder jemanden dazuholen.",
        "  yes      page is /demo/pricing* or page is /demo/de/pricing* (/demo/pricing)",
        "  yes      on this page at least 30s (40s)",
        "  yes      opening hours: open (open)",
        "  yes      agents available at least 1 (1)",
    ]


def test_of_the_others_it_is_told_what_stands_against_them(site: Path):
    told = explained(site, "--page", "/demo/pricing", "--fact", "time_on_page=40s", "--agents", "1")
    assert told[5:7] == ["pricing_assistant stays quiet", "  no       agents available less than 1 (1)"]
    assert "leaving_cart stays quiet" in told and "  unknown  device: desktop" not in told, "the page decides that"


def test_what_nobody_has_said_is_unknown_and_can_be_said(site: Path):
    told = explained(site, "--page", "/demo/catalogue", "--fact", "scroll=70%")
    at = told.index("tea_advice stays quiet")
    assert told[at + 1] == "  unknown  on this site at least 45s"
    assert told[-1] == "Say what is unknown:  --fact time_on_site=…"
    both = explained(site, "--page", "/demo/catalogue", "--fact", "scroll=70%", "--fact", "time_on_site=1m")
    assert both[0].startswith("tea_advice speaks: ")
    assert not both[-1].startswith("Say")


def test_of_two_that_are_ready_one_speaks(site: Path):
    (site / "triggers" / "more.yaml").write_text(
        "triggers:\n"
        "  low: {say: Low, when: {page: /demo/cart}, priority: 10}\n"
        "  high: {start: prices, when: {page: /demo/cart}, for: 90s}\n"
        "  off: {say: Off, enabled: false}\n"
    )
    told = explained(site, "--page", "/demo/cart")
    assert "high speaks after 90s: the first words of the flow prices" in told
    assert "low is ready, but one with a higher priority was ready, too" in told
    assert "off is switched off" in told


def test_what_is_said_counts_more_than_what_would_be_so(site: Path):
    words = ("--page", "/demo/pricing", "--fact", "time_on_page=40s", "--fact", "opening_hours=closed")
    assert explained(site, *words)[0].startswith("pricing_closed speaks: ")


@pytest.mark.parametrize(
    ("fact", "ready", "unsaid"),
    [
        ("visits=3", ["back", "third"], ""),
        ("returning=no", ["first"], ""),
        ("returning=yes", ["back"], "Say what is unknown:  --fact visits=…"),
        ("scroll=10%", ["first"], ""),
    ],
)
def test_how_often_somebody_was_here_and_whether_they_return_is_one_thing(
    tmp_path: Path, fact: str, ready: list[str], unsaid: str
):
    (tmp_path / "site.yaml").write_text(
        "site: {name: Shop}\n"
        "triggers:\n"
        "  back: {when: {returning: true}, say: Back}\n"
        "  third: {when: {visits: 3}, say: Third}\n"
        "  first: {unless: {returning: true}, say: First}\n"
    )
    told = explained(tmp_path, "--fact", fact)
    heads = {line.split()[0]: line for line in told if not line.startswith(" ")}
    assert [name for name in ("back", "third", "first") if " stays quiet" not in heads[name]] == ready
    assert (told[-1] if told[-1].startswith("Say") else "") == unsaid


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        (("--fact", "scrol=70%"), "parlour: --fact scrol=70%: there is no fact 'scrol' — did you mean 'scroll'?\n"),
        (("--at", "noon"), "parlour: 'noon' is no moment. Write '2026-03-04 10:00' or 'sunday 11:00'.\n"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(site: Path, words: tuple[str, str], instead: str):
    told = parlour("explain", "triggers", "--site", str(site), *words)
    assert (told.exit_code, told.output) == (1, instead)
