"""create_app(): config, database, queue, mail, accounts, blueprints, command line."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from widget import config, db, language, queue
from widget.publishing import fragments, templates
from widget.web import (
    accounts,
    assets,
    dates,
    desk,
    edge,
    embed,
    errors,
    feeds,
    health,
    limits,
    opinions,
    own,
    posting,
    reader,
    standalone,
    transparency,
    work,
)

_STATIC = Path(__file__).parents[1] / "static"
# A body of 65,525 bytes, each percent-encoded, and the other fields.
_MAX_REQUEST = 512 * 1024
_FOR_READERS = (
    assets.bp,
    embed.bp,
    feeds.bp,
    posting.bp,
    own.bp,
    opinions.bp,
    reader.bp,
    standalone.bp,
    transparency.bp,
    work.bp,
    health.bp,
)


def create_app(**overrides: Any) -> Flask:
    """The WSGI application. `overrides` are settings that win over the environment.

    Raises config.ConfigError, with every fault at once.
    """
    settings = config.load(**overrides)
    app = Flask(__name__, static_folder=str(_STATIC), static_url_path="/static")
    app.extensions["settings"] = settings
    app.config.from_mapping(_flask_config(settings))
    db.init_app(app)
    queue.init_app(app, settings.redis_url)
    templates.init_app(app)
    fragments.init_app(app)
    csrf = CSRFProtect(app)
    limits.init_app(app)
    accounts.init_app(app, settings)
    app.before_request(lambda: language.speak(language.SOURCE))
    dates.init_app(app)
    errors.init_app(app)
    reader.init_app(app)
    for blueprint in _FOR_READERS:
        app.register_blueprint(blueprint)
        csrf.exempt(blueprint)  # no ambient authority there: see web/forms.py
    desk.register(app, csrf)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    edge.init_app(app)
    return app


def _flask_config(settings: config.Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": settings.secret_key_fallbacks,
        "SQLALCHEMY_DATABASE_URI": settings.database,
        "SQLALCHEMY_ENGINE_OPTIONS": _engine_options(settings.database),
        "MAX_CONTENT_LENGTH": _MAX_REQUEST,
        "MAX_FORM_MEMORY_SIZE": _MAX_REQUEST,
        "MAX_FORM_PARTS": 200,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.public_url.startswith("https://"),
        # Not only /desk: who is signed in decides under a thread's own page, too (web.in_place).
        "SESSION_COOKIE_PATH": "/",
        # Not “desk”, as when its path was /desk: a browser that has both would send that one first.
        "SESSION_COOKIE_NAME": "moderator",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a queue stays open all day
    }


def _engine_options(database: str) -> dict[str, Any]:
    # The log shows an error's statement, never its values: they are readers' words and addresses.
    options: dict[str, Any] = {"pool_size": 8, "hide_parameters": True}
    if not database.startswith("sqlite"):
        options |= {
            "pool_pre_ping": True,
            "connect_args": {"connect_timeout": 5, "options": "-c statement_timeout=15000"},
        }
    return options
