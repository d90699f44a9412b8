"""Telling a webhook of an event: what is sent, how it is signed, and what counts as heard."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from standardwebhooks import Webhook as Signer

from bot.events import Event
from bot.ids import NewId
from bot.jobs import Done, Job, NotDone
from bot.journal import Journal
from bot.outside import NoAnswer, NotAllowed, Outside
from bot.spans import Spans, no_spans
from bot.webhooks import ERASED, NoSuchWebhook, Webhook, Webhooks

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Deliveries:
    """Delivers events to webhooks."""

    def __init__(
        self,
        webhooks: Webhooks,
        journal: Journal,
        outside: Outside,
        *,
        now: Callable[[], datetime],
        new_id: NewId,
        spans: Spans = no_spans,
    ):
        self._webhooks = webhooks
        self._journal = journal
        self._outside = outside
        self._now = now
        self._new_id = new_id
        self._spans = spans

    def deliver(self, job: Job) -> Done:
        """Does one job. The same event has the same id and the same body however often it is sent."""
        try:
            webhook = self._webhooks.get(job.target or "")
        except NoSuchWebhook:
            return Done("removed")
        if not webhook.enabled:
            raise NotDone("switched off", hopeless=True)
        if job.payload["kind"] == ERASED.name:
            return Done(self._send(webhook, f"erased_{job.payload['id']}", told_of_erasure(job.payload)))
        conversation_id, seq = job.conversation_id or "", job.payload["seq"]
        events = self._journal.events_after(conversation_id, seq - 1, limit=1)
        if not events or events[0].seq != seq:
            return Done("erased")
        return Done(self._send(webhook, f"{conversation_id}_{seq}", told(events[0])))

    def test(self, webhook_id: str) -> str:
        """Sends something harmless now and returns what came of it; raises NotDone, or NoSuchWebhook."""
        webhook = self._webhooks.get(webhook_id)
        body = {"type": "test", "timestamp": self._now().isoformat(), "data": {"webhook": webhook.id}}
        return self._send(webhook, f"test_{self._new_id()}", body)

    def _send(self, webhook: Webhook, message_id: str, message: Mapping[str, Any]) -> str:
        now, body = self._now(), _encode(message)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signer(key).sign(message_id, now, body) for key in webhook.keys(now)),
        }
        try:
            with self._spans("webhook", webhook=webhook.id, message=message_id) as note:
                answer = self._outside.post(webhook.url, body.encode(), headers)
                note(status=answer.status)
        except (NotAllowed, NoAnswer) as problem:
            raise NotDone(str(problem)) from None
        if not 200 <= answer.status < 300:
            raise NotDone(f"answered {answer.status}")
        return f"answered {answer.status}"


def told(event: Event) -> dict[str, Any]:
    """Returns what a webhook is told of an event: all of its body, since an admin chose the kind."""
    role, _, who = event.actor.partition(":")
    return {
        "type": event.kind,
        "timestamp": event.at.isoformat(),
        "data": {
            "conversation": event.conversation_id,
            "seq": event.seq,
            "from": {"role": role, "id": who or None, "name": event.body.get("name")},
            "body": dict(event.body),
        },
    }


def told_of_erasure(erasure: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a webhook is told when a visitor was erased: which conversations to forget, and nothing else."""
    return {
        "type": ERASED.name,
        "timestamp": erasure["at"],
        "data": {"conversations": list(erasure["conversations"])},
    }
