"""`make faults`: every row of the fault matrix with many seeds, and a table of what came of it.

    python -m tests.faults                        # everything
    python -m tests.faults --rows F8,F29 --seed 7 # these rows, from another seed on
    python -m tests.faults --little               # what runs with all tests

Ends with exit status 1 when a promise was broken or a row could not be run.
"""

import argparse
import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_YET = (26, 34)
"""There is no e-mail yet, and there are no uploads."""
ROWS = [*(f"F{number}" for number in range(1, 39) if number not in NOT_YET), "simulation", "mutants"]
_SEED = re.compile(r"\[(\d+)")


@dataclass
class Row:
    """What came of a row."""

    runs: int = 0
    seconds: float = 0.0
    seeds: set[int] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    skipped: int = 0


class Table:
    """Gathers the outcomes of marked tests, row by row."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for each phase of each test."""
        for kind, row in report.user_properties:
            if kind == "row":
                self._note(str(row), report)

    def _note(self, name: str, report: pytest.TestReport) -> None:
        row = self.rows.setdefault(name, Row())
        row.seconds += report.duration
        if report.when == "call" or report.outcome != "passed":
            row.runs += report.outcome != "skipped"
            row.skipped += report.outcome == "skipped"
            if report.outcome == "failed":
                row.failures.append(report.nodeid)
        if report.when == "call":
            row.seeds |= {int(found) for found in _SEED.findall(report.nodeid)}
            for kind, counts in report.user_properties:
                if kind == "counts":
                    row.counts.update(dict(counts))  # type: ignore[call-overload]

    def without_a_run(self, rows: Iterable[str]) -> list[str]:
        """Returns those of the rows in which not one test ran."""
        return [name for name in rows if name not in self.rows or not self.rows[name].runs]

    def lines(self) -> list[str]:
        """Returns the table as people read it."""
        lines = [f"{'row':<12}{'runs':>6}{'failed':>8}{'skipped':>9}{'seconds':>9}  what there was"]
        for name, row in sorted(self.rows.items(), key=lambda each: _in_order(each[0])):
            what = ", ".join(f"{count:,} {thing}" for thing, count in row.counts.items())
            seeds = f"seeds {min(row.seeds)} to {max(row.seeds)}" if row.seeds else ""
            told = "; ".join(filter(None, (seeds, what)))
            failed = len(row.failures)
            lines.append(f"{name:<12}{row.runs:>6}{failed:>8}{row.skipped:>9}{row.seconds:>9.0f}  {told}")
        return lines

    def to_json(self) -> dict[str, object]:
        """Returns the same for programs."""
        return {
            name: {
                "runs": row.runs,
                "failed": row.failures,
                "skipped": row.skipped,
                "seconds": round(row.seconds, 1),
                "seeds": sorted(row.seeds),
                "counts": dict(row.counts),
            }
            for name, row in sorted(self.rows.items(), key=lambda each: _in_order(each[0]))
        }


def _in_order(name: str) -> tuple[bool, int, str]:
    number = name.removeprefix("F")
    return (not number.isdigit(), int(number) if number.isdigit() else 0, name)


def main() -> int:
    """Runs the rows that were asked for and returns the exit status."""
    asked = argparse.ArgumentParser(prog="python -m tests.faults", description=(__doc__ or "").splitlines()[0])
    asked.add_argument("--rows", help="only these, with commas between them: F8,F29,simulation")
    asked.add_argument("--seed", type=int, default=1, help="the first seed")
    asked.add_argument("--little", action="store_true", help="as much as with all tests")
    asked.add_argument("--json", type=Path, default=ROOT / "faults.json", help="where the outcomes are written")
    asked.add_argument("--workers", default="2", help="processes at once")
    wanted = asked.parse_args()
    os.environ["FAULT_SCALE"] = "little" if wanted.little else "whole"
    os.environ["FAULT_SEED"] = str(wanted.seed)
    os.environ["FAULT_ROWS"] = wanted.rows or ""
    os.environ.update({f"REQUIRE_{each}": "1" for each in ("BROWSER", "POSTGRES", "VALKEY", "NGINX", "FAKETIME")})
    table, began = Table(), time.monotonic()
    processes = [] if wanted.workers == "1" else ["-n", wanted.workers]
    status = pytest.main(["-q", "-m", "fault", "-p", "no:cacheprovider", *processes, str(ROOT / "tests")], [table])
    missing = table.without_a_run(wanted.rows.split(",") if wanted.rows else ROWS)
    print("\n".join(["", *table.lines(), "", f"{time.monotonic() - began:.0f} seconds in all"]))
    if missing:
        print(f"NOT RUN: {', '.join(missing)}")
    outcome = {"first_seed": wanted.seed, "scale": os.environ["FAULT_SCALE"], "rows": table.to_json()}
    wanted.json.write_text(json.dumps(outcome, indent=1) + "\n")
    return int(status) or int(bool(missing))


if __name__ == "__main__":
    sys.exit(main())
