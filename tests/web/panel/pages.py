"""The page of the panel, and what it asks for from a pretended desk behind it."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, abort, render_template, request

from tests.serving import only_files
from tests.web.panel.desk import PretendedDesk
from web.headers import CONTENT_POLICY

TEMPLATES = Path(__file__).parents[3] / "web" / "templates"
TOKEN = "csrf-of-this-session"


class PanelPages:
    """Shows the panel of the desk that is put behind it."""

    desk: PretendedDesk

    def pages(self) -> Flask:
        """The templates and what the panel asks for, and nothing else."""
        app = only_files(template_folder=str(TEMPLATES))
        app.jinja_env.globals["asset"] = lambda path: f"/static/{path}"
        app.jinja_env.globals["csrf_token"] = lambda: TOKEN
        security = Blueprint("security", __name__)
        security.add_url_rule("/login", "login", lambda: "")
        security.add_url_rule("/logout", "logout", lambda: "", methods=["POST"])
        app.register_blueprint(security)
        app.add_url_rule("/panel/", "panel", self._panel)
        app.add_url_rule("/panel/ticket", "ticket", _ticket, methods=["POST"])
        app.add_url_rule("/panel/responses", "responses", lambda: self.desk.responses)
        app.add_url_rule("/panel/conversations", "conversations", lambda: self.desk.listed())
        app.add_url_rule("/panel/conversations/<conversation>/brief", "brief", self._brief)
        app.add_url_rule("/panel/conversations/<conversation>/explanation", "explanation", self._explanation)
        app.after_request(_with_policy)
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


def _ticket() -> dict[str, str]:
    if request.headers.get("X-CSRFToken") != TOKEN:
        abort(403)
    return {"ticket": "one-time"}


def _with_policy(answer: Response) -> Response:
    if answer.mimetype == "text/html":
        answer.headers["Content-Security-Policy"] = CONTENT_POLICY
    return answer
