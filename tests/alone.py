"""A server that shares nothing with others: an environment, a first program and a standard error of its own.

It takes longer to start than those of `tests/prepared.py`.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.prepared import Process
from tests.server import Server

ROOT = Path(__file__).parents[1]
PROGRAM = "from web.cli import main\nmain(prog_name='parlour')\n"


@dataclass
class Alone(Server):
    """A running `parlour serve`, started as the shell starts it."""

    environment: dict[str, str] = field(default_factory=dict)
    program: str = PROGRAM
    """What Python runs; it comes to `web.cli.main` in the end."""

    @property
    def log_file(self) -> Path:
        """Returns where its standard error goes, and nothing else."""
        return self.site.parent / "stderr"

    def launch(self, command: list[str]) -> Process:
        """Starts the process."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        with self.output.open("w") as out, self.log_file.open("w") as err:
            self._started = subprocess.Popen(
                [sys.executable, "-c", self.program, *command],
                stdout=out,
                stderr=err,
                env=environment,
                start_new_session=True,
            )
        return Process(self._started.pid)

    def kill(self) -> None:
        """Kills it, and lets nothing be left of it."""
        super().kill()
        self._started.wait(10)
