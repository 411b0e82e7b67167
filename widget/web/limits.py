"""How often one network address may post, counted in Redis, or in memory while Redis is away."""

from flask import Flask
from flask_limiter import Limiter

from widget import config
from widget.config import Settings
from widget.web import origin

limiter = Limiter(key_func=origin.network_key, headers_enabled=True)


def init_app(app: Flask, settings: Settings) -> None:
    """Fail open: a dead Redis must not stop anyone from writing."""
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.redis_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_KEY_PREFIX="widget",
    )
    limiter.init_app(app)


def posting() -> str:
    """The limit on posts."""
    return config.current().post_limit
