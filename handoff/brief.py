"""What an agent sees on taking over: values and where they came from, pages, why the trigger spoke, what failed."""

from collections.abc import Mapping
from typing import Any

from bot.conversation import Conversation
from bot.events import Event
from bot.explaining import what_held
from bot.journal import Journal
from bot.site.site import Site
from bot.visits import Visits
from flows.engine import START
from flows.validating import VALIDATES
from handoff.live import LiveConversations
from rules.texts import in_language

MOST_PAGES = 20
FIRST_EVENTS = 200
LATEST_EVENTS = 2000
"""Of a longer conversation, how it began and the latest are read: nobody waits for the brief of one that has no end."""


class Briefs:
    """Writes briefs."""

    def __init__(self, journal: Journal, live: LiveConversations, visits: Visits):
        self._journal = journal
        self._live = live
        self._visits = visits

    def of(self, conversation: Conversation, site: Site) -> dict[str, Any]:
        """Returns the brief of a conversation, read from its events."""
        events = self._read(conversation)
        live = self._live.get(conversation.id)
        attributes = live.known.contact.attributes if live and live.known.contact else {}
        return {
            "conversation": conversation.id,
            "values": [*_contact_values(attributes, site), *_slot_values(events, attributes, site)],
            "pages": [_page(row) for row in self._visits.pages_of(conversation.visitor_id, limit=MOST_PAGES)],
            "trigger": _trigger(events),
            "wanted": _wanted(events),
            "failed": _failed(events),
            "rules": _rules(events),
            "note": _latest_note(events),
            "tags": list(conversation.tags),
            "contact": {name: known["value"] for name, known in attributes.items()},
            "context": {
                "language": conversation.language,
                "device": conversation.context.get("device"),
                "referrer": conversation.context.get("referrer"),
                "visits": conversation.context.get("visits"),
                "channel": conversation.context.get("channel"),
                "timezone": conversation.context.get("timezone"),
            },
        }

    def _read(self, conversation: Conversation) -> list[Event]:
        latest_after = max(conversation.last_seq - LATEST_EVENTS, 0)
        latest = self._journal.events_after(conversation.id, latest_after, limit=LATEST_EVENTS)
        if not latest_after:
            return latest
        return self._journal.events_after(conversation.id, 0, limit=min(FIRST_EVENTS, latest_after)) + latest


def _contact_values(attributes: Mapping[str, Any], site: Site) -> list[dict[str, Any]]:
    catalogue = site.attributes.contact
    values = []
    for name, known in attributes.items():
        title = catalogue[name].title if name in catalogue else None
        label = (
            in_language(title, site.languages[0], site.languages[0]) if title else name.replace("_", " ").capitalize()
        )
        source = known["from"]
        values.append({"label": label, "value": known["value"], "source": _source(source), "at": known["at"]})
    return values


def _slot_values(events: list[Event], attributes: Mapping[str, Any], site: Site) -> list[dict[str, Any]]:
    """Returns what the visitor told and what was looked up for them; not what flows hand to one another."""
    bubbles = {event.at for event in events if event.kind == "message" and "trigger" in event.body}
    actions = _actions(events, site)
    latest: dict[str, dict[str, Any]] = {}
    for event in events:
        for slot in event.body.get("slots", ()) if event.kind == "turn" else ():
            action = actions.get((slot["flow"], slot["step"]))
            if slot["step"] != START or event.at in bubbles:
                source = f"found by {action}" if action else _source(slot)
                latest[slot["slot"]] = {"value": slot["value"], "source": source, "at": event.at.isoformat()}
            elif slot["value"] is None:
                latest.pop(slot["slot"], None)
    return [
        {"label": name.replace("_", " ").capitalize(), **told}
        for name, told in latest.items()
        if name not in attributes and told["value"] is not None
    ]


def _actions(events: list[Event], site: Site) -> Mapping[tuple[str, str], str]:
    """Returns (flow, step) → the action it calls. A validator finds nothing out: it looks at what was answered."""
    validators = {machine.flow.validator for machine in site.machines.values()}
    called = [event.body for event in events if event.kind == "action_called"]
    return {
        (body["flow"], body["step"]): body["action"]
        for body in called
        if body["action"] not in validators and not body["action"].startswith(VALIDATES)
    }


def _source(source: Mapping[str, Any]) -> str:
    if not source.get("flow"):
        return "told by another program"
    if source.get("step") == START:
        return "answered where the assistant spoke first"
    return f"answered in {source['flow']}, step {source.get('step', '')}"


def _page(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": row["path"], "title": row["title"], "at": row["at"].isoformat()}


def _trigger(events: list[Event]) -> dict[str, Any] | None:
    started = next((event for event in events if event.kind == "started"), None)
    if started is None or "trigger" not in started.body:
        return None
    said = next((event.body["text"] for event in events if event.kind == "message" and "trigger" in event.body), "")
    return {"title": started.body["trigger"], "said": said, "why": what_held(started.body.get("why"))}


_WANTED = {
    "phrase": "The visitor asked for a person",
    "step": "The flow {flow} hands over here",
    "target": "What the visitor chose leads to a person",
    "give_up": "The assistant gave up at the question {flow}.{step}",
    "rule": "A rule asks for a person",
    "program": "Another program asks for a person",
    "vanished": "The agent who had the conversation went away",
    "not_understood": "The assistant did not understand what the visitor wants",
}
_MISSING = {"closed": "it was closed", "nobody": "nobody was there"}


def _wanted(events: list[Event]) -> dict[str, str] | None:
    """Returns why a person was wanted last, in words, and why none could be asked if that was so."""
    wish = next((each for each in reversed(events) if each.kind in ("agent_requested", "agent_missing")), None)
    if wish is None:
        return None
    body = wish.body
    words = _WANTED[body["reason"]].format(flow=body.get("flow", "a flow"), step=body.get("step", ""))
    obstacle = _MISSING.get(body.get("why", ""))
    return {"at": wish.at.isoformat(), "why": f"{words}, but {obstacle}" if obstacle else words}


def _failed(events: list[Event]) -> list[dict[str, Any]]:
    failures = []
    for event in events:
        told = event.body.get("misunderstood", ()) if event.kind == "turn" else _failed_without_a_turn(event)
        failures += [{"at": event.at.isoformat(), "text": each["text"], "step": each["step"]} for each in told]
    return failures


def _failed_without_a_turn(event: Event) -> list[dict[str, str]]:
    body = event.body
    if event.kind == "misunderstood" and body["text"]:
        return [{"text": body["text"], "step": ""}]
    if event.kind != "action_returned" or body["outcome"] == "done":
        return []
    how = "did not answer in time" if body["outcome"] == "timeout" else "failed"
    return [{"text": f"The action {body['action']} {how}", "step": body.get("step", "")}]


def _rules(events: list[Event]) -> list[dict[str, Any]]:
    return [
        {"at": event.at.isoformat(), "rule": event.body["rule"], "did": event.body["did"], "why": event.body["why"]}
        for event in events
        if event.kind == "rule_applied"
    ]


def _latest_note(events: list[Event]) -> str | None:
    noted = [event.body["note"] for event in events if event.kind == "agent_requested" and event.body.get("note")]
    return noted[-1] if noted else None
