"""`parlour check`: every problem of a site, for people or for programs."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from bot.actions.inspecting import problems_of_actions
from bot.site.loading import Loaded, load
from rules.problems import Problem, as_json, has_errors, in_reading_order, shown


def check_site(site: Path, form: str) -> int:
    """Prints the problems and returns the exit status: 1 when there are errors."""
    loaded, problems = checked(site)
    if form == "json":
        click.echo(json.dumps([as_json(problem) for problem in problems], ensure_ascii=False, indent=2))
    else:
        show(site, loaded, problems)
    return 1 if has_errors(problems) else 0


def checked(site: Path) -> tuple[Loaded, tuple[Problem, ...]]:
    """Returns a site and every problem of it, those of its actions too."""
    loaded = load(site)
    return loaded, tuple(in_reading_order([*loaded.problems, *problems_of_actions(site, loaded.site)]))


def show(site: Path, loaded: Loaded, problems: tuple[Problem, ...]) -> None:
    """Prints the problems for people."""
    for problem in problems:
        click.echo(shown(problem, _source(site, problem, loaded.files)) + "\n")
    click.echo(_summary(problems))


def _source(site: Path, problem: Problem, files: Mapping[str, str]) -> str | None:
    """Returns the file a problem is in; those of actions are not among the site's content."""
    file = problem.place.file
    if file in files or not file.endswith(".py"):
        return files.get(file)
    try:
        return (site / file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _summary(problems: tuple[Problem, ...]) -> str:
    counts = {level: sum(problem.level == level for problem in problems) for level in ("error", "warning", "info")}
    if not problems:
        return "No problems found."
    told = [
        f"{count} {level}{'s' if count != 1 and level != 'info' else ''}" for level, count in counts.items() if count
    ]
    return ", ".join(told) + ("." if counts["error"] else ". Nothing stands in the way of going live.")
