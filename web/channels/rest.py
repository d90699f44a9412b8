"""Rasa's REST channel: a message in, its answers out."""

import json
from collections.abc import Iterable, Iterator

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from web.audience import audience
from web.bodies import body_of
from web.channels.answers import Answer, for_recipient
from web.channels.entry import Entry
from web.channels.spoken import DEFAULT_SENDER, Spoken
from web.limits import address_of


def blueprint(entry: Entry) -> Blueprint:
    """Returns the channel's routes."""
    pages = Blueprint("rest", __name__)

    @pages.get("/webhooks/rest/")
    @audience("public", embedded=True)
    def health() -> ResponseReturnValue:
        return jsonify(status="ok")

    @pages.post("/webhooks/rest/webhook")
    @audience("public", embedded=True)
    def webhook() -> ResponseReturnValue:
        body = body_of(Spoken, typed=False)
        sender = body.sender or DEFAULT_SENDER
        event = entry.take(
            "rest",
            sender,
            body.message or "",
            address=address_of(request),
            message_id=body.message_id,
            language=body.language,
        )
        answers = entry.answers_to(event)
        if request.args.get("stream", "").lower() == "true":
            return Response(_lines(sender, answers), content_type="text/event-stream")
        return jsonify(for_recipient(sender, answers))

    return pages


def _lines(sender: str, answers: Iterable[Answer]) -> Iterator[str]:
    # An event stream by name alone: Rasa's clients read one JSON object a line.
    for answer in answers:
        for told in for_recipient(sender, [answer]):
            yield json.dumps(told, ensure_ascii=False) + "\n"
