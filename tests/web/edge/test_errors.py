"""What is told when something goes wrong: to programs, to people, and never how we are built (S51)."""

import json
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.change import Unavailable as DatabaseUnavailable
from handoff.refusals import AlreadyAccepted, NoSuchAgent, NoSuchConversation, TryAgain, Unsayable
from web import errors
from web.bodies import MAX_BODY
from web.errors import Broken, Conflict, Refusal, SignInNeeded, TooMany, refusal_of

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
FACTS = '{"trigger":"late","facts":%s}'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        FACTS.replace("%s", "[" * 4000 + "]" * 4000).encode(),
        FACTS.replace("%s", '{"a":' * 20 + "1" + "}" * 20).encode(),
        FACTS.replace("%s", '{"n":' + "9" * 400 + "}").encode(),
        FACTS.replace("%s", '{"n":' + "9" * 9000 + "}").encode(),
        FACTS.replace("%s", '{"n":NaN}').encode(),
        FACTS.replace("%s", '{"n":1e999}').encode(),
        FACTS.replace("%s", '{"s":"\\ud800"}').encode(),
        FACTS.replace("%s", '{"s":"a\\u0000b"}').encode(),
        FACTS.replace("%s", '{"a\\u0000b":1}').encode(),
        FACTS.replace("%s", '{"s":["a\\u0000b"]}').encode(),
        b'{"trigger":"late"}',
        b'{"trigger":7,"facts":{}}',
        b'{"trigger":"late","facts":{},"verified":true}',
    ],
)
def test_no_body_gets_further_than_a_400(edge, raw: bytes) -> None:
    answer = edge.client().post("/body", data=raw, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "malformed"
    assert answer.json["error"]["message"].endswith(".")


def test_a_body_that_is_right_is_read(edge) -> None:
    answer = edge.client().post(
        "/body", json={"trigger": "late", "facts": {"page": "/", "scroll": 2.5, "referrer": None, "n": 1}}
    )
    assert answer.json == {"trigger": "late"}


def test_a_body_that_is_not_json_or_too_large_is_refused(edge) -> None:
    client = edge.client()
    as_form = client.post("/body", data={"trigger": "late"})
    assert (as_form.status_code, as_form.json["error"]["code"]) == (415, "not_json")
    as_text = client.post("/body", data=b'{"trigger":"late","facts":{}}', content_type="text/plain")
    assert as_text.status_code == 415
    too_large = client.post("/body", data=b" " * 70_000, content_type="application/json")
    assert (too_large.status_code, too_large.json["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(("room", "status"), [(MAX_BODY, 200), (MAX_BODY + 1, 413), (3 * MAX_BODY, 413)])
def test_a_body_in_pieces_is_read_whole_or_refused_and_never_cut(edge, room: int, status: int) -> None:
    """S43."""
    said = b'{"trigger":"late","facts":{}}'.ljust(room)
    for how in ({"Transfer-Encoding": "chunked"}, {"Content-Length": str(room)}):
        answer = edge.client().post(
            "/body",
            input_stream=BytesIO(said),
            headers=how,
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert answer.status_code == status, how
        assert status == 200 or answer.json["error"]["code"] == "too_large"


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html"])
def test_a_fault_of_ours_tells_nothing_about_us(edge, accept: str) -> None:
    with capture_logs() as logged:
        answer = edge.client().get("/broken", headers={"Accept": accept})
    assert answer.status_code == 500
    for secret in (b"RuntimeError", b"SELECT", b"/srv", b"Traceback", b"secret"):
        assert secret not in answer.data
    (told,) = logged
    assert told["event"] == "unforeseen" and "secret" in str(told["exc_info"]), "the log says what happened"


def test_a_person_gets_a_page_and_a_program_gets_json(edge) -> None:
    client = edge.client()
    page = client.get("/nothing", headers=BROWSER)
    assert page.status_code == 404 and page.mimetype == "text/html" and b"There is nothing at this address" in page.data
    told = client.get("/nothing")
    assert told.status_code == 404
    assert told.json == {"error": {"code": "not_found", "message": "There is nothing here.", "field": None}}
    wrong_method = client.delete("/body")
    assert wrong_method.status_code == 405 and "POST" in wrong_method.headers["Allow"]


def test_a_page_that_cannot_be_drawn_is_still_a_sentence() -> None:
    app = Flask("small", static_folder=None)
    app.add_url_rule("/desk", "desk", _needs_sign_in)
    errors.install(app)
    page = app.test_client().get("/desk", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (401, "text/html")
    assert page.text == "<!doctype html><html lang=en><title>401</title><p>Sign in first.</p></html>"


def test_a_browser_that_must_sign_in_is_sent_there_and_comes_back() -> None:
    app = Flask("small", static_folder=None)
    app.add_url_rule("/sign-in", "sign_in", lambda: "the form")
    app.add_url_rule("/desk", "desk", _needs_sign_in, methods=["GET", "POST"])
    errors.install(app, sign_in_page="sign_in")
    client = app.test_client()
    sent = client.get("/desk?list=all", headers=BROWSER)
    assert (sent.status_code, sent.headers["Location"]) == (303, "/sign-in?next=/desk?list%3Dall")
    assert client.get("/desk").status_code == 401


def test_the_words_of_lower_packages_are_found_here_and_strangers_are_our_fault() -> None:
    assert refusal_of(DatabaseUnavailable()).status == 503
    assert refusal_of(Conflict("Ben was first.")).message == "Ben was first."
    taken = refusal_of(AlreadyAccepted("Ben"))
    assert (taken.status, taken.code, taken.message) == (
        409,
        "already_accepted",
        "Ben has already taken this conversation.",
    )
    assert refusal_of(NoSuchConversation()).status == refusal_of(NoSuchAgent()).status == 404
    unsayable = refusal_of(Unsayable("Too long."))
    assert (unsayable.status, unsayable.field) == (400, "body.text")
    assert refusal_of(TryAgain()).headers == {"Retry-After": "2"}
    locked = refusal_of(OperationalError("UPDATE sign_in", {"secret": "x"}, Exception("database is locked")))
    assert locked.status == 503 and locked.message.endswith("Nothing is lost; try again in a moment.")
    assert isinstance(refusal_of(ZeroDivisionError()), Broken)
    assert TooMany(0).headers == {"Retry-After": "1"}


def test_every_refusal_has_a_status_a_code_and_a_sentence() -> None:
    def all_of(kind: type[Refusal]) -> list[type[Refusal]]:
        return [kind, *(found for child in kind.__subclasses__() for found in all_of(child))]

    told = [TooMany(3) if kind is TooMany else kind() for kind in all_of(Refusal)]
    assert all(refusal.message.endswith(".") and refusal.code for refusal in told)
    assert json.dumps([refusal.to_json() for refusal in told])
    assert all(400 <= refusal.status < 600 for refusal in told)


def _needs_sign_in() -> str:
    raise SignInNeeded
