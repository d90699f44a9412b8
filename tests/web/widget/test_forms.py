"""Forms in a conversation: filled in, refused under the field, and gone when something else was said."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser import picture
from tests.web.widget.shop import (
    HOSTILE,
    SHOP,
    PretendedChat,
    Visit,
    eventually,
    log_of,
    opened,
    serious,
    settle,
    write,
)
from web import frames


def asked(name: str, type: str, label: str, **more: Any) -> dict[str, Any]:
    usual = {"value": None, "optional": False, "choices": None, "min": None, "max": None, "help": None}
    return {"name": name, "type": type, "label": label, **usual, **more}


SIZES = [{"label": f"{size} people", "value": str(size)} for size in (1, 2, 3)]
TOURS = [{"label": f"Tour {n}", "value": f"tour_{n}"} for n in range(1, 8)]
FIELDS = [
    asked("name", "name", "What is your name?"),
    asked("email", "email", "E-mail", help="For the offer, and for nothing else."),
    asked("phone", "phone", "Phone", optional=True),
    asked("size", "choice", "Group", choices=SIZES),
    asked("tour", "choice", "Tour", choices=TOURS),
    asked("day", "date", "Day", min="2026-01-01"),
    asked("budget", "money", "Budget", optional=True),
    asked("guide", "yes_no", "With a guide?"),
    asked("wishes", "text", "Wishes", optional=True),
    asked("news", "consent", "I would like to have the newsletter."),
]


def form_of(*fields: dict[str, Any], errors: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"step": "offer.details", "title": None, "submit": "Get the offer", "errors": errors or {}, **more} | {
        "fields": list(fields) or FIELDS
    }


def form_in(page: Page) -> Locator:
    return log_of(page).locator("form")


def fill_in(page: Page) -> None:
    form = form_in(page)
    form.get_by_role("textbox", name="What is your name?").fill("Kim Lee")
    form.get_by_role("textbox", name="E-mail").fill("kim@mail.example")
    form.get_by_role("radio", name="2 people").check()
    form.get_by_role("combobox", name="Tour").select_option("Tour 3")
    form.get_by_label("Day").fill("2026-12-24")
    form.get_by_role("group", name="With a guide?").get_by_role("radio", name="No").check()
    form.get_by_role("checkbox", name="newsletter").check()


def test_a_form_is_filled_in_and_sent_once(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(title="Your offer"), step="offer.details")
    page = opened(visit())
    expect(form_in(page)).to_be_visible()
    fill_in(page)
    settle(page)
    picture(page, "widget-form-filled-in")
    form_in(page).get_by_role("button", name="Get the offer").click()
    expect(form_in(page)).to_have_count(0)
    expect(log_of(page).locator(".own .words")).to_have_text(
        "What is your name? Kim Lee\nE-mail: kim@mail.example\nGroup: 2 people\nTour: Tour 3\n"
        "Day: 2026-12-24\nWith a guide? No\nI would like to have the newsletter. Yes",
        use_inner_text=True,
    )
    expect(log_of(page)).to_be_focused()
    picture(page, "widget-form-sent")
    (sent,) = chat.ops("send")
    assert sent["body"] == {
        "form": {
            "step": "offer.details",
            "values": {
                "name": "Kim Lee",
                "email": "kim@mail.example",
                "phone": "",
                "size": "2",
                "tour": "tour_3",
                "day": "2026-12-24",
                "budget": "",
                "guide": False,
                "wishes": "",
                "news": True,
            },
        }
    }


def test_every_field_brings_its_keyboard_and_says_what_it_is_about(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(title="Your offer"))
    form = form_in(opened(visit()))
    expect(form.get_by_role("group", name="Your offer")).to_be_visible()
    expect(form.get_by_role("group", name="Group")).to_be_visible()
    expect(form.get_by_role("textbox", name="E-mail")).to_have_accessible_description(
        "For the offer, and for nothing else."
    )
    expect(form.get_by_text("(optional)")).to_have_count(3)
    kinds = form.locator("input, textarea, select").evaluate_all(
        "(all) => all.map((one) => [one.id || one.name, one.type, one.autocomplete, one.inputMode])"
    )
    assert [tuple(kind) for kind in kinds if kind[1] != "radio"] == [
        ("field-name", "text", "name", ""),
        ("field-email", "email", "email", ""),
        ("field-phone", "tel", "tel", ""),
        ("field-tour", "select-one", "", ""),
        ("field-day", "date", "", ""),
        ("field-budget", "text", "", "decimal"),
        ("field-wishes", "textarea", "", ""),
        ("field-news", "checkbox", "", ""),
    ]


def test_what_is_empty_is_told_under_its_field_and_nothing_is_sent(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Hello?", form=form_of(FIELDS[0], FIELDS[2], FIELDS[3]))
    page = opened(visit())
    form_in(page).get_by_role("button", name="Get the offer").click()
    name = form_in(page).get_by_role("textbox", name="What is your name?")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("This is still empty. Fill it in to go on.")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(form_in(page)).to_contain_text("Nothing is chosen yet. Choose one to go on.")
    settle(page)
    picture(page, "widget-form-empty")
    assert serious(page) == []
    assert chat.ops("send") == []
    name.fill("Kim")
    form_in(page).get_by_role("radio", name="3 people").check()
    name.press("Enter")
    expect(log_of(page).locator(".own .words")).to_have_text("What is your name? Kim\nGroup: 3 people")


WRONG = form_of(
    asked("email", "email", "E-mail", value="kim at mail"),
    asked("day", "date", "Day", value="next tuesday"),
    asked("guests", "number", "Guests", value="about 40", max=30),
    errors={
        "email": "That e-mail address has no @. What is it in full?",
        "day": "That is no day I know. Write it like 24.12.2026.",
        "guests": "That is no number up to 30. How many are you?",
    },
)


def test_what_was_wrong_comes_back_with_its_reason_and_nothing_is_lost(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Where can we reach you?", form=form_of(*WRONG["fields"]))
    chat.replies = lambda text: [{"text": "Some of it is not right yet.", "form": WRONG}]
    page = opened(visit())
    form_in(page).get_by_role("button").click()
    email = form_in(page).get_by_role("textbox", name="E-mail")
    expect(email).to_have_accessible_description("That e-mail address has no @. What is it in full?")
    expect(email).to_be_focused()
    fields = form_in(page).get_by_role("textbox")
    assert [field.input_value() for field in fields.all()] == ["kim at mail", "next tuesday", "about 40"]
    expect(form_in(page)).to_have_count(1)
    settle(page)
    picture(page, "widget-form-errors")
    assert serious(page) == []
    chat.replies = lambda text: []
    email.fill("kim@mail.example")
    form_in(page).get_by_role("button").click()
    expect(form_in(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_form_fits_a_phone_by_day_and_by_night(world: BrowserContext, chat: PretendedChat, scheme: Any) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik " * 3
    fields = [*FIELDS[:4], asked("long", "choice", long, choices=[{"label": long, "value": "a"}, *SIZES], help=long)]
    chat.adds("message", "bot", text="What is your name?", form=form_of(*fields, title="Your offer"))
    page = world.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{SHOP}/boots")
    opened(page)
    expect(form_in(page)).to_be_visible()
    settle(page)
    picture(page, f"widget-phone-form-{scheme}")
    expect(form_in(page).get_by_role("textbox", name="What is your name?")).to_be_in_viewport()
    assert serious(page) == []
    assert log_of(page).evaluate("(log) => log.scrollWidth <= log.clientWidth")
    name = form_in(page).get_by_role("textbox", name="What is your name?")
    assert float(name.evaluate("(field) => getComputedStyle(field).fontSize").removesuffix("px")) >= 16


def test_a_form_can_be_filled_in_by_keyboard_alone(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Hello?", form=form_of(FIELDS[0], FIELDS[3], FIELDS[9]))
    page = opened(visit())
    form_in(page).get_by_role("textbox").focus()
    page.keyboard.type("Kim")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(log_of(page).locator(".own .words")).to_contain_text("Kim")
    assert chat.ops("send")[0]["body"]["form"]["values"] == {"name": "Kim", "size": "3", "news": True}


def test_a_form_is_gone_once_something_else_is_said_and_not_there_again_later(
    visit: Visit, chat: PretendedChat
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    expect(form_in(page)).to_be_visible()
    write(page, "Kim")
    expect(form_in(page)).to_have_count(0)
    page.reload()
    expect(log_of(page)).to_contain_text("Kim")
    page.wait_for_timeout(200)
    expect(form_in(page)).to_have_count(0)


def test_a_form_that_is_not_taken_can_be_changed(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    form_in(page).get_by_role("textbox").fill("Kim")
    form_in(page).get_by_role("button").click()
    page.get_by_role("textbox", name="Message").fill("Until when")
    log_of(page).get_by_role("button", name="Change it").click()
    expect(form_in(page).get_by_role("textbox")).to_have_value("Kim")
    expect(log_of(page).locator(".own")).to_have_count(0)
    expect(page.get_by_role("textbox", name="Message")).to_have_value("Until when")
    expect(log_of(page)).to_be_focused()


@pytest.mark.parametrize("meanwhile", ["reloaded", "reminded", "replaced"])
def test_what_is_answered_is_not_asked_again_while_the_answer_is_on_its_way(
    visit: Visit, chat: PretendedChat, meanwhile: str
) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    chat.silent = True
    form_in(page).get_by_role("textbox").fill("Kim")
    form_in(page).get_by_role("button").click()
    if meanwhile == "reloaded":
        page.reload()
        eventually(page, lambda: len(chat.ops("send")) == 2)
    elif meanwhile == "reminded":
        chat.happens("message", "bot", text="Are you still there?", form=form_of(FIELDS[0]))
        expect(log_of(page)).to_contain_text("Are you still there?")
    else:
        chat.epoch = "e2"
        chat.sockets[-1].close(code=1011)
        eventually(page, lambda: len(chat.ops("send")) == 2)
    expect(log_of(page)).to_contain_text("What is your name?")
    expect(log_of(page).locator(".own")).to_contain_text("Sending")
    page.wait_for_timeout(200)
    expect(form_in(page)).to_have_count(0)
    chat.silent = False
    chat.replies = lambda text: [{"text": "And your phone?", "form": form_of(FIELDS[2])}]
    waiting = frames.visitor_frame(json.dumps(chat.ops("send")[-1]))
    assert isinstance(waiting, frames.Send)
    for frame in chat.receive(waiting):
        chat.sockets[-1].send(json.dumps(frame))
    expect(form_in(page).get_by_label("Phone")).to_be_visible()


def test_what_was_refused_does_not_keep_anything_from_being_asked(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="What is your name?", form=form_of(FIELDS[0]))
    page = opened(visit())
    chat.refusal = {"code": "malformed", "message": "It cannot be stored."}
    write(page, "What for?")
    expect(log_of(page)).to_contain_text("It was not accepted.")
    chat.happens("message", "bot", text="Are you still there?", form=form_of(FIELDS[0]))
    expect(form_in(page)).to_be_visible()


def test_a_question_that_may_be_skipped_offers_it(visit: Visit, chat: PretendedChat) -> None:
    chat.adds(
        "message", "bot", text="Your phone number?", options=[{"label": "Skip", "value": "__skip"}], step="offer.phone"
    )
    page = opened(visit())
    log_of(page).get_by_role("button", name="Skip").click()
    expect(log_of(page).locator(".own")).to_have_text("YouSkip")
    assert chat.ops("send")[0]["body"] == {"button": {"step": "offer.phone", "value": "__skip", "label": "Skip"}}


def test_words_in_a_form_are_words(visit: Visit, chat: PretendedChat) -> None:
    fields = [
        asked(f"f{at}", "choice" if at % 2 else "text", words, help=words, choices=[{"label": words, "value": words}])
        for at, words in enumerate(HOSTILE)
    ]
    errors = {field["name"]: field["label"] for field in fields}
    chat.adds(
        "message", "bot", text="Hello?", form=form_of(*fields, errors=errors, title=HOSTILE[0], submit=HOSTILE[1])
    )
    page = opened(visit())
    expect(form_in(page).get_by_role("button")).to_have_text(HOSTILE[1])
    assert page.locator("img, svg[onload], script:not([src])").count() == 0


def test_before_there_is_a_form_nothing_of_it_is_loaded(visit: Visit, chat: PretendedChat) -> None:
    chat.replies = lambda text: [{"text": "What is your name?", "form": form_of(FIELDS[0])}]
    loaded: list[str] = []
    page = visit()
    page.on("request", lambda request: loaded.append(request.url.rsplit("/", 1)[-1]))
    write(opened(page), "Hello")
    expect(form_in(page)).to_be_visible()
    assert [name for name in loaded if "." in name] == ["forms.js", "forms.css"]
