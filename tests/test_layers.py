"""The staircase: who may import whom, read from the code itself."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

OURS: dict[str, set[str]] = {
    "rules": set(),
    "flows": {"rules"},
    "triggers": {"rules"},
    "bot": {"rules", "flows", "triggers"},
    "handoff": {"rules", "flows", "triggers", "bot"},
    "web": {"rules", "flows", "triggers", "bot", "handoff"},
}
OTHERS: dict[str, set[str]] = {
    "rules": {"yaml", "orjson", "liquid", "rapidfuzz", "re2", "holidays", "babel"},
    "flows": {"transitions", "phonenumbers", "email_validator"},
    "triggers": set(),
    "bot": {"sqlalchemy", "alembic", "structlog", "rasa_sdk"},
    "handoff": {"sqlalchemy", "structlog", "transitions"},
}
"""Third-party packages of each; `web` is the edge and may import what it needs."""

IMPURE = {
    "asyncio",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "urllib.request",
}
"""What the pure three may not even take from the standard library."""
PURE = ("rules", "flows", "triggers")
CLOCKS = {"now", "today", "utcnow"}


def modules(package: str) -> Iterator[Path]:
    yield from sorted((ROOT / package).rglob("*.py"))


def imports_of(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", node.lineno


def offences(package: str) -> list[str]:
    found = []
    for file in modules(package):
        for name, line in imports_of(file):
            top = name.split(".")[0]
            if top == package or _may_import(package, top, name):
                continue
            found.append(f"{file.relative_to(ROOT)}:{line} imports {name}")
    return found


def _may_import(package: str, top: str, name: str) -> bool:
    if top in OURS:
        return top in OURS[package]
    if top in sys.stdlib_module_names:
        return package not in PURE or not {top, name} & IMPURE
    return package == "web" or top in OTHERS[package]


@pytest.mark.parametrize("package", OURS)
def test_nothing_imports_up_the_stairs_or_what_it_should_not_know(package: str):
    assert offences(package) == []


@pytest.mark.parametrize("package", PURE)
def test_the_pure_core_reads_no_clock(package: str):
    read = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in modules(package)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and _is_a_clock(node)
    ]
    assert read == []


def _is_a_clock(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")


SQL = {"Connection", "delete", "exists", "func", "insert", "select", "table", "text", "update"}


def sql_of_others(file: Path) -> Iterator[str]:
    """Where a module of `web` asks a database itself: of accounts only, and of no rows but their own."""
    is_ours = file.parent == ROOT / "web" / "accounts"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        where = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Attribute) and node.attr == "exec_driver_sql":
            yield f"{where} {node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = {alias.name for alias in node.names}
            if node.module == "sqlalchemy" and not is_ours:
                yield from (f"{where} {name}" for name in sorted(names & SQL))
            elif node.module in ("bot.models", "handoff.models") and is_ours:
                yield from (f"{where} {name}" for name in sorted(names - {"Base", "ID_LENGTH", "identity"}))


def test_the_web_asks_no_database_but_of_its_own_tables():
    assert [each for file in modules("web") for each in sql_of_others(file)] == []


def test_rows_of_others_in_the_web_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "web" / "accounts").mkdir(parents=True)
    (tmp_path / "web" / "accounts" / "bad.py").write_text("from handoff.models import AgentRow\n")
    (tmp_path / "web" / "bad.py").write_text("from sqlalchemy import URL, select\nx.exec_driver_sql('SELECT 1')\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    found = [each for file in modules("web") for each in sql_of_others(file)]
    assert found == ["web/accounts/bad.py:1 AgentRow", "web/bad.py:1 select", "web/bad.py:2 exec_driver_sql"]


def test_only_the_actions_import_rasa():
    importing = [
        str(file.relative_to(ROOT))
        for package in OURS
        for file in modules(package)
        if any(name.split(".")[0] == "rasa_sdk" for name, _ in imports_of(file))
    ]
    # A process of its own, to which all else only speaks, and what it loads in a new site.
    assert importing == ["bot/actions/program.py", "bot/starter/actions/orders.py"]


def test_the_web_worker_does_not_load_rasa():
    program = "import sys, web.app, web.commands.checking; print('rasa_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_the_action_server_does_not_load_what_reads_a_site():
    program = "import sys, bot.actions.program; print('bot.site' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_an_upward_import_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "bad.py").write_text("from web.app import create_app\nimport sqlalchemy\nimport os\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert offences("rules") == [
        "rules/bad.py:1 imports web.app",
        "rules/bad.py:2 imports sqlalchemy",
        "rules/bad.py:3 imports os",
    ]
