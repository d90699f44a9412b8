"""The protocol holds in simulated schedules, and the simulation notices every rule that is left out."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from tests.faults.mutants import MUTANTS
from tests.faults.simulation import Mutant, World, play

MOST_SEEDS = 400
"""How many schedules a mutant may survive."""


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    structlog.configure(**before)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, ...], World]]:
    made: dict[tuple[str, ...], World] = {}
    yield made
    for world in made.values():
        world.close()


@pytest.fixture
def world(
    worlds: dict[tuple[str, ...], World], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> World:
    """The world of the test's mutant: most of them leave the tables as they are."""
    schema = getattr(request, "param", ())
    if schema not in worlds:
        worlds[schema] = World(tmp_path_factory.mktemp("world"), schema)
    return worlds[schema]


@pytest.mark.fault("simulation")
def test_nothing_is_lost_doubled_or_out_of_order_in_simulated_schedules(
    world: World, seed: int, scale: Any, record_property: Any
):
    schedules = range(seed * scale.schedules, (seed + 1) * scale.schedules)
    record_property("counts", {"schedules": len(schedules)})
    found = {each: violations for each in schedules if (violations := play(world, each))}
    assert found == {}


def test_a_schedule_follows_from_its_seed(world: World):
    mutant = MUTANTS[0]
    seed = next(seed for seed in range(MOST_SEEDS) if play(world, seed, mutant))
    assert play(world, seed, mutant) == play(world, seed, mutant)


@pytest.mark.fault("mutants")
@pytest.mark.parametrize(
    ("world", "mutant"),
    [(each.schema, each) for each in MUTANTS],
    ids=[each.name for each in MUTANTS],
    indirect=["world"],
)
def test_a_rule_that_is_left_out_is_noticed(world: World, mutant: Mutant):
    assert any(_is_noticed(world, seed, mutant) for seed in (mutant.shown_by, *range(MOST_SEEDS)))


def _is_noticed(world: World, seed: int, mutant: Mutant) -> bool:
    try:
        return bool(play(world, seed, mutant))
    except Exception:
        return False  # What is left out may also break the desk: that alone would show nothing of the oracle.
