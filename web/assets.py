"""The files a browser loads: one hash of the whole tree in their addresses, so that they are kept for a year.

`/static/<hash>/<path>`: relative imports of modules share the hash. An old or made-up hash gets the current file,
uncached. `/widget.js` is the one address that stays; it is kept for minutes and carries the hash.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, request

from web.audience import audience
from web.errors import NotFound
from web.joining import joined_script, joined_styles, shortened

ROOT = Path(__file__).parent / "static"
LOADER = "widget/loader.js"
JOINED = ("widget/main.js", "widget/forms.js")
"""Each sent as one file with all it imports: one answer instead of a dozen on a visitor's page."""
JOINED_STYLES = ("widget/widget.css", "widget/forms.css")
"""Likewise, in `dev` too: style sheets made by script cannot import."""
PLACEHOLDER = "__STATIC__"
"""Stands in the loader for `/static/<hash>`."""

CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_NEVER = "no-cache"
CACHE_LOADER = "public, max-age=300"
FOR_EVERY_SITE = ("widget/", "shared/")
"""Folders that pages of other origins load from; their scripts are minified."""

# Named here because the table Python reads differs from machine to machine, and modules need the right one.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_SQUEEZED = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    squeezed: bytes | None
    """The same through gzip, where that helps."""
    type: str


class Assets:
    """The static tree: its hash, the addresses of its files, and their bytes."""

    def __init__(self, root: Path = ROOT, *, dev: bool = False):
        """`dev`: files are read anew for every request and sent as they were written."""
        self.root = root
        self.dev = dev
        self._files = _tree(root)
        self._hash = "dev" if dev else _hash(self._files)
        self._made: dict[str, Asset] = {}

    @property
    def prefix(self) -> str:
        """Returns `/static/<hash>`."""
        return f"/static/{self._hash}"

    def url(self, path: str) -> str:
        """Returns the address of a file of the tree; raises KeyError for one that is not there."""
        if not self.dev and path not in self._files:
            raise KeyError(f"web/static/{path} does not exist")
        return f"{self.prefix}/{path}"

    def asset(self, path: str) -> Asset | None:
        """Returns a file of the tree as it is sent; None if there is none of this name."""
        if self.dev:
            self._files = _tree(self.root)
            self._made.clear()
        if path not in self._files:
            return None
        if path not in self._made:
            self._made[path] = self._make(path)
        return self._made[path]

    def is_current(self, tree: str) -> bool:
        """Says whether an address carries the hash of the tree as it is."""
        return tree == self._hash and not self.dev

    def _make(self, path: str) -> Asset:
        file = self._files[path]
        body = file.read_bytes()
        if path == LOADER:
            body = body.replace(PLACEHOLDER.encode(), self.prefix.encode())
        if path in JOINED_STYLES:
            body = joined_styles(file).encode()
        if path in JOINED and not self.dev:
            body = joined_script(file).encode()
        elif file.suffix == ".js" and path.startswith(FOR_EVERY_SITE) and not self.dev:
            body = shortened(body.decode()).encode()
        squeezed = gzip.compress(body, 9, mtime=0) if file.suffix in _SQUEEZED else None
        return Asset(
            body,
            squeezed if squeezed is not None and len(squeezed) < len(body) else None,
            _TYPES.get(file.suffix, "application/octet-stream"),
        )


@cache
def shipped() -> Assets:
    """Returns the tree as it is installed: nothing of it changes, so each file is made ready once in a process."""
    return Assets()


def install(app: Flask, assets: Assets) -> None:
    """Serves the tree and gives templates `asset('panel/main.js')`."""
    pages = Blueprint("assets", __name__)

    @pages.get("/static/<tree>/<path:path>")
    @audience("public")
    def static(tree: str, path: str) -> Response:
        return _send(assets, path, CACHE_FOREVER if assets.is_current(tree) else CACHE_NEVER)

    @pages.get("/widget.js")
    @audience("public")
    def loader() -> Response:
        return _send(assets, LOADER, CACHE_NEVER if assets.dev else CACHE_LOADER)

    app.register_blueprint(pages)
    app.jinja_env.globals["asset"] = assets.url


def _send(assets: Assets, path: str, cache: str) -> Response:
    asset = assets.asset(path)
    if asset is None:
        raise NotFound
    squeezed = asset.squeezed if request.accept_encodings["gzip"] else None
    answer = Response(asset.body if squeezed is None else squeezed)
    answer.headers["Content-Type"] = asset.type
    answer.headers["Cache-Control"] = cache
    if asset.squeezed is not None:
        answer.vary.add("Accept-Encoding")
    if squeezed is not None:
        answer.headers["Content-Encoding"] = "gzip"
    if path.startswith(FOR_EVERY_SITE):
        answer.headers["Access-Control-Allow-Origin"] = "*"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _tree(root: Path) -> dict[str, Path]:
    found = (file for file in sorted(root.rglob("*")) if file.is_file())
    return {file.relative_to(root).as_posix(): file for file in found if not file.name.startswith(".")}


def _hash(files: dict[str, Path]) -> str:
    whole = hashlib.sha256()
    for path, file in files.items():
        whole.update(f"{path}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:16]
