"""Rasa's tracker and control API, for the operator's own programs: behind the token, with errors in Rasa's form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from bot.conversation import Conversation
from bot.site.site import Site
from flows.effects import SlotValue
from web import __version__
from web.audience import audience
from web.bodies import body_of, checked, json_of
from web.channels.answers import for_recipient
from web.channels.conversations import Conversations, Subject
from web.channels.doors import DOORS
from web.channels.posted import MOST_EVENTS, Posting, slot_of
from web.channels.spoken import Intent, Message, Named, Posted
from web.channels.tracker import tracker_of
from web.errors import Malformed, NotFound, refusal_of

RASA = "3.6.21"
"""The version of Rasa whose interface this is; programs ask for it."""
OLDEST_RASA = "3.5.0"
LATEST = "latest"
_TRACKERS = ("NONE", "APPLIED", "AFTER_RESTART", "ALL")


@dataclass(frozen=True, slots=True)
class ControlParts:
    """What the API needs; put together by `create_app`."""

    conversations: Conversations
    posting: Posting
    site: Callable[[], Site]


def blueprint(parts: ControlParts) -> Blueprint:
    """Returns the API's routes."""
    pages = Blueprint("control", __name__)
    conversations = parts.conversations

    @pages.errorhandler(Exception)
    def failed(problem: Exception) -> Response:
        return _failure(problem)

    @pages.before_request
    def refuse_a_name_nobody_can_have() -> None:
        if "sender" in (request.view_args or {}):
            checked(Named, request.view_args)

    @pages.get("/version")
    @audience("program")
    def version() -> ResponseReturnValue:
        return jsonify(version=RASA, minimum_compatible_version=OLDEST_RASA, parlour=__version__)

    @pages.get("/status")
    @audience("program")
    def status() -> ResponseReturnValue:
        running = parts.site().version
        return jsonify(model_file=f"{running[:12]}.site", model_id=running, num_active_training_jobs=0)

    @pages.get("/domain")
    @audience("program")
    def domain() -> ResponseReturnValue:
        return jsonify(domain_of(parts.site()))

    @pages.get("/conversations/<sender>/tracker")
    @audience("program")
    def tracker(sender: str) -> ResponseReturnValue:
        return jsonify(told(conversations.find(sender)))

    @pages.post("/conversations/<sender>/tracker/events")
    @audience("program")
    def events(sender: str) -> ResponseReturnValue:
        posted = _posted()
        for number, event in enumerate(posted):
            parts.posting.check(event, number)
        subject = conversations.find(sender, through=_through())
        deliver = request.args.get("execute_side_effects", "").lower() == "true"
        for event in posted:
            parts.posting.carry_out(event, subject, deliver=deliver)
        return jsonify(told(conversations.find(sender, through=_through())))

    @pages.post("/conversations/<sender>/messages")
    @audience("program")
    def messages(sender: str) -> ResponseReturnValue:
        body = body_of(Message)
        if body.sender != "user":
            raise Malformed("Only what the user said is recorded here: write `sender: user`.", field="sender")
        event = Posted(event="user", text=body.text, metadata=body.metadata)
        parts.posting.check(event, 0)
        parts.posting.carry_out(event, conversations.find(sender), deliver=False)
        return jsonify(told(conversations.find(sender)))

    @pages.post("/conversations/<sender>/trigger_intent")
    @audience("program")
    def trigger_intent(sender: str) -> ResponseReturnValue:
        body = body_of(Intent)
        if body.name not in parts.site().flows:
            raise NotFound(f"There is no flow '{body.name}'.", field="name")
        inputs = _inputs(body)
        subject = conversations.find(sender, through=_through())
        outcome = parts.posting.desk.start_flow(
            subject.visitor_id, body.name, inputs=inputs, whereabouts=subject.whereabouts
        )
        said = conversations.entry.answers(outcome.events, subject.visitor_id, outcome.conversation.language)
        after = conversations.find(sender, through=_through())
        return jsonify(tracker=told(after), messages=for_recipient(subject.sender, said))

    def told(subject: Subject) -> dict[str, Any]:
        wanted = request.args.get("include_events", "AFTER_RESTART")
        if wanted not in _TRACKERS:
            raise Malformed(f"`include_events` is one of {', '.join(_TRACKERS)}.", field="include_events")
        chosen: Iterable[Conversation] = subject.history if wanted == "ALL" else subject.history[-1:]
        happened = conversations.events_of(chosen, until=_until())
        return tracker_of(subject.sender, subject.latest, happened, channel=subject.channel, whole=wanted != "NONE")

    return pages


def domain_of(site: Site) -> dict[str, Any]:
    """Returns what there is in the site in the words of a domain: flows are its intents."""
    kinds = {slot: kind for flow in site.flows.values() for slot, kind in flow.types().items()}
    return {
        "version": "3.1",
        "intents": sorted(site.flows),
        "entities": [],
        "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in sorted(kinds)},
        "responses": {},
        "actions": [],
        "forms": {},
        "session_config": {"session_expiration_time": 0, "carry_over_slots_to_new_session": False},
    }


def _posted() -> list[Posted]:
    said = json_of(request.get_data(cache=False))
    listed = said if isinstance(said, list) else [said]
    if not 1 <= len(listed) <= MOST_EVENTS:
        raise Malformed(f"There must be between 1 and {MOST_EVENTS} events.")
    return [checked(Posted, each) for each in listed]


def _through() -> Any:
    wanted = request.args.get("output_channel", LATEST)
    if wanted == LATEST:
        return None
    if wanted not in DOORS:
        raise Malformed(f"`output_channel` is one of {LATEST}, {', '.join(DOORS)}.", field="output_channel")
    return wanted


def _until() -> datetime | None:
    given = request.args.get("until")
    if given is None:
        return None
    try:
        return datetime.fromtimestamp(float(given), UTC)
    except (ValueError, OverflowError, OSError):
        raise Malformed("`until` is a moment in seconds since 1970.", field="until") from None


def _inputs(intent: Intent) -> dict[str, SlotValue]:
    return dict(slot_of(each.entity, each.value, "entities.") for each in intent.entities)


def _failure(problem: Exception) -> Response:
    if isinstance(problem, HTTPException):
        status, message, code, field = problem.code or 500, problem.description or "", problem.name, None
        headers: dict[str, str] = {}
    else:
        refusal = refusal_of(problem)
        status, message, code, field = refusal.status, refusal.message, refusal.code, refusal.field
        headers = refusal.headers
    told = {"version": RASA, "status": "failure", "message": message, "reason": _reason(code)}
    answer = jsonify({**told, "details": {"parameter": field} if field else {}, "help": None, "code": status})
    answer.status_code = status
    answer.headers.update(headers)
    return answer


_REASONS = {
    "malformed": "BadRequest",
    "unsayable": "BadRequest",
    "api_token": "NotAuthenticated",
    "not_found": "NotFound",
    "not_possible_now": "Conflict",
}
"""Our codes in Rasa's words, which programs compare."""


def _reason(code: str) -> str:
    return _REASONS.get(code, code.replace("_", " ").title().replace(" ", ""))
