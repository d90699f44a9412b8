"""The upgrades, one after the other, make the tables that the models describe."""

from collections.abc import Callable
from datetime import UTC, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from bot.change import table_of
from bot.database import Database
from bot.deployments import Deployments
from bot.models import Base, Bundle
from bot.upgrading import UPGRADES
from bot.webhooks import WebhookRow
from handoff.models import AgentRow
from web.accounts.models import AccountRow

HOMES = (Base, WebhookRow, AgentRow, AccountRow)
"""A class of each module that describes tables, so that all of them are known here."""


def test_an_upgraded_database_is_what_the_models_say(open_database: Callable[[], Database]):
    with open_database().reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, HOMES[0].metadata) == []


def test_what_ran_before_there_were_deployments_is_their_history(open_database: Callable[[], Database]):
    database = open_database()
    config = Config()
    config.set_main_option("script_location", str(UPGRADES))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        for day, version in ((2, "b" * 64), (1, "a" * 64), (3, "c" * 64)):
            stored_at = datetime(2026, 3, day, tzinfo=UTC)
            row = {"version": version, "files": {}, "flows": {}, "stored_at": stored_at}
            connection.execute(table_of(Bundle).insert().values(row))
        connection.commit()
    database.migrate()
    history = Deployments(database, now=lambda: datetime.now(UTC)).page()
    assert [(each.number, each.version[0], each.at.day, each.why) for each in history] == [
        (3, "c", 3, "saved"),
        (2, "b", 2, "saved"),
        (1, "a", 1, "saved"),
    ]
