"""`departments:` — groups of agents, with their hours and their queue; and `opening_hours:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.site.reading import Reading
from flows.steps.handoff import HIDE_WIDGET, LEAVE_MESSAGE
from rules.durations import Duration
from rules.hours import OpeningHours, Window
from rules.kinds import Choice, Integer, Length, MapOf, Nested, Reference, Text
from rules.nodes import Map, Node
from rules.problems import NOWHERE, Place, error
from rules.schema import Key, Read, Table
from rules.texts import Text as Texts
from rules.texts import in_language
from rules.written_hours import read_opening_hours

MAX_CHATS = 3
OFFER_FOR = Duration(30)
"""What holds of a department that says nothing else, and of one that is no more."""


@dataclass(frozen=True, slots=True)
class IfNoAnswer:
    after: Duration
    department: str | None


@dataclass(frozen=True, slots=True)
class Department:
    id: str
    title: Texts
    opening_hours: OpeningHours
    routing: str = "least_busy"
    max_chats: int = MAX_CHATS
    """For each agent."""
    offer_for: Duration = OFFER_FOR
    """Then the conversation is offered to the next agent who has not been asked."""
    if_no_answer: IfNoAnswer | None = None
    offline: str = LEAVE_MESSAGE
    """`leave_message` or the id of a flow."""
    default_language: str = "en"
    offline_at: Place = field(default=NOWHERE, compare=False)

    def title_in(self, language: str) -> str:
        """Returns what visitors of this language call the department."""
        return in_language(self.title, language, self.default_language)


IF_NO_ANSWER = Table(
    "if_no_answer",
    {
        "after": Key(Length(), "how long to wait for one of the department's agents", required=True),
        "department": Key(
            Reference("a department"), "who is asked next, as soon as somebody is there; nobody else if left out"
        ),
    },
)

DEPARTMENT = Table(
    "department",
    {
        "title": Key(Text(), "what visitors and agents call it; the id, if left out"),
        "routing": Key(
            Choice(("least_busy",), noun="routing"), "who of the department is asked first", default="least_busy"
        ),
        "max_chats": Key(Integer(1, 100), "conversations an agent may hold at a time", default=MAX_CHATS),
        "opening_hours": Key(Reference("opening hours"), "when somebody is there", default="default"),
        "offer_for": Key(Length(), "how long one agent is asked before the next is", default=str(OFFER_FOR)),
        "if_no_answer": Key(Nested(IF_NO_ANSWER), "where a conversation nobody took goes, and when"),
        "offline": Key(
            Reference("a flow"),
            "what happens when nobody is there: `leave_message`, which takes a message and an address, or a flow of"
            " your own; one that asks for something ends with `call: leave_message`, or nobody learns of it",
            default=LEAVE_MESSAGE,
        ),
    },
    noun="a department",
)


def read_hours(node: Node | None, zone: ZoneInfo, reading: Reading) -> dict[str, OpeningHours]:
    """Returns all opening hours by id; `default` is among them always."""
    hours: dict[str, OpeningHours] = {}
    for key, value in node.entries if isinstance(node, Map) else ():
        if isinstance(value, Map) or not _looks_like_days(key.text):
            hours[key.text] = read_opening_hours(value, zone, f"opening_hours.{key.text}", reading.walker.problems)
        else:
            reading.walker.problems.append(
                error(
                    "K006",
                    key.place,
                    f"'{key.text}' stands where the name of the hours belongs; put the days one level below 'default:'",
                )
            )
            break
    return {"default": always_open(zone), **hours}


def _looks_like_days(text: str) -> bool:
    return text[:3].lower() in ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "eve", "dai")


def always_open(zone: ZoneInfo) -> OpeningHours:
    """Returns the hours of a site that says nothing about them."""
    return OpeningHours(zone, week=((Window(0, 1_440),),) * 7)


def read_departments(node: Node | None, hours: Mapping[str, OpeningHours], reading: Reading) -> dict[str, Department]:
    """Returns the departments by id; a site that names none has one, so that there is always somebody to go to."""
    kind = MapOf(Nested(DEPARTMENT), "department")
    read = reading.walker.value(node, kind, "'departments'") if node else {}
    departments = {
        id: _department(each, hours, reading) for id, each in (read if isinstance(read, dict) else {}).items()
    }
    language = reading.walker.default_language
    only = Department("team", {"en": "Team", language: "Team"}, hours["default"], default_language=language)
    return departments or {only.id: only}


def _department(read: Read, hours: Mapping[str, OpeningHours], reading: Reading) -> Department:
    id = str(read.id)
    language = reading.walker.default_language
    open_at = read["opening_hours"]
    reading.exists("opening_hours", open_at, read.place_of("opening_hours"), also=("default",))
    if read.wrote("offline"):
        _check_offline(read, reading)
    return Department(
        id=id,
        title=read["title"] or {language: id.replace("_", " ").capitalize()},
        opening_hours=hours.get(open_at, hours["default"]),
        routing=read["routing"],
        max_chats=read["max_chats"],
        offer_for=read["offer_for"],
        if_no_answer=_if_no_answer(read, reading),
        offline=read["offline"],
        default_language=language,
        offline_at=read.place_of("offline"),
    )


def _if_no_answer(read: Read, reading: Reading) -> IfNoAnswer | None:
    written: Read | None = read["if_no_answer"]
    if written is None or written["after"] is None:
        return None
    following = written["department"]
    if following:
        place = written.place_of("department")
        if following == read.id:
            reading.walker.report("K005", place, f"department '{read.id}' would be followed by itself; name another")
        else:
            reading.exists("departments", following, place)
    return IfNoAnswer(written["after"], following)


def _check_offline(read: Read, reading: Reading) -> None:
    place = read.place_of("offline")
    if read["offline"] == HIDE_WIDGET:
        reading.walker.report("K007", place, "'hide_widget' is not yet in this version")
    elif read["offline"] != LEAVE_MESSAGE:
        reading.exists("flows", read["offline"], place, also=(LEAVE_MESSAGE,))
