"""The command `parlour`. Nothing heavy is imported before a command is known: `serve` patches the process first."""

import sys
from typing import Any

import click

from web import __version__
from web.shell.agents import agent
from web.shell.backup import backup, new_epoch, restore
from web.shell.content import check, deploy, rollback, talk, versions
from web.shell.explaining import explain
from web.shell.jobs import jobs
from web.shell.options import Stop
from web.shell.serving import init, serve
from web.shell.visitors import retention, visitor
from web.shell.webhooks import webhook


class Commands(click.Group):
    """Ends a command that cannot use its database with one clear line, whichever command and wherever in it."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except Exception as problem:
            told = _about_the_database(problem)
            if told is None:
                raise
            raise Stop(told) from None


def _about_the_database(problem: Exception) -> str | None:
    if "bot.trouble" not in sys.modules:  # Whoever met it has imported it.
        return None
    from sqlalchemy.exc import DBAPIError

    from bot.trouble import CannotOpen, is_trouble, sentence

    if isinstance(problem, CannotOpen):
        return str(problem)
    return sentence(problem) if isinstance(problem, DBAPIError) and is_trouble(problem) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
    main()
