"""The moderators' desk."""

from flask import Flask, Response, request
from flask_wtf import CSRFProtect

from widget.web.desk import curating, deciding, mailbox, mailed, menu, views, words

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def register(app: Flask, csrf: CSRFProtect) -> None:
    """Add the desk's pages, none of which may be framed, cached or fed foreign code."""
    for blueprint in (
        views.bp,
        deciding.bp,
        curating.bp,
        menu.bp,
        mailed.bp,
        mailbox.bp,
    ):
        app.register_blueprint(blueprint, url_prefix="/desk")
    csrf.exempt(mailed.bp)  # its signed token is the authority, not a session
    words.init_app(app)
    app.add_template_global(mailbox.is_open, "has_mailbox")
    app.add_template_global(menu.tabs, "tabs_of")
    app.jinja_env.globals["endpoints"] = app.view_functions
    app.after_request(_harden)


def _harden(response: Response) -> Response:
    if request.path.startswith("/desk"):
        response.headers["Content-Security-Policy"] = _CSP
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
    return response
