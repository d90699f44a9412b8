"""Accounts, sign-ins, tickets and invitations, without pages: what holds, until when, and for whom."""

import pytest
from sqlalchemy import select, text

from bot.database import Database
from handoff.models import AgentRow, Membership
from web.accounts import Accounts, CannotAdd, Passwords
from web.accounts.passwords import WORK

PASSWORD = "four unrelated words"


@pytest.fixture
def accounts(database: Database, clock) -> Accounts:
    return Accounts(database, now=clock)


@pytest.fixture
def anna(accounts: Accounts) -> str:
    """The id of Anna's account."""
    accounts.add(
        email="Anna@Shop.example", name="Anna", departments=["sales", "sales"], role="agent", password=PASSWORD
    )
    account = accounts.find("anna@shop.example")
    assert account is not None
    return account.id


def test_an_account_is_an_agent_with_departments_and_a_way_in(
    accounts: Accounts, database: Database, anna: str
) -> None:
    account = accounts.get(anna)
    assert account is not None and account.email == "anna@shop.example" and account.active
    with database.reading() as connection:
        agent = connection.execute(select(AgentRow.name, AgentRow.role).where(AgentRow.id == account.agent_id)).one()
        departments = connection.scalars(select(Membership.department)).all()
    assert tuple(agent) == ("Anna", "agent") and departments == ["sales"]


def test_an_address_is_found_however_it_is_written(accounts: Accounts, anna: str) -> None:
    for written in ("anna@shop.example", "ANNA@SHOP.EXAMPLE", " Anna@shop.example ", "ａnna@shop.example"):
        account = accounts.find(written)
        assert account is not None and account.id == anna, written


def test_an_address_has_one_account(accounts: Accounts, anna: str, database: Database) -> None:
    with pytest.raises(CannotAdd, match=r"anna@shop\.example has an account already\.") as caught:
        accounts.add(email="ANNA@shop.example", name="Ben", departments=[], role="agent", password=PASSWORD)
    assert list(caught.value.problems) == ["email"]
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from agent")) == 1, "nothing half is left"


WRONG: list[tuple[str, dict[str, str]]] = [
    ("email", {"email": "anna"}),
    ("email", {"email": "an na@shop.example"}),
    ("email", {"email": "a@b\r\nBcc: x@y"}),
    ("email", {"email": "a@" + "b" * 300}),
    ("name", {"name": "  "}),
    ("name", {"name": "Anna\nSupport"}),
    ("name", {"name": "A" * 101}),
    ("role", {"role": "root"}),
    ("password", {"password": ""}),
    ("password", {"password": "elevenchars"}),
    ("password", {"password": "a" * 12}),
    ("password", {"password": "abababababab"}),
    ("password", {"password": "Ben@Shop.Example", "email": "ben@shop.example"}),
    ("password", {"password": "a b c d" * 200}),
    ("password", {"password": "four unrelated\0words"}),
]


def test_no_account_is_made_of_what_cannot_serve(accounts: Accounts, database: Database) -> None:
    whole = {"email": "ben@shop.example", "name": "Ben", "departments": [], "role": "agent", "password": PASSWORD}
    for field, given in WRONG:
        with pytest.raises(CannotAdd) as caught:
            accounts.add(**{**whole, **given})
        assert list(caught.value.problems) == [field], given
        assert str(caught.value).endswith((".", "?"))
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from account")) == 0


def test_all_that_is_wrong_with_an_account_is_told_at_once(accounts: Accounts) -> None:
    with pytest.raises(CannotAdd) as caught:
        accounts.add(email="anna", name=" ", departments=[], role="agent", password="short")
    assert list(caught.value.problems) == ["name", "email", "password"]
    assert str(caught.value).startswith("A name is needed, as visitors will see it: 1 to 100 letters. 'anna' is not")


def test_only_the_right_password_of_an_open_account_fits(accounts: Accounts, anna: str) -> None:
    assert accounts.matches(accounts.get(anna), PASSWORD)
    for wrong in ("", "x", PASSWORD + " ", PASSWORD.upper(), "\0", "\ud800", "a" * 100_000):
        assert not accounts.matches(accounts.get(anna), wrong)
    accounts.set_active(anna, False)
    assert not accounts.matches(accounts.get(anna), PASSWORD)
    assert not accounts.matches(None, PASSWORD)


def test_letters_that_look_alike_by_keyboard_are_the_same_password() -> None:
    passwords = Passwords()
    assert passwords.matches("caf\u00e9 au lait!!", passwords.hash("cafe\u0301 au lait!!"))


def test_a_password_is_kept_as_argon2id_and_checking_costs_the_same_without_an_account(
    accounts: Accounts, anna: str
) -> None:
    work: list[str] = []

    def elsewhere(call, *arguments):
        work.append(call.__name__)
        return call(*arguments)

    passwords = Passwords(elsewhere)
    kept = accounts.get(anna).password
    assert kept.startswith("$argon2id$") and PASSWORD not in kept
    assert (
        passwords.matches(PASSWORD, kept)
        and not passwords.matches("wrong", kept)
        and not passwords.matches("wrong", None)
    )
    assert work == ["_verify", "_verify", "hash"], "one slow step each, in the pool"


def test_who_guesses_passwords_pays_for_each_what_owasp_advises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.accounts.passwords.WORK", WORK)  # As it is shipped; the other tests save themselves that.
    assert Passwords().hash(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_each_sign_in_is_new_and_says_who_it_is(accounts: Accounts, anna: str) -> None:
    first, second = accounts.begin(anna), accounts.begin(anna)
    assert first != second and len(first) == 32
    who = accounts.signed_in(first)
    assert who is not None and (who.name, who.role, who.account_id) == ("Anna", "agent", anna)
    for wrong in (None, "", "x", who.stamp, first[:-1], first + "x", "\ud800"):
        assert accounts.signed_in(wrong) is None


def test_no_secret_is_in_the_database(accounts: Accounts, database: Database, anna: str) -> None:
    secret = accounts.begin(anna)
    stamp = accounts.signed_in(secret).stamp
    ticket, link, more = accounts.issue_ticket(stamp), accounts.first_invitation(), accounts.invitation()
    with database.reading() as connection:
        rows = [
            str(row)
            for table in ("sign_in", "ticket", "invitation", "account")
            for row in connection.execute(text(f"select * from {table}"))
        ]
    assert len(rows) == 5
    for each in (secret, ticket, link, more, PASSWORD):
        assert each not in " ".join(rows)


def test_signing_out_ends_that_browser_and_no_other(accounts: Accounts, anna: str) -> None:
    here, there = accounts.signed_in(accounts.begin(anna)), accounts.signed_in(accounts.begin(anna))
    accounts.end(here.stamp)
    assert accounts.valid_among([here.stamp, there.stamp]) == {there.stamp}


@pytest.mark.parametrize("change", ["password", "role", "active"])
def test_a_new_password_role_or_closing_signs_out_everywhere(accounts: Accounts, anna: str, change: str) -> None:
    secrets = [accounts.begin(anna), accounts.begin(anna)]
    stamps = [accounts.signed_in(secret).stamp for secret in secrets]
    heard: list[frozenset[str]] = []
    accounts.on_revoked(heard.append)
    if change == "password":
        accounts.set_password(anna, "other unrelated words")
        assert accounts.matches(accounts.get(anna), "other unrelated words")
        assert not accounts.matches(accounts.get(anna), PASSWORD)
    elif change == "role":
        accounts.change(anna, role="lead")
        assert accounts.signed_in(accounts.begin(anna)).role == "lead"
    else:
        accounts.set_active(anna, False)
    assert heard == [frozenset(stamps)], "the hub of this process is told at once"
    assert accounts.valid_among(stamps) == frozenset()
    assert all(accounts.signed_in(secret) is None for secret in secrets)


def test_another_process_finds_out_by_asking(database: Database, clock, accounts: Accounts, anna: str) -> None:
    stamp = accounts.signed_in(accounts.begin(anna)).stamp
    Accounts(database, now=clock).change(anna, role="marketer")
    assert accounts.valid_among([stamp]) == frozenset()


def test_a_sign_in_ends_when_unused_for_half_a_day(accounts: Accounts, anna: str, clock) -> None:
    secret = accounts.begin(anna)
    for _ in range(5):
        clock.advance(hours=11)
        assert accounts.signed_in(secret) is not None
    clock.advance(hours=12, minutes=1)
    assert accounts.signed_in(secret) is None


def test_a_sign_in_that_was_asked_to_stay_outlasts_a_holiday_but_not_a_month(
    accounts: Accounts, anna: str, clock
) -> None:
    secret = accounts.begin(anna, stays=True)
    clock.advance(days=29)
    assert accounts.signed_in(secret) is not None
    clock.advance(days=1)
    assert accounts.signed_in(secret) is None


def test_an_open_panel_is_use_but_not_for_ever(accounts: Accounts, anna: str, clock) -> None:
    secret = accounts.begin(anna)
    stamp = accounts.signed_in(secret).stamp
    for _ in range(59):
        clock.advance(hours=12, minutes=-1)
        assert accounts.valid_among([stamp])
    clock.advance(hours=12)
    assert not accounts.valid_among([stamp]), "a month is enough"
    assert accounts.signed_in(secret) is None


def test_a_ticket_opens_one_socket_of_its_sign_in_within_seconds(accounts: Accounts, anna: str, clock) -> None:
    mine, other = (accounts.signed_in(accounts.begin(anna)).stamp for _ in range(2))
    ticket = accounts.issue_ticket(mine)
    assert accounts.redeem_ticket(ticket, mine)
    assert not accounts.redeem_ticket(ticket, mine), "once"
    stolen = accounts.issue_ticket(mine)
    assert not accounts.redeem_ticket(stolen, other) and not accounts.redeem_ticket(stolen, mine)
    late = accounts.issue_ticket(mine)
    clock.advance(seconds=30)
    assert not accounts.redeem_ticket(late, mine)
    for wrong in (None, "", "x", "\ud800"):
        assert not accounts.redeem_ticket(wrong, mine)


def test_old_tickets_and_sign_ins_are_cleared_away(accounts: Accounts, anna: str, clock, database: Database) -> None:
    accounts.issue_ticket(accounts.signed_in(accounts.begin(anna)).stamp)
    clock.advance(days=31)
    accounts.issue_ticket(accounts.signed_in(accounts.begin(anna)).stamp)
    with database.reading() as connection:
        assert connection.scalar(text("select count(*) from ticket")) == 1
        assert connection.scalar(text("select count(*) from sign_in")) == 1


ENTRY = {"email": "anna@shop.example", "name": "Anna", "departments": ["sales"], "password": PASSWORD}


def test_the_first_link_makes_one_admin_once(accounts: Accounts) -> None:
    assert not accounts.has_admin()
    link = accounts.first_invitation()
    assert link and len(link) == 32 and accounts.is_invited(link)
    account = accounts.get(accounts.accept_invitation(link, **ENTRY))
    assert account is not None and accounts.has_admin()
    assert accounts.signed_in(accounts.begin(account.id)).role == "admin"
    assert not accounts.is_invited(link)
    with pytest.raises(CannotAdd) as caught:
        accounts.accept_invitation(link, **{**ENTRY, "email": "ben@shop.example"})
    assert list(caught.value.problems) == ["link"]
    assert accounts.first_invitation() is None, "there is an admin"


def test_a_first_link_is_over_when_somebody_else_became_admin(accounts: Accounts) -> None:
    link = accounts.first_invitation()
    accounts.add(email="ben@shop.example", name="Ben", departments=[], role="admin", password=PASSWORD)
    assert not accounts.is_invited(link)
    with pytest.raises(CannotAdd):
        accounts.accept_invitation(link, **ENTRY)


def test_a_link_ends_with_the_next_one_or_after_a_day(accounts: Accounts, clock) -> None:
    first = accounts.first_invitation()
    second = accounts.first_invitation()
    assert not accounts.is_invited(first) and accounts.is_invited(second)
    clock.advance(days=1)
    assert not accounts.is_invited(second) and not accounts.is_invited("") and not accounts.is_invited("\ud800")


def test_a_link_from_the_shell_makes_another_admin(accounts: Accounts) -> None:
    accounts.add(email="ben@shop.example", name="Ben", departments=[], role="admin", password=PASSWORD)
    link = accounts.invitation()
    assert accounts.is_invited(link)
    accounts.accept_invitation(link, **ENTRY)
    assert not accounts.is_invited(link)


def test_a_refused_entry_does_not_use_the_link_up(accounts: Accounts, anna: str) -> None:
    link = accounts.first_invitation()
    for given in ({"password": "short"}, {"email": "anna@shop.example"}):
        with pytest.raises(CannotAdd):
            accounts.accept_invitation(link, **{**ENTRY, **given})
    assert accounts.is_invited(link)
