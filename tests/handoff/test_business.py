"""Whose business a conversation is, and which are in hand: asked of memory and of rows, the answer is one."""

from itertools import product

import pytest
from sqlalchemy import or_, select, update

from bot.change import table_of
from bot.models import ConversationRow
from handoff.audience import may_work_on
from handoff.queue import IN_HAND, is_in_hand

ROLES = ("agent", "lead", "marketer", "admin")
OWNERS, DEPARTMENTS = ("nobody", "me", "another"), (None, "sales", "support")
_conversations = table_of(ConversationRow)


@pytest.mark.parametrize("role", ROLES)
def test_rows_are_an_agents_business_as_conversations_are(role, visitor, agent, office):
    me = agent("Anna", "sales", role=role)
    owners = {"nobody": None, "me": me.id, "another": agent("Ben", "sales").id}
    ids = [_begun(visitor) for _ in product(OWNERS, DEPARTMENTS)]
    for conversation, (owner, department) in zip(ids, product(OWNERS, DEPARTMENTS), strict=True):
        _write(office, conversation, owner=owners[owner], department=department)
    who = office.desk.agent(me.id)
    seen = {row["id"] for row in office.queue.rows_of_all(who, before=None)}
    assert seen == {each for each in ids if may_work_on(office.desk.conversation(each), who)}


def test_rows_are_in_hand_as_conversations_are(visitor, office):
    states = [
        {"holder": holder, "open": open_, "left": left}
        for holder, open_, left in product(("bot", "queue", "agent", "nobody"), (True, False), (True, False))
    ]
    ids = [_begun(visitor) for _ in states]
    for conversation, values in zip(ids, states, strict=True):
        _write(office, conversation, **values)
    with office.database.reading() as connection:
        found = set(connection.scalars(select(_conversations.c.id).where(or_(*IN_HAND))))
    assert found == {each for each in ids if is_in_hand(office.desk.conversation(each))}


def _begun(visitor) -> str:
    ann = visitor()
    ann.writes("Hello")
    return ann.conversation


def _write(office, conversation: str, **values: object) -> None:
    """Writes what no verb leads to, too, and forgets what is remembered of it."""
    with office.database.writing() as connection:
        connection.execute(update(_conversations).where(_conversations.c.id == conversation).values(**values))
    office.live.forget(conversation)
