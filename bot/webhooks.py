"""Webhooks: addresses that hear of what happens, the kinds of event each wants, and the keys it is signed with.

A webhook is an admin's row. What it is to hear is a job beside its cause, in the same transaction; `web/deliveries.py`
does it.
"""

import base64
import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Connection, Text, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from bot.backlog import tried_afresh
from bot.change import table_of
from bot.conversation import Draft
from bot.database import Database
from bot.events import KINDS, Kind
from bot.ids import NewId
from bot.models import Base, JobRow, identity
from bot.outside import NotAllowed, Outside
from rules.problems import suggestion

JOB = "webhook"
"""The kind of job that tells a webhook of one event."""
FRESH_FOR = timedelta(seconds=2)
"""How long a look at the rows serves; `parlour webhook add` writes beside us."""
MOST = 20
"""Every event costs a row for each webhook that wants it."""
KEPT_AFTER_ROTATION = timedelta(days=1)
"""How long the key before still signs too, so that the receiver can be given the new one in peace."""
LAST = 20
"""Deliveries that are shown."""

USUAL_KINDS = tuple(kind.name for kind in KINDS.values() if kind.visitor is not None)
"""What visitors hear of themselves; everything else an admin has to choose."""

ERASED = Kind("visitor_erased", "a visitor was erased: forget these conversations", frozenset(), frozenset(), None)
"""What happens to conversations, and so in none of them."""
TOLD = {**KINDS, ERASED.name: ERASED}
"""Everything a webhook can be told of."""

_KEY_BYTES = 32


class WebhookRow(Base):
    """One address that hears of events."""

    __tablename__ = "webhook"
    id: Mapped[str] = identity()
    url: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    secrets: Mapped[dict[str, Any]]
    """{current, previous, until}: the key before signs too until then."""
    enabled: Mapped[bool]
    created_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A row, as whoever lists or calls it needs it."""

    id: str
    url: str
    kinds: tuple[str, ...]
    secrets: Mapping[str, Any]
    enabled: bool
    created_at: datetime
    revision: int

    def keys(self, now: datetime) -> tuple[str, ...]:
        """Returns the keys that sign now, the newest first."""
        current, previous = self.secrets["current"], self.previous_until(now)
        return (current, self.secrets["previous"]) if previous else (current,)

    def previous_until(self, now: datetime) -> datetime | None:
        """Returns until when the key before signs too, or None when there is none (any more)."""
        until = self.secrets.get("until")
        ends = datetime.fromisoformat(until) if until else None
        return ends if ends and now < ends else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook, or what became of it."""

    kind: str
    conversation_id: str | None
    seq: int | None
    state: str
    """waiting, done or dead."""
    outcome: str | None
    attempts: int
    at: datetime
    """When it was done or given up, else when the event happened."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many deliveries of a webhook wait, and how many were given up."""

    waiting: int = 0
    given_up: int = 0


class CannotSet(Exception):
    """A webhook cannot be like this; `field` says which entry is wrong, the text what to write."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field
        self.message = message


class NoSuchWebhook(Exception):
    """There is none of this id (any more)."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the webhook first, or the same was asked twice."""


class Webhooks:
    """The webhooks of this installation."""

    def __init__(self, database: Database, outside: Outside, *, now: Callable[[], datetime], new_id: NewId):
        self._database = database
        self._outside = outside
        self._now = now
        self._new_id = new_id
        self._wanting: Mapping[str, Sequence[str]] = {}
        self._read_at: datetime | None = None

    def plan(self, draft: Draft) -> None:
        """Adds to a draft what has to be told of its events; nothing at all when nobody wants to hear."""
        wanting = self._fresh(draft.now)
        if not wanting:
            return
        for event in draft.events:
            for webhook_id in wanting.get(event.kind, ()):
                key = f"webhook:{webhook_id}:{event.conversation_id}:{event.seq}"
                payload = {"seq": event.seq, "kind": event.kind}
                draft.job(JOB, key, run_at=draft.now, payload=payload, target=webhook_id)

    def forget(self) -> None:
        """Makes the next draft read the rows again."""
        self._read_at = None

    def fresh_id(self) -> str:
        """Returns an id for one more, which no shell takes for an option."""
        return next(id_ for id_ in iter(self._new_id, None) if not id_.startswith("-"))

    def all(self) -> list[Webhook]:
        """Returns every webhook, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_webhooks).order_by(_webhooks.c.created_at, _webhooks.c.id)).mappings()
            return [_webhook(dict(row)) for row in rows]

    def get(self, webhook_id: str) -> Webhook:
        """Returns one webhook; raises NoSuchWebhook."""
        if not webhook_id.isprintable():  # PostgreSQL takes no NUL, not even to look for it.
            raise NoSuchWebhook
        with self._database.reading() as connection:
            row = connection.execute(select(_webhooks).where(_webhooks.c.id == webhook_id)).mappings().one_or_none()
        if row is None:
            raise NoSuchWebhook
        return _webhook(dict(row))

    def add(self, url: str, kinds: Collection[str], *, webhook_id: str | None = None) -> Webhook:
        """Makes a webhook. Raises CannotSet, and ChangedMeanwhile when there is one of this id already.

        Its key is in what is returned, and is told nowhere else again.
        """
        url = url.strip()
        chosen = _checked(kinds)
        self._check(url)
        row = {
            "id": webhook_id or self.fresh_id(),
            "url": url,
            "kinds": chosen,
            "secrets": {"current": _new_key(), "previous": None, "until": None},
            "enabled": True,
            "created_at": self._now(),
            "revision": 1,
        }
        try:
            with self._database.writing() as connection:
                if (connection.scalar(select(func.count()).select_from(_webhooks)) or 0) >= MOST:
                    raise CannotSet("form", f"There are {MOST} webhooks already. Remove one that is not needed.")
                connection.execute(insert(_webhooks).values(row))
        except IntegrityError:
            raise ChangedMeanwhile from None
        self.forget()
        return _webhook(row)

    def rotate(self, webhook_id: str, *, revision: int | None = None) -> Webhook:
        """Gives a webhook a new key; the one before signs too for a day. Raises NoSuchWebhook or ChangedMeanwhile."""
        before = self.get(webhook_id)
        until = self._now() + KEPT_AFTER_ROTATION
        keys = {"current": _new_key(), "previous": before.secrets["current"], "until": until.isoformat()}
        self._set(before, revision, secrets=keys)
        return self.get(webhook_id)

    def switch(self, webhook_id: str, *, enabled: bool) -> None:
        """Switches a webhook on or off. Off, it is not told of what happens; raises NoSuchWebhook."""
        self._set(self.get(webhook_id), None, enabled=enabled)

    def remove(self, webhook_id: str) -> None:
        """Takes a webhook away, with all that waits for it; raises NoSuchWebhook."""
        self.get(webhook_id)
        with self._database.writing() as connection:
            connection.execute(delete(_webhooks).where(_webhooks.c.id == webhook_id))
            connection.execute(delete(_jobs).where(_jobs.c.target == webhook_id))
        self.forget()

    def last_deliveries(self, webhook_id: str) -> list[Delivery]:
        """Returns what was, or is to be, told to a webhook, the newest first."""
        query = select(_jobs).where(_jobs.c.target == webhook_id).order_by(_jobs.c.id.desc()).limit(LAST)
        with self._database.reading() as connection:
            return [_delivery(dict(row)) for row in connection.execute(query).mappings()]

    def tallies(self) -> Mapping[str, Tally]:
        """Returns webhook → how many of its deliveries wait or were given up."""
        open_ = _jobs.c.target.is_not(None) & _jobs.c.state.in_(("waiting", "dead"))
        query = select(_jobs.c.target, _jobs.c.state, func.count()).where(open_).group_by(_jobs.c.target, _jobs.c.state)
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        with self._database.reading() as connection:
            for target, state, count in connection.execute(query):
                counts[target][state] = count
        return {
            target: Tally(waiting=of_target.get("waiting", 0), given_up=of_target.get("dead", 0))
            for target, of_target in counts.items()
        }

    def send_again(self, webhook_id: str) -> int:
        """Lets what was given up be tried for another day; returns how many that are."""
        with self._database.writing() as connection:
            return tried_afresh(connection, _jobs.c.target == webhook_id, now=self._now())

    def _fresh(self, now: datetime) -> Mapping[str, Sequence[str]]:
        if self._read_at is None or not timedelta() <= now - self._read_at < FRESH_FOR:
            wanting: dict[str, list[str]] = defaultdict(list)
            for webhook in self.all():
                for kind in webhook.kinds if webhook.enabled else ():
                    wanting[kind].append(webhook.id)
            self._wanting, self._read_at = wanting, now
        return self._wanting

    def _check(self, url: str) -> None:
        try:
            self._outside.check(url)
        except NotAllowed as problem:
            raise CannotSet("url", str(problem)) from None

    def _set(self, before: Webhook, revision: int | None, **values: Any) -> None:
        expected = before.revision if revision is None else revision
        same = (_webhooks.c.id == before.id) & (_webhooks.c.revision == expected)
        with self._database.writing() as connection:
            changed = connection.execute(update(_webhooks).where(same).values(**values, revision=expected + 1)).rowcount
        self.forget()
        if not changed:
            raise ChangedMeanwhile


_webhooks = table_of(WebhookRow)
_jobs = table_of(JobRow)


def plan_told_of_erasure(connection: Connection, erasure: str, conversations: Collection[str], *, at: datetime) -> None:
    """Plans, with an erasure, that those hear of it who asked for it or are told of everything that happens."""
    for webhook_id, kinds in connection.execute(select(_webhooks.c.id, _webhooks.c.kinds).where(_webhooks.c.enabled)):
        if ERASED.name not in kinds and not KINDS.keys() <= set(kinds):
            continue
        payload = {"kind": ERASED.name, "id": erasure, "at": at.isoformat(), "conversations": list(conversations)}
        job = {"key": f"webhook:{webhook_id}:{erasure}", "kind": JOB, "payload": payload, "target": webhook_id}
        when = {"state": "waiting", "run_at": at, "attempts": 0, "created_at": at}
        connection.execute(insert(_jobs).values({**job, **when}))


def _webhook(row: Mapping[str, Any]) -> Webhook:
    values = {name: row[name] for name in Webhook.__slots__}
    return Webhook(**{**values, "kinds": tuple(values["kinds"])})


def _delivery(row: Mapping[str, Any]) -> Delivery:
    return Delivery(
        kind=row["payload"]["kind"],
        conversation_id=row["conversation_id"],
        seq=row["payload"].get("seq"),
        state=row["state"],
        outcome=row["outcome"],
        attempts=row["attempts"],
        at=row["done_at"] or row["created_at"],
    )


def _checked(kinds: Iterable[str]) -> list[str]:
    """Returns the kinds in the order of their table; raises CannotSet for none, and for one that there is not."""
    asked = set(kinds)
    for kind in sorted(asked - TOLD.keys()):
        raise CannotSet(
            "kinds", f"There is no kind '{kind}'{suggestion(kind, TOLD) or '.'} Kinds are {', '.join(TOLD)}."
        )
    if not asked:
        raise CannotSet("kinds", "Choose at least one kind of event to be told of.")
    return [kind for kind in TOLD if kind in asked]


def _new_key() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"
