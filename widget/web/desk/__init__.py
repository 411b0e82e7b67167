"""The moderators' desk."""

from flask import Flask, Response, abort, request
from flask_wtf import CSRFProtect

from widget.moderation import shields
from widget.web.desk import (
    account,
    authors,
    back,
    bans,
    batch_words,
    batches,
    cards,
    charts,
    curating,
    deciding,
    editing,
    filter_words,
    filters,
    invited,
    live,
    log,
    mailbox,
    mailed,
    menu,
    people,
    rules,
    spam_filter,
    telling,
    texts,
    threads,
    views,
    webhooks,
    whom,
    words,
)

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_PAGES = (
    views.bp,
    filters.bp,
    deciding.bp,
    live.bp,
    batches.bp,
    curating.bp,
    editing.bp,
    threads.bp,
    authors.bp,
    bans.bp,
    rules.bp,
    texts.bp,
    menu.bp,
    people.bp,
    invited.bp,
    account.bp,
    log.bp,
    charts.bp,
    spam_filter.bp,
    telling.bp,
    webhooks.bp,
    mailed.bp,
    mailbox.bp,
)


def register(app: Flask, csrf: CSRFProtect) -> None:
    """Add the desk's pages, none of which may be framed, cached or fed foreign code."""
    for blueprint in _PAGES:
        app.register_blueprint(blueprint, url_prefix="/desk")
    csrf.exempt(mailed.bp)  # its signed token is the authority, not a session
    words.init_app(app)
    whom.init_app(app)
    app.add_template_global(texts.reasons_of)
    batch_words.init_app(app)
    cards.init_app(app)
    app.add_template_global(mailbox.is_open, "has_mailbox")
    app.add_template_global(menu.tabs, "tabs_of")
    app.add_template_global(shields.are_up, "are_shields_up")
    app.add_template_global(filter_words.shields_words, "shields_words_of")
    app.extensions["security"].reauthn_handler(back.is_it_you)
    app.before_request(_refuse_nul)
    app.after_request(_harden)


def _refuse_nul() -> None:
    """No browser sends one, and no text in PostgreSQL can hold one."""
    if request.path.startswith("/desk") and any(
        "\0" in value for _name, value in request.values.items(multi=True)
    ):
        abort(400)


def _harden(response: Response) -> Response:
    if request.path.startswith("/desk"):
        response.headers.setdefault("Content-Security-Policy", _CSP)  # a picture may have its own
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
    return response
