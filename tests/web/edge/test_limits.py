"""How often anybody may ask (S42), and whose address it is (S44)."""

from collections.abc import Callable

import pytest
from flask import Flask, Request, request
from werkzeug.test import EnvironBuilder

from web.errors import TooMany
from web.limits import FEW, NO_LIMITS, Allowance, Allowances, Limits, Rates, address_of, trust_proxies


def test_one_too_many_is_told_when_to_come_back_and_others_are_unhurt() -> None:
    limits = Limits(Rates(send="3/minute"))
    for _ in range(3):
        limits.take("send", "visitor-1")
    with pytest.raises(TooMany) as caught:
        limits.take("send", "visitor-1")
    assert 1 <= caught.value.retry_after <= 61
    limits.take("send", "visitor-2")


def test_the_stricter_of_two_rates_counts() -> None:
    limits = Limits(Rates(send="100/minute;2/10seconds"))
    limits.take("send", "v")
    limits.take("send", "v")
    assert limits.is_over("send", "v")
    with pytest.raises(TooMany):
        limits.take("send", "v")


def test_looking_does_not_count() -> None:
    limits = Limits(Rates(send="1/minute"))
    assert not limits.is_over("send", "v") and not limits.is_over("send", "v")
    limits.take("send", "v")
    assert limits.is_over("send", "v")


def test_what_is_given_back_does_not_count() -> None:
    limits = Limits(Rates(send="1/minute"))
    for _ in range(3):
        limits.take("send", "v")
        limits.give_back("send", "v")
    limits.take("send", "v")
    assert limits.is_over("send", "v")


def test_without_limits_nothing_is_refused() -> None:
    limits = Limits(NO_LIMITS)
    for _ in range(2000):
        limits.take("view", "v")
    assert not limits.is_over("view", "v")


def test_a_flood_from_one_address_is_answered_429_with_retry_after(make_edge: Callable) -> None:
    client = make_edge(rates=Rates(page="5/minute"), hops=1).client()

    def ask(address: str, path: str = "/for/public"):
        return client.get(path, headers={"X-Forwarded-For": address})

    assert [ask("198.51.100.7").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = ask("198.51.100.7")
    assert refused.json["error"]["code"] == "too_many" and int(refused.headers["Retry-After"]) >= 1
    assert ask("198.51.100.8").status_code == 200, "a neighbour is unhurt"
    assert ask("198.51.100.7", "/static/x/nothing.js").status_code == 404, "files are not counted"


def test_sockets_are_counted_apart_from_pages(make_edge: Callable) -> None:
    edge = make_edge(rates=Rates(page="1/minute", socket="3/minute"))
    offered = {"Upgrade": "websocket", "Connection": "Upgrade", **edge.bearer()}
    assert [edge.client().get("/socket/visitor", headers=offered).status_code for _ in range(4)] == [200] * 3 + [429]
    assert edge.client().get("/for/public").status_code == 200


@pytest.mark.parametrize(
    ("hops", "forwarded", "counted"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "nonsense", "unknown"),
        (1, "203.0.113.9:5678", "203.0.113.9"),
        (1, "[2001:db8::1]:443", "2001:db8::/64"),
        (1, "2001:db8::1", "2001:db8::/64"),
    ],
)
def test_only_proxies_of_ours_are_believed_about_addresses(hops: int, forwarded: str, counted: str) -> None:
    app = Flask("small")
    app.add_url_rule("/", "address", lambda: address_of(request))
    trust_proxies(app, hops)
    answer = app.test_client().get(
        "/", headers={"X-Forwarded-For": forwarded}, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert answer.text == counted


@pytest.mark.parametrize(
    ("given", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
    ],
)
def test_an_address_is_what_one_household_cannot_change_at_will(given: str, counted: str) -> None:
    assert address_of(Request(EnvironBuilder(environ_base={"REMOTE_ADDR": given}).get_environ())) == counted


def test_allowances_that_are_whole_again_are_forgotten_and_no_others() -> None:
    now = 100.0
    allowances = Allowances(burst=2, per_second=1, clock=lambda: now)
    for number in range(FEW - 1):
        assert allowances.take(f"visitor {number}")
    now = 101.5
    assert [allowances.take("busy") for _ in range(3)] == [True, True, False]
    assert allowances.take("somebody new")
    assert len(allowances) == 2
    assert not allowances.take("busy")


def test_an_allowance_is_spent_at_once_or_over_time() -> None:
    allowance = Allowance(burst=3, per_second=2, now=100.0)
    assert [allowance.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert not allowance.take(100.4)
    assert allowance.take(100.5)
    assert [allowance.take(200.0) for _ in range(4)] == [True, True, True, False], "no more is saved than the burst"
