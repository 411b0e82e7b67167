"""How often one network address may post, counted in Redis, or in memory while Redis is away."""

import time

from flask import Flask
from flask_limiter import Limiter

from widget import config
from widget.web import origin

limiter = Limiter(key_func=origin.connection)


def init_app(app: Flask) -> None:
    """Fail open: a dead Redis must not stop anyone from writing."""
    app.config.update(
        # Only says of which kind: it has no word for a Redis on a socket in the file system.
        RATELIMIT_STORAGE_URI="redis://",
        # The app's own connections, because they give up soon where Redis hangs.
        RATELIMIT_STORAGE_OPTIONS={"connection_pool": app.extensions["redis"].connection_pool},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        # What is given back once it was answered: a Redis that went away meanwhile is in the log.
        RATELIMIT_SWALLOW_ERRORS=True,
        RATELIMIT_KEY_PREFIX="widget",
    )
    limiter.init_app(app)
    # The limiter outlives an app, and would believe the next one's Redis away where this one's was.
    limiter._storage_dead = False  # noqa: SLF001 (Flask-Limiter has no word for it)


def posting() -> str:
    """The limit on posts."""
    return config.current().post_limit


def voting() -> str:
    """The limit on votes."""
    return config.current().vote_limit


def reporting() -> str:
    """The limit on reports."""
    return config.current().report_limit


def retry_after() -> int | None:
    """In how many seconds the limit that was just reached is open again."""
    reached = limiter.current_limit
    return max(1, reached.reset_at - int(time.time())) if reached else None
