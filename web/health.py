"""`GET /health`: whether this process serves, and what; nothing secret."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from bot.actions.roster import Roster
from bot.database import Database
from bot.versions import SiteVersions
from web import __version__
from web.audience import audience
from web.content import Content


def blueprint(database: Database, sites: SiteVersions, content: Content, actions: Roster) -> Blueprint:
    """Returns the route."""
    pages = Blueprint("health", __name__)

    @pages.get("/health")
    @audience("public")
    def health() -> ResponseReturnValue:
        deployed = _deployed(sites)
        answers = deployed is not None
        problem = actions.status.problem
        state = {
            "status": "ok" if answers and content.problem is None and problem is None else "degraded",
            "version": __version__,
            "site": sites.current.version[:12],
            "database": {"kind": database.url.get_backend_name(), "answers": answers},
            "content": {"taken": content.problem is None, "deployed": deployed},
            "actions": {"state": actions.status.state, "problem": problem},
        }
        return jsonify(state), 200 if answers else 503

    return pages


def _deployed(sites: SiteVersions) -> str | None:
    """Returns the version that the database names, None when it does not answer."""
    try:
        newest = sites.deployments.newest()
    except DBAPIError:
        return None
    return newest.version[:12] if newest else ""
