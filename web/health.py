"""`GET /health`: whether this process serves, and what; nothing secret."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.actions.roster import Roster
from bot.database import Database
from bot.versions import SiteVersions
from web import __version__
from web.audience import audience
from web.content import Content


def blueprint(database: Database, sites: SiteVersions, content: Content, actions: Roster, *, worker: str) -> Blueprint:
    """Returns the route; `worker` names this process."""
    pages = Blueprint("health", __name__)

    @pages.get("/health")
    @audience("public")
    def health() -> ResponseReturnValue:
        answers = _answers(database)
        problem = actions.status.problem
        state = {
            "status": "ok" if answers and content.problem is None and problem is None else "degraded",
            "version": __version__,
            "worker": worker,
            "site": sites.current.version[:12],
            "database": {"kind": database.url.get_backend_name(), "answers": answers},
            "content": {"taken": content.problem is None},
            "actions": {"state": actions.status.state, "problem": problem},
        }
        return jsonify(state), 200 if answers else 503

    return pages


def _answers(database: Database) -> bool:
    try:
        with database.reading() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError:
        return False
    return True
