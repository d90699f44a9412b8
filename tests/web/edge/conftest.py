"""A small app with the whole edge around a few routes, one for each audience."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from flask import Flask, g, session
from flask.testing import FlaskClient

from web import assets, bodies, errors, headers
from web.audience import AUDIENCES, Gate, Role, SignedIn, audience
from web.frames import Show
from web.limits import Limits, Rates, trust_proxies
from web.origins import Embedding
from web.tokens import ApiToken, VisitorTokens

API_TOKEN = "a-token-of-plain-characters"
TEMPLATES = Path(__file__).parents[3] / "web" / "templates"


@dataclass
class Edge:
    """The app, what it was made with, and who is signed in."""

    app: Flask
    tokens: VisitorTokens
    domains: list[str] = field(default_factory=lambda: ["shop.example", "*.shop.example", "staging.example:8443"])
    role: Role | None = None
    csrf_ok: bool = True

    def client(self) -> FlaskClient:
        return self.app.test_client()

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.mint()[1]}"}

    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {API_TOKEN}"}


@pytest.fixture
def make_edge(tmp_path: Path) -> Callable[..., Edge]:
    def make(*, rates: Rates | None = None, hops: int = 0) -> Edge:
        app = Flask("edge", static_folder=None, template_folder=str(TEMPLATES))
        app.secret_key = "only for tests"
        edge = Edge(app, VisitorTokens(b"k" * 48))
        limits = Limits(rates)
        trust_proxies(app, hops)
        bodies.install(app)
        errors.install(app)
        headers.install(app)
        assets.install(app, assets.shipped())

        def signed_in() -> SignedIn | None:
            return SignedIn("agent-1", "account-1", "Anna", edge.role, "stamp") if edge.role else None

        def protect() -> None:
            if not edge.csrf_ok:
                raise errors.NotAllowed(code="csrf")

        gate = Gate(
            embedding=Embedding(lambda: edge.domains),
            visitor_of=edge.tokens.visitor_of_request,
            signed_in=signed_in,
            protect=protect,
            limits=limits,
            check_program=ApiToken(API_TOKEN).check,
        )
        gate.install(app)

        for name in AUDIENCES:
            app.add_url_rule(f"/for/{name}", f"for_{name}", audience(name)(_greeter()), methods=["GET", "POST"])
        for name in ("visitor", "agent"):
            app.add_url_rule(f"/socket/{name}", f"socket_{name}", audience(name)(_greeter()), websocket=True)
        app.add_url_rule("/embedded", "embedded", audience("public", embedded=True)(_embedded), methods=["POST"])
        app.add_url_rule("/forgotten", "forgotten", lambda: "nobody said who may read this")
        app.add_url_rule("/broken", "broken", audience("public")(_break))
        app.add_url_rule("/body", "body", audience("public")(_body), methods=["POST"])
        app.add_url_rule("/folder/", "folder", audience("public")(_greeter()))
        app.add_url_rule("/personal", "personal", audience("public")(_personal))
        return edge

    return make


@pytest.fixture
def edge(make_edge: Callable[..., Edge]) -> Edge:
    return make_edge()


def _greeter() -> Callable[[], dict[str, str | None]]:
    # A new function each time: what a view declares is kept on it.
    def greet() -> dict[str, str | None]:
        return {"visitor": g.get("visitor"), "agent": g.agent.agent_id if "agent" in g else None}

    return greet


def _embedded() -> dict[str, str | None]:
    return {"visitor": g.get("visitor")}


def _break() -> str:
    raise RuntimeError("secret /srv/parlour/db.py SELECT * FROM account")


def _body() -> dict[str, str]:
    return {"trigger": bodies.body_of(Show).trigger}


def _personal() -> str:
    session["seen"] = True
    return "yours"
