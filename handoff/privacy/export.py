"""The record of a person to hand out: as JSON for programs, and as a page to read."""

from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any

from bot.events import KINDS
from handoff.privacy.records import Entry, Records, as_json

FORMAT = "parlour.visitor/1"
"""Grows when something changes its place or meaning; what is only added does not count."""
REVIEW = "Written by agents for each other. Look through them before you hand them out, or take them out."

_SPEAKERS = {"visitor": "Visitor", "bot": "Assistant", "system": "System", "agent": "Agent"}
_STYLE = (
    "body{font:15px/22px system-ui,sans-serif;max-width:720px;margin:32px auto;padding:0 16px}"
    "body{color:#1d1b16;background:#fff}"
    "h1{font-size:22px}h2{font-size:18px;margin-top:40px}h3{font-size:15px;margin-top:28px}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:start;vertical-align:top;padding:4px 12px 4px 0}"
    "p,td{overflow-wrap:anywhere;white-space:pre-wrap}.soft{color:#6b665c}.review{background:#fdf3dc;padding:12px 16px}"
)


def as_data(records: Records, *, at: datetime) -> Iterator[str]:
    """Yields `visitor.json`, piece by piece."""
    held = records.person.held
    yield from as_json(
        {
            "format": FORMAT,
            "exported_at": at.isoformat(),
            "hold": {"because": held.because, "since": held.since} if held else None,
            "contacts": records.contacts(),
            "visitors": records.visitors(),
            "visits": records.visits(),
            "page_views": records.page_views(),
            "impressions": records.impressions(),
            "conversations": ({**row, "events": records.events(row["id"])} for row in records.conversations()),
            "consents": records.consents(),
            "readings": records.readings(),
            "jobs": records.jobs(),
            "notes": {"review": True, "why": REVIEW, "notes": records.notes()},
        }
    )
    yield "\n"


def as_page(records: Records, *, at: datetime) -> Iterator[str]:
    """Yields `visitor.html`, piece by piece: no script, and whatever people wrote stays text."""
    person = records.person
    title = f"What is recorded of {escape(person.called)}"
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield '<meta name="viewport" content="width=device-width">\n'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    yield f'<p class="soft">As of {_moment(at.isoformat())}. Times are in UTC.</p>\n'
    if person.held:
        yield f"<p>Under legal hold since {_moment(person.held.since)}: {escape(person.held.because)}</p>\n"
    yield from _section("What they told of themselves", ["What", "Value", "From", "When"], _values(records))
    yield from _section("To what they said yes or no", ["What", "Answer", "When"], _consents(records))
    yield from _section(
        "Visits", ["Began", "Facts"], ([_moment(each["started_at"]), _facts(each)] for each in records.visits())
    )
    yield from _section("Pages", ["When", "Page", "Title"], _pages(records))
    yield from _section("Shown unasked", ["When", "By", "What"], _shown(records))
    yield "<h2>Conversations</h2>\n"
    for conversation in records.conversations():
        yield from _transcript(conversation, records)
    yield from _section("Done elsewhere because of them", ["When", "What", "To", "Outcome"], _work(records))
    yield f'<h2>Notes of agents, for review</h2>\n<p class="review">{REVIEW}</p>\n'
    for note in records.notes():
        yield _line(note, str(note["body"].get("text", "")))
    yield "</body>\n</html>\n"


def _section(title: str, head: list[str], rows: Iterator[list[str]]) -> Iterator[str]:
    """Yields a table of cells that are escaped already; nothing without rows."""
    first = next(rows, None)
    if first is None:
        return
    yield f"<h2>{title}</h2>\n<table>\n<tr>{''.join(f'<th>{each}</th>' for each in head)}</tr>\n"
    yield _row(first)
    yield from map(_row, rows)
    yield "</table>\n"


def _row(cells: list[str]) -> str:
    return f"<tr>{''.join(f'<td>{each}</td>' for each in cells)}</tr>\n"


def _values(records: Records) -> Iterator[list[str]]:
    for contact in records.contacts():
        for name, known in contact["attributes"].items():
            source = known["from"]
            where = f"{source['flow']}, step {source.get('step', '')}" if source.get("flow") else "another program"
            yield [escape(name), escape(str(known["value"])), escape(where), _moment(known["at"])]


def _consents(records: Records) -> Iterator[list[str]]:
    for each in records.consents():
        body = each["body"]
        yield [escape(str(body["shown"])), "yes" if body["value"] else "no", _moment(each["at"])]


def _facts(visit: Entry) -> str:
    return escape(", ".join(f"{name}: {value}" for name, value in visit["context"].items()))


def _pages(records: Records) -> Iterator[list[str]]:
    for each in records.page_views():
        yield [_moment(each["at"]), escape(each["path"]), escape(each["title"])]


def _shown(records: Records) -> Iterator[list[str]]:
    for each in records.impressions():
        yield [
            _moment(each["seen_at"] or each["reserved_at"]),
            escape(each["trigger_id"]),
            escape(each["said"]["text"]),
        ]


def _work(records: Records) -> Iterator[list[str]]:
    for each in records.jobs():
        yield [
            _moment(each["done_at"] or each["run_at"]),
            escape(each["kind"]),
            escape(each["address"] or ""),
            escape(each["outcome"] or each["state"]),
        ]


def _transcript(conversation: Entry, records: Records) -> Iterator[str]:
    yield f"<h3>{_moment(conversation['created_at'])}</h3>\n"
    yield f'<p class="soft">Number {escape(conversation["id"])}'
    yield f"{', tags: ' + escape(', '.join(conversation['tags'])) if conversation['tags'] else ''}</p>\n"
    for event in records.events(conversation["id"]):
        if event["kind"] == "message":
            yield _line(event, str(event["body"]["text"]))
        elif KINDS[event["kind"]].visitor is not None:
            yield f'<p class="soft">{_moment(event["at"])} · {escape(KINDS[event["kind"]].meaning)}</p>\n'


def _line(event: Entry, text: str) -> str:
    role = event["actor"].partition(":")[0]
    who: Any = event.get("name") or event["body"].get("name") or _SPEAKERS[role]
    return (
        f'<p><span class="soft">{_moment(event["at"])}</span> <strong>{escape(str(who))}</strong>\n{escape(text)}</p>\n'
    )


def _moment(written: str) -> str:
    return escape(written[:16].replace("T", " "))
