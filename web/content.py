"""The site's content while it is served: loaded at the start, looked at again when files are saved."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import structlog

from bot.site.loading import load
from bot.site.watching import Watch, look
from bot.versions import SiteVersions
from rules.problems import Problem, has_errors, shown

LOOK_EVERY = 0.5
"""Seconds between looks at the site directory."""

log = structlog.get_logger()


class BrokenSite(Exception):
    """The site has problems and no earlier version to run; `problems` says which, `text` shows them."""

    def __init__(self, problems: tuple[Problem, ...], text: str):
        super().__init__(text)
        self.problems = problems


class Content:
    """Keeps the running site what the directory says, as long as that is free of errors."""

    def __init__(self, directory: Path, sites: SiteVersions, *, on_change: Callable[[], None] = lambda: None):
        self.directory = directory
        self.problem: str | None = None
        """Why the last change on disk was not taken; None when it was."""
        self.on_change = on_change
        self._sites = sites
        self._watch = Watch(look(directory))
        self._one_at_a_time = Lock()

    def start(self) -> None:
        """Loads the site. One with errors gives way to the last version without; raises BrokenSite if there is none."""
        problems = self.take()
        if self.problem is None:
            return
        before = self._sites.latest()
        if before is None:
            raise BrokenSite(problems, self.problem)
        self._sites.current = before
        log.warning("content.refused_at_start", running=before.version[:12], problem=self.problem)

    def look_again(self, at: float) -> None:
        """Takes what was saved since the last look, once it has settled; `at` is any clock that counts seconds."""
        if self._watch.notice(look(self.directory), at):
            self.take()

    def take(self) -> tuple[Problem, ...]:
        """Checks the whole directory and switches to it in one step, or leaves the running site alone and says why."""
        with self._one_at_a_time:
            loaded = load(self.directory)
            if loaded.site is None or has_errors(loaded.problems):
                self.problem = "\n\n".join(
                    shown(each, loaded.files.get(each.place.file)) for each in loaded.problems if each.level == "error"
                )
                log.error("content.refused", problem=self.problem)
            elif self.problem is not None or not self._is_running(loaded.site.version):
                self._sites.switch(loaded.site, loaded.files)
                self.problem = None
                log.info("content.switched", version=loaded.site.version[:12])
        self.on_change()
        return loaded.problems

    def _is_running(self, version: str) -> bool:
        current = getattr(self._sites, "current", None)
        return current is not None and current.version == version
