"""Taking a conversation and answering in it: what is sent, what is never mixed up."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser import picture
from tests.web.panel.desk import ANNA, BRIEF, OTTO, RESPONSES, PretendedDesk, accept_anna, at, comes_true, event, row


def test_accepting_opens_the_conversation_with_its_brief_and_the_cursor_in_the_reply(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    brief = page.get_by_role("region", name="Brief")
    for known in (
        "Team size",
        "40",
        "answered in welcome, step team_size",
        "Pricing help",
        "on this page at least 30s (40s)",
    ):
        expect(brief).to_contain_text(known)
    expect(brief).to_contain_text("The visitor asked for a person")
    expect(brief).to_contain_text("do you take SEPA")
    expect(brief).to_contain_text("2 pages seen")
    expect(page.get_by_role("tab", name="Mine")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("log", name="Conversation")).to_contain_text("Can I pay by invoice?")
    assert comes_true(page, lambda: [frame["conversation"] for frame in desk.said("accept")] == [ANNA])


def test_the_details_are_told_in_words(panel: Callable[..., Page], page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 900})
    panel(f"?conversation={ANNA}")
    details = page.get_by_role("region", name="Details of the conversation")
    for told in (
        "LanguageEnglish",
        "Visits2",
        "DeviceComputer",
        "Came throughThe chat of the site",
        "Time zoneAmerica/New York",
    ):
        expect(details).to_contain_text(told)


def test_the_details_say_through_which_door_somebody_came_who_is_on_no_page(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.brief = {**BRIEF, "context": {**BRIEF["context"], "channel": "socketio"}}
    desk.waiting[0]["visitor"]["page"] = None
    page = panel()
    expect(page.locator(".queue__department").first).to_be_visible()
    expect(page.locator(".queue__page")).to_have_count(0)
    accept_anna(page)
    details = page.get_by_role("region", name="Details of the conversation")
    expect(details).to_contain_text("Came throughRasa’s Socket.IO channel")


@pytest.mark.parametrize("record", [None, {"page": "/panel/visitors/anna", "held_since": at(90_000)}])
def test_the_details_lead_admins_to_the_record_of_the_person_and_say_that_it_is_held(
    panel: Callable[..., Page], desk: PretendedDesk, record: dict[str, str] | None
) -> None:
    desk.brief = {**BRIEF, **({"record": record} if record else {})}
    page = panel()
    accept_anna(page)
    details = page.get_by_role("region", name="Details of the conversation")
    expect(details).to_contain_text("Anna Muster")
    leads = details.get_by_role("link", name="Export or erase this visitor")
    expect(leads).to_have_count(1 if record else 0)
    expect(details.get_by_text("Legal hold since")).to_have_count(1 if record else 0)
    if record:
        expect(leads).to_have_attribute("href", record["page"])
    details.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    picture(page, f"panel-record-{bool(record)}")


def test_the_brief_is_in_sight_until_one_takes_the_conversation_and_the_end_after_that(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    said = [event(n, "message", "visitor", None, 200 - n, text=f"Line {n}") for n in range(4, 40)]
    desk.record[ANNA] += said
    page = panel(f"?conversation={ANNA}")
    expect(page.get_by_role("heading", name="What is known")).to_be_in_viewport()
    page.get_by_role("button", name="Latest messages").click()
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.locator(".conversation__scroll").evaluate("part => (part.scrollTop = 0)")
    expect(page.get_by_role("heading", name="What is known")).to_be_in_viewport()
    page.get_by_role("tabpanel", name="Reply").get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.get_by_role("textbox", name="Reply").fill("Yes")
    page.keyboard.press("Enter")
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", None, 0, text="And one more"))
    expect(page.get_by_text("And one more")).to_be_in_viewport()


def test_what_was_said_last_is_in_sight_where_it_is_accepted_from_the_list(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.record[ANNA] += [event(n, "message", "visitor", None, 200 - n, text=f"Line {n}") for n in range(4, 40)]
    page = panel()
    accept_anna(page)
    expect(page.get_by_role("log")).to_contain_text("You took the conversation")
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.reload()
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()


def test_who_reads_further_up_is_told_of_news_and_left_there(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    said = [event(n, "message", "visitor", None, 200 - n, text=f"Line {n}") for n in range(4, 40)]
    desk.record[ANNA] += [*said, event(40, "message", "agent", "Ben", 90, text="Yes")]
    page = panel()
    accept_anna(page)
    expect(page.get_by_text("Line 39", exact=True)).to_be_in_viewport()
    page.locator(".conversation__scroll").evaluate("part => (part.scrollTop = 200)")
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", None, 0, text="And one more"))
    page.get_by_role("button", name="New message").click()
    expect(page.get_by_text("And one more")).to_be_in_viewport()


def test_what_nobody_can_read_is_not_sent(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    for text in ("\u200b\u2060", " ", "Yes"):
        page.get_by_role("textbox", name="Reply").fill(text)
        page.keyboard.press("Enter")
    expect(page.get_by_text("Yes", exact=True)).to_be_visible()
    assert [frame["body"]["text"] for frame in desk.frames if frame["op"] == "send"] == ["Yes"]


def test_enter_that_ends_a_word_being_put_together_sends_nothing(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")

    def press(number: int) -> None:
        reply.dispatch_event("keydown", {"key": "Enter", "keyCode": number, "bubbles": True, "cancelable": True})

    reply.fill("にほん")
    # As Safari tells of it: the word is there already, and nothing but the number says what the key was for.
    press(229)
    expect(reply).to_have_value("にほん")
    reply.fill("日本")
    press(13)
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["日本"])


def test_a_second_agent_is_told_who_accepted_first(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.refusals["accept"] = {"code": "already_accepted", "message": "Clara has taken this conversation."}
    page = panel()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status").filter(has_text="Clara has taken this conversation.")).to_be_visible()
    desk.waiting = []
    desk.queue()
    expect(page.get_by_text("Clara has taken this conversation.").first).to_be_visible()


def test_a_reply_carries_the_number_of_the_accept_and_is_shown_once(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Yes, within 30 days.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log", name="Conversation").get_by_text("Yes, within 30 days.")).to_have_count(1)
    expect(page.get_by_text("Sending")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    (sent,) = desk.said("send")
    assert (sent["token"], sent["body"]) == (4, {"text": "Yes, within 30 days."})


def test_until_it_is_stored_a_reply_is_called_sending(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.silent = True
    page.get_by_role("textbox", name="Reply").fill("One moment")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("list", name="Not sent yet")).to_contain_text("Sending")


def test_who_lost_the_conversation_keeps_what_was_typed(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.refusals["send"] = {"code": "reassigned", "message": "Clara has this conversation now."}
    page.get_by_role("textbox", name="Reply").fill("A long and careful answer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Clara has this conversation now.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("A long and careful answer")
    desk.mine = []
    desk.happens(ANNA, event(5, "accepted", "agent", "Clara", agent="clara", department="sales"))
    desk.queue()
    expect(page.get_by_text("Clara has this conversation. You can add notes.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("A long and careful answer")
    expect(page.get_by_role("button", name="Send")).to_be_hidden()


def test_a_note_has_a_page_and_a_text_of_its_own(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").fill("Half an answ")
    page.get_by_role("tab", name="Note").click()
    expect(page.get_by_role("textbox", name="Reply")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("")
    expect(page.locator(".composer__hint:visible")).to_have_text("Only your team sees this")
    page.get_by_role("textbox", name="Note").fill("She is a reseller")
    page.keyboard.press("Enter")
    expect(page.locator(".conversation__note")).to_contain_text("Only your team sees this")
    expect(page.locator(".conversation__note")).to_contain_text("She is a reseller")
    page.get_by_role("tab", name="Reply").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("Half an answ")
    assert desk.said("send") == []
    assert comes_true(page, lambda: [frame["body"] for frame in desk.said("note")] == [{"text": "She is a reseller"}])


def test_a_note_begun_elsewhere_never_turns_up_in_a_reply(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    desk.mine = [row(OTTO, "Otto", holder="agent", owner={"id": "ben", "name": "Ben"})]
    desk.record[OTTO] = []
    page = panel()
    accept_anna(page)
    page.get_by_role("tab", name="Note").click()
    page.get_by_role("textbox", name="Note").fill("do not give a rebate")
    page.get_by_role("list", name="Mine").get_by_role("button", name="Otto").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.get_by_role("list", name="Mine").get_by_role("button", name="Anna Muster").click()
    expect(page.get_by_role("textbox", name="Reply")).to_have_value("")
    page.get_by_role("tab", name="Note").click()
    expect(page.get_by_role("textbox", name="Note")).to_have_value("do not give a rebate")


def test_a_prepared_answer_is_found_by_its_shortcut_and_put_where_it_was_asked_for(panel: Callable[..., Page]) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("Hello. /sh")
    options = page.get_by_role("listbox", name="Prepared answers").get_by_role("option")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Hello. Within the EU it takes four days.")
    expect(options).to_have_count(0)


def test_a_prepared_answer_without_a_shortcut_is_found_by_its_words(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.responses = [*RESPONSES, {"id": "thanks", "shortcut": None, "text": "Thank you for waiting."}]
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("/wait")
    options = page.get_by_role("listbox", name="Prepared answers").get_by_role("option")
    expect(options).to_have_text(["Thank you for waiting."])
    page.keyboard.press("Enter")
    expect(reply).to_have_value("Thank you for waiting.")


def test_prepared_answers_can_be_waved_away_and_the_slash_kept(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    reply.press_sequentially("dev/null")
    expect(page.get_by_role("option")).to_have_count(0)
    expect(reply).to_have_value("/dev/null")
    page.keyboard.press("Enter")
    assert comes_true(page, lambda: [frame["body"]["text"] for frame in desk.said("send")] == ["/dev/null"])


def test_what_was_waved_away_once_is_there_again_for_the_next_slash(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    accept_anna(page)
    reply = page.get_by_role("textbox", name="Reply")
    reply.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)
    page.keyboard.press("Escape")
    page.keyboard.press("Backspace")
    reply.press_sequentially("/")
    expect(page.get_by_role("option")).to_have_count(3)


def test_what_one_visitor_is_typing_is_not_shown_in_another_conversation(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.waiting.append(row(OTTO, "Otto", waiting_since=at(5)))
    desk.record[OTTO] = [event(1, "message", "visitor", "Otto", 50, text="Is it so?")]
    page = panel(f"?conversation={OTTO}")
    said = page.get_by_role("log", name="Conversation")
    expect(said).to_contain_text("Is it so?")
    accept_anna(page)
    expect(said).to_contain_text("Can I pay by invoice?")
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="my card is 4")
    expect(page.get_by_text("my card is 4")).to_be_visible()
    page.get_by_role("tab", name="New").click()
    page.get_by_role("list", name="Waiting").get_by_text("Otto").click()
    expect(said).to_contain_text("Is it so?")
    assert page.get_by_text("my card is 4").is_hidden()
    desk.tell("typing", conversation=OTTO, who="visitor", on=True, text="Or not?")
    expect(page.get_by_text("Or not?")).to_be_visible()


def test_what_the_visitor_is_typing_stands_above_the_composer(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    desk.tell("typing", conversation=ANNA, who="visitor", on=True, text="or by card <b>")
    expect(page.get_by_text("Anna Muster is typing")).to_be_visible()
    expect(page.get_by_text("or by card <b>")).to_be_visible()
    desk.happens(ANNA, event(desk.next_seq(ANNA), "message", "visitor", "Anna Muster", 0, text="or by card"))
    expect(page.get_by_text("Anna Muster is typing")).to_be_hidden()


def test_what_was_heard_is_marked_read_and_typing_is_told(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("textbox", name="Reply").press_sequentially("Y")
    assert comes_true(page, lambda: desk.said("read") and desk.said("read")[-1]["seq"] == 4)
    assert comes_true(page, lambda: desk.said("typing"))
    assert desk.said("typing")[0] == {"op": "typing", "conversation": ANNA, "on": True}


def test_the_words_of_the_bot_are_one_line_until_opened(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    long = "I am the assistant, a program. " * 12
    desk.record[ANNA][0]["body"] = {"text": long, "options": [{"label": "Prices", "value": "prices"}]}
    page = panel()
    accept_anna(page)
    fold = page.locator("details").first
    height = fold.bounding_box()
    assert height is not None and height["height"] < 36
    fold.locator("summary").click()
    expect(fold.get_by_text("Prices")).to_be_visible()


def test_closing_is_asked_for_once_more_and_return_is_not(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("button", name="Close", exact=True).click()
    assert desk.said("close") == []
    page.get_by_role("button", name="Keep it open").click()
    expect(page.get_by_role("button", name="Close conversation")).to_be_hidden()
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close conversation").click()
    expect(page.get_by_text("This conversation is closed.")).to_be_visible()
    assert comes_true(page, lambda: [frame["token"] for frame in desk.said("close")] == [4])


def test_a_conversation_given_back_is_the_assistants_again(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    page.get_by_role("button", name="Return to bot").click()
    expect(page.get_by_text("The assistant is answering.")).to_be_visible()
    expect(page.get_by_role("button", name="Return to bot")).to_be_hidden()


def test_what_is_closed_while_it_is_read_keeps_its_department_and_page(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    page = panel()
    page.locator(f"#row-{ANNA}").click()
    where = page.locator(".conversation__where")
    expect(where).to_contain_text("Sales · /pricing")
    desk.waiting = []
    desk.happens(ANNA, event(4, "closed", "visitor", "Anna Muster", by="visitor"))
    desk.queue()
    expect(page.get_by_role("list", name="Waiting").get_by_role("listitem")).to_have_count(0)
    expect(where).to_have_text("Closed · Sales · /pricing")


def test_what_is_accepted_and_closed_before_one_looks_at_it_keeps_its_department_and_page(
    panel: Callable[..., Page], desk: PretendedDesk
) -> None:
    desk.mine = [row(OTTO, "Otto", holder="agent", owner={"id": "ben", "name": "Ben"}, token=3)]
    desk.record[OTTO] = []
    page = panel(f"?conversation={OTTO}")
    desk.silent = True
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("textbox", name="Reply").fill("Dear Otto")
    assert comes_true(page, lambda: desk.said("accept"))
    desk.tell("ack", client_id=desk.said("accept")[0]["client_id"], conversation=ANNA, seq=4)
    show = page.get_by_role("status").filter(has_text="Anna Muster is yours.").get_by_role("button", name="Show")
    expect(show).to_be_visible()
    desk.waiting = []
    desk.record[ANNA] += [
        event(4, "accepted", "agent", "Ben", agent="ben", department="sales"),
        event(5, "closed", "visitor", "Anna Muster", by="visitor"),
    ]
    desk.queue()
    expect(page.get_by_role("tab", name="Mine")).to_have_text("Mine1 yours")
    show.click()
    expect(page.locator(".conversation__where")).to_have_text("Closed · Sales · /pricing")


def test_prepared_answers_are_counted_in_words(panel: Callable[..., Page], desk: PretendedDesk) -> None:
    page = panel()
    accept_anna(page)
    for typed, words in (("/ship", "2 prepared answers"), ("/ship-eu", "1 prepared answer")):
        page.get_by_role("textbox", name="Reply").fill("")
        page.get_by_role("textbox", name="Reply").press_sequentially(typed)
        expect(page.get_by_role("status").filter(has_text="prepared answer")).to_have_text(words)
