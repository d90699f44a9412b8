"""What is the same for thousands of tests, each with databases, sites and applications of its own, is made once.

Nothing of it can be changed: what SQL, templates and addresses are compiled to, and sites as they are read.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.engine.default import DefaultDialect
from werkzeug.routing import Rule

from bot import database
from bot.site import loading
from bot.site.loading import Loaded
from rules.problems import Problem

MOST_SITES = 50
"""A few for each test that is run again for the other database, soon after it was run for the first."""


@contextmanager
def sharing() -> Iterator[None]:
    """Lets all tests of this process share what is made once."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(database, "create_engine", Statements().create_engine)
        here.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        here.setattr(DefaultDialect, "__eq__", lambda dialect, other: type(dialect) is type(other))
        here.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": Templates()})
        here.setattr(Rule, "_compile_builder", _addresses())
        here.setattr(loading, "_load", _sites())
        yield


class Statements:
    """Keeps what statements are compiled to, for all dialects of a kind: each engine has its own, to which listeners
    belong."""

    def __init__(self) -> None:
        self._compiled: dict[Any, Any] = {}

    def create_engine(self, url: URL, **settings: Any) -> Engine:
        """Makes an engine as SQLAlchemy does."""
        engine = create_engine(url, **settings)
        engine.update_execution_options(compiled_cache=self._compiled)
        return engine


class Templates(BytecodeCache):
    """Keeps what templates are compiled to."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


def _addresses() -> Callable[..., Any]:
    """Returns what makes the function that writes the addresses of a route, keeping it for routes that are alike."""
    compile_, kept = Rule._compile_builder, {}

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_(rule, append_unknown)
        alike = (rule.rule, tuple(rule._trace), append_unknown)
        if alike not in kept:
            kept[alike] = compile_(rule, append_unknown)
        return kept[alike]

    return compile_once


def _sites() -> Callable[..., Loaded]:
    """Returns what reads the files of a site, keeping those that were read last."""
    load = loading._load

    @lru_cache(maxsize=MOST_SITES)
    def read(files: frozenset[tuple[str, str | bytes]]) -> Loaded:
        return load(dict(files), [])

    def load_once(files: Mapping[str, str | bytes], problems: list[Problem]) -> Loaded:
        if problems:
            return load(files, problems)
        loaded = read(frozenset(files.items()))
        return replace(loaded, files={path: loaded.files[path] for path in files})

    return load_once
