"""Faults, in words: one place that turns exceptions into answers."""

import logging
from typing import cast

from flask import Flask, Response
from flask_wtf.csrf import CSRFError
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException

from widget.comments.editing import Gone, NotYours, TooLate
from widget.comments.submission import Duplicate, ParentGone, Refusal, Reused, ThreadClosed
from widget.db import db
from widget.language import N_
from widget.language import gettext as _
from widget.moderation.moves import IllegalMove
from widget.publishing.replies import BadCursor
from widget.web import limits
from widget.web.answers import notice

log = logging.getLogger(__name__)

_WORDS = {
    400: N_("This request could not be understood."),
    403: N_("This is not allowed."),
    404: N_("There is nothing at this address."),
    405: N_("This address cannot be used in that way."),
    413: N_("This is too long. A comment can have 65,525 bytes."),
    415: N_("Please send this as a form."),
    429: N_("You are posting too quickly. Please wait a moment and send it again."),
    500: N_("Something went wrong on our side. Nothing you typed was changed; please try again."),
}
_RETRY_SECONDS = 10
# How a refused comment, or change of it, is answered, and beside which field the words stand.
REFUSED: dict[type[Refusal], tuple[int, str]] = {
    ThreadClosed: (403, ""),
    Duplicate: (409, "body"),
    ParentGone: (422, "parent"),
    Reused: (409, "body"),
    NotYours: (404, ""),
    TooLate: (403, ""),
    Gone: (409, ""),
}


def init_app(app: Flask) -> None:
    """Answer every fault in words."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(IllegalMove, _illegal_move)
    app.register_error_handler(BadCursor, _bad_cursor)
    for away in (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        app.register_error_handler(away, _database_away)


def _http_error(error: HTTPException) -> Response:
    if error.response is not None and error.code is not None and error.code < 400:  # noqa: PLR2004
        return cast("Response", Response.force_type(error.get_response()))
    code = error.code or 500
    own_words = error.description if error.description != type(error).description else None
    if code == 429:  # noqa: PLR2004 (the limiter's own words are a formula: "20 per 1 minute")
        own_words = None
    response = notice(code, own_words or (_(_WORDS[code]) if code in _WORDS else error.name))
    if code in {429, 503}:
        retry_after = limits.retry_after() if code == 429 else None  # noqa: PLR2004
        response.headers["Retry-After"] = str(retry_after or _RETRY_SECONDS)
    if code == 405:  # noqa: PLR2004
        response.headers.extend([(k, v) for k, v in error.get_headers() if k.lower() == "allow"])
    return response


def _form_too_old(_error: CSRFError) -> Response:
    return notice(400, "This form is too old. Please go back, reload the page and try again.")


def _refusal(error: Refusal) -> Response:
    db.session.rollback()
    status, field = REFUSED[type(error)]
    return notice(status, str(error), field=field)


def _illegal_move(error: IllegalMove) -> Response:
    db.session.rollback()
    return notice(409, str(error))


def _bad_cursor(_error: BadCursor) -> Response:
    return notice(
        400, _("This page of the comments does not exist. Please start from the first one.")
    )


def _database_away(error: exc.SQLAlchemyError) -> Response:
    db.session.rollback()
    log.error("the database is away: %s", type(getattr(error, "orig", error)).__name__)
    response = notice(
        503, _("Comments cannot be stored for the moment. Please send it again soon.")
    )
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response
