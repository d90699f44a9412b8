"""Which version is current, who made it so, what can be gone back to, and how long files are kept."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.database import Database
from bot.deployments import Deployment, Deployments, Overtaken
from bot.site.loading import Loaded, load_files
from bot.versions import KEPT, FlowGone, SiteVersions

FOLDER = "/srv/site"


def content(name: str) -> Loaded:
    return load_files({"site.yaml": f"site: {{name: {name}}}\nflows: {{hello: {{steps: [{{say: I am {name}}}]}}}}\n"})


class History:
    """Deploys small sites by their names, and calls their versions by them."""

    def __init__(self, sites: SiteVersions):
        self.sites = sites
        self.names: dict[str, str] = {}

    def deploy(self, name: str, why: Any = "deployed", source: str = "") -> Deployment:
        loaded = content(name)
        assert loaded.site is not None
        self.names[loaded.site.version] = name
        return self.sites.switch(loaded.site, loaded.files, why=why, by="ann", source=source)

    def name(self, deployment: Deployment | None) -> str | None:
        return self.names[deployment.version] if deployment else None

    def before(self) -> str | None:
        newest = self.sites.deployments.newest()
        assert newest is not None
        return self.name(self.sites.deployments.before(newest))


@pytest.fixture
def history(database: Database, clock: Any) -> History:
    return History(SiteVersions(database, now=clock))


def test_the_newest_deployment_says_what_is_current_to_every_process(
    history: History, open_database: Callable[[], Database], clock: Any
):
    other = Deployments(open_database(), now=clock)
    assert other.newest() is None
    history.deploy("one")
    made = history.deploy("two")
    assert other.newest() == made
    assert (made.number, made.by, made.why, made.at) == (2, "ann", "deployed", clock())
    assert history.sites.current.name == "two"


def test_of_two_who_switch_at_once_one_is_refused_and_nothing_of_it_is_kept(
    history: History, open_database: Callable[[], Database], clock: Any
):
    history.deploy("one")
    other = SiteVersions(open_database(), now=clock)
    mine, theirs = content("mine"), content("theirs")
    assert mine.site and theirs.site
    other.switch(theirs.site, theirs.files, after=1)
    with pytest.raises(Overtaken):
        history.sites.switch(mine.site, mine.files, after=1)
    assert history.sites.current.name == "one"
    newest = history.sites.deployments.newest()
    assert newest is not None and newest.version == theirs.site.version
    assert history.sites.bundles.files(mine.site.version) is None


def test_the_history_is_read_in_pages_the_newest_first(history: History):
    for number in range(7):
        history.deploy(f"site {number}")
    first = history.sites.deployments.page(most=3)
    second = history.sites.deployments.page(before=first[-1].number, most=3)
    assert [each.number for each in (*first, *second)] == [7, 6, 5, 4, 3, 2]


@pytest.mark.parametrize(
    ("done", "before"),
    [
        (["one"], None),
        (["one", "two"], "one"),
        (["one", "two", "two"], "one"),
        (["one", "two", "three", "back to two"], "one"),
        (["one", "two", "three", "back to two", "back to one"], None),
        (["one", "two", "three", "back to one", "four"], "one"),
        (["one", "two", "back to one", "two"], "one"),
    ],
)
def test_the_version_before_is_the_one_that_was_served_before(history: History, done: list[str], before: str | None):
    for step in done:
        back = step.startswith("back to ")
        history.deploy(step.removeprefix("back to "), "rolled back" if back else "saved")
    assert history.before() == before


def test_how_a_folder_was_taken_last_is_known_whatever_was_deployed_since(history: History):
    history.deploy("first", "saved")
    assert history.name(history.sites.deployments.taken_from(FOLDER)) == "first", "it may have been somewhere else then"
    history.deploy("from here", "saved", FOLDER)
    history.deploy("from there", "deployed", "/home/ann/site")
    history.deploy("first", "rolled back")
    assert history.name(history.sites.deployments.taken_from(FOLDER)) == "from here"
    assert history.name(history.sites.deployments.taken_from("/moved")) == "from there"


def test_files_are_kept_for_the_last_deployments_and_forgotten_after_a_day(history: History, clock: Any):
    for number in range(KEPT + 5):
        history.deploy(f"site {number}")
    assert history.sites.forget_unused() == 0, "somebody may be about to deploy them"
    clock.advance(days=2)
    assert history.sites.forget_unused() == 5
    assert history.sites.forget_unused() == 0
    kept = [version for version in history.names if history.sites.bundles.files(version)]
    assert [history.names[version] for version in kept] == [f"site {number}" for number in range(5, KEPT + 5)]


def test_what_is_deployed_again_is_as_good_as_new(history: History, clock: Any):
    for number in range(KEPT + 5):
        history.deploy(f"site {number}")
    clock.advance(days=2)
    history.deploy("site 0", "rolled back")
    assert history.sites.forget_unused() == 5
    assert history.sites.bundles.files(history.sites.current.version)


def test_an_old_flow_is_found_in_the_files_it_came_in(history: History, database: Database, clock: Any):
    history.deploy("one")
    version = history.sites.machine("hello").version
    history.deploy("two")
    again = SiteVersions(database, now=clock)
    again.current = history.sites.current
    assert again.machine("hello").version != version
    assert again.machine("hello", version).version == version
    with pytest.raises(FlowGone):
        again.machine("hello", "another")
    with pytest.raises(FlowGone):
        again.machine("goodbye")
