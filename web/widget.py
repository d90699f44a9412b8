"""What the widget on a visitor's page asks for: its bundle, what may be said unasked, its frames and its socket."""

from dataclasses import dataclass

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue
from flask_sock import Sock
from simple_websocket import Server

from bot.greeting import Greeting, Shown
from handoff.desk import Desk
from web import frames
from web.audience import audience
from web.bodies import body_of
from web.errors import NotFound
from web.limits import Allowances, Limits, address_of
from web.public_bundles import PublicBundles
from web.sockets import told
from web.sockets.open import Sockets
from web.sockets.session import converse
from web.sockets.visitor import VisitorFrames, VisitorLink, VisitorRoom
from web.tokens import VisitorTokens

CACHE_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class WidgetParts:
    """What these routes need; put together by `create_app`."""

    desk: Desk
    greeting: Greeting
    room: VisitorRoom
    tokens: VisitorTokens
    limits: Limits
    bundles: PublicBundles
    sockets: Sockets
    allowances: Allowances


def blueprint(parts: WidgetParts, sock: Sock) -> Blueprint:
    """Returns the widget's routes."""
    pages = Blueprint("widget", __name__)

    @pages.get("/widget/bundle/<hash_>.json")
    @audience("public", embedded=True)
    def bundle(hash_: str) -> Response:
        found = parts.bundles.find(hash_)
        if found is None:
            raise NotFound
        answer = Response(found.body, content_type="application/json")
        answer.headers["Cache-Control"] = CACHE_FOREVER
        return answer

    @pages.post("/widget/view")
    @audience("public", embedded=True)
    def view() -> ResponseReturnValue:
        visitor_id = parts.tokens.visitor_of_request(request)
        parts.limits.take("view", visitor_id or address_of(request))
        parts.limits.take("view_site")
        body = body_of(frames.View)
        if visitor_id and not parts.greeting.remembers(visitor_id):
            visitor_id = None  # Erased: whoever still brings that token is somebody new, whom nothing links to before.
        was_here = visitor_id is not None
        visitor_id, token = parts.tokens.mint(visitor_id)
        viewed = parts.greeting.view(visitor_id, body.facts, languages=body.languages, again=body.again)
        parts.desk.viewed(visitor_id, facts=body.facts)
        conversation = parts.room.current(visitor_id) if was_here else None
        status = parts.room.status(conversation) if conversation else None
        bundle = parts.bundles.current.hash
        told = viewed.to_json(token=token, visitor=visitor_id, bundle=bundle, conversation=status)
        return Response(told, content_type="application/json")

    @pages.post("/widget/show")
    @audience("visitor")
    def show() -> ResponseReturnValue:
        parts.limits.take("view", g.visitor)
        body = body_of(frames.Show)
        decided = parts.greeting.show(g.visitor, body.trigger, body.facts, chatting=_is_chatting())
        if not isinstance(decided, Shown):
            return jsonify({"show": False, "why": decided})
        return jsonify({"show": True, **decided.to_json()})

    @pages.post("/widget/seen")
    @audience("visitor")
    def seen() -> ResponseReturnValue:
        parts.limits.take("view", g.visitor)
        body = body_of(frames.Seen)
        if not parts.greeting.note(g.visitor, body.impression, body.outcome):
            raise NotFound
        return jsonify({})

    @pages.post("/widget/op")
    @audience("visitor")
    def op() -> ResponseReturnValue:
        parts.allowances.spend(g.visitor)
        frame = frames.visitor_frame(request.get_data(cache=False))
        visitor = VisitorFrames(parts.room, g.visitor, address=address_of(request))
        return jsonify(told.answered(parts.room.epoch, lambda: visitor.take(frame)))

    @sock.route("/widget/socket", bp=pages)
    @audience("visitor", late=True)
    def socket(ws: Server) -> None:
        connection, address = parts.sockets.opened(ws), address_of(request)
        link = VisitorLink(parts.room, g.visitor, connection, address=address)
        parts.sockets.hold(connection, lambda: serve(link), address=address, visitor=g.visitor)

    def serve(link: VisitorLink) -> None:
        parts.room.hub.join_visitor(link)
        try:
            converse(link, frames.visitor_frame, may_send=lambda: parts.allowances.take(link.visitor_id))
        finally:
            parts.room.hub.leave_visitor(link)

    def _is_chatting() -> bool:
        return parts.desk.open_conversation(g.visitor) is not None

    return pages
