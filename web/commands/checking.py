"""`parlour check`: every problem of a site, for people or for programs."""

import json
from pathlib import Path

import click

from bot.site.loading import load
from rules.problems import Problem, as_json, has_errors, shown


def check_site(site: Path, form: str) -> int:
    """Prints the problems and returns the exit status: 1 when there are errors."""
    loaded = load(site)
    if form == "json":
        click.echo(json.dumps([as_json(problem) for problem in loaded.problems], ensure_ascii=False, indent=2))
    else:
        for problem in loaded.problems:
            click.echo(shown(problem, loaded.files.get(problem.place.file)) + "\n")
        click.echo(_summary(loaded.problems))
    return 1 if has_errors(loaded.problems) else 0


def _summary(problems: tuple[Problem, ...]) -> str:
    counts = {level: sum(problem.level == level for problem in problems) for level in ("error", "warning", "info")}
    if not problems:
        return "No problems found."
    told = [
        f"{count} {level}{'s' if count != 1 and level != 'info' else ''}" for level, count in counts.items() if count
    ]
    return ", ".join(told) + ("." if counts["error"] else ". Nothing stands in the way of going live.")
