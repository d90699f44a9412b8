"""The action server runs when there are actions, comes back when it falls over, and ends with whoever keeps it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions.client import Client, Failed
from tests.bot.actions.conftest import Kept
from tests.disk import full
from tests.server import wait_for

ORDERS = """
from rasa_sdk import Action


class LookUpOrder(Action):
    def name(self):
        return "look_up_order"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="{said}")
"""
CALL = {
    "next_action": "look_up_order",
    "sender_id": "c1",
    "domain": {"slots": {}},
    "tracker": {"sender_id": "c1", "slots": {}, "latest_message": {}, "events": [], "paused": False,
                "followup_action": None, "active_loop": {}, "latest_action_name": None},
}  # fmt: skip


def says(client: Client) -> str:
    return str(client.call("look_up_order", CALL, within=30)["responses"][0]["text"])


def test_actions_are_served_on_loopback_and_to_nobody_who_does_not_know_the_secret(kept: Kept):
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running")
    assert kept.status.actions == {"look_up_order": ("actions/orders.py", 5)}
    assert kept.client.names(within=30) == {"look_up_order"}
    assert says(kept.client) == "first"
    address = replace(kept.client.address, secret="")
    stranger = Client(address, clock=lambda: 0.0, sleep=lambda _: None, chance=lambda: 0.0)
    with pytest.raises(Failed, match="403"):
        says(stranger)


SECRETS = ("PARLOUR_DATABASE", "PARLOUR_API_TOKEN", "PARLOUR_METRICS_TOKEN", "PARLOUR_BUS")


def test_actions_find_the_shops_own_variables_and_none_of_ours(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    """S58."""
    for name in (*SECRETS, "SHOP_KEY"):
        monkeypatch.setenv(name, f"value-of-{name}")
    told = ORDERS.replace('"{said}"', "str(sorted(v for v in os.environ.values() if v.startswith('value-of-')))")
    kept.write("orders.py", f"import os\n{told}")
    kept.until(lambda: kept.status.state == "running")
    assert says(kept.client) == "['value-of-SHOP_KEY']"


def test_a_changed_file_replaces_the_server_and_a_broken_one_does_not(kept: Kept):
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running")
    kept.write("orders.py", ORDERS.replace("{said}", "second"))
    kept.until(lambda: says(kept.client) == "second")
    kept.write("orders.py", ORDERS + "import nothing_like_it\n")
    kept.until(lambda: kept.status.problem)
    assert kept.status.problem == "actions/orders.py:11 cannot be used; the log and `parlour check` say why"
    broken = {"file": "actions/orders.py", "line": 11, "problem": "No module named 'nothing_like_it'"}
    assert ("actions.broken_file", broken) in kept.logged
    assert says(kept.client) == "second", "what ran goes on running"
    kept.write("orders.py", ORDERS.replace("{said}", "third"))
    kept.until(lambda: says(kept.client) == "third")
    assert kept.status.problem is None


def test_a_call_that_was_taken_is_answered_by_whoever_took_it(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bot.actions.server.ENDS_WITHIN", 60)
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running")
    address = kept.client.address
    with socket.create_connection((address.host, address.port), timeout=30) as early:
        assert says(kept.client) == "first", "so what came before it is taken"
        kept.write("orders.py", ORDERS.replace("{said}", "second"))
        kept.until(lambda: says(kept.client) == "second")
        early.sendall(kept.client._request("POST", address.webhook, json.dumps(CALL).encode()))
        answer = b"".join(iter(lambda: early.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200") and b'"first"' in answer
    kept.until(lambda: not kept.server._leaving)
    assert says(kept.client) == "second"


def test_who_is_not_let_serve_takes_no_call_and_ends(tmp_path: Path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "orders.py").write_text(ORDERS + "import nothing_like_it\n")
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        handed = (theirs.fileno(), listener.fileno())
        command = [sys.executable, "-P", "-m", "bot.actions.program", str(tmp_path)]
        command += ["--report", str(handed[0]), "--listen", str(handed[1])]
        with socket.create_connection(listener.getsockname()), subprocess.Popen(command, pass_fds=handed) as process:
            try:
                theirs.close()
                assert b"nothing_like_it" in ours.recv(65536)
                ours.close()
                assert process.wait(60) == 0
                listener.setblocking(False)
                listener.accept()[0].close()
            finally:
                process.kill()


def test_a_broken_file_at_the_start_does_not_take_the_others_with_it(kept: Kept):
    kept.write("broken.py", "def (")
    kept.write("leaves.py", "import sys\nsys.exit(3)\n")
    kept.write("nameless.py", "from rasa_sdk import Action\nclass Nameless(Action):\n    pass\n")
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.write("twice.py", ORDERS.replace("{said}", "twice"))
    kept.until(lambda: kept.status.state == "running")
    assert [(each.file, each.line, each.words) for each in kept.status.problems] == [
        ("actions/broken.py", 1, "invalid syntax"),
        ("actions/leaves.py", 2, "it ends the program while it is loaded"),
        ("actions/nameless.py", 2, "Nameless has no name: write  def name(self)  in it"),
        ("actions/twice.py", 5, "the action 'look_up_order' is there already (actions/orders.py:5)"),
    ]
    assert says(kept.client) == "first"


def test_files_may_use_one_another_and_leave_nothing_in_the_folder(kept: Kept):
    kept.write("shop/__init__.py", "")
    kept.write("shop/words.py", "HELLO = 'from beside'\n")
    kept.write("orders.py", "from actions.shop.words import HELLO\n" + ORDERS.replace('"{said}"', "HELLO"))
    kept.until(lambda: kept.status.state == "running")
    assert says(kept.client) == "from beside"
    assert not list(kept.site.rglob("__pycache__"))


def test_a_server_that_is_killed_comes_back_and_calls_wait_for_it(kept: Kept):
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running")
    os.kill(children_of(os.getpid())[0], signal.SIGKILL)
    kept.until(lambda: kept.status.state == "down")
    assert kept.status.problem == "the action server does not answer; the log says why"
    kept.until(lambda: kept.status.state == "running")
    assert says(kept.client) == "first"
    assert [what for what, _ in kept.logged] == ["actions.ended"]


def test_a_server_that_cannot_stay_up_is_started_ever_less_often(kept: Kept):
    kept.write("orders.py", "import os\nos._exit(7)\n")
    kept.until(lambda: len(kept.logged) == 2)
    assert [more["again_in"] for _, more in kept.logged] == [1.0, 2.0]
    assert kept.status.state == "down"


@pytest.fixture
def kept_on_a_full_disk(tmp_path: Path, small_disk: Path) -> Iterator[Kept]:
    full(small_disk)
    kept = Kept(tmp_path, small_disk / "actions.json")
    try:
        yield kept
    finally:
        kept.server.stop()


def test_what_a_full_disk_does_not_take_is_told_once_there_is_room(kept_on_a_full_disk: Kept):
    kept = kept_on_a_full_disk
    disk = kept.told.parent
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.server.look()
    kept.until(lambda: kept.server._running)
    assert says(kept.client) == "first"
    assert kept.status.state == "none" and [each.name for each in disk.iterdir()] == ["filler"]
    assert kept.logged == [("actions.untold", {"file": str(kept.told), "why": "No space left on device"})]
    (disk / "filler").unlink()
    kept.until(lambda: kept.status.state == "running")
    assert kept.status.actions == {"look_up_order": ("actions/orders.py", 5)}


def test_without_a_file_there_is_no_process(kept: Kept):
    kept.server.look()
    assert kept.status.state == "none"
    assert children_of(os.getpid()) == []
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running")
    (kept.site / "actions" / "orders.py").unlink()
    kept.until(lambda: kept.status.state == "none")
    kept.until(lambda: children_of(os.getpid()) == [])


def test_nothing_is_left_when_whoever_keeps_it_is_killed(tmp_path: Path):
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "orders.py").write_text(ORDERS.replace("{said}", "first"))
    program = f"""
import time
from pathlib import Path
from bot.actions.server import ActionServer
site = Path({str(tmp_path)!r})
server = ActionServer(site, site / "actions.json", clock=time.monotonic, sleep=time.sleep, log=print)
while True:
    server.look()
    time.sleep(0.05)
"""
    keeper = subprocess.Popen([sys.executable, "-c", program])
    try:
        status = tmp_path / "actions.json"
        wait_for(lambda: status.is_file() and '"running"' in status.read_text(), 30)
        (child,) = children_of(keeper.pid)
    finally:
        keeper.kill()
        keeper.wait()
    wait_for(lambda: not is_running(child), 30)
    assert not is_running(child)


def children_of(pid: int) -> list[int]:
    """Processes of `bot.actions.program` that this one started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"bot.actions.program" in command:
            found.append(int(entry.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


UNDER_GEVENT = """
import gevent.monkey

gevent.monkey.patch_all()

import sys
from pathlib import Path

from tests.bot.actions.conftest import Kept
from tests.bot.actions.test_server import ORDERS, says

kept = Kept(Path(sys.argv[1]), Path(sys.argv[1]) / "actions.json")
try:
    kept.write("orders.py", ORDERS.replace("{said}", "first"))
    kept.until(lambda: kept.status.state == "running" and says(kept.client) == "first")
    kept.write("orders.py", ORDERS.replace("{said}", "second"))
    kept.until(lambda: says(kept.client) == "second" and not kept.server._leaving)
    print([what for what, _ in kept.logged])
finally:
    kept.server.stop()
"""


def test_under_the_servers_loop_a_process_that_takes_over_stays(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", UNDER_GEVENT, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.stdout == "[]\n", done.stderr
