"""The page about channels says what is so: its site is served, its commands are typed, their answers compared."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, running
from tests.web.channels.conftest import API_TOKEN
from web.channels.posted import DONE_BY

PAGE = (Path(__file__).parents[3] / "docs" / "developers" / "channels.md").read_text(encoding="utf-8")
ANYTHING = "…"
SITE = "site: {name: Tea shop, domains: [shop.example], languages: [en]}\n"


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("documented")
    (folder / "site" / "flows").mkdir(parents=True)
    (folder / "site" / "site.yaml").write_text(SITE)
    (path, content) = re.findall(r"^```yaml (\S+)\n(.*?)^```$", PAGE, re.M | re.S)[0]
    (folder / "site" / path).write_text(content)
    doors = ("--door", "rest", "--door", "callback=http://127.0.0.1:9/", "--api-token", API_TOKEN)
    yield from running(Server(folder / "site", f"sqlite:///{folder}/parlour.db", options=doors))


def test_who_types_the_page_along_is_answered_as_it_says(documented: Server):
    typed = re.findall(r"^```sh\n(curl .*?)^```\n\n```(json|text)\n(.*?)^```$", PAGE, re.M | re.S)
    assert len(typed) >= 6
    for command, form, told in typed:
        said = ask(documented, command)
        if form == "text":
            assert said.strip() == told.strip(), command
        else:
            assert without_what_differs(json.loads(told), json.loads(said)) == json.loads(told), command


def ask(server: Server, command: str) -> str:
    """Does what curl would."""
    words = shlex.split(command.replace("$TOKEN", API_TOKEN))
    address = next(word for word in words if word.startswith("$PARLOUR")).removeprefix("$PARLOUR")
    headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    if "-d" not in words:
        return server.get(address, **named).body.decode()
    body = words[words.index("-d") + 1].encode()
    kind = {"Content_Type": "application/x-www-form-urlencoded"}  # What curl calls it when nobody does.
    return server.ask("POST", address, body, **{**kind, **named}).body.decode()


def without_what_differs(told: Any, said: Any) -> Any:
    """Returns what was said, with … where the page leaves it open."""
    if told == ANYTHING:
        return ANYTHING
    if isinstance(told, dict) and isinstance(said, dict):
        return {name: without_what_differs(told.get(name), value) for name, value in said.items()}
    if isinstance(told, list) and isinstance(said, list) and len(told) == len(said):
        return [without_what_differs(*pair) for pair in zip(told, said, strict=True)]
    return said


def test_every_event_that_means_something_is_told() -> None:
    control = PAGE.partition("## Control")[2]
    assert set(re.findall(r"^\| `(\w+)`(?: `\{.*\}`)? \| ", control, re.M)) == set(DONE_BY)
