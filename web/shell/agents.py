"""`parlour agent`."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE_OPTION, Stop, existing, look_for


@click.group()
def agent() -> None:
    """The people who answer."""


@agent.command("add")
@click.argument("email")
@SITE_OPTION
@click.option("--name", required=True, help="As visitors see it.")
@click.option("--department", "departments", multiple=True, help="May be given several times.")
@click.option("--role", type=click.Choice(["agent", "lead", "marketer", "admin"]), default="agent", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@DATA
@DATABASE
def agent_add(email: str, site: Path, password_stdin: bool, **entry: Any) -> None:
    """Add somebody who may sign in.

    \b
    Example:   parlour agent add anna@shop.example --name Anna --department sales
    """
    from web.commands.agents import CannotAddAgent, add_agent

    try:
        add_agent(existing(site), email, ask=partial(_password, password_stdin), **entry)
    except CannotAddAgent as problem:
        raise Stop(str(problem)) from None
    click.echo(f"{entry['name']} may sign in as {email}.")


@agent.command("password")
@click.argument("email")
@SITE_OPTION
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@DATA
@DATABASE
def agent_password(email: str, password_stdin: bool, **place: Any) -> None:
    """Give somebody a new password; they are signed out everywhere.

    \b
    Example:   parlour agent password anna@shop.example
    """
    from web.commands.agents import CannotAddAgent, set_password

    look_for(**place)
    try:
        set_password(email, ask=partial(_password, password_stdin), **place)
    except CannotAddAgent as problem:
        raise Stop(str(problem)) from None
    click.echo(f"{email} signs in with the new password from now on.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
