"""What others wrote and we ship: named, licensed, and unchanged since it was taken in."""

import base64
import hashlib
import json
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "web" / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())


def test_every_vendored_file_is_the_one_in_the_manifest() -> None:
    here = {file for file in VENDOR.rglob("*") if file.is_file() and file.name != "manifest.json"}
    hashes = {
        file.relative_to(VENDOR).as_posix(): "sha384-"
        + base64.b64encode(hashlib.sha384(file.read_bytes()).digest()).decode()
        for file in here
    }
    assert hashes == MANIFEST["files"]


def test_every_vendored_package_says_its_version_and_brings_its_licence() -> None:
    for package in MANIFEST["packages"]:
        assert package["version"] and package["licence"] and package["integrity"].startswith("sha512-")
        assert (VENDOR / package["folder"] / "LICENSE").is_file()


def test_every_drawing_that_is_asked_for_is_there_and_no_other() -> None:
    drawn = {file.stem for file in (VENDOR / "lucide").glob("*.svg")}
    styles = "\n".join(file.read_text() for file in STATIC.rglob("*.css"))
    assert drawn == set(re.findall(r"vendor/lucide/([a-z0-9-]+)\.svg", styles))


def test_every_drawing_of_the_panel_is_used() -> None:
    known = set(re.findall(r"vendor/lucide/([a-z0-9-]+)\.svg", (STATIC / "panel" / "icons.css").read_text()))
    templates = (STATIC.parent / "templates" / "panel").rglob("*.html")
    panel = "\n".join(file.read_text() for file in [*(STATIC / "panel").glob("*.js"), *templates])
    assert {name for name in known if f'"{name}"' not in panel and f"icon--{name}" not in panel} == set()
