"""A process dies: at any instant, and at each point where it matters most."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.kills import at_any_instant, at_each_point
from tests.faults.places import Layout


@pytest.mark.fault("F8")
def test_whoever_is_killed_at_any_instant_nothing_is_lost_or_doubled(
    layout: Layout, seed: int, scale: Any, tmp_path: Path, address: Callable[[Layout], str], record_property: Any
):
    came = at_any_instant(layout, tmp_path, address(layout), seed=seed, kills=scale.kills)
    record_property("counts", came.counts)
    assert came.violations == []


@pytest.mark.fault("F9")
def test_a_worker_may_die_at_each_named_point(
    layout: Layout, seed: int, tmp_path: Path, address: Callable[[Layout], str], record_property: Any
):
    came = at_each_point(layout, tmp_path, address(layout), seed=seed)
    record_property("counts", came.counts)
    assert came.violations == []
