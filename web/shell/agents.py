"""`parlour agent`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, FORMAT, SITE_OPTION, Misused, Stop, existing, look_for, tell

ROLE = click.Choice(["agent", "lead", "marketer", "admin"])


@click.group()
def agent() -> None:
    """The people who answer."""


@agent.command("add")
@click.argument("email")
@SITE_OPTION
@click.option("--name", required=True, help="As visitors see it.")
@click.option("--department", "departments", multiple=True, help="May be given several times.")
@click.option("--role", type=ROLE, default="agent", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@DATA
@DATABASE
def agent_add(email: str, site: Path, password_stdin: bool, **entry: Any) -> None:
    """Add somebody who may sign in.

    \b
    Example:   parlour agent add anna@shop.example --name Anna --department sales
    """
    from web.commands.agents import add_agent

    with _in_one_line():
        add_agent(existing(site), email, ask=partial(_password, email, password_stdin), **entry)
    click.echo(f"{entry['name']} may sign in as {email}.")


@agent.command("list")
@SITE_OPTION
@FORMAT
@DATA
@DATABASE
def agent_list(form: str, **place: Any) -> None:
    """Tell who may sign in, as what and for which departments.

    \b
    Example:   parlour agent list
    """
    from web.commands.agents import all_agents

    look_for(**place)
    with _in_one_line():
        people = all_agents(**place)
    if form == "json":
        click.echo(json.dumps([{**asdict(each), "departments": sorted(each.departments)} for each in people], indent=2))
        return
    for each in people:
        of = ", ".join(sorted(each.departments)) or "no department"
        closed = "" if each.active else "  (closed)"
        tell(f"{each.email}  {each.name}  {each.role}  {of}{closed}")


@agent.command("change")
@click.argument("email")
@SITE_OPTION
@click.option("--name", help="As visitors see it.")
@click.option("--department", "departments", multiple=True, help="Those named are all they work in from now on.")
@click.option("--role", type=ROLE, help="With another one they are signed out everywhere.")
@DATA
@DATABASE
def agent_change(email: str, site: Path, data: Path | None, database: str | None, **to: Any) -> None:
    """Change somebody's role, departments or name.

    \b
    Example:   parlour agent change anna@shop.example --role lead --department sales --department support
    """
    from web.commands.agents import change_agent

    if not any(to.values()):
        raise Misused(
            "Say what to change: --role, --department or --name. How it is used:  parlour agent change --help"
        )
    look_for(site, data=data, database=database)
    with _in_one_line():
        change_agent(email, site=site, data=data, database=database, **to)
    click.echo(f"{email} is changed.")


@agent.command("close")
@click.argument("email")
@SITE_OPTION
@DATA
@DATABASE
def agent_close(email: str, **place: Any) -> None:
    """Let somebody in no more.

    Their panels close at once, and what they hold waits for others within a minute.

    \b
    Example:   parlour agent close anna@shop.example
    """
    _let_in(email, False, **place)
    click.echo(f"{email} is signed out everywhere and cannot sign in.")


@agent.command("open")
@click.argument("email")
@SITE_OPTION
@DATA
@DATABASE
def agent_open(email: str, **place: Any) -> None:
    """Let somebody in again whose account was closed.

    \b
    Example:   parlour agent open anna@shop.example
    """
    _let_in(email, True, **place)
    click.echo(f"{email} may sign in again.")


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
    from web.commands.agents import set_password

    look_for(**place)
    with _in_one_line():
        set_password(email, ask=partial(_password, email, password_stdin), **place)
    click.echo(f"{email} signs in with the new password from now on.")


def _let_in(email: str, yes: bool, **place: Any) -> None:
    from web.commands.agents import let_in

    look_for(**place)
    with _in_one_line():
        let_in(email, yes, **place)


@contextmanager
def _in_one_line() -> Iterator[None]:
    from web.commands.agents import CannotAddAgent

    try:
        yield
    except CannotAddAgent as problem:
        raise Stop(str(problem)) from None


def _password(email: str, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise Stop("There is no terminal to ask for the password on. Pipe it in with --password-stdin")
    from web.accounts import normal_email, weakness

    while True:
        password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
        wrong = weakness(password, email=normal_email(email))
        if wrong is None:
            return password
        tell(wrong, err=True)
