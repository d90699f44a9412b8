"""What `check` says about actions: with the file and the line, and without loading anything into this process."""

import sys
from pathlib import Path

from bot.actions.inspecting import problems_of_actions
from bot.site.loading import load

WORLDS = Path(__file__).parents[2] / "worlds"


def told(site: Path) -> list[str]:
    return [f"{each.level} {each.code} {each}" for each in problems_of_actions(site, load(site).site)]


def test_files_that_cannot_be_loaded_are_told_with_their_line():
    assert told(WORLDS / "broken" / "actions") == [
        "error A001 actions/orders.py:1:1: this file cannot be used: No module named 'teahouse_orders'"
    ]
    assert "actions" not in sys.modules


def test_an_action_that_no_file_has_is_told_where_a_flow_asks_for_it(tmp_path: Path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "shop.py").write_bytes((WORLDS / "orders" / "actions" / "shop.py").read_bytes())
    steps = "[{action: look_up_orders, optional: true}, {action: breaks, optional: true}]"
    (tmp_path / "site.yaml").write_text(f"site: {{name: Shop}}\nflows: {{order: {{steps: {steps}}}}}\n")
    message = "no file in actions/ has an action 'look_up_orders' — did you mean 'look_up_order'?"
    assert told(tmp_path) == [f"warning A002 site.yaml:2:25: {message}"]


def test_a_file_that_ends_the_program_is_no_accident(tmp_path: Path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "leaves.py").write_text("import os\nos._exit(0)\n")
    (tmp_path / "site.yaml").write_text("site: {name: Shop}\n")
    message = "this file cannot be used: one of these files ends the program while it is loaded"
    assert told(tmp_path) == [f"error A001 actions:1:1: {message}"]


def test_a_site_without_actions_has_none_to_check(tmp_path: Path):
    assert told(tmp_path) == []
