"""Is the process alive (/healthz), can it work (/readyz)?"""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from widget import queue
from widget.db import db

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify({"ok": True})


@bp.get("/readyz")
def readyz() -> Response:
    """The database answers (else 503). Redis may be away: work waits, nothing is lost."""
    try:
        db.session.execute(text("SELECT 1"))
        database = True
    except SQLAlchemyError:
        db.session.rollback()
        database = False
    response = jsonify({"database": database, "redis": queue.is_up()})
    response.status_code = 200 if database else 503
    return response
