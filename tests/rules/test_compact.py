"""What is stored and sent is JSON as the standard library would write it, only sooner."""

import json
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.compact import compact_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


class Pair(NamedTuple):
    one: str
    other: int


@given(VALUES)
def test_it_reads_back_as_it_was(value):
    assert json.loads(compact_json(value)) == value


def test_there_is_nothing_between_the_values_and_letters_stay_letters():
    assert compact_json({"a": [1, "ü"], "b": None}) == '{"a":[1,"ü"],"b":null}'


def test_a_tuple_is_a_list_with_a_name_or_without():
    assert compact_json([("a", 1), Pair("b", 2)]) == '[["a",1],["b",2]]'


def test_a_number_of_any_size_is_kept():
    assert compact_json({"n": 10**30}) == '{"n":1000000000000000000000000000000}'


@pytest.mark.parametrize("value", [{1, 2}, datetime(2026, 3, 4, tzinfo=UTC), object()])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(TypeError):
        compact_json([value])
