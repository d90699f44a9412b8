"""A site at the shell: made, checked, talked to, and what happened in it explained."""

import contextlib
import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.prepared import prepared
from tests.server import Server, VisitorLine, running
from tests.shell import parlour

HARBOUR = Path(__file__).parents[2] / "worlds" / "harbour"


def test_init_never_writes_over_anything(site: Path):
    again = parlour("init", str(site))
    assert again.exit_code == 1
    assert "is not empty" in again.output
    assert "Traceback" not in again.output


def test_a_new_site_has_no_problems(site: Path):
    told = parlour("check", str(site))
    assert (told.exit_code, told.output) == (0, "No problems found.\n")


def test_check_tells_everything_at_once_and_exits_with_one(site: Path):
    flow = site / "flows" / "welcome.yaml"
    flow.write_text(
        flow.read_text()
        .replace("collect: name", "colect: name")
        .replace("ask: {en: What is your name?", "aks: {en: What is your name?")
    )
    told = parlour("check", str(site))
    assert told.exit_code == 1
    assert "nknown step 'colect' — did you mean 'collect'?" in told.output
    as_json = json.loads(parlour("check", str(site), "--format", "json").output)
    assert {"file", "line", "column", "code", "level", "message"} <= as_json[0].keys()


def test_talk_takes_piped_lines_facts_and_a_time():
    open_ = parlour("talk", str(HARBOUR), "--agents", "1", "--at", "2026-03-04 10:00", stdin="Hi\nA person\n")
    assert "waits for a person of 'sales'" in open_.output
    closed = parlour("talk", str(HARBOUR), "--agents", "1", "--at", "sunday 11:00", stdin="Hi\nA person\n")
    assert "bot: We are closed." in closed.output
    german = parlour("talk", str(HARBOUR), "--language", "de", stdin="Hallo\n")
    assert "bot: Worum geht es?   [Karten | Ein Mensch]" in german.output


def test_talk_tells_what_rules_do_and_ends_where_one_ends_it():
    said = "casino\nparking 4111 1111 1111 1111\nsend it back\nGoodbye\nstill there?\n"
    told = parlour("talk", str(HARBOUR.parent / "market"), stdin=said).output.splitlines()
    assert told[:4] == [
        "you: casino",
        "  → kept as: [message removed]",
        "  → rule spam blocked, warned: the word 'casino*'",
        "bot: We do not pass on advertising.",
    ]
    assert "  → kept as: parking [card number removed]" in told
    assert "  → rule parking answered: the word 'parking'" in told
    assert told[-3:] == [
        "  → rule goodbye answered, closed: the message is 'goodbye'",
        "bot: Goodbye, come again.",
        "  → the conversation has ended",
    ]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--at", "someday"), ("--at", "9999-12-31 23:59"), ("--fact", "visits"), ("--fact", "=3")),
        *(("--fact", "weekday=mon-fri"), ("--page", "https://shop.example/b?a=1")),
    ],
)
def test_talk_says_what_to_write_instead(option: str, value: str):
    told = parlour("talk", str(HARBOUR), option, value, stdin="Hi\n")
    assert told.exit_code == 1
    assert "write " in told.output.lower()
    assert "Traceback" not in told.output


WAITS = """
site: {name: Shop}
departments:
  sales: {title: Sales, if_no_answer: {after: 30s, department: support}}
  support: {title: Support}
flows:
  a:
    start_when: {visits: 1}
    steps:
      - {handoff: sales, wait_up_to: 60s, if_nobody: nb}
      - end: true
      - {id: nb, say: Nobody is free}
"""


def test_while_nobody_answers_talk_goes_on_as_the_server_does(tmp_path: Path):
    (tmp_path / "site.yaml").write_text(WAITS)
    said = "Hi\n/wait 20s\n/wait 20s\n/wait 5m\n"
    told = parlour("talk", str(tmp_path), "--fact", "visits=1", "--agents", "1", stdin=said).output.splitlines()
    assert told == [
        "you: Hi",
        "  → waits for a person of 'sales' (step)",
        "you: /wait 20s",
        "you: /wait 20s",
        "  → waits for a person of 'support' (nobody has answered)",
        "you: /wait 5m",
        "  → nobody has come",
        "bot: Nobody is free",
    ]


ASKED = """
site: {name: Shop, languages: [en, de]}
attributes:
  contact:
    plan: {type: choice, choices: [free, team]}
    vip: {type: yes_no}
    zip: {type: text}
triggers:
  hint: {when: {page: /b}, say: Hello}
flows:
  asked: {start_when: {CONDITION}, steps: [{say: It holds}]}
"""


@pytest.mark.parametrize(
    ("fact", "condition"),
    [
        ("page.query.ref=123", 'page.query.ref: "123"'),
        ("contact.zip=01234", 'contact.zip: "01234"'),
        ("contact.vip=yes", "contact.vip: true"),
        ("contact.plan=Team", "contact.plan: team"),
        ("time_on_page=2m", "time_on_page: at most 120s"),
        ("scroll=60%", "scroll: at least 60%"),
        ("returning=yes", "returning: true"),
        ("weekday=thursday", "weekday: thu"),
        ("previous_page=/b/", "previous_page: /b"),
        ("visits=3", "visits: 3"),
        ("shown.hint=2", "shown.hint: 2"),
        ("visits=3", "returning: true"),
        ("returning=no", "visits: 1"),
    ],
)
def test_a_fact_is_read_as_the_conditions_of_the_site_read_it(tmp_path: Path, fact: str, condition: str):
    (tmp_path / "site.yaml").write_text(ASKED.replace("CONDITION", condition))
    assert "bot: It holds" in parlour("talk", str(tmp_path), "--fact", fact, stdin="Hi\n").output
    assert "bot: It holds" not in parlour("talk", str(tmp_path), stdin="Hi\n").output


HOURS = """
site: {name: Shop, timezone: Europe/Berlin}
opening_hours: {default: {mon-fri: 09:00-18:00, sat-sun: closed}, late: {every day: 18:00-02:00}}
departments: {sales: {}, night: {opening_hours: late}}
flows:
  ask:
    start_when: {last_message: {contains: person}}
    steps:
      - {say: We are here., when: {opening_hours: open}}
      - {handoff: sales, if_closed: closed, if_nobody: nobody}
      - end: true
      - {id: closed, say: 'Back {{ site.next_opening | date: "weekday time" }}.'}
      - end: true
      - {id: nobody, say: Nobody is free.}
  night:
    start_when: {last_message: {contains: night}}
    steps:
      - {handoff: night, if_closed: closed}
      - end: true
      - {id: closed, say: No night today.}
"""


@pytest.mark.parametrize(
    ("fact", "at", "written", "told"),
    [
        ("closed", "2026-03-04 10:00", "Is a person there?", ["bot: Back Thursday 09:00."]),
        (
            "open",
            "2026-03-04 10:00",
            "Is a person there?",
            ["bot: We are here.", "  → waits for a person of 'sales' (step)"],
        ),
        (
            "open",
            "2026-03-08 10:00",
            "Is a person there?",
            ["bot: We are here.", "  → waits for a person of 'sales' (step)"],
        ),
        ("closed", "2026-03-08 10:00", "Is a person there?", ["bot: Back Monday 09:00."]),
        ("closed", "2026-03-04 01:00", "The night", ["bot: No night today."]),
        ("open", "2026-03-04 12:00", "The night", ["  → waits for a person of 'night' (step)"]),
    ],
)
def test_a_shop_that_is_said_to_be_closed_or_open_is_so_for_handing_over_and_for_texts_too(
    tmp_path: Path, fact: str, at: str, written: str, told: list[str]
):
    (tmp_path / "site.yaml").write_text(HOURS)
    options = ("--fact", f"opening_hours={fact}", "--at", at, "--agents", "1")
    assert parlour("talk", str(tmp_path), *options, stdin=f"{written}\n").output.splitlines()[1:] == told


def test_the_page_of_a_talk_is_compared_as_pages_are(tmp_path: Path):
    (tmp_path / "site.yaml").write_text(ASKED.replace("CONDITION", "page: /b"))
    assert "bot: It holds" in parlour("talk", str(tmp_path), "--page", "/b/", stdin="Hi\n").output


@pytest.mark.parametrize(
    ("address", "condition"),
    [
        ("/b?ref=a%20b&x=1", "page.query.ref: a b, page: /b"),
        ("/b?ref=1&ref=2#top", 'page.query.ref: "1"'),
        ("/b?x=1", "page.query.x: known"),
    ],
)
def test_the_page_of_a_talk_may_have_a_query(tmp_path: Path, address: str, condition: str):
    (tmp_path / "site.yaml").write_text(ASKED.replace("CONDITION", condition))
    assert "bot: It holds" in parlour("talk", str(tmp_path), "--page", address, stdin="Hi\n").output
    assert "bot: It holds" not in parlour("talk", str(tmp_path), "--page", "/b", stdin="Hi\n").output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--fact visits=0", "--fact visits=0: this visit counts as 1, so there is at least 1."),
        (
            "--fact visits=1 --fact returning=yes",
            "--fact visits=1 and --fact returning=yes: whoever returns is here for the second time at least.",
        ),
        (
            "--fact returning=no --fact visits=3",
            "--fact visits=3 and --fact returning=no: whoever returns is here for the second time at least.",
        ),
        ("--page /b?ref=1 --fact page.query.ref=2", "--fact page.query.ref=2: --page says '1'."),
        ("--fact visit=3", "--fact visit=3: there is no fact 'visit' — did you mean 'visits'?"),
        ("--fact visits=many", "--fact visits=many: 'visits' is a number, not 'many'."),
        ("--fact device=phone", "'device' is desktop, tablet or mobile, not 'phone' — did you mean 'mobile'?"),
        ("--fact contact.plan=bogus", "'contact.plan' is free or team, not 'bogus'."),
        ("--fact contact.plam=free", "there is no contact attribute 'plam' — did you mean 'contact.plan'?"),
        ("--fact shown.hnt=1", "there is no trigger 'hnt' — did you mean 'shown.hint'?"),
        ("--fact country=DE", "the fact 'country' is not yet in this version."),
        ("--fact agents_available=2", "--fact agents_available=2: write --agents for that."),
        ("--fact language=de", "--fact language=de: write --language for that."),
        ("--fact last_message=hi", "'last_message' comes about while you talk."),
        ("--language xx", "--language: 'language' is en or de, not 'xx'."),
        ("--page b", "'page' is a page like /pricing or /shop/*, not 'b' — did you mean '/b'?"),
    ],
)
def test_a_fact_that_cannot_be_is_refused_in_one_line(tmp_path: Path, options: str, sentence: str):
    (tmp_path / "site.yaml").write_text(ASKED.replace("CONDITION", "visits: 3"))
    told = parlour("talk", str(tmp_path), *options.split(), stdin="Hi\n")
    assert (told.exit_code, len(told.output.splitlines())) == (1, 1)
    assert told.output.strip().endswith(sentence)


def test_a_file_that_is_no_database_is_said_in_one_line(site: Path):
    (site / ".parlour").mkdir()
    (site / ".parlour" / "parlour.db").write_bytes(b"this is no database, and never was" * 100)
    status, said = prepared().run("serve", str(site), "--port", "0")
    assert status == 1
    assert said.startswith("parlour: ") and "Restore a backup" in said
    assert "Traceback" not in said


def test_explain_tells_each_step_and_guard_with_file_and_line(tmp_path: Path):
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    address = f"sqlite:///{tmp_path}/parlour.db"
    for server in running(Server(site, address)):
        ann: VisitorLine = server.visitor()
        ann.says("Hi")
        ann.says("Tickets")
        ann.says("ann(at)x")
        conversation = ann.conversation
        ann.close()
    told = parlour("explain", "conversation", str(conversation), "--site", str(site), "--database", address)
    assert told.exit_code == 0
    assert "visitor: Tickets" in told.output
    assert re.search(r"flows/welcome\.yaml:\d+", told.output)
    nobody = parlour("explain", "conversation", "nothing", "--site", str(site), "--database", address)
    assert (nobody.exit_code, "There is no conversation nothing" in nobody.output) == (1, True)


HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b2J\r\nFAKE"


def test_nothing_a_visitor_writes_reaches_the_terminal_as_more_than_text(tmp_path: Path):
    """S52, S2."""
    site = Path(shutil.copytree(HARBOUR, tmp_path / "site"))
    for server in running(Server(site, f"sqlite:///{tmp_path}/parlour.db")):
        page = {"page": f"/{HOSTILE}", "page.path": f"/{HOSTILE}", "page.title": f"T{HOSTILE}", "device": "desktop"}
        token = server.view(facts={**page, "referrer": f"https://x.example/{HOSTILE}"})["token"]
        said = [{"text": f"Hi {HOSTILE}"}, {"button": dict.fromkeys(("step", "value", "label"), f"L{HOSTILE}")}]
        as_page = {"Origin": server.address, "Authorization": f"Bearer {token}"}
        for number, body in enumerate(said):
            frame = {"op": "send", "conversation": None, "client_id": f"message-{number}", "body": body}
            answer = server.post("/widget/op", frame, **as_page)
            assert answer.status == 200, answer.body
        server.view(token=token, facts={**page, "page.path": f"/2{HOSTILE}"})
        id_ = answer.json()["frames"][0]["conversation"]
        place = ["--site", str(site), "--database", server.database_url]
        told = parlour("explain", "conversation", id_, *place).output
        with contextlib.closing(sqlite3.connect(tmp_path / "parlour.db")) as connection:
            kept = str(connection.execute("SELECT body FROM event").fetchall()) + str(
                [connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("visit", "page_view")]
            )
            assert "[31mred" in kept and "x1b" not in kept and "x9b" not in kept and "u001b" not in kept
            # What was kept before it was left out is not told as it is, either.
            connection.execute("UPDATE event SET body = replace(body, '[31m', '\\u001b[31m\\nFAKE')")
            connection.commit()
        of_before = parlour("explain", "conversation", id_, *place).output
    for lines in (told, of_before):
        assert "[31mred" in lines or "FAKE" in lines
        assert all(line.isprintable() for line in lines.split("\n"))
        assert not any(line.startswith("FAKE") for line in lines.split("\n"))
    assert "\\x1b[31m\\nFAKE" in of_before


def test_explain_makes_nothing_where_there_is_no_site(tmp_path: Path):
    told = parlour("explain", "conversation", "x", "--site", str(tmp_path / "none"))
    assert (told.exit_code, list(tmp_path.iterdir())) == (1, [])
