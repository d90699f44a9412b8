"""What is logged, whoever logs it: a line each, without an exception's words, and harmless on a terminal."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

from bot.logs import trace_of

START = """
import logging, sys, threading, warnings
import structlog
from bot.logs import set_up_logs
set_up_logs()
log = structlog.get_logger()
"""


def logged(program: str) -> list[dict[str, str]]:
    """What a program says on standard error where nobody sits before it."""
    run = subprocess.run([sys.executable, "-c", START + program], capture_output=True, text=True, timeout=60)
    return [json.loads(line) for line in run.stderr.splitlines()]


def on_a_terminal(program: str) -> str:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", START + program], stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    said = b""
    with suppress(OSError):  # It is how a terminal says that nobody writes any more.
        while piece := os.read(ours, 65536):
            said += piece
    os.close(ours)
    return said.decode()


def test_whatever_goes_wrong_is_a_line_without_its_words():
    lines = logged(
        """
def fails(*_):
    try:
        {}["SECRET key"]
    except KeyError as missing:
        raise ValueError("SECRET") from missing
try:
    fails()
except ValueError:
    log.exception("caught")
    logging.getLogger("elsewhere").exception("caught elsewhere")
thread = threading.Thread(target=fails)
thread.start()
thread.join()
class Falls:
    __del__ = fails
Falls()
warnings.warn("mind the step")
logging.getLogger("elsewhere").warning("%d is no number", "SECRET")
fails()
"""
    )
    assert "SECRET" not in str(lines)
    events = [each["event"] for each in lines]
    assert events[:4] == ["caught", "caught elsewhere", "unforeseen", "unforeseen"]
    assert "mind the step" in events[4] and events[5:] == ["unforeseen"]
    for each in (*lines[:4], lines[5]):
        first, second = each["exception"].index("builtins.KeyError"), each["exception"].index("builtins.ValueError")
        assert first < second and "in fails" in each["exception"]


def test_a_line_cannot_be_forged():
    (line,) = logged(r'log.info("said", what="a\nb\x1b[31m", more={"a": "\r\x00"})')
    assert (line["what"], line["more"]) == ("a\nb\x1b[31m", {"a": "\r\x00"})


def test_nothing_said_moves_the_cursor_of_a_terminal():
    said = on_a_terminal(r'log.info("from \x1b[2J there", what="a\nb\x1b[31mred", more="\x1b[31mred", plain="– ü")')
    assert "\x1b[2J" not in said and "\x1b[31mred" not in said and said.count("\n") == 1
    assert r"from \x1b[2J there" in said and "– ü" in said


def test_who_sits_at_a_terminal_reads_the_words_of_an_exception():
    said = on_a_terminal("try:\n    int('seven')\nexcept ValueError:\n    log.exception('caught')\n")
    assert "invalid literal for int() with base 10: 'seven'" in said


def test_a_trace_names_kinds_from_the_first_cause_on():
    try:
        try:
            raise TimeoutError("SECRET")
        except TimeoutError as slow:
            raise ConnectionError("SECRET") from slow
    except ConnectionError as problem:
        trace = trace_of(problem)
    assert [line for line in trace.splitlines() if not line.startswith(" ")] == [
        "builtins.TimeoutError",
        "builtins.ConnectionError",
    ]
