"""`parlour explain`."""

from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE_OPTION, Stop, look_for, tell


@click.group()
def explain() -> None:
    """Why something happened."""


@explain.command("conversation")
@click.argument("conversation_id", metavar="ID")
@SITE_OPTION
@DATA
@DATABASE
def explain_conversation(conversation_id: str, **place: Any) -> None:
    """Tell what happened in a conversation, and why.

    Each step and guard comes with its result, file and line.

    \b
    Example:   parlour explain conversation 8f3aQx…
    """
    from web.commands.explaining import NoSuchConversation, explanation

    look_for(**place)
    try:
        for line in explanation(conversation_id, **place):
            tell(line)
    except NoSuchConversation as problem:
        raise Stop(str(problem)) from None
