"""The agents' panel: its page, what it asks for, its frames and its socket."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_sock import Sock
from simple_websocket import Server

from bot.explaining import explained
from bot.journal import Journal
from bot.site.site import Site
from handoff.brief import Briefs
from handoff.desk import Desk
from handoff.privacy.people import People
from handoff.queue import Border
from handoff.responses import filled_responses
from handoff.rows import Rows
from web import frames
from web.accounts import Accounts
from web.audience import audience
from web.errors import CLOSE_SIGN_IN, Malformed
from web.limits import Allowances, Limits
from web.sign_in import SignIn
from web.sockets import told
from web.sockets.agent import AgentFrames, AgentLink, AgentRoom
from web.sockets.open import Sockets
from web.sockets.session import converse

PAGE = 50


@dataclass(frozen=True, slots=True)
class PanelParts:
    """What these routes need; put together by `create_app`."""

    desk: Desk
    room: AgentRoom
    rows: Rows
    briefs: Briefs
    people: People
    journal: Journal
    accounts: Accounts
    sign_in: SignIn
    limits: Limits
    site: Callable[[], Site]
    now: Callable[[], datetime]
    run_blocking: Callable[..., Any]
    sockets: Sockets
    allowances: Allowances


def blueprint(parts: PanelParts, sock: Sock) -> Blueprint:
    """Returns the panel's routes."""
    pages = Blueprint("panel", __name__)

    @pages.get("/")
    @audience("public")
    def home() -> ResponseReturnValue:
        return redirect(url_for("panel.index"))

    @pages.get("/panel/")
    @audience("agent")
    def index() -> ResponseReturnValue:
        return render_template("panel/index.html", agent=g.agent, site=parts.site())

    @pages.post("/panel/ticket")
    @audience("agent")
    def ticket() -> ResponseReturnValue:
        return jsonify({"ticket": parts.accounts.issue_ticket(g.agent.stamp)})

    @pages.get("/panel/conversations")
    @audience("agent")
    def conversations() -> ResponseReturnValue:
        before = _border(request.args.get("before"), request.args.get("id", ""))
        agent = parts.desk.agent(g.agent.agent_id)
        found = parts.run_blocking(lambda: parts.rows.page(agent, before=before, limit=PAGE + 1))
        last = found[PAGE - 1] if len(found) > PAGE else None
        further = {"before": last["last_at"], "id": last["id"]} if last else None
        return jsonify({"conversations": found[:PAGE], "further": further})

    @pages.get("/panel/conversations/<conversation_id>/brief")
    @audience("agent")
    def brief(conversation_id: str) -> ResponseReturnValue:
        conversation = parts.desk.conversation_for(g.agent.agent_id, conversation_id)
        brief = parts.run_blocking(parts.briefs.of, conversation, parts.site())
        if g.agent.role == "admin":
            held = parts.run_blocking(parts.people.held, conversation.visitor_id)
            page = url_for("visitors.one", conversation_id=conversation.id)
            brief["record"] = {"page": page, "held_since": held.since if held else None}
        return jsonify(brief)

    @pages.get("/panel/conversations/<conversation_id>/explanation")
    @audience("agent")
    def explanation(conversation_id: str) -> ResponseReturnValue:
        conversation = parts.desk.conversation_for(g.agent.agent_id, conversation_id)
        after = _number(request.args.get("after", "0"))
        events = parts.run_blocking(parts.journal.events_after, conversation.id, after)
        return jsonify(
            {
                "conversation": conversation.id,
                "happenings": [asdict(happening) | {"at": happening.at.isoformat()} for happening in explained(events)],
                "after": events[-1].seq if events else after,
                "more": bool(events) and events[-1].seq < conversation.last_seq,
            }
        )

    @pages.get("/panel/responses")
    @audience("agent")
    def responses() -> ResponseReturnValue:
        conversation = parts.desk.conversation_for(g.agent.agent_id, request.args.get("conversation", ""))
        known = parts.desk.known(conversation.id)
        return jsonify(filled_responses(parts.site(), conversation, known, agent_name=g.agent.name, now=parts.now()))

    @pages.post("/panel/op")
    @audience("agent")
    def op() -> ResponseReturnValue:
        parts.allowances.spend(g.agent.agent_id)
        frame = frames.agent_frame(request.get_data(cache=False))
        agent = AgentFrames(parts.room, g.agent.agent_id)
        return jsonify(told.answered(parts.room.epoch, lambda: agent.by_request(frame)))

    @sock.route("/panel/socket", bp=pages)
    @audience("agent", late=True)
    def socket(ws: Server) -> None:
        connection = parts.sockets.opened(ws)
        link = AgentLink(parts.room, g.agent.agent_id, connection, stamp=g.agent.stamp)
        if not parts.sign_in.has_ticket(request, g.agent):
            connection.close(CLOSE_SIGN_IN, "the ticket has run out")
        parts.sockets.hold(connection, lambda: serve(link))

    def serve(link: AgentLink) -> None:
        if not link.connection.is_open:
            return
        try:
            parts.desk.arrive(link.agent_id)
            parts.room.hub.join_agent(link)
            link.greet()
            converse(link, frames.agent_frame, may_send=lambda: parts.allowances.take(link.agent_id))
        finally:
            parts.room.hub.leave_agent(link)
            parts.desk.leave(link.agent_id)

    return pages


def _number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Malformed("`after` must be the number of an event.", field="after")
    return int(text)


def _border(moment: str | None, id: str) -> Border | None:
    if not id.isprintable():
        raise Malformed("`id` must be that of a conversation, as `further` gives it.", field="id")
    return None if moment is None else Border(_moment(moment), id)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("`before` must be a moment as `last_at` gives it.", field="before") from None
    if moment.tzinfo is None:
        raise Malformed("`before` must be a moment with its time zone.", field="before")
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # Before the first year in UTC, or after the last one.
        raise Malformed("`before` must be a moment as `last_at` gives it.", field="before") from None
