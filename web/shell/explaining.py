"""`parlour explain`."""

from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE_OPTION, Stop, existing, in_circumstances, look_for, tell


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


@explain.command("triggers")
@SITE_OPTION
@in_circumstances
def explain_triggers(site: Path, **circumstances: Any) -> None:
    """Tell which trigger would speak, and why others would not.

    The visitor is a new one, to whom nothing was shown yet.

    \b
    Example:   parlour explain triggers --page /pricing --fact time_on_page=40s --at "sunday 11:00"
    """
    from web.commands.circumstances import CannotBe
    from web.commands.proposing import proposals
    from web.commands.talking import CannotTalk

    try:
        for line in proposals(existing(site), **circumstances):
            tell(line)
    except (CannotBe, CannotTalk) as problem:
        raise Stop(str(problem)) from None
