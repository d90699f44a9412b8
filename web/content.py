"""The site's content while it is served: taken from the files that are saved, or as another process deployed it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

import structlog
from sqlalchemy.exc import DBAPIError

from bot.blocking import RunBlocking, at_once
from bot.deployments import SERVE, Deployment, Overtaken
from bot.site.loading import Loaded, load
from bot.site.site import Site
from bot.site.watching import Seen, Watch, look
from bot.trouble import in_words, is_trouble
from bot.versions import KEPT, SiteVersions
from rules.problems import Problem, shown

LOOK_EVERY = 0.5
"""Seconds between looks at the site directory."""
LOOK_AT_POINTER_EVERY = 1.0
"""Seconds between looks at which version the database names."""

log = structlog.get_logger()


class BrokenSite(Exception):
    """The site has problems and no earlier version to run; `problems` says which, `text` shows them."""

    def __init__(self, problems: tuple[Problem, ...], text: str):
        super().__init__(text)
        self.problems = problems


class Content:
    """Runs the version that the database names; while it watches the directory, what is saved there becomes that one.

    What takes long is handed to `run_blocking`.
    """

    def __init__(
        self,
        directory: Path,
        sites: SiteVersions,
        *,
        watch: bool = True,
        run_blocking: RunBlocking = at_once,
        on_change: Callable[[], None] = lambda: None,
    ):
        self.directory = directory
        self.on_change = on_change
        self._sites = sites
        self._watches = watch
        self._run_blocking = run_blocking
        self._watch = Watch(look(directory))
        self._one_at_a_time = Lock()
        self._followed: int | None = None
        """The number of the deployment that was looked at last."""
        self._refused: str | None = None
        self._unusable: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the last change was not taken, on disk or of the version that the database names; None when it was."""
        return self._refused or self._unusable

    def start(self) -> None:
        """Runs the version that the database names, then takes what was saved meanwhile.

        A version with errors gives way to the last one without; raises BrokenSite if there is none.
        """
        recent = self._sites.deployments.page(most=KEPT)
        runs = any(self._run(deployment) for deployment in recent)
        self._followed = recent[0].number if recent else None
        if runs and not self._watches:
            self._tell_what_is_not_used()
            return
        problems = self.take()
        if not runs and self._refused is not None:
            raise BrokenSite(problems, self._refused)

    def look_again(self, at: float) -> None:
        """Takes what was saved since the last look, once it has settled; `at` is any clock that counts seconds."""
        if not self._watches:
            return
        seen = self._run_blocking(look, self.directory)
        if not self._watch.notice(seen, at):
            return
        try:
            self.take(seen)
        except DBAPIError as problem:
            self._watch.forget()
            if not is_trouble(problem):
                log.error("content.unavailable", cause=in_words(problem))

    def look_at_pointer(self) -> None:
        """Switches to the version that the database names, if that is not the one that runs. Costs one small query."""
        try:
            if self._is_behind():
                self._follow()
                self.on_change()
        except DBAPIError as problem:
            if not is_trouble(problem):
                log.error("content.unavailable", cause=in_words(problem))

    def take(self, seen: Seen | None = None) -> tuple[Problem, ...]:
        """Checks the whole directory and deploys it, or leaves the running site alone and says why.

        What was taken from there before is not taken again until it changes: somebody may have gone back behind it. Nor
        is anything that does not look as it was `seen` any more once it has been read.
        """
        with self._one_at_a_time:
            loaded: Loaded = self._run_blocking(load, self.directory)
            if seen is not None and self._run_blocking(look, self.directory) != seen:
                self._watch.forget()
                return ()
            if loaded.site is None:
                self._refused = _told(loaded)
                log.error("content.refused", problem=self._refused)
            else:
                self._refused = None
                self._deploy(loaded.site, loaded.files)
        self.on_change()
        return loaded.problems

    @property
    def _running(self) -> Site | None:
        return getattr(self._sites, "current", None)

    def _is_behind(self) -> bool:
        newest = self._sites.deployments.newest()
        return newest is not None and newest.number != self._followed

    def _follow(self) -> None:
        with self._one_at_a_time:
            newest = self._sites.deployments.newest()
            if newest is None or newest.number == self._followed:
                return  # What is saved here was deployed meanwhile.
            self._unusable = None
            if self._run(newest):
                log.info("content.switched", version=newest.version[:12], why=newest.why, by=newest.by)
            self._followed = newest.number

    def _deploy(self, site: Site, files: Mapping[str, str]) -> None:
        made = self._run_blocking(self._added, site, files)
        if made is not None:
            self._sites.current = site
            self._followed, self._unusable = made.number, None
            log.info("content.switched", version=made.version[:12], why=made.why, by=made.by)

    def _added(self, site: Site, files: Mapping[str, str]) -> Deployment | None:
        """Adds a deployment, unless the same was taken before: by this process or by another that watches too."""
        deployments, source = self._sites.deployments, str(self.directory.resolve())
        while True:
            newest, taken = deployments.newest(), deployments.taken_from(source)
            if taken is not None and taken.version == site.version and self._running is not None:
                return None
            after = newest.number if newest else 0
            try:
                return deployments.add(site, files, why="saved", by=SERVE, source=source, after=after)
            except Overtaken:
                continue

    def _run(self, deployment: Deployment) -> bool:
        """Makes a stored version the one that runs here; returns whether it could be."""
        if self._running is not None and self._running.version == deployment.version:
            return True
        loaded = self._sites.load(deployment.version)
        if loaded is None or loaded.site is None:
            why = _told(loaded) if loaded else "its files are not stored any more."
            self._unusable = self._unusable or f"Version {deployment.version[:12]} cannot be run here: {why}"
            log.error("content.unusable", problem=self._unusable)
            return False
        self._sites.current = loaded.site
        return True

    def _tell_what_is_not_used(self) -> None:
        loaded = load(self.directory)
        if loaded.site is None:
            log.warning("content.directory_is_broken", problem=_told(loaded))
        elif loaded.site.version != self._sites.current.version:
            log.warning("content.directory_is_not_served", serves=self._sites.current.version[:12])


def _told(loaded: Loaded) -> str:
    """Returns the errors as people are shown them."""
    errors = (each for each in loaded.problems if each.level == "error")
    return "\n\n".join(shown(each, loaded.files.get(each.place.file)) for each in errors)
