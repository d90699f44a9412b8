"""What is wrong in a form is in sight together with what it is about, wherever in the form it is."""

import pytest
from playwright.sync_api import expect

from tests.web.widget.shop import PretendedChat, Visit, opened
from tests.web.widget.test_forms import FIELDS, asked, fill_in, form_in, form_of

LONG = asked("why", "text", "Why do you want to go? " * 3, help="Whatever comes to mind. " * 4)


@pytest.mark.parametrize("field", [FIELDS[0], LONG], ids=["a line", "a long label"])
def test_what_is_missing_is_in_sight_with_its_label(
    visit: Visit, chat: PretendedChat, field: dict[str, object]
) -> None:
    chat.adds(
        "message", "bot", text="Hello?", form=form_of(field, *({**each, "optional": True} for each in FIELDS[1:]))
    )
    page = opened(visit())
    page.set_viewport_size({"width": 1280, "height": 560})
    missing = form_in(page).locator(f"#field-{field['name']}")
    email = form_in(page).get_by_role("textbox", name="E-mail")
    email.focus()
    # As somebody scrolls who goes on to what comes after it.
    missing.evaluate("(field) => field.scrollIntoView({ block: 'start' })")
    email.press("Enter")
    expect(missing).to_be_focused()
    expect(missing).to_be_in_viewport(ratio=1)
    expect(form_in(page).locator(f"[for=field-{field['name']}]")).to_be_in_viewport(ratio=1)
    expect(form_in(page).locator(f"#field-{field['name']}-error")).to_be_in_viewport(ratio=1)


def test_what_was_refused_is_in_sight_with_its_label(visit: Visit, chat: PretendedChat) -> None:
    chat.adds("message", "bot", text="Hello?", form=form_of())
    refused = form_of(errors={"wishes": "That is not for sale."})
    chat.replies = lambda text: [{"text": "One thing is not right yet.", "form": refused}]
    page = opened(visit())
    page.set_viewport_size({"width": 1280, "height": 560})
    fill_in(page)
    form_in(page).get_by_role("button").click()
    wrong = form_in(page).get_by_role("textbox", name="Wishes")
    expect(wrong).to_be_focused()
    expect(wrong).to_be_in_viewport(ratio=1)
    expect(form_in(page).locator("[for=field-wishes]")).to_be_in_viewport(ratio=1)
    expect(form_in(page).get_by_text("That is not for sale.")).to_be_in_viewport(ratio=1)
