"""What the widget may know of a site: its looks and its words. The same for every visitor, so it can be cached."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.site.site import Site
from rules.templates import parse_template
from rules.texts import Text

HASH_LENGTH = 16


def public_bundle(site: Site) -> dict[str, Any]:
    """Returns what is sent to every visitor; no conditions, no departments, nothing about people."""
    return {
        "name": site.name,
        "languages": list(site.languages),
        "look": {"color": site.look.color, "position": site.look.position},
        "greeting": _spoken(site.look.greeting, site),
        "privacy_note": _spoken(site.look.privacy_note, site),
        "manners": site.manners.as_json(),
    }


def bundle_hash(bundle: dict[str, Any]) -> str:
    """Returns the name under which a public bundle is kept for ever."""
    text = json.dumps(bundle, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def _spoken(text: Text | None, site: Site) -> dict[str, str] | None:
    if not text:
        return None
    values = {"site.name": site.name}
    return {language: parse_template(written).render(values, language) for language, written in text.items()}
