"""`GET /health`: whether this process serves, and what; nothing secret."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from bot.actions.roster import Roster
from bot.versions import SiteVersions
from bot.wellbeing import Wellbeing
from web import __version__
from web.audience import audience
from web.content import Content


def blueprint(wellbeing: Wellbeing, sites: SiteVersions, content: Content, actions: Roster) -> Blueprint:
    """Returns the route."""
    pages = Blueprint("health", __name__)

    @pages.get("/health")
    @audience("public")
    def health() -> ResponseReturnValue:
        answers = wellbeing.answers()
        trouble = wellbeing.problem
        problem = actions.status.problem
        well = answers and trouble is None
        state = {
            "status": "ok" if well and content.problem is None and problem is None else "degraded",
            "version": __version__,
            "site": sites.current.version[:12],
            "database": {"kind": wellbeing.kind, "answers": answers, "problem": trouble},
            "content": {"taken": content.problem is None},
            "actions": {"state": actions.status.state, "problem": problem},
        }
        return jsonify(state), 200 if well else 503

    return pages
