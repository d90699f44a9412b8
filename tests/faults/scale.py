"""How much of each row is run: a little with all tests, all of it by `make faults`.

A test that takes a `seed` runs once for each.
"""

import os
from dataclasses import dataclass

import pytest

FIRST_SEED = int(os.environ.get("FAULT_SEED", "1"))


@dataclass(frozen=True)
class Scale:
    """`seeds` is how many; `kills`, `races` and `schedules` are those of one seed."""

    seeds: int
    kills: int
    races: int
    schedules: int
    crowd: int


SCALES = {"little": Scale(3, 3, 40, 10, 60), "whole": Scale(21, 48, 480, 480, 480)}
SCALE = SCALES[os.environ.get("FAULT_SCALE", "little")]


def seeds_of(test: pytest.Item) -> range:
    """Returns the seeds of a test; one that is marked `fault(row, little=1)` takes long, and has one with all tests."""
    mark = test.get_closest_marker("fault")
    little = mark.kwargs.get("little") if mark and SCALE is SCALES["little"] else None
    return range(FIRST_SEED, FIRST_SEED + (little or SCALE.seeds))
