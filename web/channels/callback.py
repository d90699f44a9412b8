"""Rasa's callback channel: a message in, and each answer posted to an address of the operator's, whenever it is said.

An answer's post is a job, committed with what it tells: posted again until it is taken, in the order of the
conversation, under a name (`Idempotency-Key`) by which a receiver knows one that came twice.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from bot.conversation import Draft
from bot.jobs import Handler, Job, Jobs
from web.audience import audience
from web.bodies import body_of
from web.channels.answers import Answer, answers_of, for_recipient
from web.channels.entry import Entry
from web.channels.spoken import DEFAULT_SENDER, Spoken
from web.limits import address_of

KIND = "callback"
ANSWER_TAKES = 10
"""Seconds the receiver has."""
MOST_READ = 16 * 1024
"""Bytes of the receiver's answer that are read, and thrown away."""
_IN_TURN = timedelta(seconds=2)


class NotTaken(Exception):
    """The receiver did not take an answer; it is posted again."""


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
            draft.job(KIND, f"{KIND}:{draft.state.id}:{event.seq}", run_at=draft.now, payload={"seq": event.seq})


class Posting:
    """Posts answers to the operator's address."""

    def __init__(self, address: str, jobs: Jobs, entry: Entry, *, now: Callable[[], datetime]):
        self._address = address
        self._jobs = jobs
        self._entry = entry
        self._now = now
        self._opener = build_opener(_NoRedirect())

    def job_handlers(self) -> dict[str, Handler]:
        """Returns kind of job → what does it; they wait for others, so they get a poller of their own."""
        return {KIND: self._post_all}

    def _post_all(self, job: Job) -> datetime | None:
        if not self._jobs.is_first(job):
            return self._now() + _IN_TURN
        for number, post in enumerate(self._posts(job.conversation_id or "", job.payload["seq"])):
            self._post(post, key=f"{job.key}:{number}")
        return None

    def _posts(self, conversation_id: str, seq: int) -> list[Answer]:
        # Read from the record and not kept in the job: what is erased there is not posted any more.
        conversation = self._entry.desk.conversation(conversation_id)
        said = self._entry.journal.events_after(conversation_id, seq - 1, limit=1)
        answers = self._entry.answers(said, conversation.visitor_id, conversation.language)
        return for_recipient(str(conversation.context["sender"]), answers)

    def _post(self, answer: Answer, *, key: str) -> None:
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        body = json.dumps(answer, ensure_ascii=False).encode()
        asked = Request(self._address, data=body, headers=headers, method="POST")
        try:
            with self._opener.open(asked, timeout=ANSWER_TAKES) as taken:
                taken.read(MOST_READ)
        except HTTPError as refused:
            refused.close()
            raise NotTaken(f"the receiver of callbacks answered {refused.code}") from None
        except OSError as problem:
            raise NotTaken(f"the receiver of callbacks cannot be reached: {problem}") from None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follows none: the address is the operator's word, not the receiver's."""
