"""Who may call which route: everybody their own, and a route that says nothing nobody (S16, S26)."""

from typing import get_args

import pytest
from structlog.testing import capture_logs

from web.audience import AUDIENCES, ROLES, ROLES_OF, Audience, Role, audience, declare, declared_by

CALLERS: list[str | None] = [None, "visitor", *ROLES, "program"]

MAY = {
    "public": {None, "visitor", "agent", "lead", "marketer", "admin", "program"},
    "visitor": {"visitor"},
    "agent": {"agent", "lead", "admin"},
    "lead": {"lead", "admin"},
    "marketer": {"marketer", "admin"},
    "admin": {"admin"},
    "program": {"program"},
}
REFUSED = {"visitor": "token", "program": "api_token"}
"""What is said to who lacks the token that counts; everywhere else it is a sign-in that counts."""
"""Written out once more on purpose: the table in web/audience.py is not its own proof."""


def test_every_audience_is_in_the_matrix() -> None:
    assert set(MAY) == set(AUDIENCES) == set(get_args(Audience))
    assert set(ROLES) == set(get_args(Role))
    assert {name: set(roles) for name, roles in ROLES_OF.items()} == {
        name: MAY[name] for name in AUDIENCES if name not in ("public", "visitor", "program")
    }


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", AUDIENCES)
def test_everybody_gets_in_where_they_belong_and_nowhere_else(edge, name: str, caller: str | None) -> None:
    headers = {"visitor": edge.bearer(), "program": edge.key()}.get(caller or "", {})
    edge.role = caller if caller in ROLES else None
    answer = edge.client().get(f"/for/{name}", headers=headers)
    if caller in MAY[name]:
        assert answer.status_code == 200
    elif name in REFUSED or edge.role is None:
        assert (answer.status_code, answer.json["error"]["code"]) == (401, REFUSED.get(name, "sign_in"))
    else:
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "not_allowed")


def test_each_refusal_leaves_one_line_of_who_asked_for_what_and_no_word_of_it(edge) -> None:
    """S53, S52."""
    asked = {
        ("/for/agent?word=secret", None): (401, "nobody", "/for/agent"),
        ("/for/admin?word=secret", "agent"): (403, "agent:agent-1", "/for/admin"),
        ("/for/visitor?word=secret", None): (401, "nobody", "/for/visitor"),
        ("/for/program?word=secret", "admin"): (401, "nobody", "/for/program"),
        ("/forgotten?word=secret", "admin"): (403, "nobody", "/forgotten"),
    }
    for (path, role), (status, who, route) in asked.items():
        edge.role = role
        with capture_logs() as logged:
            edge.client().get(path, headers={"Authorization": "Bearer secret", "User-Agent": "secret"})
        (line,) = logged
        assert (line["event"], line["status"]) == ("request.refused", status)
        assert (line["who"], line["method"], line["route"]) == (who, "GET", route)
        assert line["address"] == "127.0.0.1" and "secret" not in str(line)
    edge.role = "agent"
    with capture_logs() as logged:
        assert edge.client().get("/for/agent").status_code == edge.client().get("/for/public").status_code == 200
        assert edge.client().get("/nothing-here").status_code == 404
    assert logged == []


@pytest.mark.parametrize("caller", CALLERS)
def test_a_route_that_names_no_audience_is_open_to_nobody(edge, caller: str | None) -> None:
    edge.role = caller if caller in ROLES else None
    answer = edge.client().get("/forgotten", headers=edge.bearer() if caller == "visitor" else {})
    assert answer.status_code == 403
    assert b"nobody said" not in answer.data


def test_the_route_that_names_no_audience_is_found_by_looking(edge) -> None:
    undeclared = [
        rule.endpoint for rule in edge.app.url_map.iter_rules() if declared_by(edge.app, rule.endpoint) is None
    ]
    assert undeclared == ["forgotten"]
    declare(edge.app, "forgotten", "admin")
    assert edge.client().get("/forgotten").status_code == 401
    edge.role = "admin"
    assert edge.client().get("/forgotten").status_code == 200


def test_a_session_is_no_token_and_a_token_no_session(edge) -> None:
    edge.role = "admin"
    assert edge.client().get("/for/visitor").status_code == 401
    edge.role = None
    assert edge.client().get("/for/agent", headers=edge.bearer()).status_code == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic a-token-of-plain-characters", "Bearer \u00e9"])
def test_only_the_whole_token_opens_what_is_for_programs(edge, given: str) -> None:
    refused = edge.client().post("/for/program", headers={"Authorization": given})
    assert (refused.status_code, refused.json["error"]["code"]) == (401, "api_token")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert edge.client().post("/for/program", headers=edge.key()).status_code == 200


def test_a_token_in_an_address_opens_nothing_and_is_told_where_it_belongs(edge) -> None:
    refused = edge.client().get("/for/program?token=a-token-of-plain-characters")
    assert refused.status_code == 401
    assert "in the header `Authorization: Bearer" in refused.json["error"]["message"]


@pytest.mark.parametrize("name", ["public", "agent", "lead", "marketer", "admin"])
def test_a_form_without_its_token_changes_nothing(edge, name: str) -> None:
    edge.role, edge.csrf_ok = "admin", False
    refused = edge.client().post(f"/for/{name}")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "csrf")
    edge.csrf_ok = True
    assert edge.client().post(f"/for/{name}").status_code == 200


def test_no_session_counts_where_other_pages_may_call_so_no_form_token_is_needed(edge) -> None:
    edge.csrf_ok = False
    assert edge.client().post("/for/visitor", headers=edge.bearer()).status_code == 200
    assert edge.client().post("/embedded").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "https://shop.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_foreign_page_cannot_post_even_with_a_form_token(edge, headers: dict[str, str]) -> None:
    edge.role = "admin"
    answer = edge.client().post("/for/agent", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "origin")


def test_our_own_page_may_post(edge) -> None:
    edge.role = "agent"
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert edge.client().post("/for/agent", headers=own).status_code == 200


def test_a_late_refusal_closes_the_socket_with_its_number(edge) -> None:
    class Socket:
        closed: tuple[int, str] | None = None

        def close(self, code: int, reason: str) -> None:
            self.closed = (code, reason)

    socket, served = Socket(), []
    view = audience("agent", late=True)(lambda given: served.append(given))
    edge.app.add_url_rule("/socket", "socket", _opened_with(view, socket))
    for role, expected in ((None, (4401, "Sign in first.")), ("marketer", (1008, "Your role does not allow this."))):
        edge.role = role
        assert edge.client().get("/socket").status_code == 200
        assert socket.closed == expected and not served
    socket.closed, edge.role = None, "agent"
    edge.client().get("/socket")
    assert served == [socket] and socket.closed is None


@pytest.mark.parametrize(("name", "embedded"), [("agent", True), ("admin", True), ("visitor", False)])
def test_a_session_never_counts_on_pages_of_others(name: Audience, embedded: bool) -> None:
    with pytest.raises(ValueError, match="cannot be embedded"):
        audience(name, embedded=embedded)


def _opened_with(view, socket):
    def handshake() -> str:
        view(socket)
        return ""

    handshake.audience = view.audience  # as functools.wraps, which sock.route uses, carries it over
    return handshake
