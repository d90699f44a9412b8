"""What a serving process makes of files that are saved and of what others deploy; each process is a `Content` here."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.database import Database
from bot.site.loading import load_files
from bot.versions import SiteVersions
from web.content import BrokenSite, Content

SITE = """\
site: {name: One}
flows:
  hello:
    steps:
      - say: Hello
      - collect: email
"""


class Process:
    """One that serves: its clock moves with each look, so that everything which is at rest is seen to be."""

    def __init__(self, database: Database, folder: Path, clock: Any, *, watch: bool = True):
        self.sites = SiteVersions(database, now=clock)
        self.told: list[str | None] = []
        self.content = Content(folder, self.sites, watch=watch)
        self.content.on_change = lambda: self.told.append(self.content.problem)
        self.content.start()
        self._seconds = count()

    @property
    def serves(self) -> str:
        return self.sites.current.name

    def looks(self) -> "Process":
        """Looks until everything has settled, at the files and at what the database says."""
        for _ in range(3):
            self.content.look_again(next(self._seconds))
        self.content.look_at_pointer()
        return self


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "site"
    made.mkdir()
    (made / "site.yaml").write_text(SITE)
    return made


@pytest.fixture
def start(open_database: Callable[[], Database], folder: Path, clock: Any) -> Callable[..., Process]:
    return lambda **options: Process(open_database(), options.pop("folder", folder), clock, **options)


def save(folder: Path, name: str) -> None:
    (folder / "site.yaml").write_text(SITE.replace("One", name))


def whys(process: Process) -> list[str]:
    """The history, the oldest first."""
    return [each.why for each in reversed(process.sites.deployments.page())]


def go_back(process: Process) -> None:
    """What `parlour rollback` does, in a process that serves nothing."""
    deployments = process.sites.deployments
    newest = deployments.newest()
    assert newest is not None
    before = deployments.before(newest)
    assert before is not None
    loaded = process.sites.load(before.version)
    assert loaded and loaded.site
    deployments.add(loaded.site, loaded.files, why="rolled back", by="ann", after=newest.number)


def test_a_saved_change_is_a_deployment_and_every_process_follows(start: Callable[..., Process], folder: Path):
    one, another = start(), start(watch=False)
    save(folder, "Two")
    assert (one.looks().serves, another.looks().serves) == ("Two", "Two")
    assert whys(one) == ["saved", "saved"]


def test_of_several_who_watch_one_folder_one_alone_deploys_a_change(start: Callable[..., Process], folder: Path):
    several = [start() for _ in range(3)]
    for name in ("Two", "Three"):
        save(folder, name)
        assert [each.looks().serves for each in several] == [name] * 3
    assert whys(several[0]) == ["saved"] * 3


def test_a_mistake_changes_nothing_anywhere_until_it_is_mended(start: Callable[..., Process], folder: Path):
    one, another = start(), start()
    (folder / "site.yaml").write_text(SITE.replace("collect: email", "colect: email"))
    for each in (one, another):
        assert each.looks().serves == "One"
        assert each.content.problem is not None and "site.yaml:6:9" in each.content.problem
        assert each.told[-1] == each.content.problem
    (folder / "site.yaml").write_text(SITE)
    assert [each.looks().content.problem for each in (one, another)] == [None, None]
    assert whys(one) == ["saved"]


def test_files_that_are_still_being_written_are_not_taken(start: Callable[..., Process], folder: Path):
    one = start()
    halves = ["site: {name: Half}\n", "flows: {hello: {steps: [{say: Hello}]}}\n"]
    (folder / "site.yaml").write_text(halves[0])
    one.content.look_again(10.0)
    one.content.look_again(10.3)
    (folder / "site.yaml").write_text("".join(halves))
    one.content.look_again(10.6)
    assert one.serves == "One"
    one.content.look_again(11.1)
    assert one.serves == "Half" and "hello" in one.sites.current.flows
    assert whys(one) == ["saved", "saved"], "of the half that was right by itself nothing was taken"


def test_what_is_written_again_while_it_is_read_is_not_taken(
    start: Callable[..., Process], folder: Path, monkeypatch: pytest.MonkeyPatch
):
    import web.content

    one, load = start(), web.content.load

    def slowly(directory: Path) -> Any:
        loaded = load(directory)
        monkeypatch.setattr(web.content, "load", load)
        save(folder, "Three")
        return loaded

    save(folder, "Two two")
    monkeypatch.setattr(web.content, "load", slowly)
    assert one.looks().looks().serves == "Three"
    assert whys(one) == ["saved", "saved"]


def test_who_goes_back_is_followed_though_the_newer_files_lie_there(start: Callable[..., Process], folder: Path):
    one, another = start(), start()
    save(folder, "Two")
    one.looks()
    go_back(one)
    assert [each.looks().serves for each in (one, another)] == ["One", "One"]
    assert start().looks().serves == "One", "also after a start"
    assert whys(one) == ["saved", "saved", "rolled back"]
    save(folder, "Three")
    assert [each.looks().serves for each in (one, another)] == ["Three", "Three"]


def test_after_going_back_a_saved_file_with_the_same_content_is_no_change(start: Callable[..., Process], folder: Path):
    one = start()
    save(folder, "Two")
    one.looks()
    go_back(one)
    (folder / "site.yaml").write_text("broken: [")
    assert one.looks().content.problem
    save(folder, "Two")
    assert (one.looks().serves, one.content.problem) == ("One", None)


def test_files_that_went_back_themselves_may_come_again(start: Callable[..., Process], folder: Path):
    one = start()
    save(folder, "Two")
    one.looks()
    go_back(one)
    save(folder, "One")
    assert one.looks().serves == "One"
    save(folder, "Two")
    assert one.looks().serves == "Two"


def test_a_folder_that_moved_is_not_taken_for_a_change(start: Callable[..., Process], folder: Path):
    one = start()
    save(folder, "Two")
    one.looks()
    go_back(one)
    moved = folder.rename(folder.parent / "moved")
    assert start(folder=moved).looks().serves == "One"


def test_without_watching_nothing_is_taken_from_the_folder(start: Callable[..., Process], folder: Path):
    start()
    quiet = start(watch=False)
    save(folder, "Two")
    assert (quiet.looks().serves, quiet.content.problem) == ("One", None)
    assert start(watch=False).serves == "One"


@pytest.mark.parametrize("files", [{}, {"site.yaml": "site: ["}])
def test_without_watching_an_empty_or_broken_folder_is_no_hindrance(
    start: Callable[..., Process], tmp_path: Path, files: dict[str, str]
):
    start()
    other = tmp_path / "other"
    other.mkdir()
    for name, text in files.items():
        (other / name).write_text(text)
    quiet = start(folder=other, watch=False)
    assert (quiet.serves, quiet.content.problem) == ("One", None)


def test_without_watching_the_first_content_is_taken_from_the_folder(start: Callable[..., Process]):
    assert start(watch=False).serves == "One"
    assert start(watch=False).serves == "One"


def test_what_was_saved_while_nobody_served_is_taken_at_the_start(start: Callable[..., Process], folder: Path):
    start()
    save(folder, "Two")
    assert start().serves == "Two"


def test_a_site_that_never_ran_has_to_be_without_errors(start: Callable[..., Process], folder: Path):
    (folder / "site.yaml").write_text("site: [")
    with pytest.raises(BrokenSite, match=r"site\.yaml"):
        start()


def test_content_whose_stored_files_were_lost_is_taken_from_the_folder_again(start: Callable[..., Process], clock: Any):
    one = start()
    one.sites.bundles.forget([one.sites.current.version], before=clock.at.replace(year=2030))
    again = start()
    assert again.looks().serves == "One"
    assert again.content.problem is None
    assert again.sites.bundles.files(again.sites.current.version)


@pytest.fixture
def unusable(start: Callable[..., Process], clock: Any, open_database: Callable[[], Database]) -> Iterator[Process]:
    """A process that serves while a version is deployed that this program cannot run."""
    process = start(watch=False)
    deployments = SiteVersions(open_database(), now=clock).deployments
    right = load_files({"site.yaml": SITE.replace("One", "Newer")})
    assert right.site is not None
    deployments.add(right.site, {"site.yaml": "site: {colour: red}"}, why="deployed", by="ann", after=1)
    yield process


def test_a_version_this_program_cannot_run_leaves_the_running_one_alone_and_is_told(unusable: Process):
    assert unusable.looks().serves == "One"
    assert unusable.content.problem is not None and "cannot be run here" in unusable.content.problem
    go_back(unusable)
    assert (unusable.looks().serves, unusable.content.problem) == ("One", None)


def test_at_the_start_it_gives_way_to_the_last_one_that_can_be_run(unusable: Process, start: Callable[..., Process]):
    again = start(watch=False)
    assert again.serves == "One"
    assert again.content.problem is not None and "cannot be run here" in again.content.problem


def test_a_change_that_could_not_be_written_is_taken_later(
    start: Callable[..., Process], folder: Path, monkeypatch: pytest.MonkeyPatch
):
    one = start()
    add, fails = one.sites.deployments.add, iter([True, False])

    def now_and_then(*words: Any, **more: Any) -> Any:
        if next(fails):
            raise OperationalError("", {}, Exception("the database is away"))
        return add(*words, **more)

    monkeypatch.setattr(one.sites.deployments, "add", now_and_then)
    save(folder, "Two")
    one.content.look_again(1.0)
    one.content.look_again(2.0)
    assert one.serves == "One"
    assert one.looks().serves == "Two"
