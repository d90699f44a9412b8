"""Rasa's callback channel: a message in, and each answer posted to an address of the operator's, whenever it is said.

An answer's post is a job, committed with what it tells: posted again until it is taken, in the order of the
conversation, under a name (`Idempotency-Key`) by which a receiver knows one that came twice.
"""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from bot.conversation import Draft
from bot.jobs import Done, Job, NotDone
from bot.outside import NoAnswer, NotAllowed, Outside
from rules.compact import compact_json
from web.audience import audience
from web.bodies import body_of
from web.channels.answers import Answer, answers_of, for_recipient
from web.channels.entry import Entry
from web.channels.spoken import DEFAULT_SENDER, Spoken
from web.limits import address_of

KIND = "callback"


def blueprint(entry: Entry) -> Blueprint:
    """Returns the channel's routes."""
    pages = Blueprint("callback", __name__)

    @pages.get("/webhooks/callback/")
    @audience("public", embedded=True)
    def health() -> ResponseReturnValue:
        return jsonify(status="ok")

    @pages.post("/webhooks/callback/webhook")
    @audience("public", embedded=True)
    def webhook() -> ResponseReturnValue:
        body = body_of(Spoken, typed=False)
        entry.take(
            "callback",
            body.sender or DEFAULT_SENDER,
            body.message or "",
            address=address_of(request),
            message_id=body.message_id,
            language=body.language,
        )
        return Response("success", content_type="text/plain; charset=utf-8")

    return pages


def plan(draft: Draft) -> None:
    """Plans the posts of what is being said in a conversation of this door; an errand of the desk."""
    facts = draft.state.context
    if facts.get("channel") != "callback":
        return
    for event in list(draft.events):
        answers = answers_of([event], visitor_id=draft.state.visitor_id, language=draft.state.language)
        if answers:
            key, payload = f"{KIND}:{draft.state.id}:{event.seq}", {"seq": event.seq}
            draft.job(KIND, key, run_at=draft.now, payload=payload, target=KIND)


class Posting:
    """Posts answers to the operator's address."""

    def __init__(self, address: str, outside: Outside, entry: Entry):
        self._address = address
        self._outside = outside
        self._entry = entry

    def post_all(self, job: Job) -> Done:
        """Does one job: posts each answer that one event made."""
        outcome = "erased"
        for number, answer in enumerate(self._answers(job.conversation_id or "", job.payload["seq"])):
            outcome = self._post(answer, key=f"{job.key}:{number}")
        return Done(outcome)

    def _answers(self, conversation_id: str, seq: int) -> list[Answer]:
        # Read from the record and not kept in the job: what is erased there is not posted any more.
        conversation = self._entry.desk.conversation(conversation_id)
        said = self._entry.journal.events_after(conversation_id, seq - 1, limit=1)
        answers = self._entry.answers(said, conversation.visitor_id, conversation.language)
        return for_recipient(str(conversation.context["sender"]), answers)

    def _post(self, answer: Answer, *, key: str) -> str:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            taken = self._outside.post(self._address, compact_json(answer).encode(), headers)
        except (NotAllowed, NoAnswer) as problem:
            raise NotDone(str(problem)) from None
        if not 200 <= taken.status < 300:
            raise NotDone(f"answered {taken.status}")
        return f"answered {taken.status}"
