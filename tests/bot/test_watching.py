"""When a saved file is noticed."""

from pathlib import Path

from bot.site.watching import Watch, changed, look


def test_changed_added_and_removed_files_are_named() -> None:
    before = {"site.yaml": (1, 10), "flows/a.yaml": (1, 10), "flows/b.yaml": (1, 10)}
    after = {"site.yaml": (1, 10), "flows/a.yaml": (2, 10), "flows/c.yaml": (1, 10)}
    assert changed(before, after) == {"flows/a.yaml", "flows/b.yaml", "flows/c.yaml"}
    assert changed(before, before) == frozenset()


def test_a_change_of_size_counts_even_if_the_time_is_the_same() -> None:
    assert changed({"site.yaml": (1, 10)}, {"site.yaml": (1, 11)}) == {"site.yaml"}


def test_a_file_is_noticed_once_it_is_at_rest_and_then_not_again() -> None:
    watch = Watch({"site.yaml": (1, 10)}, settle=1)
    assert watch.notice({"site.yaml": (1, 10)}, at=0) == frozenset()
    assert watch.notice({"site.yaml": (2, 5)}, at=1) == frozenset()
    assert watch.notice({"site.yaml": (3, 10)}, at=1.5) == frozenset(), "it is still being written"
    assert watch.notice({"site.yaml": (3, 10)}, at=2.4) == frozenset()
    assert watch.notice({"site.yaml": (3, 10)}, at=2.5) == {"site.yaml"}
    assert watch.notice({"site.yaml": (3, 10)}, at=9) == frozenset()


def test_a_change_that_is_taken_back_is_no_change() -> None:
    watch = Watch({"site.yaml": (1, 10)}, settle=1)
    assert watch.notice({"site.yaml": (2, 10)}, at=1) == frozenset()
    assert watch.notice({"site.yaml": (1, 10)}, at=2) == frozenset()
    assert watch.notice({"site.yaml": (1, 10)}, at=5) == frozenset()


def test_only_content_is_looked_at(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("site: {}\n")
    site = tmp_path / "site"
    for name in ("site.yaml", "flows/a.yaml", "flows/.a.yaml.swp", ".parlour/x.yaml", "notes.txt", ".hidden.yaml"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text("a: 1\n")
    (site / "link.yaml").symlink_to(outside)
    (site / "gone.yaml").symlink_to(site / "nowhere.yaml")
    assert list(look(site)) == ["site.yaml", "flows/a.yaml"]
