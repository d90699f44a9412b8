"""What is in the tree is in the wheel, and what is installed works anywhere (the checkout is not needed any more)."""

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("rules", "flows", "triggers", "bot", "handoff", "web")


NAMED: Mapping[str, str] = {
    "argon2": "argon2-cffi",
    "liquid": "python-liquid",
    "opentelemetry": "opentelemetry-sdk",
    "phonenumbers": "phonenumberslite",
    "re2": "google-re2",
    "yaml": "pyyaml",
}
"""What is imported → the package it comes in, where that has another name."""


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """Runs a command that must succeed and returns what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(command, cwd=cwd, env={**kept, **environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


pytestmark = pytest.mark.xdist_group("wheel")  # What takes long to make is made by one process.


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the tree: what is in version control or about to be, and nothing left over from a build."""
    clean = tmp_path_factory.mktemp("checkout")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clean / name)
    return clean


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, cwd=checkout)
    return next(out.glob("parlour-*.whl"))


def test_every_file_of_every_package_is_in_the_wheel_and_nothing_else(checkout: Path, wheel: Path) -> None:
    tree = {
        file.relative_to(checkout).as_posix()
        for package in PACKAGES
        for file in (checkout / package).rglob("*")
        if file.is_file()
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert len(tree) > 50, "the clean copy holds the tree"
    assert sorted(tree - packed) == [], "in the tree, but not in the wheel: add a line to package_data in setup.cfg"
    assert sorted(packed - tree) == [], "in the wheel, but not in the tree"


def test_an_installed_parlour_runs_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in PACKAGES:  # as in a site directory, whose folders are named after our packages
        (elsewhere / folder).mkdir()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    run(*pip, "--target", target, wheel, cwd=elsewhere)
    said = run(sys.executable, target / "bin" / "parlour", "--help", cwd=elsewhere, PYTHONPATH=str(target))
    for command in ("init", "serve", "check", "talk", "agent", "explain"):
        assert command in said
    where = run(sys.executable, "-P", "-c", "import web; print(web.__file__)", cwd=elsewhere, PYTHONPATH=str(target))
    assert where.strip().startswith(str(target))


def test_what_is_imported_is_asked_for_by_name_and_with_a_lowest_version() -> None:
    """What only comes with another package is gone the day that one does without it."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    extras = config["options.extras_require"]
    lines = "\n".join((config["options"]["install_requires"], extras["postgres"], extras["redis"])).split()
    asked = {re.split(r"[\[>]", line)[0] for line in lines}
    assert [line for line in lines if ">=" not in line] == []
    assert sorted({NAMED.get(name, name.replace("_", "-")) for name in imported()} - asked) == []


def imported() -> Iterator[str]:
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            tops = {name.split(".")[0] for name in names}
            yield from tops - set(sys.stdlib_module_names) - set(PACKAGES)


WITHOUT_PIP = "#!/bin/sh\nexit 1\n"
WITH_PIP = '#!/bin/sh\ncase "$*" in *uv==*) exit 1;; *) echo "$*" >> said;; esac\n'
PYTHON = """#!/bin/sh
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin && cp {made} .venv/bin/python && exit {status};;
esac
"""


def test_an_environment_that_could_not_be_finished_is_made_again(tmp_path: Path) -> None:
    for name in ("bin/environment", "requirements/core.lock", "setup.cfg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)

    def make(made: str, *, status: int) -> int:
        python = tmp_path / "python"
        for file, text in ((tmp_path / "made", made), (python, PYTHON.format(made=tmp_path / "made", status=status))):
            file.write_text(text)
            file.chmod(0o755)
        environ = {**os.environ, "PYTHON": str(python)}
        return subprocess.run([tmp_path / "bin" / "environment", "core"], env=environ, capture_output=True).returncode

    assert make(WITHOUT_PIP, status=1) == 1
    assert (tmp_path / ".venv" / "bin" / "python").exists()
    assert make(WITH_PIP, status=0) == 0
    assert "-r requirements/core.lock" in (tmp_path / "said").read_text()
