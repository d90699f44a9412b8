"""What happens by itself after a while: kept as jobs, through restarts, on both databases."""

from datetime import UTC, datetime

import pytest

from bot.events import Event
from bot.explaining import explained
from bot.greeting import Whereabouts
from handoff.desk import Said
from tests.handoff.conftest import WORLDS, VisitorActor, open_office


class Guest(VisitorActor):
    """Somebody on the page about berths."""

    def _sends(self, said: Said, client_id: str | None) -> Event:
        client_id = client_id or f"{self.id}-{next(self._numbers)}"
        whereabouts = Whereabouts(self.language, facts={"page": "/stay", "page.path": "/stay"})
        return self.office.desk.receive(self.id, said, client_id=client_id, whereabouts=whereabouts)

    def fills_in(self, **values: str | bool) -> Event:
        card = next(event.body["form"] for event in reversed(self.events()) if event.body.get("form"))
        return self._sends(Said(form={"step": card["step"], "values": values}), None)

    def books(self) -> None:
        self.writes("Hello")
        self.fills_in(arrival="24.12.", berths="2", email="ann@x.io", news=True)


@pytest.fixture
def guest(office):
    return Guest(office, "guest-1")


def kinds(office, conversation, kind):
    return [event for event in office.journal.events_after(conversation, 0, limit=500) if event.kind == kind]


def test_a_card_travels_and_comes_back_with_its_errors(guest):
    guest.writes("Two berths, ann@x.io")
    card = guest.events()[-1].body["form"]
    assert [(field["name"], field["value"]) for field in card["fields"]] == [
        ("arrival", None),
        ("berths", "2"),
        ("email", "ann@x.io"),
        ("news", None),
    ]
    assert card["fields"][3]["choices"] == [
        {"label": "I agree", "value": "yes"},
        {"label": "I do not agree", "value": "no"},
    ]
    sent = guest.fills_in(arrival="31.2.", berths="2", email="b@x.io")
    assert sent.body == {
        "text": "When do you arrive? 31.2.\nFor how many boats? 2\nE-mail: b@x.io",
        "form": {"step": "stay.form_1", "values": {"arrival": "31.2.", "berths": "2", "email": "b@x.io"}},
    }
    errors = guest.events()[-1].body["form"]["errors"]
    assert errors == {
        "arrival": "That day is in no calendar. Which day is it?",
        "news": "This is still needed.",
    }


def test_a_form_that_is_not_open_is_stored_and_moves_nothing(guest, office):
    guest.writes("Hello")
    before = office.desk.conversation(guest.conversation).cursor
    said = guest._sends(Said(form={"step": "stay.nothing", "values": {"email": "eve@x.io"}}), None)
    after = office.desk.conversation(guest.conversation)
    assert said.body["text"] == "eve@x.io"
    assert replace_epoch(after.cursor, before) == before
    assert office.desk.known(guest.conversation).contact is None
    guest.books()
    assert office.desk.known(guest.conversation).contact.value("email") == "ann@x.io"


def replace_epoch(cursor, other):
    same = cursor.copy()
    same.epoch = other.epoch
    return same


def test_a_consent_is_in_the_record_with_what_was_shown(guest, office):
    guest.books()
    (consent,) = kinds(office, guest.conversation, "consented")
    assert (consent.actor, consent.at) == ("visitor", office.clock())
    assert consent.body == {
        "slot": "news",
        "value": True,
        "shown": "May we write to you?",
        "language": "en",
        "step": "form_1",
        "flow": "stay",
    }
    assert "consented" not in [event.kind for event in guest.events()]


def test_tags_and_notes_are_for_agents(guest, office, agent):
    guest.books()
    anna = agent("Anna")
    conversation = office.desk.conversation(guest.conversation)
    assert conversation.tags == ("berth",)
    (note,) = kinds(office, guest.conversation, "note")
    assert (note.actor, note.body["text"], note.body["name"]) == ("bot", "2 boats from 2026-12-24", "Assistant")
    assert not {"note", "tagged"} & {event.kind for event in guest.events()}
    assert office.desk.conversation_for(anna.id, guest.conversation).tags == ("berth",)


def test_silence_is_broken_after_its_time_and_not_when_somebody_wrote(guest, office):
    guest.writes("Hello")
    office.let_pass(minutes=1)
    guest.writes("tomorrow")
    office.let_pass(minutes=1.5)
    assert guest.hears()[-1] == "For how many boats?"
    office.let_pass(minutes=1)
    assert guest.hears()[-1] == "Still there?"
    office.let_pass(minutes=20)
    assert guest.hears()[-1] == "We wait for you."
    assert guest.hears().count("Still there?") == 1


def test_only_working_time_counts_where_it_is_said(guest, office, clock):
    clock.at = datetime(2026, 3, 4, 16, 30, tzinfo=UTC)  # Half an hour before the harbour closes.
    guest.books()
    office.let_pass(hours=15.9)
    assert "The harbour master is back." not in guest.hears()
    office.let_pass(hours=0.2)
    assert "The harbour master is back." in guest.hears()


def test_timers_outlive_a_restart_and_fire_late(guest, office, clock):
    guest.books()
    office.let_pass(hours=1)
    assert guest.hears()[-1] == "The harbour master is back."
    clock.advance(days=2)
    later = open_office(office.database, clock, WORLDS / "harbour")
    again = Guest(later, guest.id)
    later.let_pass(seconds=1)
    assert again.hears()[-1] == "Good morning."
    assert again.hears().count("The harbour master is back.") == 1
    later.let_pass(days=3)
    assert again.hears()[-1] == "It was three days ago."


def test_what_was_missed_while_down_is_not_said_but_done(guest, office, clock):
    guest.writes("Hello")
    clock.advance(hours=5)
    later = open_office(office.database, clock, WORLDS / "harbour")
    later.let_pass(seconds=1)
    again = Guest(later, guest.id)
    assert again.hears()[-1] == "We wait for you."
    assert "Still there?" not in again.hears()


def test_a_timer_that_runs_twice_does_its_work_once(guest, office):
    guest.books()
    job = timer_of(office, guest)
    office.clock.advance(hours=2)
    for _ in range(2):
        office.desk.job_handlers()["timer"](job)
    assert guest.hears().count("The harbour master is back.") == 1


def timer_of(office, guest):
    office.clock.advance(days=30)
    found = [each for each in office.jobs._claim(office.desk.job_handlers()) if each.kind == "timer"]
    office.clock.advance(days=-30)
    return found[-1]


def test_while_a_person_has_the_conversation_nothing_is_counted(guest, office, agent):
    anna = agent("Anna", "sales", "support").comes_online()
    guest.writes("Hello")
    guest.writes("a person please")
    anna.accepts(guest.conversation)
    office.let_pass(minutes=30)
    assert "Still there?" not in guest.hears()
    token = office.desk.conversation(guest.conversation).owner_seq
    office.desk.return_to_bot(anna.id, guest.conversation, token=token)
    assert guest.hears()[-1] == "When do you arrive?"
    office.let_pass(minutes=3)
    assert guest.hears()[-1] == "Still there?"


def test_a_conversation_that_waits_is_not_closed_as_idle(guest, office):
    guest.books()
    office.let_pass(days=4, hours=2)
    assert guest.hears()[-1] == "It was three days ago."
    office.let_pass(days=2)
    assert office.desk.open_conversation(guest.id) is None


def test_a_conversation_is_closed_though_silence_leads_back_to_the_question(open_database, clock, tmp_path):
    (tmp_path / "site.yaml").write_text(
        "site: {name: Harbour, timezone: UTC}\n"
        "conversation: {start: a, idle_close: 24h}\n"
        "opening_hours: {default: {every day: 00:00-24:00}}\n"
        "departments: {sales: {title: Sales}}\n"
        "flows: {a: {steps: [{collect: pet, ask: Pet?, if_silent: {after: 10m, say: Still there?, then: stay}}]}}\n"
    )
    office = open_office(open_database(), clock, tmp_path)
    guest = Guest(office, "guest-1")
    guest.writes("Hello")
    conversation = guest.conversation
    office.let_pass(days=3)
    said = [event.body["text"] for event in kinds(office, conversation, "message")]
    assert said.count("Still there?") == 1
    assert office.desk.open_conversation(guest.id) is None


SITE = """
site: {name: Harbour, timezone: UTC}
conversation: {start: a}
opening_hours: {default: {every day: 00:00-24:00}, never: {every day: closed}}
departments: {sales: {title: Sales, opening_hours: never}}
flows: {a: {steps: [%s]}}
"""


@pytest.fixture
def open_harbour(open_database, clock, tmp_path):
    """Opens a harbour with a flow of these steps, always open but for its only department."""

    def opening(steps, *changes):
        text = SITE % steps
        for old, new in changes:
            text = text.replace(old, new)
        (tmp_path / "site.yaml").write_text(text)
        return open_office(open_database(), clock, tmp_path)

    return opening


def test_a_wait_for_the_hours_that_a_flow_comes_back_to_by_itself_takes_a_minute(open_harbour):
    office = open_harbour("{id: again, wait: {until: open}}, {handoff: sales, if_closed: again}")
    guest = Guest(office, "guest-1")

    def rounds():
        told = [each.body["trace"] for each in kinds(office, guest.conversation, "turn")]
        return sum(entry[:3] == ["event", "a", "again"] and entry[3] == "timer" for each in told for entry in each)

    guest.writes("Hello")
    for _ in range(20):
        office.jobs.run_due(office.desk.job_handlers())
    assert rounds() == 1, "it was open, and went round once without a wait"
    office.let_pass(minutes=10)
    assert rounds() == 11
    guest.writes("Is anybody there?")
    office.let_pass(seconds=1)
    assert rounds() == 11, "what was begun goes on"


def test_a_wait_for_the_hours_is_over_at_once_when_it_is_open_and_nothing_went_round(open_harbour):
    office = open_harbour("{wait: 5m}, {wait: {until: open}}, {say: Good morning.}")
    guest = Guest(office, "guest-1")
    guest.writes("Hello")
    office.let_pass(minutes=5)
    assert guest.hears()[-1] == "Good morning."


def test_where_hours_never_come_working_time_goes_by_the_clock(open_harbour):
    office = open_harbour("{wait: 2 working hours}, {say: Good morning.}", ("00:00-24:00", "closed"))
    guest = Guest(office, "guest-1")
    guest.writes("Hello")
    office.let_pass(minutes=119)
    assert "Good morning." not in guest.hears()
    office.let_pass(minutes=2)
    assert guest.hears()[-1] == "Good morning."


def looks_for_idleness(office) -> int:
    return sum(office.jobs.ended["close_when_idle", how] for how in ("again", "done"))


def test_a_conversation_that_somebody_holds_is_looked_at_once_a_day_and_closed_when_it_is_idle(office, visitor, agent):
    anna, ann = agent("Anna").comes_online(), visitor()
    ann.writes("Hi")
    ann.presses("A person")
    token = anna.accepts(ann.conversation)
    office.let_pass(hours=49)
    assert looks_for_idleness(office) == 2
    office.desk.return_to_bot(anna.id, ann.conversation, token=token)
    office.let_pass(hours=23)
    assert office.desk.open_conversation(ann.id) is not None
    office.let_pass(hours=2)
    assert office.desk.open_conversation(ann.id) is None


def test_a_message_that_was_left_is_looked_at_again_only_when_somebody_has_accepted_it(office, visitor, agent):
    ann = visitor()
    for text in ("Hi", "human", "ann@x.io", "Please call me"):
        ann.writes(text)
    conversation = ann.conversation
    assert office.desk.conversation(conversation).left
    office.let_pass(days=5)
    assert looks_for_idleness(office) == 1
    anna = agent("Anna").comes_online()
    office.desk.return_to_bot(anna.id, conversation, token=anna.accepts(conversation))
    assert office.desk.conversation(conversation).open
    office.let_pass(hours=25)
    assert not office.desk.conversation(conversation).open


def test_timers_are_told_by_explain(guest, office):
    guest.books()
    conversation = guest.conversation
    office.let_pass(hours=1)
    told = [line.split() for each in explained(kinds(office, conversation, "turn")) for line in each.lines()]
    assert ["stay.form_1", "timer", "1", "set", "for", "2026-03-04", "10:02:00"] in told
    assert ["stay.wait_1", "timer", "1", "set", "for", "2026-03-04", "11:00:00"] in told
    assert any(line[-3:] == ["stay.wait_1", "timer", "1"] for line in told)
