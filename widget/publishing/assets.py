"""The scripts and their style as they go out: minified and compressed, once for each version."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import brotli
from flask import current_app
from rcssmin import cssmin
from rjsmin import jsmin

_STATIC = Path(__file__).parents[2] / "static"
NAMES = sorted(file.name for file in _STATIC.glob("embed*.*"))


@dataclass(frozen=True)
class Asset:
    """A file as it is served, by content coding."""

    bodies: dict[str, bytes]
    digest: bytes

    @property
    def version(self) -> str:
        """What `?v=` says for exactly these bytes."""
        return self.digest.hex()[:16]

    @property
    def integrity(self) -> str:
        """For the attribute of that name."""
        return f"sha384-{base64.b64encode(self.digest).decode()}"


def read(name: str) -> Asset | None:
    """One of our files as it is now."""
    path = Path(cast("str", current_app.static_folder), name)
    try:
        changed_at = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _packed(path, changed_at)


@lru_cache(maxsize=2 * len(NAMES))
def _packed(path: Path, _changed_at: int) -> Asset:
    """Made once, and anew when the file has changed."""
    minified = (jsmin if path.suffix == ".js" else cssmin)(path.read_text(encoding="utf-8"))
    plain = minified.encode()
    return Asset(
        bodies={
            "": plain,
            "gzip": gzip.compress(plain, 9, mtime=0),
            "br": brotli.compress(plain, mode=brotli.MODE_TEXT, quality=11),
        },
        digest=hashlib.sha384(plain).digest(),
    )
