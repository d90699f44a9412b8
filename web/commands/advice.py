"""A command that is advised, with the words by which the running one was told where everything is."""

import shlex

import click
from click.core import ParameterSource


def again(words: str) -> str:
    """Returns `parlour` with these words, and site, data folder and database as they were given, to be copied.

    The address of a database may have a password in it, so it is left to whoever copies.
    """
    context = click.get_current_context(silent=True)
    given = _given(context, words) if context else []
    return " ".join(["parlour", words, *given])


def _given(context: click.Context, words: str) -> list[str]:
    command = _meant(context.find_root().command, words.split())
    written = []
    for each in command.params:
        name = each.name or ""
        if name in ("site", "data", "database") and context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            value = "…" if name == "database" else shlex.quote(str(context.params[name]))
            written.append(value if isinstance(each, click.Argument) else f"--{name} {value}")
    return written


def _meant(command: click.Command, words: list[str]) -> click.Command:
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command
