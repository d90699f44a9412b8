"""PostgreSQL breaks and its stand-by takes over: what it has is not lost, and what it lacks not mixed with the rest."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.failover import with_every_commit, without_the_last
from tests.faults.places import POSTGRES, TWO_WORKERS, Layout

pytestmark = pytest.mark.fault("F17")


@pytest.fixture
def layout(seed: int, postgresql: None) -> Layout:
    return (POSTGRES, TWO_WORKERS)[seed % 2]


def test_a_stand_by_that_every_commit_waits_for_takes_over_and_nothing_is_lost(
    layout: Layout, seed: int, tmp_path: Path, record_property: Any
):
    came = with_every_commit(layout, tmp_path, seed=seed)
    record_property("counts", came.counts)
    assert came.violations == []


def test_a_stand_by_that_lacks_the_last_commits_takes_over_and_nothing_is_mixed(
    layout: Layout, seed: int, tmp_path: Path, record_property: Any
):
    came = without_the_last(layout, tmp_path, seed=seed)
    record_property("counts", came.counts)
    assert came.violations == []
    assert came.counts["lost"] > 0
