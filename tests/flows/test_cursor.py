"""The place of a conversation as data."""

import json

import pytest

from flows.cursor import Asked, Cursor, Frame, Parked, Write


def full() -> Cursor:
    cursor = Cursor("c1", "de")
    frame = Frame("outer", "v1", "call_1", 2)
    write = Write("email", True, "old", "contact", None)
    asked = Asked("inner", "v2", "menu", (frame,), (write,), (), ("email",))
    cursor.flow, cursor.version, cursor.state = "inner", "v2", "menu"
    cursor.stack, cursor.history = (frame,), (asked,)
    cursor.slots = {"email": "ä@b.io", "sure": True, "n": 1.5, "none": None}
    cursor.filled, cursor.open = ("email", "sure"), ("a", "b")
    cursor.epoch, cursor.tries = 7, 1
    cursor.parked = (
        Parked("p", "v3", "ask", (frame,), ("x",), (asked,), 2, ("a",)),
        Parked("q", "v4", "ask", (), (), (), 0, None),
    )
    return cursor


def test_it_comes_back_from_json_as_it_was():
    assert Cursor.from_json(full().to_json()) == full()
    assert Cursor.from_json(full().to_json().encode()) == full()
    assert isinstance(Cursor.from_json(full().to_json()).parked[0].history[0].stack[0], Frame)


def test_what_is_empty_takes_no_room():
    assert Cursor("c1", "en").to_json() == '{"v":1,"conversation":"c1","language":"en"}'
    assert "\n" not in full().to_json()


def test_no_option_open_is_not_the_same_as_all_open():
    cursor = Cursor("c1", "en")
    cursor.open = ()
    assert Cursor.from_json(cursor.to_json()).open == ()


@pytest.mark.parametrize("name", vars(Cursor("c", "en")))
def test_two_cursors_are_equal_in_everything_or_not_at_all(name):
    other = full()
    setattr(other, name, {"changed": 1} if name == "slots" else ("changed",))
    assert other != full()


def test_a_copy_changes_alone():
    cursor = full()
    copy = cursor.copy()
    assert copy == cursor
    copy.slots["new"] = 1
    copy.stack = ()
    assert cursor == full()
    assert cursor != "something else"


def test_it_tells_where_it_stands_and_in_which_versions():
    assert full().frames() == (("outer", "v1", "call_1"), ("inner", "v2", "menu"))
    assert full().versions() == (("outer", "v1"), ("inner", "v2"), ("p", "v3"), ("q", "v4"))
    assert Cursor("c1", "en").frames() == ()
    assert Cursor("c1", "en").running is False
    assert full().running is True


def test_it_tells_every_version_it_may_come_to_by_going_back():
    cursor = full()
    cursor.history = (Asked("before", "v5", "ask", (Frame("caller", "v6", "call_1", 0),)),)
    assert cursor.refers_to() == {*full().versions(), ("before", "v5"), ("caller", "v6")}
    assert Cursor("c1", "en").refers_to() == frozenset()


def test_json_is_plain():
    assert json.loads(full().to_json())["state"] == "menu"
    assert repr(Cursor("c1", "en")).startswith("Cursor({")
