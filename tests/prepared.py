"""Servers without the wait: one process imports the product once, and each server is a child of a child of it.

Importing takes longer than everything else of a start. What runs afterwards is `parlour serve` as the shell runs it;
how that starts from nothing is tested in `tests/web/commands/test_serving.py`.

    pid = prepared().start(["serve", "site", "--port", "0"], output=Path("server.log"))
"""

import atexit
import json
import os
import resource
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache, reduce
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

RUN_TAKES = 60


class Process:
    """A process that is not our child: waited for by its descriptor, ended by its id."""

    def __init__(self, pid: int):
        self.pid = pid
        self._descriptor: int | None = None
        with suppress(ProcessLookupError):  # It may have ended before anybody looks.
            self._descriptor = os.pidfd_open(pid)

    def has_ended(self, *, within: float = 0) -> bool:
        """Says whether it has ended, waiting up to these seconds."""
        return self._descriptor is None or bool(select.select([self._descriptor], [], [], within)[0])

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


class Prepared:
    """The process that has imported everything."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prepared"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self.end)

    def start(
        self,
        command: Sequence[str],
        *,
        output: Path,
        tuned: Mapping[str, Any] | None = None,
        descriptors: int | None = None,
        otherwise: Mapping[str, Any] | None = None,
        status: Path | None = None,
    ) -> Process:
        """Runs `parlour` with these words in a process group of its own, writing into a file.

        `tuned`: other values for what the code names, as `{"web.connection:Connection.send_deadline": 1.0}`, where a
        test cannot wait for the real ones. `descriptors`: how many it may have open. `otherwise` is what
        `tests/faults/child.py` makes different in it. `status`: a file that its exit status is written into.
        """
        assert self._process.stdin and self._process.stdout
        wanted = {
            "command": list(command),
            "output": str(output),
            "tuned": tuned or {},
            "descriptors": descriptors,
            "otherwise": otherwise,
            "status": str(status or os.devnull),
        }
        print(json.dumps(wanted), file=self._process.stdin, flush=True)
        return Process(int(self._process.stdout.readline()))

    def run(self, *command: str) -> tuple[int, str]:
        """Runs `parlour` with these words to its end; returns its exit status and all it said."""
        with TemporaryDirectory() as folder:
            said, status = Path(folder) / "said", Path(folder) / "status"
            process = self.start(command, output=said, status=status)
            if not process.has_ended(within=RUN_TAKES):
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(said.read_text())
            return int(status.read_text()), said.read_text()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@cache
def prepared() -> Prepared:
    """Returns the one prepared process of this run."""
    return Prepared()


def main() -> None:
    """Imports, then makes a server for each line that is read."""
    from gevent import monkey

    monkey.patch_all()
    # Imported late in a server, but always where there is PostgreSQL, a database is new, or there are holidays.
    import alembic.command  # noqa: F401
    import holidays.countries  # noqa: F401
    import psycopg  # noqa: F401
    import sqlalchemy.dialects.postgresql  # noqa: F401

    import web.cli
    import web.commands.serving  # noqa: F401

    fork = monkey.get_original("os", "fork")  # Not gevent's: there is no loop yet that would have to be told.
    for line in sys.stdin:
        if fork() == 0:
            _leave_a_server(fork, json.loads(line))
        os.wait()


def _leave_a_server(fork: Any, wanted: dict[str, Any]) -> None:
    """Makes the server and goes, so that it is nobody's child and leaves nothing to be waited for."""
    child = fork()
    if child:
        print(child, flush=True)
        os._exit(0)
    os.setsid()
    output = os.open(wanted["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, place)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    if wanted["descriptors"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted["descriptors"], wanted["descriptors"]))
    for name, value in wanted["tuned"].items():
        _tune(name, value)
    if wanted["otherwise"] is not None:
        from tests.faults.child import prepare

        prepare(**wanted["otherwise"])
    _run(wanted["command"], Path(wanted["status"]))


def _tune(name: str, value: Any) -> None:
    module, _, path = name.partition(":")
    *owners, attribute = path.split(".")
    owner = reduce(getattr, owners, import_module(module))
    assert hasattr(owner, attribute), name
    setattr(owner, attribute, tuple(value) if isinstance(value, list) else value)


def _run(command: list[str], status_file: Path) -> None:
    import web.cli

    status = 1
    try:
        web.cli.main(command, prog_name="parlour")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        status_file.write_text(f"{status}")
        os._exit(status)


if __name__ == "__main__":
    main()
