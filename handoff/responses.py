"""Canned responses with their gaps filled for one conversation."""

from datetime import datetime
from typing import Any

from bot.contact import Known
from bot.conversation import Conversation
from bot.site.site import Site
from rules.templates import parse_template
from rules.texts import in_language
from rules.zones import zone_of_reader


def filled_responses(
    site: Site, conversation: Conversation, known: Known, *, agent_name: str, now: datetime
) -> list[dict[str, Any]]:
    """Returns the responses of the conversation's department and of everybody, in the conversation's language."""
    values = {f"contact.{name}": value for name, value in known.values().items()}
    values |= {
        "agent.name": agent_name,
        "site.name": site.name,
        "site.opening_hours": site.opening_hours,
        "site.next_opening": site.opening_hours.next_opening(now),
        **conversation.cursor.slots,
    }
    return [
        {"id": response.id, "shortcut": response.shortcut, "text": _filled(site, conversation, response.text, values)}
        for response in site.responses.values()
        if response.department in (None, conversation.department) and not response.is_for_actions
    ]


def _filled(site: Site, conversation: Conversation, text: Any, values: dict[str, Any]) -> str:
    language = conversation.language
    template = parse_template(in_language(text, language, site.languages[0]))
    zone = zone_of_reader(conversation.context, site.timezone)
    return template.render(values, language=language, currency=site.about.currency, timezone=zone)
