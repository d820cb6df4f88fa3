"""What every test would compile anew is compiled once in a process: builders of addresses, templates, statements.

Nearly every test makes an app and a database of its own. Without this a quarter of the whole run is spent on the same 190
addresses, and an eighth on the same statements.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from portal.core import db
from portal.web.lean import LeanFlask


class _InMemory(BytecodeCache):
    def __init__(self) -> None:
        self.codes: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja compares the checksum of the source itself."""
        if bucket.key in self.codes:
            bucket.bytecode_from_string(self.codes[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.codes[bucket.key] = bucket.bytecode_to_string()


def begin() -> None:
    """From here on; for all apps and databases of this process."""
    LeanFlask.jinja_options = {**LeanFlask.jinja_options, "bytecode_cache": _InMemory()}
    _addresses()
    _statements()


def _addresses() -> None:
    compiled: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        """What a rule is compiled from: its pieces and its defaults. It is handed the rule itself when it is called."""
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = once  # type: ignore[method-assign]


def _statements() -> None:
    """A statement belongs to its dialect, and those of two engines of a kind are alike: both make them the same way."""
    # Caches are keyed by the dialect, the engine's and each mapper's own. mypy: a method is put in another's place on purpose,
    # and this __eq__ takes dialects only, where object's takes anything.
    DefaultDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign,assignment]
    DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
    compiled: LRUCache[Any, Any] = LRUCache(2000)
    make_engine = db.make_engine

    def share(url: str, pool_size: int = 16) -> Engine:
        engine = make_engine(url, pool_size)
        engine._compiled_cache = compiled
        return engine

    db.make_engine = share
