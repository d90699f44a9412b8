"""`parlour explain`."""

from pathlib import Path

import click

from web.shell.options import DATA, DATABASE, SITE_OPTION, Stop, existing


@click.group()
def explain() -> None:
    """Why something happened."""


@explain.command("conversation")
@click.argument("conversation_id", metavar="ID")
@SITE_OPTION
@DATA
@DATABASE
def explain_conversation(conversation_id: str, site: Path, data: Path | None, database: str | None) -> None:
    """Tell what happened in a conversation, and why.

    Each step and guard comes with its result, file and line.

    \b
    Example:   parlour explain conversation 8f3aQx…
    """
    from web.commands.explaining import NoSuchConversation, explanation

    if data is None and database is None:
        existing(site)
    try:
        for line in explanation(site, conversation_id, data=data, database=database):
            click.echo(line)
    except NoSuchConversation as problem:
        raise Stop(str(problem)) from None
