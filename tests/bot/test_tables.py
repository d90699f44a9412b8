"""The tables of all sections together: what is listed as not built yet is not built, and every key says what it is."""

import pytest

from bot.site.about import ABOUT
from bot.site.attributes import ATTRIBUTES
from bot.site.conversation import CONVERSATION
from bot.site.departments import DEPARTMENT
from bot.site.look import WIDGET
from bot.site.privacy import PRIVACY
from bot.site.responses import RESPONSE
from flows.reading import FLOW
from flows.steps.kinds import TABLES
from rules import later
from rules.kinds import Choice
from rules.rule import RULE
from rules.schema import Table, tables_in
from triggers.limits import MANNERS
from triggers.trigger import TRIGGER

ROOTS = [ABOUT, ATTRIBUTES, CONVERSATION, DEPARTMENT, WIDGET, RESPONSE, FLOW, MANNERS, PRIVACY, RULE, TRIGGER]
EVERY = {table.name: table for root in ROOTS for table in tables_in(root)}


def test_the_tables_of_all_steps_are_reached_from_that_of_a_flow() -> None:
    assert set(TABLES) <= set(EVERY)


@pytest.mark.parametrize("table", EVERY.values(), ids=lambda table: table.name)
def test_nothing_that_is_built_is_listed_as_missing(table: Table) -> None:
    assert not set(table.keys) & later.keys_of(table.name)
    for key in table.keys.values():
        if isinstance(key.kind, Choice):
            assert not set(key.kind.choices) & later.words_of(key.kind.noun)


def test_every_list_of_what_is_missing_belongs_to_a_table() -> None:
    assert set(later.KEYS) - {"file", "step"} <= set(EVERY)
    assert not later.keys_of("step") & set(TABLES)


@pytest.mark.parametrize("table", EVERY.values(), ids=lambda table: table.name)
def test_every_key_says_in_a_line_what_it_means(table: Table) -> None:
    for name, key in table.keys.items():
        assert key.kind.words
        if table.name != "option":
            assert key.meaning and "\n" not in key.meaning, name
