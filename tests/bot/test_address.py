"""The address of a database with several servers, as PostgreSQL's own programs take it."""

import pytest
from sqlalchemy import make_url

from bot.address import parsed, written
from bot.database import CannotOpen, Database
from bot.trouble import called

BOTH = "postgresql://parlour:a%40b@db1.example:5432,db2.example:5433/shop?target_session_attrs=read-write"


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        (BOTH, "db1.example,db2.example", "5432,5433"),
        ("postgresql://db1,db2/shop", "db1,db2", ","),
        ("postgres://parlour@db1:5432,db2/shop", "db1,db2", "5432,"),
        ("postgresql+psycopg://parlour@[::1]:5432,[::2]/shop", "::1,::2", "5432,"),
    ],
)
def test_an_address_may_name_several_servers(address: str, host: str, port: str):
    url = parsed(address)
    assert (url.query["host"], url.query["port"], url.database) == (host, port, "shop")
    assert parsed(written(url, hide_password=False)) == url


def test_it_is_told_as_it_was_written_and_without_its_password():
    assert written(parsed(BOTH), hide_password=False) == BOTH
    assert called(Database(BOTH).url) == f"The database {BOTH.replace('a%40b', '***').partition('?')[0]}"


@pytest.mark.parametrize(
    "address", ["postgresql://parlour:a,b@db/shop", "sqlite:////data/a,b.db", "sqlite:///a@b,c.db"]
)
def test_every_other_address_stays_as_it_is(address: str):
    assert parsed(address) == make_url(address)
    assert written(parsed(address), hide_password=False) == make_url(address).render_as_string(hide_password=False)


def test_a_port_that_is_none_is_not_repeated():
    with pytest.raises(CannotOpen) as refused:
        Database("postgresql://parlour:hush@db1:port,db2/shop")
    assert "cannot be read" in str(refused.value) and "hush" not in str(refused.value)
