"""Several agents want the same conversation: one gets it, and the others are told who did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.places import AGENTS, Layout
from tests.faults.races import accept_at_once


@pytest.mark.fault("F29")
def test_of_eight_agents_who_accept_at_once_one_gets_it_and_nobody_gets_too_many(
    layout: Layout, seed: int, scale: Any, tmp_path: Path, address: Callable[[Layout], str], record_property: Any
):
    # Room for all in some runs; in others too little, so that some go on waiting.
    room = scale.races // len(AGENTS) + (4 if seed % 2 else -2)
    came = accept_at_once(layout, tmp_path, address(layout), races=scale.races, room=room)
    record_property("counts", came.counts)
    assert came.violations == []
    assert came.counts["taken"] == min(scale.races, room * len(AGENTS))
