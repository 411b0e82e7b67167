"""Is the process alive (/healthz), can it work (/readyz)?"""

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from widget import queue
from widget.db import db
from widget.moderation import screening

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify({"ok": True})


@bp.get("/readyz")
def readyz() -> Response:
    """The database answers (else 503). Redis may be away: work waits, nothing is lost.

    `queue_age` says for how many seconds the oldest comment has waited to be screened.
    """
    age: float | None = None
    try:
        age = screening.longest_wait().total_seconds()
        database = True
    except SQLAlchemyError:
        db.session.rollback()
        database = False
    response = jsonify({"database": database, "redis": queue.is_up(), "queue_age": age})
    response.status_code = 200 if database else 503
    response.headers["Cache-Control"] = "no-store"
    return response
