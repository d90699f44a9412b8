"""`GET /health`: whether this process serves, and what; `GET /ready`: whether it may be sent people. Nothing secret."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError

from bot.database import Database
from bot.versions import SiteVersions
from web import __version__
from web.audience import audience
from web.parts import Parlour


def blueprint(parlour: Parlour) -> Blueprint:
    """Returns the routes."""
    pages = Blueprint("health", __name__)
    database, sites, content = parlour.database, parlour.sites, parlour.content

    @pages.get("/health")
    @audience("public")
    def health() -> ResponseReturnValue:
        deployed, trouble = _deployed(sites), parlour.wellbeing.problem
        answers = deployed is not None
        actions = parlour.actions.roster.status
        well = answers and trouble is None
        state = {
            "status": "ok" if well and content.problem is None and actions.problem is None else "degraded",
            "version": __version__,
            "worker": parlour.worker,
            "site": sites.current.version[:12],
            "database": {"kind": parlour.wellbeing.kind, "answers": answers, "problem": trouble},
            "content": {"taken": content.problem is None, "deployed": deployed},
            "actions": {"state": actions.state, "problem": actions.problem},
        }
        return jsonify(state), 200 if well else 503

    @pages.get("/ready")
    @audience("public")
    def ready() -> ResponseReturnValue:
        answers = _deployed(sites) is not None
        holds = {
            "database": answers,
            "tables": _is_upgraded(database) if answers else None,
            "content": hasattr(sites, "current"),
            "running": not parlour.stopping.is_set(),
        }
        is_ready = all(holds.values())
        return jsonify(ready=is_ready, worker=parlour.worker, **holds), 200 if is_ready else 503

    return pages


def _deployed(sites: SiteVersions) -> str | None:
    """Returns the version that the database names, None when it does not answer."""
    try:
        newest = sites.deployments.newest()
    except DBAPIError:
        return None
    return newest.version[:12] if newest else ""


def _is_upgraded(database: Database) -> bool:
    try:
        return database.is_upgraded()
    except DBAPIError:
        return False
