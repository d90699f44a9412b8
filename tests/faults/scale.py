"""How much of each row is run: a little with all tests, all of it by `make faults`.

A test that takes a `seed` runs once for each.
"""

import os
from dataclasses import dataclass

from tests.faults.thorough import THOROUGH

FIRST_SEED = int(os.environ.get("FAULT_SEED", "1"))


@dataclass(frozen=True)
class Scale:
    """`seeds` is how many; `kills`, `races` and `schedules` are those of one seed.

    `pause` is how long people who never give up pause: with 1 they tell a server as much as it can take.
    """

    seeds: int
    kills: int
    races: int
    schedules: int
    crowd: int
    pause: float


SCALES = {
    "little": Scale(3, 3, 40, 10, 60, pause=1 if THOROUGH else 3),
    "whole": Scale(21, 48, 480, 480, 480, pause=1),
}
SCALE = SCALES[os.environ.get("FAULT_SCALE", "little")]
SEEDS = range(FIRST_SEED, FIRST_SEED + SCALE.seeds)
