"""What lets a thousand apps live in one process after each other; none of it changes what they do.

Each test has an app of its own. Most of the time of all tests once went into compiling the same
templates, routes and statements again, and into a hash that is slow on purpose.
"""

import gc
from collections.abc import Callable
from types import CodeType
from typing import Any, Final

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from widget.db import db
from widget.web import accounts

# Argon2 at its least.
_QUICK = {"argon2__time_cost": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}


def begin() -> None:
    """Before the first app."""
    accounts.PASSWORDS["SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS"] = _QUICK
    _compile_routes_once()


def settle() -> None:
    """After the last import: what is there now stays, and is not looked through for garbage again.

    Nor are a few thousand new things a reason to look: an app is a hundred thousand.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def share(app: Flask) -> None:
    """Let an app use what those before it have compiled."""
    app.jinja_env.bytecode_cache = _templates
    with app.app_context():
        known = _statements.setdefault(db.engine.dialect.name, _Statements())
        db.engine.update_execution_options(compiled_cache=known)


class _Templates(BytecodeCache):
    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._known[bucket.key, bucket.checksum] = bucket.code


class _Statements(dict[Any, Any]):
    """Compiled statements of one kind of database. A key begins with the engine's own dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


_templates: Final = _Templates()
_statements: Final[dict[str, _Statements]] = {}


def _compile_routes_once() -> None:
    """A route's builder asks the rule it is called on for all that belongs to one app."""
    compile_anew = Rule._compile_builder
    known: dict[object, Callable[..., tuple[str, str]]] = {}

    def compile_once(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (self.rule, *self._trace, *(self.defaults or {}).items(), append_unknown)
        if key not in known:
            known[key] = compile_anew(self, append_unknown)
        return known[key]

    Rule._compile_builder = compile_once  # type: ignore[method-assign]
