"""The pages say what is so: examples are loaded, commands are typed, and everything there is has its place in them."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner

from bot.events import KINDS
from bot.site.loading import load, load_files
from bot.site.sections import SECTIONS
from flows.answers import KINDS as ANSWER_KINDS
from flows.reading import FLOW, STEPS
from rules.conditions import evaluate
from rules.facts import VOCABULARY
from rules.problems import shown
from rules.rule import MATCH, RULE
from rules.texts import in_language
from triggers.trigger import TRIGGER
from web import connection, errors, frames
from web.accounts.passwords import SHORTEST_PASSWORD
from web.cli import main
from web.shell.jobs import KINDS as JOBS
from web.strength import SHORTEST_TOKEN
from web.tokens import KEY_BYTES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "bench" / "README.md", *DOCS.rglob("*.md")])
CODE = ("rules", "flows", "triggers", "bot", "handoff", "web")
WALK = [DOCS / "marketers" / "first-flow.md", DOCS / "marketers" / "first-trigger.md"]
"""Read in this order by somebody who types everything along."""
COOKBOOK = DOCS / "marketers" / "cookbook.md"
RECIPES = 10
ACTIONS = DOCS / "developers" / "actions.md"
"""Typed along by itself, in a new site."""
PROTOCOL = (DOCS / "developers" / "protocol.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "marketers" / "reference.md").read_text(encoding="utf-8")
RUNNING = (DOCS / "operators" / "running.md").read_text(encoding="utf-8")
WATCHING = (DOCS / "operators" / "watching.md").read_text(encoding="utf-8")

AROUND = {
    "site": "site: {name: Tea shop, languages: [en, de]}\n"
    "rules: {in_both_languages: {match: {words: [thanks]}, answer: {en: You are welcome., de: Gern.}}}",
    "departments": "departments: {sales: {title: Sales}, support: {title: Support}}",
    "attributes": "attributes: {contact: {plan: {type: choice, choices: [free, team, business]}}}",
    "flows": "flows: {qualify: {steps: [{collect: email}]}}",
}
"""What the examples of the pages may speak of, a file for each section."""


@dataclass(frozen=True)
class Fence:
    """A block of code in a page: ```yaml flows/tea.yaml mistake."""

    page: Path
    line: int
    language: str
    words: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@cache
def fences(page: Path) -> tuple[Fence, ...]:
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*) ?(.*)\n((?:.*\n)*?)```$", text, re.M)
    return tuple(Fence(page, text[: each.start()].count("\n") + 1, each[1], each[2], each[3]) for each in found)


def everywhere(language: str) -> list[Fence]:
    return [
        fence for page in PAGES if page not in (*WALK, COOKBOOK) for fence in fences(page) if fence.language == language
    ]


# Examples


@pytest.mark.parametrize("example", everywhere("yaml"), ids=str)
def test_every_example_is_loaded_without_a_problem(example: Fence) -> None:
    sections = set(re.findall(r"^(\w+):", example.text, re.M))
    text = example.text if sections <= set(SECTIONS) else trigger_with(example.text)
    around = {f"{name}.yaml": text for name, text in AROUND.items() if name not in sections - {"flows"}}
    loaded = load_files({**around, "example.yaml": text})
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.site is not None


def trigger_with(conditions: str) -> str:
    """Conditions alone are no content; a trigger asks them here."""
    indented = "".join(f"    {line}" for line in conditions.splitlines(keepends=True))
    return f"triggers:\n  example:\n    say: Hello\n{indented}"


def test_who_types_the_first_pages_along_sees_what_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    typed = 0
    for fence in (fence for page in WALK for fence in fences(page)):
        if fence.language == "yaml":
            write(fence, tmp_path / "mysite")
        elif fence.language == "console":
            typed += type_along(fence)
    assert typed >= 8


def write(fence: Fence, site: Path) -> None:
    """Writes a file as the page says, and finds it right, or wrong where the page calls it a mistake."""
    path, _, how = fence.words.partition(" ")
    if not path:  # Shown, not to be typed: it stands in a file of the new site already.
        assert fence.text in "".join(re.sub(r" +#.*", "", file.read_text()) for file in site.rglob("*.yaml")), fence
        return
    text = fence.text
    if above := re.fullmatch(r'above "(.*)"', how):
        before = (site / path).read_text()
        assert before.count(above[1]) == 1, fence
        start = before.rindex("\n", 0, before.index(above[1])) + 1
        text = before[:start] + text + before[start:]
    (site / path).write_text(text)
    problems = load(site).problems
    assert bool(problems) is (how == "mistake"), (str(fence), [str(each) for each in problems])


def type_along(fence: Fence) -> int:
    """Types each command of a console and compares what it says."""
    commands = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", fence.text, re.M)
    for typed, told in commands:
        assert answer_to(typed) == told.rstrip("\n") + "\n", f"{fence}: {typed}"
    return len(commands)


def answer_to(typed: str) -> str:
    given, piped, command = typed.rpartition(" | ")
    stdin = shlex.split(given)[1].encode().decode("unicode_escape") if piped else None
    program, *words = shlex.split(command)
    assert program == "parlour"
    return CliRunner().invoke(main, words, input=stdin).output


def test_every_recipe_of_the_cookbook_is_loaded_and_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert answer_to("parlour init mysite")
    played = 0
    for fence in fences(COOKBOOK):
        if fence.language == "yaml":
            write(fence, tmp_path / "mysite")
        else:
            played += type_along(fence) if fence.language == "console" else visit(fence, tmp_path / "mysite")
    titles = re.findall(r"^## (\d+)\. ", COOKBOOK.read_text(encoding="utf-8"), re.M)
    assert titles == [str(number) for number in range(1, RECIPES + 1)]
    assert played == RECIPES


def visit(fence: Fence, site: Path) -> int:
    """Lets a page know these facts, and compares what triggers that are ready then say; each of them is needed."""
    told, _, said = fence.text.partition("→ ")
    facts = {name: plain_value(value) for name, value in re.findall(r"^(\S+): (.*)$", told, re.M)}
    loaded = load(site).site
    assert loaded is not None

    def ready(facts: dict[str, Any]) -> list[str]:
        found = (each for each in loaded.triggers.values() if evaluate(each.condition, facts) is True)
        return [in_language(each.say or {}, "en", "en") for each in found]

    assert said.strip() in ready(facts), fence
    for name in facts:
        assert said.strip() not in ready({other: value for other, value in facts.items() if other != name}), name
    return 1


def plain_value(text: str) -> Any:
    return {"true": True, "false": False}.get(text, int(text) if text.isdigit() else text)


@pytest.mark.parametrize("console", [each for each in everywhere("console") if each.page != ACTIONS], ids=str)
def test_commands_elsewhere_answer_what_the_pages_say(
    console: Fence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert answer_to("parlour init mysite")
    assert type_along(console)


def test_who_types_an_action_along_sees_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert answer_to("parlour init mysite")
    for fence in fences(ACTIONS):
        if fence.words:
            (tmp_path / "mysite" / fence.words).write_text(fence.text)
        elif fence.language == "console":
            assert type_along(fence) == 2


@pytest.mark.parametrize("guide", WALK, ids=lambda guide: guide.name)
def test_mistakes_are_followed_by_what_is_said_about_them(guide: Path) -> None:
    told = fences(guide)
    mistakes = [at for at, fence in enumerate(told) if fence.words.endswith(" mistake")]
    assert mistakes
    for at in mistakes:
        assert told[at + 1].text.startswith("$ parlour check mysite\n  error "), told[at]


def test_the_message_of_a_mistake_is_what_a_terminal_shows() -> None:
    (fence,) = (fence for fence in fences(WALK[0]) if fence.words.endswith(" mistake"))
    loaded = load_files(
        {**{f"{name}.yaml": text for name, text in AROUND.items()}, "flows/gift_cards.yaml": fence.text}
    )
    for problem in loaded.problems:
        assert shown(problem, fence.text) in WALK[0].read_text(encoding="utf-8")


# Links


@pytest.mark.parametrize("guide", PAGES, ids=lambda guide: str(guide.relative_to(ROOT)))
def test_links_lead_somewhere(guide: Path) -> None:
    for target in links(guide.read_text(encoding="utf-8")):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (guide.parent / path).resolve() if path else guide
        assert file.exists() and file.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(file), target


def links(text: str) -> Iterator[str]:
    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S))
    yield from re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_can_be_reached_from_the_readme() -> None:
    met, waiting = set(), [ROOT / "README.md"]
    while waiting:
        guide = waiting.pop()
        if guide.is_dir():
            waiting += guide.glob("*.md")
        elif guide.suffix == ".md" and guide not in met:
            met.add(guide)
            targets = (target.partition("#")[0] for target in links(guide.read_text(encoding="utf-8")))
            waiting += [(guide.parent / target).resolve() for target in targets if target and ":" not in target]
    assert set(DOCS.rglob("*.md")) <= met


# Everything there is


def test_the_readme_begins_with_the_two_commands() -> None:
    text, makefile = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "Makefile"))
    assert text.index("make serve") < text.index("make test") < text.index("## What next")
    for target in re.findall(r"`?make (\w+)`?(?= {2,}#| PORT|`)", text):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_reference_is_what_the_tables_say() -> None:
    command = [sys.executable, str(ROOT / "bin" / "reference"), "--print"]
    printed = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == REFERENCE, "docs/marketers/reference.md is behind the code; bin/reference writes it"


@pytest.mark.parametrize(
    "name", [*STEPS, *FLOW.keys, *TRIGGER.keys, *RULE.keys, *MATCH.keys, *SECTIONS, *get_args(ANSWER_KINDS)]
)
def test_every_step_key_section_and_answer_type_is_in_the_reference(name: str) -> None:
    assert f"`{name}`" in REFERENCE


@pytest.mark.parametrize("fact", VOCABULARY, ids=lambda fact: fact.name)
def test_every_fact_is_in_the_reference(fact: Any) -> None:
    assert f"| `{fact.name}` |" in REFERENCE and f"`{fact.example}`" in REFERENCE


def test_every_code_of_a_problem_is_in_the_reference_and_no_other() -> None:
    sources = (path.read_text(encoding="utf-8") for folder in CODE for path in (ROOT / folder).rglob("*.py"))
    used = {code for text in sources for code in re.findall(r'"([A-Z]0[0-9]{2})"', text)}
    assert used == set(re.findall(r"^\| `([A-Z]0[0-9]{2})` \|", REFERENCE, re.M))


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, *path, name)
    else:
        yield " ".join(path), command


@pytest.mark.parametrize(("name", "command"), [*commands(main)], ids=lambda each: each if isinstance(each, str) else "")
def test_every_command_and_option_is_explained(name: str, command: click.Command) -> None:
    guides = "\n".join(page.read_text(encoding="utf-8") for page in [*WALK, DOCS / "operators" / "running.md"])
    assert f"parlour {name}" in guides
    for option in (each for each in command.params if isinstance(each, click.Option)):
        for written in (*[flag for flag in option.opts if flag.startswith("--")], *option.secondary_opts):
            assert f"`{written}`" in RUNNING or f"`{written} " in RUNNING, written
        for variable in [option.envvar] if isinstance(option.envvar, str) else []:
            assert f"`{variable}`" in RUNNING, variable


@pytest.mark.parametrize("page", ["server.md", "production.md"])
def test_services_of_systemd_are_started_as_parlour_can_be(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = fences(DOCS / "operators" / page)
    (unit,) = (fence.text for fence in told if fence.language == "ini")
    (given,) = (dict(re.findall(r"^(\w+)='(.*)'$", fence.text, re.M)) for fence in told if fence.words == "environment")
    (serve,) = (command for name, command in commands(main) if name == "serve")
    assert set(given) <= {option.envvar for option in serve.params}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    (started,) = re.findall(r"^ExecStart=/opt/parlour/current/bin/parlour serve (.*)$", unit, re.M)
    options = serve.make_context("serve", shlex.split(started.replace("%i", "8001"))).params
    (state,) = re.findall(r"^StateDirectory=(.*)$", unit, re.M)
    assert options["data"] == Path("/var/lib") / state
    assert options["trusted_proxies"] == 1 and options["host"] == "127.0.0.1"
    assert bool(options["database"]) is (page == "production.md")


def test_nginx_passes_on_the_same_for_one_process_wherever_it_is_told() -> None:
    told = []
    for page in ("running.md", "server.md"):
        found = next(fence.text for fence in fences(DOCS / "operators" / page) if fence.language == "nginx")
        told.append(re.findall(r"^ *(proxy_.*;)$", found, re.M))
    assert told[0] == told[1] and len(told[0]) >= 9


def test_how_long_tokens_and_passwords_are_is_told() -> None:
    for shortest in (SHORTEST_TOKEN, SHORTEST_PASSWORD, KEY_BYTES):
        assert re.search(rf"\b{shortest}\b", RUNNING[RUNNING.index("A token has") :][:400]), shortest


@pytest.mark.parametrize("kind", JOBS)
def test_every_kind_of_job_is_explained(kind: str) -> None:
    assert re.search(rf"^\|[^|]*`{kind}`[^|]*\|", RUNNING, re.M)


def test_every_event_of_the_log_is_told_and_no_other() -> None:
    sources = [ast.parse(path.read_text(encoding="utf-8")) for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    logged = {event for source in sources for event in events_in(source)}
    assert {event for event in logged if not re.fullmatch(r"unforeseen|[a-z_]+\.[a-z_]+", event)} == set()
    rows = re.findall(r"^\| ((?:`[\w.]+`(?:, )?)+) \|", WATCHING[WATCHING.index("## The log") :], re.M)
    assert {event for row in rows for event in re.findall(r"[\w.]+", row)} == logged


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def events_in(source: ast.Module) -> Iterator[str]:
    """Returns what a module logs: the first word of `log.error(…)` and its like, also where a function is given it."""
    calls = [each for each in ast.walk(source) if isinstance(each, ast.Call) and each.args]
    for call in calls:
        if not re.fullmatch(rf"(self\.)?log(\.({'|'.join(LEVELS)}))?", ast.unparse(call.func)):
            continue
        if not isinstance(call.args[0], ast.Name):
            yield from texts_of(call.args[0])
            continue
        (around,) = (
            each.name for each in ast.walk(source) if isinstance(each, ast.FunctionDef) and call in every_call(each)
        )
        given = [each for each in calls if re.fullmatch(rf"(self\.)?{around}", ast.unparse(each.func))]
        assert given, f"Nobody calls {around}, which logs what it is given."
        for each in given:
            yield from texts_of(each.args[0])


def every_call(function: ast.FunctionDef) -> list[ast.Call]:
    """Returns the calls in a function, without those in functions within it."""
    inner = {call for each in function.body for call in ast.walk(each) if isinstance(call, ast.Call)}
    for each in ast.walk(function):
        if isinstance(each, ast.FunctionDef) and each is not function:
            inner -= {call for call in ast.walk(each) if isinstance(call, ast.Call)}
    return list(inner)


def texts_of(given: ast.expr) -> Iterator[str]:
    """Returns what an argument may be: one text, or one of two."""
    if isinstance(given, ast.IfExp):
        yield from texts_of(given.body)
        yield from texts_of(given.orelse)
        return
    assert isinstance(given, ast.Constant) and isinstance(given.value, str), ast.unparse(given)
    yield given.value


# The protocol


@pytest.mark.parametrize("model", get_args(get_args(frames.VisitorFrame)[0]), ids=lambda model: model.__name__)
def test_every_frame_of_visitors_is_told(model: Any) -> None:
    told(section("What a visitor says"), model)


@pytest.mark.parametrize("model", get_args(get_args(frames.AgentFrame)[0]), ids=lambda model: model.__name__)
def test_every_frame_of_agents_is_told(model: Any) -> None:
    told(section("What an agent says"), model)


def told(text: str, model: Any) -> None:
    (op,) = get_args(model.model_fields["op"].annotation)
    (row,) = re.findall(rf"^\| `{op}` \|.*$", text, re.M)
    for field in model.model_fields.keys() - {"op"}:
        assert re.search(rf"`{field}\b", row), f"{op}: {field}"


def test_no_frame_is_told_that_there_is_not() -> None:
    for title, union in (("What a visitor says", frames.VisitorFrame), ("What an agent says", frames.AgentFrame)):
        ops = {get_args(model.model_fields["op"].annotation)[0] for model in get_args(get_args(union)[0])}
        assert set(re.findall(r"^\| `(\w+)` \|", section(title), re.M)) == ops


def test_every_frame_of_the_server_is_told_and_no_other() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "web").rglob("*.py"))
    said = {op for text in sources for op in re.findall(r'"op": "(\w+)"', text)}
    assert set(re.findall(r"^\| `(\w+)` \|", section("What the server says"), re.M)) == said


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_event_is_told_with_what_visitors_see(kind: Any) -> None:
    (row,) = re.findall(rf"^\| `{kind.name}` \| (.*) \| (.*)\|$", section("Events"), re.M)
    meaning, seen = row
    assert meaning == kind.meaning
    assert set(re.findall(r"`(\w+)`", seen)) == set(kind.visitor or ())
    assert bool(seen.strip()) is (kind.visitor is not None)


def test_every_closing_number_is_told() -> None:
    closing = section("Staying connected")
    numbers = {
        value for module in (connection, errors) for name, value in vars(module).items() if is_closing(name, value)
    }
    assert numbers | {1000} == {int(number) for number in re.findall(r"^\| (\d{4}) \|", closing, re.M)}


def is_closing(name: str, value: object) -> bool:
    return name.isupper() and isinstance(value, int) and (1000 < value < 1016 or 4400 <= value < 4500)


def test_every_code_of_a_refusal_is_told_and_no_other() -> None:
    sources = [
        path.read_text(encoding="utf-8") for folder in ("web", "handoff") for path in (ROOT / folder).rglob("*.py")
    ]
    used = {code for text in sources for code in re.findall(r'^ {4}code(?:: ClassVar\[str\])? = "(\w+)"', text, re.M)}
    used |= {code for code, _ in errors._HTTP.values()}
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", section("Refusals"), re.M)
    assert {code for row in rows for code in re.findall(r"\w+", row)} == used


@pytest.mark.parametrize("model", [frames.View, frames.Show, frames.Seen, frames.Said, frames.Pressed])
def test_every_field_of_the_widgets_requests_is_told(model: Any) -> None:
    for field in model.model_fields:
        assert re.search(rf"\b{field}\b", section("The widget's other requests") + section("What a visitor says")), (
            field
        )


def test_every_request_of_the_widget_and_the_panel_that_is_answered_with_json_is_told() -> None:
    for name in ("widget", "panel"):
        source = (ROOT / "web" / f"{name}.py").read_text(encoding="utf-8")
        answering = re.findall(r'@pages\.(get|post)\("(.+?)"\)(.*?)(?=\n\n|\Z)', source, re.S)
        paths = [
            f"{method.upper()} {path}" for method, path, body in answering if "jsonify(" in body or ".json" in path
        ]
        assert len(paths) >= 4
        for path in paths:
            assert f"`{re.sub('<[a-z_]+>', '<id>', path)}" in PROTOCOL.replace("<hash>", "<id>"), path


def section(title: str) -> str:
    """Returns what stands below a heading of the protocol."""
    (found,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PROTOCOL, re.M | re.S)
    return found
