"""Saved files are picked up while serving: a good site in one step, a bad one not at all."""

from pathlib import Path

from tests.server import Server, wait_for


def edit(site: Path, file: str, old: str, new: str) -> None:
    text = (site / file).read_text()
    assert old in text
    (site / file).write_text(text.replace(old, new))


def taken(server: Server) -> bool:
    return bool(server.get("/health").json()["content"]["taken"])


def until_switched(server: Server, version: str) -> None:
    wait_for(lambda: server.get("/health").json()["site"] != version, 15)
    assert server.get("/health").json()["site"] != version


def version(server: Server) -> str:
    return str(server.get("/health").json()["site"])


def test_a_saved_change_is_heard_by_the_next_visitor(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "en: Hello,", "en: Good day,")
    until_switched(sqlite_server, before)
    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("Good day")


def test_a_site_with_a_mistake_leaves_the_running_one_alone_and_says_so(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "collect: email", "colect: email")
    wait_for(lambda: not taken(sqlite_server), 15)
    health = sqlite_server.get("/health").json()
    assert (health["site"], health["status"], health["content"]["taken"]) == (before, "degraded", False)
    log = sqlite_server.output.read_text()
    assert "flows/welcome.yaml" in log and "did you mean 'collect'?" in log

    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("What is it about?")

    edit(site, "flows/welcome.yaml", "colect: email", "collect: email")
    wait_for(lambda: taken(sqlite_server), 15)
    assert taken(sqlite_server)


def test_who_stands_in_a_step_that_is_still_there_moves_on_in_the_new_words(sqlite_server: Server, site: Path):
    ann = sqlite_server.visitor()
    ann.says("Hi")
    ann.hears("What is it about?")
    before = version(sqlite_server)
    edit(site, "flows/welcome.yaml", "What is your e-mail address?", "Which address may we write to?")
    until_switched(sqlite_server, before)
    ann.says("Tickets")
    ann.hears("Which address may we write to?")


def test_who_stands_in_a_step_that_is_gone_finishes_on_the_stored_version_also_after_a_restart(
    server: Server, site: Path
):
    ann = server.visitor()
    ann.says("Hi")
    ann.says("Tickets")
    ann.hears("What is your e-mail address?")
    before = version(server)
    edit(site, "flows/welcome.yaml", "collect: email", "collect: phone")
    edit(site, "flows/welcome.yaml", "we will write to {{ email }}", "we will call {{ phone }}")
    edit(site, "flows/welcome.yaml", "wir schreiben an {{ email }}", "wir rufen an: {{ phone }}")
    until_switched(server, before)
    server.kill()
    server.start()
    ann.reconnect()
    ann.says("ann@x.io")
    ann.hears("Thank you, we will write to ann@x.io.")


def test_a_broken_site_at_the_start_gives_way_to_the_last_good_one(sqlite_server: Server, site: Path):
    before = version(sqlite_server)
    sqlite_server.stop()
    edit(site, "flows/welcome.yaml", "collect: email", "colect: email")
    sqlite_server.start()
    assert (version(sqlite_server), taken(sqlite_server)) == (before, False)
