"""The admins' pages for webhooks: who is told what, the keys, and what became of the last deliveries."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.jobs import NotDone
from bot.webhooks import TOLD, USUAL_KINDS, CannotSet, ChangedMeanwhile, Tally, Webhooks
from web.audience import audience
from web.deliveries import Deliveries
from web.limits import Limits

log = structlog.get_logger()
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What was typed into the form, and what is wrong with it."""

    url: str = ""
    kinds: tuple[str, ...] = USUAL_KINDS
    errors: dict[str, str] = field(default_factory=dict)


def blueprint(webhooks: Webhooks, deliveries: Deliveries, limits: Limits, *, now: Callable[[], datetime]) -> Blueprint:
    """Returns the pages."""
    pages = Blueprint("webhooks", __name__, url_prefix="/panel/webhooks")

    def draw_all(entry: _Entry, status: int = 200) -> ResponseReturnValue:
        return render_template(
            "webhooks/index.html",
            webhooks=webhooks.all(),
            tallies=webhooks.tallies(),
            none=Tally(),
            entry=entry,
            kinds=[kind for kind in TOLD.values() if kind.name in USUAL_KINDS],
            inner_kinds=[kind for kind in TOLD.values() if kind.name not in USUAL_KINDS],
            # Made here, so that the same form sent twice does not make two.
            new_id=webhooks.fresh_id(),
        ), status

    def draw(webhook_id: str, **news: Any) -> str:
        webhook = webhooks.get(webhook_id)
        return render_template(
            "webhooks/one.html",
            webhook=webhook,
            tally=webhooks.tallies().get(webhook_id, Tally()),
            deliveries=webhooks.last_deliveries(webhook_id),
            previous_until=webhook.previous_until(now()),
            meanings={kind: TOLD[kind].meaning for kind in webhook.kinds if kind in TOLD},
            **news,
        )

    def back_to(webhook_id: str) -> ResponseReturnValue:
        return redirect(url_for("webhooks.one", webhook_id=webhook_id), 303)

    def note(event: str, webhook_id: str) -> None:
        limits.take("webhook", g.agent.account_id)
        log.info(event, by=f"agent:{g.agent.agent_id}", webhook=webhooks.get(webhook_id).id)

    @pages.get("")
    @audience("admin")
    def index() -> ResponseReturnValue:
        return draw_all(_Entry())

    @pages.post("")
    @audience("admin")
    def add() -> ResponseReturnValue:
        limits.take("webhook", g.agent.account_id)
        entry = _Entry(request.form.get("url", ""), tuple(request.form.getlist("kind")))
        wanted = request.form.get("id", "")
        try:
            made = webhooks.add(entry.url, entry.kinds, webhook_id=wanted if _ID.fullmatch(wanted) else None)
        except CannotSet as problem:
            return draw_all(_Entry(entry.url, entry.kinds, {problem.field: problem.message}), 422)
        except ChangedMeanwhile:
            return back_to(wanted)
        log.info("webhook.added", by=f"agent:{g.agent.agent_id}", webhook=made.id, host=urlsplit(made.url).hostname)
        return draw(made.id, key=made.secrets["current"], is_new=True), 201

    @pages.get("/<webhook_id>")
    @audience("admin")
    def one(webhook_id: str) -> ResponseReturnValue:
        return draw(webhook_id)

    @pages.post("/<webhook_id>/rotate")
    @audience("admin")
    def rotate(webhook_id: str) -> ResponseReturnValue:
        note("webhook.key_rotated", webhook_id)
        seen = request.form.get("revision", "")
        try:
            rotated = webhooks.rotate(webhook_id, revision=int(seen) if re.fullmatch(r"\d{1,9}", seen) else None)
        except ChangedMeanwhile:
            return back_to(webhook_id)
        return draw(webhook_id, key=rotated.secrets["current"])

    @pages.post("/<webhook_id>/switch")
    @audience("admin")
    def switch(webhook_id: str) -> ResponseReturnValue:
        enabled = request.form.get("to") == "on"
        note("webhook.switched_on" if enabled else "webhook.switched_off", webhook_id)
        webhooks.switch(webhook_id, enabled=enabled)
        return back_to(webhook_id)

    @pages.post("/<webhook_id>/remove")
    @audience("admin")
    def remove(webhook_id: str) -> ResponseReturnValue:
        note("webhook.removed", webhook_id)
        webhooks.remove(webhook_id)
        return redirect(url_for("webhooks.index"), 303)

    @pages.post("/<webhook_id>/again")
    @audience("admin")
    def again(webhook_id: str) -> ResponseReturnValue:
        note("webhook.sent_again", webhook_id)
        webhooks.send_again(webhook_id)
        return back_to(webhook_id)

    @pages.post("/<webhook_id>/test")
    @audience("admin")
    def test(webhook_id: str) -> ResponseReturnValue:
        note("webhook.tested", webhook_id)
        try:
            return draw(webhook_id, test={"went_well": True, "outcome": deliveries.test(webhook_id)})
        except NotDone as problem:
            return draw(webhook_id, test={"went_well": False, "outcome": str(problem)})

    return pages
