"""The upgrades, one after the other, make the tables that the models describe."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.database import Database
from bot.models import Base
from bot.webhooks import WebhookRow
from handoff.models import AgentRow
from web.accounts import AccountRow

HOMES = (Base, WebhookRow, AgentRow, AccountRow)
"""A class of each module that describes tables, so that all of them are known here."""


def test_an_upgraded_database_is_what_the_models_say(open_database: Callable[[], Database]):
    with open_database().reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, HOMES[0].metadata) == []
