"""`parlour webhook`: who is told what happens, from the shell."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.database import CannotOpen
from bot.ids import new_id
from bot.jobs import NotDone
from bot.journal import Journal
from bot.outside import Outside
from bot.webhooks import USUAL_KINDS, CannotSet, NoSuchWebhook, Tally, Webhook, Webhooks
from web import __version__
from web.app import utc_now
from web.commands.advice import again
from web.commands.places import open_database
from web.deliveries import Deliveries


class CannotDo(Exception):
    """The text says what to do."""


@contextmanager
def webhooks_of(
    site: Path, data: Path | None, database: str | None, *, may_be_local: bool = False
) -> Iterator[tuple[Webhooks, Deliveries]]:
    """Opens the webhooks of an installation; what goes wrong with them is raised as CannotDo."""
    try:
        opened = open_database(site, data, database)
    except CannotOpen as problem:
        raise CannotDo(str(problem)) from problem
    outside = Outside(name=f"Parlour/{__version__}", may_be_local=may_be_local)
    webhooks = Webhooks(opened, outside, now=utc_now, new_id=new_id)
    try:
        yield webhooks, Deliveries(webhooks, Journal(opened), outside, now=utc_now, new_id=new_id)
    except CannotSet as problem:
        raise CannotDo(problem.message) from problem
    except NotDone as problem:
        raise CannotDo(f"It was not taken: {problem}") from problem
    except NoSuchWebhook:
        raise CannotDo(f"There is no webhook of this id. All of them:  {again('webhook list')}") from None
    finally:
        opened.close()


def added(webhooks: Webhooks, url: str, kinds: tuple[str, ...]) -> Iterator[str]:
    """Adds a webhook and yields what is said about it."""
    made = webhooks.add(url, kinds or USUAL_KINDS)
    yield f"{made.url} is told of {', '.join(made.kinds)}."
    yield from _key_of(made)


def rotated(webhooks: Webhooks, webhook_id: str) -> Iterator[str]:
    """Gives a webhook a new key and yields what is said about it."""
    changed = webhooks.rotate(webhook_id)
    yield from _key_of(changed)
    yield "The key before signs too for a day."


def listed(webhooks: Webhooks) -> Iterator[str]:
    """Yields a line for each webhook."""
    if not webhooks.all():
        yield f"There are no webhooks. Add one with:  {again('webhook add URL')}"
    tallies = webhooks.tallies()
    for webhook in webhooks.all():
        tally = tallies.get(webhook.id, Tally())
        state = "on " if webhook.enabled else "off"
        counts = f"{tally.waiting} waiting, {tally.given_up} given up"
        yield f"{webhook.id}  {state}  {counts:<24}  {webhook.url}  {','.join(webhook.kinds)}"


def _key_of(webhook: Webhook) -> Iterator[str]:
    yield f"Id:   {webhook.id}"
    yield f"Key:  {webhook.secrets['current']}   (shown this once)"
