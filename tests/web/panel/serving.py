"""The panel's page and files from a server, so that a browser keeps them; behind it a pretended desk."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser import STATIC
from tests.web.panel.desk import PretendedDesk
from web.headers import CONTENT_POLICY

TEMPLATES = Path(__file__).parents[3] / "web" / "templates"
TOKEN = "csrf-of-this-session"
A_YEAR = 31_536_000


class PanelServer:
    """Shows the panel of the desk that is put behind it."""

    desk: PretendedDesk
    address: str

    @contextmanager
    def running(self) -> Iterator["PanelServer"]:
        server = make_server("127.0.0.1", 0, self._pages(), threaded=True, request_handler=_Quiet)
        self.address = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()

    def _pages(self) -> Flask:
        """The templates and what the panel asks for, and nothing else."""
        app = Flask("pages", template_folder=str(TEMPLATES), static_folder=STATIC, static_url_path="/static")
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_YEAR
        app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
        app.jinja_env.globals["csrf_token"] = lambda: TOKEN
        security = Blueprint("security", __name__)
        security.add_url_rule("/login", "login", lambda: "")
        security.add_url_rule("/logout", "logout", lambda: "", methods=["POST"])
        app.register_blueprint(security)
        app.add_url_rule("/", "nothing", lambda: "<!doctype html><title>empty</title>")
        app.add_url_rule("/panel/", "panel", self._panel)
        app.add_url_rule("/panel/ticket", "ticket", _ticket, methods=["POST"])
        app.add_url_rule("/panel/responses", "responses", lambda: self.desk.responses)
        app.add_url_rule("/panel/conversations", "conversations", lambda: self.desk.listed())
        app.add_url_rule("/panel/conversations/<conversation>/brief", "brief", self._brief)
        app.add_url_rule("/panel/conversations/<conversation>/explanation", "explanation", self._explanation)
        app.after_request(_complete)
        return app

    def _panel(self) -> str:
        agent = {"agent_id": self.desk.agent_id, "name": self.desk.agent_name, "role": "agent"}
        return render_template("panel/index.html", agent=agent)

    def _brief(self, conversation: str) -> Any:
        return self.desk.brief if conversation in self.desk.record else ({"error": {}}, 404)

    def _explanation(self, conversation: str) -> Any:
        if self.desk.happenings is None:
            return {"error": {}}, 503
        return self.desk.explanation(int(request.args["after"]))


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    """Keeps connections open: the page and its files come over a few."""

    def send_header(self, keyword: str, value: str) -> None:
        """Keeps the time to itself: a test may have put the page into another year, and the panel goes by ours."""
        if keyword != "Date":
            super().send_header(keyword, value)

    def log(self, *_: Any) -> None:
        """Says nothing."""


def _ticket() -> dict[str, str]:
    if request.headers.get("X-CSRFToken") != TOKEN:
        abort(403)
    return {"ticket": "one-time"}


def _complete(answer: Response) -> Response:
    answer.headers.setdefault("Cache-Control", "no-store")
    if answer.mimetype == "text/html":
        answer.headers["Content-Security-Policy"] = CONTENT_POLICY
    return answer
