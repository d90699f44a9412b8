"""The command `parlour`. Nothing heavy is imported before a command is known: `serve` patches the process first."""

import gc
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from web import __version__

SITE = click.argument("site", type=click.Path(path_type=Path, file_okay=False), default="site")
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PARLOUR_DATA",
    help="Folder of database and secrets. Default: .parlour inside the site.",
)
DATABASE = click.option(
    "--database", envvar="PARLOUR_DATABASE", help="Address of the database. Default: SQLite in the data folder."
)
ACTIONS_URL = click.option(
    "--actions-url",
    envvar="PARLOUR_ACTIONS_URL",
    help="Address of an action server elsewhere. Default: the site's actions folder is served here.",
)

WEBHOOKS_MAY_BE_LOCAL = click.option(
    "--webhooks-may-be-local",
    is_flag=True,
    envvar="PARLOUR_WEBHOOKS_MAY_BE_LOCAL",
    help="Let webhooks lead to this computer, also without HTTPS: for trying out.",
)
SITE_OPTION = click.option(
    "--site", type=click.Path(path_type=Path, file_okay=False), default="site", show_default=True
)


class Stop(click.ClickException):
    """One clear line of what to do, and exit status 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"parlour: {self.message}", err=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parlour")
def main() -> None:
    """Parlour greets the people who visit a website, asks what a colleague needs to know, and hands over.

    \b
    Begin with:   parlour init mysite
                  parlour serve mysite
    """


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Make a new site from the starter content.

    \b
    Example:   parlour init mysite
    """
    from bot.site.starting import AlreadyThere, make_site

    try:
        files = make_site(directory)
    except AlreadyThere as problem:
        raise Stop(str(problem)) from None
    click.echo(f"Made {directory} with {len(files)} files. Look at {directory}/site.yaml first, then:")
    click.echo(f"  parlour serve {directory}")


@main.command()
@SITE
@click.option("--host", default="127.0.0.1", envvar="HOST", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, envvar="PORT", show_default=True, type=click.IntRange(0, 65535), help="Its port.")
@DATA
@DATABASE
@click.option(
    "--demo/--no-demo", default=None, envvar="PARLOUR_DEMO", help="Serve the sample shop. Default: only on loopback."
)
@click.option("--dev", is_flag=True, envvar="PARLOUR_DEV", help="Serve files as they are written, uncached.")
@click.option(
    "--trusted-proxies",
    default=0,
    envvar="PARLOUR_TRUSTED_PROXIES",
    type=click.IntRange(0, 10),
    help="Reverse proxies before us to believe.",
)
@WEBHOOKS_MAY_BE_LOCAL
@click.option(
    "--door",
    "doors",
    multiple=True,
    envvar="PARLOUR_DOORS",
    metavar="NAME",
    help="Let clients of Rasa in: rest, socketio, callback=ADDRESS. May be given several times.",
)
@click.option("--api-token", envvar="PARLOUR_API_TOKEN", help="Opens Rasa's tracker and control API to who brings it.")
@ACTIONS_URL
def serve(site: Path, **options: Any) -> None:
    """Serve a site: widget, panel and, on this computer, the sample shop.

    Without a site directory, ./site is made from the starter content.

    \b
    Example:   parlour serve mysite --port 8080
    """
    gc.disable()  # Nothing that is made before the first request is ever given back; `web/serving.py` enables it then.
    from gevent import monkey

    monkey.patch_all()
    from web.commands.serving import Refused, serve_site

    try:
        serve_site(site, **options)
    except Refused as problem:
        raise Stop(str(problem)) from None


@main.command()
@SITE
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def check(site: Path, form: str) -> None:
    """Check a site and tell everything that is wrong with it. Exit status 1 when there are errors.

    \b
    Example:   parlour check mysite --format json
    """
    from web.commands.checking import check_site

    sys.exit(check_site(_existing(site), form))


@main.command()
@SITE
@click.option("--page", default="/", show_default=True, help="The page the visitor is on.")
@click.option("--language", help="The visitor's language. Default: the site's first.")
@click.option("--fact", "facts", multiple=True, metavar="NAME=VALUE", help="Any other fact, such as visits=3.")
@click.option("--agents", "agents_here", default=0, show_default=True, help="How many agents are there.")
@click.option("--at", "at", metavar="MOMENT", help="When it is, such as '2026-03-04 10:00' or 'sunday 11:00'.")
@ACTIONS_URL
def talk(site: Path, **circumstances: Any) -> None:
    """Speak with the bot in the terminal; lines may be piped in.

    \b
    Example:   echo "Hello" | parlour talk mysite --page /pricing --at "sunday 11:00"
    """
    from web.commands.talking import CannotTalk, talk_with

    try:
        talk_with(_existing(site), **circumstances)
    except CannotTalk as problem:
        raise Stop(str(problem)) from None


@main.group()
def agent() -> None:
    """The people who answer."""


@agent.command("add")
@click.argument("email")
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), default="site", show_default=True)
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
        add_agent(_existing(site), email, password=_password(password_stdin), **entry)
    except CannotAddAgent as problem:
        raise Stop(str(problem)) from None
    click.echo(f"{entry['name']} may sign in as {email}.")


@agent.command("password")
@click.argument("email")
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), default="site", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of standard input.")
@DATA
@DATABASE
def agent_password(email: str, site: Path, password_stdin: bool, data: Path | None, database: str | None) -> None:
    """Give somebody a new password; they are signed out everywhere.

    \b
    Example:   parlour agent password anna@shop.example
    """
    from web.commands.agents import CannotAddAgent, set_password

    try:
        set_password(_existing(site), email, _password(password_stdin), data=data, database=database)
    except CannotAddAgent as problem:
        raise Stop(str(problem)) from None
    click.echo(f"{email} signs in with the new password from now on.")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@main.group()
def explain() -> None:
    """Why something happened."""


@explain.command("conversation")
@click.argument("conversation_id", metavar="ID")
@click.option("--site", type=click.Path(path_type=Path, file_okay=False), default="site", show_default=True)
@DATA
@DATABASE
def explain_conversation(conversation_id: str, site: Path, data: Path | None, database: str | None) -> None:
    """Tell each step and guard of a conversation with its result, file and line.

    \b
    Example:   parlour explain conversation 8f3aQx…
    """
    from web.commands.explaining import NoSuchConversation, explanation

    if data is None and database is None:
        _existing(site)
    try:
        for line in explanation(site, conversation_id, data=data, database=database):
            click.echo(line)
    except NoSuchConversation as problem:
        raise Stop(str(problem)) from None


@main.group()
def webhook() -> None:
    """Other systems that are told what happens."""


@webhook.command("add")
@click.argument("url")
@click.option("--kind", "kinds", multiple=True, help="A kind of event; several times. Default: what visitors see too.")
@SITE_OPTION
@DATA
@DATABASE
@WEBHOOKS_MAY_BE_LOCAL
def webhook_add(url: str, kinds: tuple[str, ...], **place: Any) -> None:
    """Add an address that is told of events, and show the key they are signed with.

    \b
    Example:   parlour webhook add https://hooks.shop.example/parlour --kind message --kind closed
    """
    from web.commands.webhooks import added

    _with_webhooks(lambda webhooks, _: added(webhooks, url, kinds), **place)


@webhook.command("list")
@SITE_OPTION
@DATA
@DATABASE
def webhook_list(**place: Any) -> None:
    """List them, with how many events wait for each and how many were given up.

    \b
    Example:   parlour webhook list --site mysite
    """
    from web.commands.webhooks import listed

    _with_webhooks(lambda webhooks, _: listed(webhooks), **place)


@webhook.command("rotate")
@click.argument("webhook_id", metavar="ID")
@SITE_OPTION
@DATA
@DATABASE
def webhook_rotate(webhook_id: str, **place: Any) -> None:
    """Make a new key and show it; the one before signs too for a day.

    \b
    Example:   parlour webhook rotate 8f3aQx…
    """
    from web.commands.webhooks import rotated

    _with_webhooks(lambda webhooks, _: rotated(webhooks, webhook_id), **place)


@webhook.command("remove")
@click.argument("webhook_id", metavar="ID")
@SITE_OPTION
@DATA
@DATABASE
def webhook_remove(webhook_id: str, **place: Any) -> None:
    """Remove one, with its key and all that waits for it.

    \b
    Example:   parlour webhook remove 8f3aQx…
    """

    def remove(webhooks: Any, _: Any) -> list[str]:
        webhooks.remove(webhook_id)
        return ["It is removed."]

    _with_webhooks(remove, **place)


@webhook.command("test")
@click.argument("webhook_id", metavar="ID")
@SITE_OPTION
@DATA
@DATABASE
@WEBHOOKS_MAY_BE_LOCAL
def webhook_test(webhook_id: str, **place: Any) -> None:
    """Send something harmless now, and say what came of it.

    \b
    Example:   parlour webhook test 8f3aQx…
    """
    _with_webhooks(lambda _, deliveries: [f"It {deliveries.test(webhook_id)}."], **place)


def _with_webhooks(
    work: Callable[[Any, Any], Iterable[str]], *, site: Path, webhooks_may_be_local: bool = False, **place: Any
) -> None:
    from web.commands.webhooks import CannotDo, webhooks_of

    if place["data"] is None and place["database"] is None:
        _existing(site)
    try:
        with webhooks_of(site, **place, may_be_local=webhooks_may_be_local) as (webhooks, deliveries):
            for line in work(webhooks, deliveries):
                click.echo(line)
    except CannotDo as problem:
        raise Stop(str(problem)) from None


def _existing(site: Path) -> Path:
    if not site.is_dir():
        raise Stop(f"There is no site at {site}. Make one with:  parlour init {site}")
    return site


if __name__ == "__main__":
    main()
