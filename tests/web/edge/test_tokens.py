"""The visitor's token: given out, recognised, never taken from an address (S13, S24)."""

import os
import stat
from pathlib import Path

import pytest

from web.tokens import UnusableKey, VisitorTokens, signing_key


def test_a_token_says_who_a_visitor_is_without_a_row() -> None:
    tokens = VisitorTokens(b"k" * 48)
    visitor, token = tokens.mint()
    assert tokens.visitor_of(token) == visitor
    assert len(visitor) == 22, "128 random bits"
    assert tokens.mint()[0] != visitor
    assert tokens.mint("abc-123")[0] == "abc-123"


def test_a_token_can_be_a_websocket_subprotocol() -> None:
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
    assert set(VisitorTokens(b"k" * 48).mint()[1]) <= allowed


def test_only_tokens_of_this_installation_count() -> None:
    tokens = VisitorTokens(b"k" * 48)
    visitor, token = tokens.mint()
    other = VisitorTokens(b"o" * 48).mint(visitor)[1]
    for wrong in (
        None,
        "",
        "x",
        visitor,
        other,
        token[:-1],
        token + "x",
        "x" + token,
        token.replace(".", ""),
        "é" * 30,
        "a" * 5000,
    ):
        assert tokens.visitor_of(wrong) is None


@pytest.mark.parametrize("where", ["?token={}", "?access_token={}", "?tok={}", "?authorization=Bearer%20{}"])
def test_a_token_in_the_address_is_not_accepted(edge, where: str) -> None:
    visitor, token = edge.tokens.mint()
    assert edge.client().get("/for/visitor" + where.format(token)).status_code == 401
    accepted = edge.client().get("/for/visitor", headers={"Authorization": f"Bearer {token}"})
    assert accepted.json["visitor"] == visitor


def test_a_token_in_a_cookie_or_form_is_not_accepted(edge) -> None:
    token = edge.tokens.mint()[1]
    client = edge.client()
    client.set_cookie("token", token)
    assert client.post("/for/visitor", data={"token": token}).status_code == 401


@pytest.mark.parametrize("header", ["Basic {}", "Bearer", "Bearer ", "{}", "Token {}", "Bearer {} {}"])
def test_another_kind_of_authorisation_is_not_accepted(edge, header: str) -> None:
    token = edge.tokens.mint()[1]
    answer = edge.client().get("/for/visitor", headers={"Authorization": header.format(token, token)})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_socket_offers_its_token_as_a_subprotocol(edge) -> None:
    visitor, token = edge.tokens.mint()
    answer = edge.client().get("/for/visitor", headers={"Sec-WebSocket-Protocol": f"chat.v1, tok.{token}"})
    assert answer.json["visitor"] == visitor
    for wrong in ("chat.v1", f"chat.v1, tic.{token}", "tok.", f"tok{token}"):
        assert edge.client().get("/for/visitor", headers={"Sec-WebSocket-Protocol": wrong}).status_code == 401


def test_who_is_not_asked_for_a_token_may_still_bring_one(edge) -> None:
    visitor, token = edge.tokens.mint()
    assert edge.client().post("/embedded").json["visitor"] is None
    assert edge.client().post("/embedded", headers={"Authorization": f"bearer {token}"}).json["visitor"] == visitor
    assert edge.client().post("/embedded", headers={"Authorization": "Bearer forged"}).json["visitor"] is None


def test_the_key_is_made_once_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    key = signing_key(data)
    assert signing_key(data) == key and len(key) >= 48
    assert stat.S_IMODE((data / "key").stat().st_mode) == 0o600
    assert os.listdir(data) == ["key"], "nothing is left beside it"
    assert signing_key(tmp_path / "other") != key


def test_a_key_that_others_could_read_is_closed_again(tmp_path: Path) -> None:
    signing_key(tmp_path)
    (tmp_path / "key").chmod(0o644)
    signing_key(tmp_path)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")
    with pytest.raises(UnusableKey, match=r"is damaged\. Restore it, or delete it"):
        signing_key(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableKey, match="Parlour must be able to write there"):
        signing_key(tmp_path / "file")
