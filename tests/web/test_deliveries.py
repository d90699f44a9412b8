"""What webhooks hear: everything they were chosen for, in order, signed, and again until it is taken."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from bot.calls import Calls
from bot.change import table_of
from bot.events import KINDS
from bot.greeting import Whereabouts
from bot.models import JobRow
from bot.webhooks import MOST, USUAL_KINDS, CannotSet, NoSuchWebhook, Webhook
from handoff.desk import Said
from handoff.refusals import NoSuchConversation
from tests.conftest import Clock
from tests.receiver import (
    Heard,
    Receiver,
    Request,
    answering,
    talking_nonsense,
    without_end,
)
from web.app import create_app
from web.parts import Options, Parlour
from web.retaining import sweep_when_due

HARBOUR = Path(__file__).parents[1] / "worlds" / "harbour"
_jobs = table_of(JobRow)


@dataclass
class House:
    """A Parlour without a loop, its clock, and somebody outside who listens."""

    parlour: Parlour
    clock: Clock
    receiver: Receiver
    visitors: Any

    def add(self, *kinds: str) -> Webhook:
        return self.parlour.webhooks.add(self.receiver.url, kinds or USUAL_KINDS)

    def visitor_says(self, *texts: str, visitor: str = "ann") -> str:
        """Somebody writes; returns the conversation."""
        desk = self.parlour.desk
        for text in texts:
            client_id = f"{visitor}-message-{next(self.visitors)}"
            desk.receive(visitor, Said(text), client_id=client_id, whereabouts=Whereabouts("en", facts={}))
        conversation = desk.open_conversation(visitor)
        assert conversation is not None
        return conversation.id

    def deliver(self) -> None:
        """Makes every call that is due now."""
        while self.parlour.calls.run_due(self.parlour.call_handlers):
            pass

    def let_pass(self, *, minutes: int, step: float = 1) -> None:
        """Lets time pass, with calls made as they fall due."""
        until = self.clock.at.timestamp() + minutes * 60
        while self.clock.at.timestamp() < until:
            self.clock.advance(minutes=step)
            self.deliver()

    def recorded(self, conversation: str, *kinds: str) -> list[int]:
        """The numbers of the events of these kinds, as the record has them."""
        return [event.seq for event in self.parlour.journal.events_after(conversation, 0) if event.kind in kinds]

    def heard(self, conversation: str) -> list[int]:
        """The numbers of the events of a conversation that were taken, in that order."""
        told = [heard.message["data"] for heard in self.receiver.heard]
        return [data["seq"] for data in told if data["conversation"] == conversation]

    def jobs(self, **fields: Any) -> int:
        conditions = [_jobs.c.kind == "webhook", *(_jobs.c[name] == value for name, value in fields.items())]
        with self.parlour.database.reading() as connection:
            return connection.scalar(select(func.count()).select_from(_jobs).where(*conditions)) or 0


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    clock = Clock(datetime.now(UTC))  # Receivers look at their own clock.
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    options = Options(site, tmp_path / "data", database_url, webhooks_may_be_local=True)
    parlour: Parlour = create_app(options, now=clock).extensions["parlour"]
    receiver = Receiver().start()
    yield House(parlour, clock, receiver, count(1))
    receiver.stop()
    parlour.database.close()


def signed_by(heard: Heard, key: str) -> bool:
    """Says whether the signature is of this key, without a look at the clock."""
    at = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"]), UTC)
    return Verifier(key).sign(heard.id, at, heard.body.decode()) in heard.headers["webhook-signature"].split(" ")


def test_what_happens_is_told_in_order_signed_and_as_it_is_documented(house: House):
    webhook = house.add("started", "message")
    conversation = house.visitor_says("Hello", "Tickets")
    house.deliver()
    assert house.heard(conversation) == house.recorded(conversation, "started", "message")
    heard = next(heard for heard in house.receiver.heard if heard.message["data"]["body"].get("text") == "Tickets")
    message = heard.verified(webhook.secrets["current"])
    seq = message["data"]["seq"]
    assert heard.id == f"{conversation}_{seq}"
    assert message == {
        "type": "message",
        "timestamp": house.clock.at.isoformat(),
        "data": {
            "conversation": conversation,
            "seq": seq,
            "from": {"role": "visitor", "id": "ann", "name": None},
            "body": {"text": "Tickets"},
        },
    }
    assert heard.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        heard.verified("whsec_" + "AAAA" * 10)


def test_nobody_hears_what_was_not_chosen_for_them(house: House):
    house.add()
    conversation = house.visitor_says("Hello")
    agent = hired(house)
    house.parlour.desk.accept(agent, conversation)
    house.parlour.desk.note(agent, conversation, "A regular, be kind", client_id="note-0001")
    house.deliver()
    kinds = {heard.message["type"] for heard in house.receiver.heard}
    assert {"message", "accepted"} <= kinds <= set(USUAL_KINDS)
    assert "note" not in USUAL_KINDS and "turn" not in USUAL_KINDS
    assert "A regular" not in str([heard.body for heard in house.receiver.heard])
    house.add("note")
    house.parlour.desk.note(agent, conversation, "Still kind", client_id="note-0002")
    house.deliver()
    assert house.receiver.heard[-1].message["data"]["body"]["text"] == "Still kind"


def hired(house: House) -> str:
    account = house.parlour.accounts
    account.add(
        email="a@harbour.example", name="Anna", departments=["sales", "support"], role="agent", password=PASSWORD
    )
    found = account.find("a@harbour.example")
    assert found is not None
    return found.agent_id


PASSWORD = "three blue teapots"


def test_without_webhooks_nothing_is_written_for_them(house: House):
    house.visitor_says("Hello", "Tickets")
    assert house.jobs() == 0


def test_what_is_sent_twice_by_a_visitor_is_told_once(house: House):
    house.add("message")
    for _ in range(3):
        house.parlour.desk.receive("ann", Said("Hello"), client_id="message-1", whereabouts=Whereabouts("en", facts={}))
    house.deliver()
    said = [heard.message["data"]["from"]["role"] for heard in house.receiver.heard]
    assert said.count("visitor") == 1


DOWN: dict[str, Callable[[Receiver], None]] = {
    "nobody listens": lambda receiver: receiver.stop(),
    "500": lambda receiver: behave(receiver, answering(500)),
    "404": lambda receiver: behave(receiver, answering(404)),
    "nonsense": lambda receiver: behave(receiver, talking_nonsense),
    "a redirect to the inside": lambda receiver: behave(receiver, answering(302, Location="http://127.0.0.1:1/")),
}


def behave(receiver: Receiver, behaviour: Any) -> None:
    receiver.behaves = behaviour


@pytest.mark.parametrize("fault", DOWN)
def test_after_an_hour_of_trouble_everything_arrives_in_order_under_its_first_id(house: House, fault: str):
    house.add("started", "message")
    DOWN[fault](house.receiver)
    anns = house.visitor_says("Hello", "Tickets")
    house.deliver()
    house.let_pass(minutes=30)
    bens = house.visitor_says("Hello", visitor="ben")
    house.visitor_says("Still there?")
    house.let_pass(minutes=30)
    assert house.receiver.heard == []
    tried = {heard.id for heard in house.receiver.came}
    assert len(tried) <= 2, "of each conversation only the first is tried; the others wait for it"

    if fault == "nobody listens":
        house.receiver.start()
    house.receiver.behaves = answering(200)
    house.let_pass(minutes=61)
    for conversation in (anns, bens):
        assert house.heard(conversation) == house.recorded(conversation, "started", "message")
    ids = [heard.id for heard in house.receiver.heard]
    assert len(set(ids)) == len(ids) and tried <= set(ids)
    assert house.jobs(state="waiting") == 0


def test_one_conversation_that_is_not_taken_holds_up_no_other(house: House):
    house.add("started", "message")
    anns = house.visitor_says("Hello")

    def refuse_anns(request: Request) -> None:
        answering(500 if house.receiver.came[-1].message["data"]["conversation"] == anns else 200)(request)

    house.receiver.behaves = refuse_anns
    bens = house.visitor_says("Hello", visitor="ben")
    house.deliver()
    assert house.heard(bens) == house.recorded(bens, "started", "message")
    assert house.heard(anns) == []


def test_a_repeat_is_the_same_message_signed_anew(house: House):
    webhook = house.add("started")
    house.receiver.behaves = answering(503)
    house.visitor_says("Hello")
    house.deliver()
    house.let_pass(minutes=2)
    first, *_, last = house.receiver.came
    assert (first.id, first.body) == (last.id, last.body)
    assert first.headers["webhook-timestamp"] != last.headers["webhook-timestamp"]
    assert all(signed_by(heard, webhook.secrets["current"]) for heard in house.receiver.came)


def test_a_process_that_dies_after_the_call_tells_it_again_under_the_same_id(house: House):
    house.add("started")
    house.visitor_says("Hello")
    parlour = house.parlour
    parlour.calls.run_due(parlour.call_handlers)  # Told; what came of it is not written yet.
    assert len(house.receiver.heard) == 1
    reborn = Calls(parlour.jobs, parlour.database, now=house.clock)
    assert not reborn.run_due(parlour.call_handlers), "somebody may still be at it"
    house.clock.advance(minutes=3)
    while reborn.run_due(parlour.call_handlers):
        pass
    assert [heard.id for heard in house.receiver.heard] == [house.receiver.heard[0].id] * 2
    assert house.jobs(state="done") == 1


def test_after_a_day_it_is_given_up_told_and_can_be_sent_again(house: House):
    webhook = house.add("started", "message")
    house.receiver.behaves = answering(500)
    conversation = house.visitor_says("Hello")
    house.deliver()
    house.let_pass(minutes=30 * 60, step=10)  # The others of the conversation had to wait for the first.
    assert house.jobs(state="waiting") == 0
    tally = house.parlour.webhooks.tallies()[webhook.id]
    told = house.recorded(conversation, "started", "message")
    assert (tally.waiting, tally.given_up) == (0, len(told))
    assert {each.outcome for each in house.parlour.webhooks.last_deliveries(webhook.id)} == {"answered 500"}
    assert len(house.receiver.came) < 60, "tried again less and less often"

    house.receiver.behaves = answering(204)
    assert house.parlour.webhooks.send_again(webhook.id) == len(told)
    house.deliver()
    assert house.heard(conversation) == told


def test_what_was_done_is_forgotten_after_a_while_and_nothing_else(house: House):
    house.add("started")
    house.visitor_says("Hello")
    house.deliver()
    house.receiver.behaves = answering(500)
    house.visitor_says("Hello", visitor="ben")
    house.deliver()
    house.clock.advance(days=31)
    sweep_when_due(house.parlour.retention, house.parlour.workshop.run_blocking)
    assert (house.jobs(state="done"), house.jobs(state="waiting")) == (0, 1)


def test_both_keys_sign_for_a_day_after_a_rotation(house: House):
    first = house.add("message").secrets["current"]
    (webhook,) = house.parlour.webhooks.all()
    second = house.parlour.webhooks.rotate(webhook.id).secrets["current"]
    house.visitor_says("Hello")
    house.deliver()
    heard = house.receiver.heard[-1]
    assert heard.verified(first) == heard.verified(second)
    house.clock.advance(days=1, minutes=1)
    house.visitor_says("Hello again")
    house.deliver()
    heard = house.receiver.heard[-1]
    assert (signed_by(heard, first), signed_by(heard, second)) == (False, True)


def test_switched_off_it_hears_nothing_and_removed_nothing_is_left(house: House):
    webhook = house.add("message")
    house.receiver.behaves = answering(500)
    house.visitor_says("Hello")
    house.deliver()
    house.receiver.behaves = answering(200)
    house.parlour.webhooks.switch(webhook.id, enabled=False)
    planned = house.jobs()
    house.visitor_says("Anybody?")
    house.let_pass(minutes=5)
    assert (house.receiver.heard, house.jobs()) == ([], planned)
    assert {each.outcome for each in house.parlour.webhooks.last_deliveries(webhook.id)} == {"switched off"}
    house.parlour.webhooks.switch(webhook.id, enabled=True)
    house.visitor_says("Here?")
    house.deliver()
    assert house.receiver.heard
    house.parlour.webhooks.remove(webhook.id)
    assert (house.jobs(), house.parlour.webhooks.all()) == (0, [])


def test_an_answer_of_50_megabytes_counts_and_is_not_read(house: House):
    house.add("started")
    house.receiver.behaves = without_end
    house.visitor_says("Hello")
    house.deliver()
    assert house.jobs(state="done") == 1


def test_a_name_that_leads_inside_later_is_not_called(house: House, monkeypatch: pytest.MonkeyPatch):
    webhook = house.add("started")
    monkeypatch.setattr(house.parlour.deliveries._outside, "_may_be_local", False)
    house.visitor_says("Hello")
    house.deliver()
    assert house.receiver.came == []
    (delivery,) = house.parlour.webhooks.last_deliveries(webhook.id)
    assert (delivery.state, "private network" in (delivery.outcome or "")) == ("waiting", True)


def test_a_webhook_that_cannot_be_is_refused_with_what_to_write(house: House):
    add = house.parlour.webhooks.add
    for url, kinds, field, words in (
        ("https://10.0.0.1/", ["message"], "url", "private network"),
        (house.receiver.url, [], "kinds", "Choose at least one kind"),
        (house.receiver.url, ["mesage"], "kinds", "There is no kind 'mesage' — did you mean 'message'?"),
    ):
        with pytest.raises(CannotSet, match=words) as caught:
            add(url, kinds)
        assert caught.value.field == field
    for _ in range(MOST):
        add(house.receiver.url, ["message"])
    with pytest.raises(CannotSet, match="Remove one that is not needed"):
        add(house.receiver.url, ["message"])


def test_every_kind_of_event_can_be_chosen(house: House):
    webhook = house.add(*KINDS)
    assert list(webhook.kinds) == list(KINDS)
    house.visitor_says("Hello", "\U0001f375 tea")
    house.deliver()
    assert json.loads(house.receiver.heard[-1].body)
    assert house.jobs(state="waiting") == 0


@pytest.mark.parametrize("id_", ["\x00", "a\nb", "nothing"])
def test_an_id_of_nothing_is_nothing_in_every_database(house: House, id_: str):
    for ask in (house.parlour.webhooks.get, house.parlour.webhooks.remove, house.parlour.webhooks.rotate):
        with pytest.raises(NoSuchWebhook):
            ask(id_)
    with pytest.raises(NoSuchConversation):
        house.parlour.desk.conversation(id_)
