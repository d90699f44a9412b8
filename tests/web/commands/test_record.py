"""Webhooks, backup and restore at the shell."""

from pathlib import Path

import pytest

from tests.receiver import Receiver
from tests.shell import begin_record, parlour


def test_webhooks_are_added_listed_tested_and_removed(site: Path):
    place = ["--site", str(site)]
    local = [*place, "--webhooks-may-be-local"]
    begin_record(site)
    receiver = Receiver().start()
    added = parlour("webhook", "add", receiver.url, "--kind", "message", *local)
    assert (added.exit_code, added.output.count("whsec_")) == (0, 1)
    listed = parlour("webhook", "list", *place).output
    assert "whsec_" not in listed and receiver.url in listed
    id_ = listed.split()[0]
    assert parlour("webhook", "test", id_, *local).output == "It answered 200.\n"
    assert receiver.heard[0].verified(added.output.split("Key:")[1].split()[0])["type"] == "test"
    rotated = parlour("webhook", "rotate", id_, *place).output
    assert "whsec_" in rotated and rotated.split("Key:")[1].split()[0] not in added.output
    receiver.stop()
    failed = parlour("webhook", "test", id_, *local)
    assert (failed.exit_code, failed.output) == (1, "parlour: It was not taken: nobody listens there\n")
    assert parlour("webhook", "remove", id_, *place).exit_code == 0
    assert parlour("webhook", "list", *place).output.startswith("There are no webhooks. Add one with:")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["add", "https://192.168.0.9/"], "192.168.0.9 leads to this computer or into a private network."),
        (["add", "http://127.0.0.1:9/"], "127.0.0.1 leads to this computer or into a private network."),
        (["add", "http://127.0.0.1:9/", "--webhooks-may-be-local", "--kind", "notes"], "did you mean 'note'?"),
        (["test", "nothing"], "There is no webhook of this id. All of them:  parlour webhook list"),
        (["rotate", "nothing"], "There is no webhook of this id."),
        (["remove", "nothing"], "There is no webhook of this id."),
    ],
)
def test_a_webhook_that_cannot_be_is_said_in_one_line(site: Path, words: list[str], told: str):
    begin_record(site)
    refused = parlour("webhook", *words, "--site", str(site))
    assert refused.exit_code == 1 and refused.output.count("\n") == 1
    assert told in refused.output


def test_the_record_is_backed_up_and_restored(site: Path, tmp_path: Path):
    add = ["agent", "add", "anna@shop.example", "--name", "Anna", "--site", str(site), "--password-stdin"]
    parlour(*add, stdin="three blue teapots\n")
    copy, place = str(tmp_path / "copy.db"), ["--site", str(site)]
    made = parlour("backup", copy, *place)
    assert (made.exit_code, "0 conversations, 0.3 MB, whole when read back." in made.output) == (0, True)
    again = parlour("backup", copy, *place)
    assert (again.exit_code, again.output) == (1, f"parlour: {copy} is there already. Name a file that is not.\n")
    parlour(*[word.replace("anna@", "ben@") for word in add], stdin="three blue teapots\n")
    back = parlour("restore", copy, *place)
    assert back.exit_code == 0 and "The database before is kept as " in back.output
    forgotten = parlour("agent", "password", "ben@shop.example", *place, "--password-stdin", stdin="x\n")
    assert "Nobody signs in as ben@shop.example" in forgotten.output
    assert parlour("new-epoch", str(site)).exit_code == 0


def test_with_postgresql_its_own_commands_are_told_without_the_password(site: Path):
    place = ["--site", str(site), "--database", "postgresql://parlour:hush@db.example/parlour?password=hush"]
    for command, told in (("backup", "pg_dump --format=custom --file=x"), ("restore", "and  parlour new-epoch")):
        refused = parlour(command, "x", *place)
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
        assert told in refused.output and "postgresql://parlour@db.example/parlour" in refused.output
        assert "hush" not in refused.output


def test_an_address_of_two_servers_is_told_as_postgresqls_programs_take_it(site: Path):
    both = "db1.example:5432,db2.example:5432/parlour"
    refused = parlour("backup", "x", "--site", str(site), "--database", f"postgresql://parlour:hush@{both}")
    assert f"postgresql://parlour@{both}" in refused.output
