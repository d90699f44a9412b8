"""Ids, as they are made and as people hand them on."""

import re

from bot.ids import new_id


def test_an_id_can_be_typed_in_a_shell_and_is_no_option() -> None:
    made = [new_id() for _ in range(2_000)]
    assert all(re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_-]{21}", id) for id in made)
    assert len(set(made)) == len(made)
