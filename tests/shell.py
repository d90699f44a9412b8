"""The commands of the shell, as somebody types them."""

from pathlib import Path

from click.testing import CliRunner, Result

from web.cli import main
from web.commands.places import open_database

PASSWORD = "three blue teapots"


def parlour(*words: str, stdin: str | None = None) -> Result:
    """Runs a command and returns what came of it."""
    return CliRunner().invoke(main, [str(word) for word in words], input=stdin)


def hired(site: Path, name: str, *words: str) -> str:
    email = f"{name.lower()}@shop.example"
    added = parlour(
        *("agent", "add", email, "--site", str(site), "--name", name), *words, "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert added.exit_code == 0, added.output
    return email


def begin_record(site: Path) -> None:
    """Makes the database, as `serve` does when it starts for the first time."""
    open_database(site, None, None, makes=True).close()
