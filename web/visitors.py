"""The admins' page for the record of one person: how much there is, export, erase."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, g, render_template, request, send_file
from flask.typing import ResponseReturnValue

from bot.database import Database
from handoff.desk import Desk
from handoff.privacy.acts import Acts
from handoff.privacy.erasing import Erased, Erasing, UnderHold
from handoff.privacy.people import NobodyFound, People, Person
from web.audience import audience
from web.errors import NotFound
from web.exporting import zip_into
from web.limits import Limits

IN_MEMORY = 2**20
"""Bytes of an export that are kept in memory; a longer one waits in a file without a name."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class VisitorParts:
    """What these routes need; put together by `create_app`."""

    desk: Desk
    database: Database
    people: People
    acts: Acts
    erasing: Erasing
    forget: Callable[[Erased], None]
    """Drops what this process remembers of somebody who was erased."""
    limits: Limits
    now: Callable[[], datetime]
    run_blocking: Callable[..., Any]


def blueprint(parts: VisitorParts) -> Blueprint:
    """Returns the pages. A person is named by one of their conversations, as agents know them."""
    pages = Blueprint("visitors", __name__, url_prefix="/panel/visitors")

    def person_behind(conversation_id: str) -> Person:
        parts.limits.take("record", g.agent.account_id)
        visitor_id = parts.desk.conversation_for(g.agent.agent_id, conversation_id).visitor_id
        try:
            found: Person = parts.run_blocking(parts.people.one, visitor_id)
        except NobodyFound:
            raise NotFound from None
        return found

    def draw(conversation_id: str, person: Person, status: int = 200, **news: Any) -> ResponseReturnValue:
        tally = parts.run_blocking(parts.people.tally, person)
        return render_template(
            "visitors/one.html", conversation_id=conversation_id, person=person, tally=tally, **news
        ), status

    @pages.get("/<conversation_id>")
    @audience("admin")
    def one(conversation_id: str) -> ResponseReturnValue:
        return draw(conversation_id, person_behind(conversation_id))

    @pages.post("/<conversation_id>/export")
    @audience("admin")
    def export(conversation_id: str) -> ResponseReturnValue:
        person, by = person_behind(conversation_id), f"agent:{g.agent.agent_id}"
        out = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 — closed when it is sent.
        parts.run_blocking(lambda: zip_into(out, parts.database, person, at=parts.now()))
        tally = parts.run_blocking(parts.people.tally, person)
        parts.run_blocking(lambda: parts.acts.exported(person, by=by, counts=tally))
        log.info("visitor.exported", by=f"agent:{g.agent.agent_id}")
        out.seek(0)
        answer = send_file(out, "application/zip", as_attachment=True, download_name="visitor.zip")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @pages.post("/<conversation_id>/erase")
    @audience("admin")
    def erase(conversation_id: str) -> ResponseReturnValue:
        person, by = person_behind(conversation_id), f"agent:{g.agent.agent_id}"
        if request.form.get("person") != person.id or request.form.get("sure") != "yes":
            return draw(conversation_id, person, 422, not_sure=True)
        try:
            erased = parts.run_blocking(lambda: parts.erasing.erase(person, by=by))
        except UnderHold:
            return draw(conversation_id, person_behind(conversation_id), 409)
        except NobodyFound:
            raise NotFound from None
        parts.forget(erased)
        log.info("visitor.erased", by=f"agent:{g.agent.agent_id}", **erased.counts)
        return render_template("visitors/erased.html", erased=erased)

    return pages
