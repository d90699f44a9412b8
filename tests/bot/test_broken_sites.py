"""Every mistake that is known: `tests/worlds/broken` has a file for each, and beside it what is said about it.

A broken file is read together with the right ones in `around/`. Its name begins with the code it is about; `site_…`
stands in for the right `site.yaml`, `…_de` is read as `de.yaml`.
"""

from pathlib import Path

import pytest

from bot.site import load_files

WORLD = Path(__file__).parent.parent / "worlds" / "broken"
BROKEN = sorted(WORLD.glob("*.yaml"))


def files_around(broken: Path) -> dict[str, bytes]:
    right = {f"around/{path.name}": path.read_bytes() for path in sorted((WORLD / "around").glob("*.yaml"))}
    if broken.stem.startswith("site_"):
        del right["around/site.yaml"]
    return right


def told(broken: Path) -> list[str]:
    name = "de.yaml" if broken.stem.endswith("_de") else broken.name
    loaded = load_files({**files_around(broken), name: broken.read_bytes()})
    assert (loaded.site is None) == any(problem.level == "error" for problem in loaded.problems)
    return [f"{problem.level} {problem.code} {problem}" for problem in loaded.problems]


def test_what_stands_around_the_mistakes_is_right() -> None:
    loaded = load_files(files_around(Path("none.yaml")))
    assert loaded.problems == () and loaded.site is not None


@pytest.mark.parametrize("broken", BROKEN, ids=lambda path: path.stem)
def test_every_mistake_is_told_in_full(broken: Path) -> None:
    expected = broken.with_suffix(".txt").read_text().splitlines()
    assert told(broken) == expected


@pytest.mark.parametrize("broken", BROKEN, ids=lambda path: path.stem)
def test_the_mistake_that_a_file_is_called_after_is_among_what_is_told(broken: Path) -> None:
    code = broken.stem.removeprefix("site_")[:4].upper()
    if code[1:].isdigit():
        assert any(f" {code} " in line for line in told(broken))


@pytest.mark.parametrize("broken", BROKEN, ids=lambda path: path.stem)
def test_no_message_has_words_of_the_machine(broken: Path) -> None:
    for line in told(broken):
        for word in ("None", "dict", "NoneType", "Scalar", "yaml.", "invalid", "Traceback", "mapping"):
            assert word not in line


def test_every_file_cut_short_anywhere_is_a_problem_or_a_site_but_never_an_accident() -> None:
    for path, content in files_around(Path("none.yaml")).items():
        for length in range(0, len(content), 7):
            loaded = load_files({**files_around(Path("none.yaml")), path: content[:length]})
            assert (loaded.site is None) == any(problem.level == "error" for problem in loaded.problems)
