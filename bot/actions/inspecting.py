"""What `parlour check` says about a site's actions: files that cannot be used, and actions that are not there.

The files are loaded in a process of their own, as the action server does it, and with nothing of ours to break.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

from bot.actions.files import FOLDER, has_actions
from bot.actions.roster import Status
from bot.site.site import Site
from flows.steps.action import ActionStep
from rules.problems import Place, Problem, error, suggestion, warning

LOADS_WITHIN = 30


def problems_of_actions(directory: Path, site: Site | None) -> tuple[Problem, ...]:
    """Returns what is wrong with the actions of a site, if it has an actions folder.

    A site without one may have its actions elsewhere, where only the server can ask for them.
    """
    if not has_actions(directory):
        return ()
    try:
        found = inspect(directory)
    except subprocess.TimeoutExpired:
        message = f"the files of {FOLDER}/ take over {LOADS_WITHIN} seconds to load; do slow work when an action runs"
        return (error("A001", Place(FOLDER, 1, 1), message),)
    broken = (error("A001", Place(each.file, each.line, 1), _cannot_be_used(each.words)) for each in found.problems)
    return (*broken, *(_missing(found, site) if site is not None and not found.problems else ()))


def inspect(directory: Path) -> Status:
    """Returns the actions a site's files have, and what is wrong with them; raises TimeoutExpired."""
    quiet = subprocess.DEVNULL  # What a file prints or logs while it is loaded is no answer.
    with TemporaryFile() as report:
        command = [sys.executable, "-P", "-m", "bot.actions.program", str(directory.resolve())]
        command += ["--report", str(report.fileno())]
        subprocess.run(
            command,
            pass_fds=[report.fileno()],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            timeout=LOADS_WITHIN,
            check=False,
        )
        report.seek(0)
        said = report.read()
    return Status.reported(json.loads(said) if said else _ENDED)


_ENDED = {"actions": {}, "problems": [[FOLDER, 1, "one of these files ends the program while it is loaded"]]}


def _cannot_be_used(words: str) -> str:
    return f"this file cannot be used: {words}"


def _missing(found: Status, site: Site) -> Iterator[Problem]:
    for flow in site.flows.values():
        for step in flow.every_step():
            if isinstance(step, ActionStep) and step.action not in found.actions:
                hint = suggestion(step.action, found.actions) or f"; there are {', '.join(found.actions) or 'none'}"
                yield warning("A002", step.place, f"no file in {FOLDER}/ has an action '{step.action}'{hint}")
