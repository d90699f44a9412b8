"""Which pages may speak to us (S22, S23, S49)."""

import pytest

from web.origins import may_embed

DOMAINS = ["bergschuh.example", "*.bergschuh.example", "staging.example:8443"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://bergschuh.example",
        "http://bergschuh.example",
        "https://bergschuh.example:443",
        "https://www.bergschuh.example",
        "https://a.b.bergschuh.example",
        "https://staging.example:8443",
        "HTTPS://BERGSCHUH.EXAMPLE",
        "https://bergschuh.example.",
        "http://localhost",
        "http://localhost:3000",
        "http://shop.localhost:3000",
        "http://127.0.0.1:8000",
        "https://127.8.9.1",
        "http://[::1]:5173",
        None,
    ],
)
def test_pages_of_the_site_and_of_this_computer_may_embed(origin: str | None) -> None:
    assert may_embed(origin, DOMAINS)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "https://evil-bergschuh.example",
        "https://bergschuh.example.evil.example",
        "https://bergschuh.example@evil.example",
        "https://evil.example/bergschuh.example",
        "https://evil.example#bergschuh.example",
        "https://bergschuh.example:8443",
        "https://www.bergschuh.example:81",
        "https://staging.example",
        "https://staging.example:9443",
        "https://.bergschuh.example",
        "http://bergschuh.example:443",
        "file://",
        "ftp://bergschuh.example",
        "javascript://bergschuh.example",
        "bergschuh.example",
        "https://bergschuh.example:port",
        "https://bergschuh.example:99999",
        "https://[bergschuh.example",
        "https://localhost.evil.example",
        "https://127.0.0.1.evil.example",
        "https://notlocalhost",
        "https://10.0.0.1",
    ],
)
def test_every_other_page_may_not(origin: str) -> None:
    assert not may_embed(origin, DOMAINS)


def test_a_wildcard_does_not_stand_for_the_host_itself() -> None:
    assert not may_embed("https://bergschuh.example", ["*.bergschuh.example"])
    assert may_embed("https://bergschuh.example", ["Bergschuh.Example "])


def test_a_page_outside_the_sites_domains_is_told_what_to_write(edge) -> None:
    answer = edge.client().post("/embedded", headers={"Origin": "https://new-shop.example"})
    assert answer.status_code == 403
    assert answer.json["error"]["code"] == "origin"
    assert answer.json["error"]["message"] == (
        "This page may not use the chat. Add new-shop.example to `domains` in site.yaml if it is one of yours."
    )
    assert edge.client().post("/for/visitor", headers={"Origin": "null", **edge.bearer()}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://[", "http://[::1", "http://a]b", "http://[x]", "http://½\u2100", "null", "x"]
)
def test_an_origin_that_cannot_be_read_is_refused(edge, origin: str) -> None:
    answer = edge.client().post("/embedded", headers={"Origin": origin})
    told = "This page may not use the chat. It has no address of its own."
    assert (answer.status_code, answer.json["error"]["code"], answer.json["error"]["message"]) == (403, "origin", told)


def test_a_page_of_the_site_may_ask_and_read(edge) -> None:
    client = edge.client()
    asked = client.options(
        "/for/visitor",
        headers={
            "Origin": "https://www.shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == "https://www.shop.example"
    assert asked.headers["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    answer = client.post("/for/visitor", headers={"Origin": "https://www.shop.example", **edge.bearer()})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.shop.example"
    assert "Origin" in answer.headers["Vary"]
    refused = client.post("/for/visitor", headers={"Origin": "https://www.shop.example"})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == "https://www.shop.example", "the widget must read why"


def test_the_sites_domains_are_asked_anew_each_time(edge) -> None:
    ask = {"Origin": "https://new-shop.example"}
    assert edge.client().post("/embedded", headers=ask).status_code == 403
    edge.domains.append("new-shop.example")
    assert edge.client().post("/embedded", headers=ask).status_code == 200


UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x"}


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://evil-desk.example",
        "http://desk.example.evil.example",
        "http://DESK.EXAMPLE",
        "https://desk.example",
        "http://desk.example:8000",
        "http://shop.example",
        "http://localhost",
    ],
)
def test_only_our_own_page_opens_the_agents_socket(edge, origin: str | None) -> None:
    edge.role = "agent"
    offered = UPGRADE if origin is None else {**UPGRADE, "Origin": origin}
    answer = edge.client().get("/socket/agent", headers=offered, base_url="http://desk.example")
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "origin")


def test_our_own_page_opens_the_agents_socket(edge) -> None:
    edge.role = "agent"
    answer = edge.client().get(
        "/socket/agent", headers={**UPGRADE, "Origin": "http://desk.example"}, base_url="http://desk.example"
    )
    assert answer.status_code == 200


def test_a_visitors_socket_is_refused_to_foreign_pages_before_the_handshake(edge) -> None:
    token = edge.tokens.mint()[1]
    offered = {**UPGRADE, "Sec-WebSocket-Protocol": f"chat.v1, tok.{token}"}
    assert (
        edge.client().get("/socket/visitor", headers={**offered, "Origin": "https://evil.example"}).status_code == 403
    )
    assert (
        edge.client().get("/socket/visitor", headers={**offered, "Origin": "https://shop.example"}).status_code == 200
    )
