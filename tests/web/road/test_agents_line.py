"""Agents over real sockets: who hears what, who is let in, and for how long."""

import json
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from tests.server import AgentLine, Server, closing
from tests.sockets import open_socket
from tests.web.road.conftest import PASSWORD, hired
from web.commands.agents import change_agent, let_in, set_password
from web.commands.explaining import explanation


@pytest.fixture
def hire(sqlite_server: Server) -> Callable[..., AgentLine]:
    return partial(hired, sqlite_server)


@pytest.fixture
def asking(sqlite_server: Server) -> Callable[[], object]:
    def ask() -> object:
        ann = sqlite_server.visitor()
        ann.says("Hi")
        ann.says("human")
        return ann

    return ask


def test_an_agent_accepts_answers_and_the_visitor_hears(hire, asking):
    anna = hire("Anna", "support", "sales")
    ann = asking()
    conversation = anna.sees_waiting()
    token = anna.accepts(conversation)
    anna.tell(op="send", conversation=conversation, client_id="answer-1", token=token, body={"text": "Good day"})
    ann.hears("Good day")
    ann.says("Good day to you")
    anna.until(lambda: any("Good day to you" in raw for raw in anna.raw))


def test_what_agents_say_among_themselves_is_never_on_the_visitors_wire(hire, asking):
    canary = uuid4().hex
    anna = hire("Anna", "support", "sales")
    ann = asking()
    conversation = anna.sees_waiting()
    token = anna.accepts(conversation)
    anna.tell(op="note", conversation=conversation, client_id="note-0001", body={"text": canary})
    anna.until(lambda: anna.last("ack", client_id="note-0001"))
    anna.tell(op="send", conversation=conversation, client_id="answer-1", token=token, body={"text": "Good day"})
    ann.hears("Good day")
    ann.tell(op="resume", conversation=conversation, after=0)
    ann.says("Thank you")
    wire = str(ann.frames)
    assert canary not in wire
    assert "anna@harbour.example" not in wire
    assert [event["seq"] for _, event in sorted(ann.events.items())] == list(range(1, len(ann.events) + 1))
    anna.until(lambda: any(canary in raw for raw in anna.raw))


def test_an_agent_of_another_department_sees_and_does_nothing(hire, asking, sqlite_server):
    agents = hire("Anna", "sales"), hire("Sam", "support")
    asking()
    # Which department is open, and so asked, depends on the day.
    insider = _who_sees_somebody(*agents)
    outsider = next(agent for agent in agents if agent is not insider)
    conversation = insider.sees_waiting()
    answers = [
        outsider.op(op="watch", conversation=conversation, after=0),
        outsider.op(op="accept", conversation=conversation, client_id="accept-0001"),
        outsider.op(op="decline", conversation=conversation),
        outsider.op(op="note", conversation=conversation, client_id="note-00001", body={"text": "x"}),
        outsider.ask("GET", f"/panel/conversations/{conversation}/brief"),
        outsider.ask("GET", f"/panel/conversations/{conversation}/explanation"),
    ]
    assert [answer.status for answer in answers] == [404] * 6
    assert conversation not in str(outsider.ask("GET", "/panel/conversations").body)
    assert conversation not in "".join(outsider.raw)
    outsider.tell(op="watch", conversation=conversation, after=0)
    outsider.until(lambda: outsider.last("refused"))
    logged = [json.loads(line) for line in sqlite_server.output.read_text().splitlines() if line.startswith("{")]
    refused = [line for line in logged if line["event"] == "request.refused"]
    assert {line["who"] for line in refused} == {f"agent:{outsider.last('welcome')['agent']['id']}"}
    assert [line["status"] for line in refused] == [404] * 7 and refused[-1]["op"] == "watch"
    assert conversation not in str(refused)


def _who_sees_somebody(*agents: AgentLine) -> AgentLine:
    for _ in range(50):
        for agent in agents:
            agent.take(timeout=0.1)
            if (agent.last("queue") or {"waiting": []})["waiting"]:
                return agent
    raise AssertionError("nobody saw anybody waiting")


def test_the_same_operations_work_over_http(hire, asking):
    anna = hire("Anna", "support", "sales")
    ann = asking()
    conversation = anna.sees_waiting()
    accepted = anna.op(op="accept", conversation=conversation, client_id="accept-0001").json()["frames"][0]
    sent = anna.op(
        op="send", conversation=conversation, client_id="answer-1", token=accepted["seq"], body={"text": "By post"}
    )
    assert sent.json()["frames"][0]["op"] == "ack"
    ann.hears("By post")
    beat = anna.op(op="beat").json()["frames"]
    assert [frame["op"] for frame in beat] == ["welcome", "queue"]
    stale = anna.op(op="send", conversation=conversation, client_id="answer-2", token=1, body={"text": "x"})
    assert (stale.status, stale.json()["error"]["code"]) == (409, "reassigned")


def test_the_panel_explains_a_conversation_as_the_shell_does(hire, asking, sqlite_server):
    anna = hire("Anna", "support", "sales")
    asking()
    conversation = anna.sees_waiting()
    told = anna.ask("GET", f"/panel/conversations/{conversation}/explanation").json()
    place = {"site": sqlite_server.site, "data": None, "database": sqlite_server.database_url}
    shell = list(explanation(conversation, **place))
    for happening in told["happenings"]:
        assert any(line.endswith(f"{happening['who']}: {happening['what']}") for line in shell)
        for reason in happening["reasons"]:
            assert any(reason["where"] in line and reason["words"] in line for line in shell)
    reasons = [reason for happening in told["happenings"] for reason in happening["reasons"]]
    assert {"flows/welcome.yaml:6", "welcome.topic"} <= {
        reason[name] for reason in reasons for name in ("where", "place")
    }
    assert told["after"] == told["happenings"][-1]["seq"] and not told["more"]
    for wrong in ("-1", "x", "1e3", ""):
        refused = anna.ask("GET", f"/panel/conversations/{conversation}/explanation?after={wrong}")
        assert (refused.status, refused.json()["error"]["field"]) == (400, "after")


def test_a_moment_outside_of_time_is_refused_and_one_inside_is_looked_for(hire, asking):
    """S51."""
    anna = hire("Anna", "support", "sales")
    asking()
    for never in ("0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "9999-12-31", "soon", ""):
        refused = anna.ask("GET", f"/panel/conversations?before={never}")
        assert (refused.status, refused.json()["error"]["field"]) == (400, "before")
    refused = anna.ask("GET", "/panel/conversations?before=2026-01-01T00:00:00%2B00:00&id=a%00b")
    assert (refused.status, refused.json()["error"]["field"]) == (400, "id")
    listed = [
        anna.ask("GET", f"/panel/conversations?before={year}-01-01T00:00:00%2B23:59") for year in ("2000", "9999")
    ]
    assert [(each.status, len(each.json()["conversations"])) for each in listed] == [(200, 0), (200, 1)]


def test_signing_out_closes_the_socket(hire, sqlite_server):
    anna = hire("Anna", "sales")
    form = {"X_CSRFToken": anna.csrf, "Origin": sqlite_server.address}
    assert anna.ask("POST", "/panel/logout", b"", **form).status in (302, 303)
    assert closing(anna.socket)[0] == 4401
    assert anna.op(op="beat").status in (401, 403)


def test_a_ticket_opens_one_socket(hire, sqlite_server):
    anna = hire("Anna", "sales")
    url = sqlite_server.address.replace("http", "ws") + "/panel/socket"
    again = open_socket(url, sqlite_server.address, f"tic.{anna.ticket}", Cookie=anna.cookie)
    assert closing(again)[0] == 4401


def test_a_new_password_closes_the_socket(hire, sqlite_server):
    anna = hire("Anna", "sales")
    place = {"site": sqlite_server.site, "data": None, "database": sqlite_server.database_url}
    set_password("anna@harbour.example", ask=lambda: "four green teapots", **place)
    assert closing(anna.socket)[0] == 4401
    assert anna.op(op="beat").status in (401, 403)


def test_who_is_shut_out_is_out_within_seconds_and_who_is_let_in_again_is_in(hire, asking, sqlite_server):
    """S25."""
    anna, ben = hire("Anna", "support", "sales"), hire("Ben", "support", "sales")
    place = {"site": sqlite_server.site, "data": None, "database": sqlite_server.database_url}
    let_in("anna@harbour.example", False, **place)
    assert closing(anna.socket)[0] == 4401
    assert anna.op(op="beat").status in (401, 403)
    with pytest.raises(AssertionError, match="do not go together"):
        AgentLine(sqlite_server, "anna@harbour.example", PASSWORD)
    assert ben.op(op="beat").status == 200
    let_in("anna@harbour.example", True, **place)
    assert AgentLine(sqlite_server, "anna@harbour.example", PASSWORD).op(op="beat").status == 200


def test_who_is_something_else_now_signs_in_anew_and_other_departments_hold_at_once(hire, sqlite_server):
    """S25."""
    anna = hire("Anna", "sales")
    to = {"name": None, "role": None, "departments": (), "data": None, "database": sqlite_server.database_url}
    change_agent("anna@harbour.example", site=sqlite_server.site, **{**to, "departments": ("support",)})
    anna.until(lambda: anna.op(op="beat").json()["frames"][0]["agent"]["departments"] == ["support"])
    change_agent("anna@harbour.example", site=sqlite_server.site, **{**to, "role": "lead"})
    assert closing(anna.socket)[0] == 4401
    again = AgentLine(sqlite_server, "anna@harbour.example", PASSWORD)
    assert again.last("welcome")["agent"]["role"] == "lead"


def test_a_marketer_is_no_agent(hire):
    with pytest.raises(AssertionError, match="Your role does not allow this"):
        hire("Mara", "sales", role="marketer")
