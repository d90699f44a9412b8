"""The command `parlour`. Nothing heavy is imported before a command is known: `serve` patches the process first."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from web import __version__
from web.shell.agents import agent
from web.shell.backup import backup, new_epoch, restore
from web.shell.content import check, deploy, rollback, talk, versions
from web.shell.explaining import explain
from web.shell.jobs import jobs
from web.shell.options import Misused, Stop
from web.shell.serving import init, serve
from web.shell.visitors import retention, visitor
from web.shell.webhooks import webhook


class Commands(click.Group):
    """Ends whatever was not understood, or cannot use its files or database, with one clear line, wherever that was."""

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        with _in_one_line():
            return super().make_context(*words, **more)

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        for word in words:
            if not word.strip() or re.fullmatch(r"--[a-z-]+=", word):
                raise click.UsageError("One of the words is empty; is a variable of the shell not set?", context)
            if not _is_unicode(word):
                raise click.UsageError(f"{word!r} is not written in UTF-8.", context)
        return super().parse_args(context, words)

    def invoke(self, context: click.Context) -> Any:
        with _in_one_line():
            return super().invoke(context)


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise
    except click.UsageError as wrong:
        raise Misused(_about_the_words(wrong)) from None
    except BrokenPipeError:
        raise  # Whoever read has read enough.
    except OSError as problem:
        raise Stop(_about_the_file(problem)) from None
    except Exception as problem:
        told = _about_the_database(problem)
        if told is None:
            raise
        raise Stop(told) from None


def _is_unicode(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:  # Bytes that mean nothing in UTF-8 are carried along as half characters.
        return False
    return True


def _about_the_words(wrong: click.UsageError) -> str:
    said = wrong.format_message()
    if isinstance(wrong, click.BadParameter) and not isinstance(wrong, click.MissingParameter) and wrong.param:
        said = f"{wrong.param.get_error_hint(wrong.ctx)}: {wrong.message}"
    stop = "" if said.endswith((".", "?")) else "."
    command = wrong.ctx.command_path if wrong.ctx else "parlour"
    return f"{said}{stop} How it is used:  {command} --help"


def _about_the_file(problem: OSError) -> str:
    if problem.filename is None:
        return f"It cannot go on: {problem.strerror or problem}."
    what_to_do = " Let this user read and write it." if isinstance(problem, PermissionError) else ""
    return f"{problem.filename} cannot be used: {problem.strerror}.{what_to_do}"


def _about_the_database(problem: Exception) -> str | None:
    if "bot.trouble" not in sys.modules:  # Whoever met it has imported it.
        return None
    from sqlalchemy.exc import DBAPIError

    from bot.trouble import CannotOpen, is_trouble, sentence

    if isinstance(problem, CannotOpen):
        return str(problem)
    return sentence(problem) if isinstance(problem, DBAPIError) and is_trouble(problem) else None


@click.group("parlour", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parlour")
def main() -> None:
    """Parlour greets the people who visit a website, asks what a colleague needs to know, and hands over.

    \b
    Begin with:   parlour init mysite
                  parlour serve mysite
    """


COMMANDS = (
    *(init, serve, agent, explain, jobs, webhook),
    *(check, talk, deploy, rollback, versions),
    *(visitor, retention, backup, restore, new_epoch),
)
for _command in COMMANDS:
    main.add_command(_command)


if __name__ == "__main__":
    main(prog_name="parlour")
