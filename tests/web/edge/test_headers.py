"""What every answer's head says (S47 to S49), and that nobody keeps a copy of what is personal."""

import pytest

from web.headers import CONTENT_POLICY

EVERYWHERE = [
    ("GET", "/for/public", 200),
    ("GET", "/for/agent", 401),
    ("GET", "/nothing", 404),
    ("DELETE", "/body", 405),
    ("POST", "/body", 415),
    ("GET", "/broken", 500),
    ("GET", "/forgotten", 403),
    ("GET", "/static/old/panel/nothing.js", 404),
    ("OPTIONS", "/for/visitor", 204),
    ("TRACE", "/for/public", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERYWHERE)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_says_what_a_page_may_do(edge, method: str, path: str, status: int, accept: str) -> None:
    answer = edge.client().open(path, method=method, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == CONTENT_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Permissions-Policy" in answer.headers
    assert "Strict-Transport-Security" not in answer.headers, "the browser would ignore it over plain HTTP"


@pytest.mark.parametrize(("path", "there"), [("/folder", "/folder/"), ("/for//public?a=1", "/for/public?a=1")])
def test_an_address_that_is_put_right_stays_on_this_server_whatever_it_was_called(edge, path: str, there: str) -> None:
    answer = edge.client().get(path, base_url="http://evil.example", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, there)
    assert b"evil" not in answer.data


def test_nothing_inline_is_allowed_and_no_page_may_frame_ours() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert "unsafe" not in CONTENT_POLICY and "nonce" not in CONTENT_POLICY
    assert rules["default-src"] == "'none'" and rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'" and rules["form-action"] == "'self'"


def test_https_is_to_be_kept_once_it_was_used(make_edge) -> None:
    client = make_edge(hops=1).client()
    behind_proxy = client.get("/nothing", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"})
    assert behind_proxy.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("origin", ["https://shop.example", "https://evil.example", "null"])
@pytest.mark.parametrize("path", ["/for/public", "/for/visitor", "/embedded", "/for/agent", "/personal", "/nothing"])
def test_no_page_may_ever_read_with_somebodys_session(edge, origin: str, path: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        answer = edge.client().open(path, method=method, headers={"Origin": origin})
        assert "Access-Control-Allow-Credentials" not in answer.headers
        if path not in ("/for/visitor", "/embedded") or origin != "https://shop.example":
            assert "Access-Control-Allow-Origin" not in answer.headers
