"""`parlour webhook`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from web.shell.options import DATA, DATABASE, SITE_OPTION, WEBHOOKS_MAY_BE_LOCAL, Stop, look_for


@click.group()
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

    look_for(site, **place)
    try:
        with webhooks_of(site, **place, may_be_local=webhooks_may_be_local) as (webhooks, deliveries):
            for line in work(webhooks, deliveries):
                click.echo(line)
    except CannotDo as problem:
        raise Stop(str(problem)) from None
