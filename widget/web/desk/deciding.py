"""Deciding: one move on one comment, unless someone else was quicker; and taking it back."""

from flask import Blueprint, abort, flash, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import jobs
from widget.db import db
from widget.models import Comment, Move, Status, Via
from widget.moderation import moves, queue
from widget.web.accounts import signed_in
from widget.web.desk import words
from widget.web.desk.back import back, too_old
from widget.web.desk.unseen import refuse_unseen
from widget.web.forms import MoveForm, PlainForm

bp = Blueprint("deciding", __name__)
bp.register_error_handler(CSRFError, too_old)


@bp.post("/comments/<int:comment_id>/move")
@auth_required("session")
def move(comment_id: int) -> Response:
    """Take a decision, unless someone else has taken one since the page was made."""
    moderator = signed_in()
    form = MoveForm()
    if not form.validate():
        abort(400)
    comment = queue.find(queue.sites_of(moderator, deciding=True), comment_id)
    if comment is None:
        abort(404)
    by = moves.By(via=Via.desk, moderator=moderator)
    expected = Status(form.expected.data) if form.expected.data else None
    try:
        refuse_unseen(comment)
        decision = moves.move(comment, Move(str(form.move.data)), by, expected=expected)
    except moves.IllegalMove as error:
        return _not_done(comment, error)
    db.session.commit()
    jobs.ring()
    flash(words.told(comment), "undo:" + url_for("deciding.undo", decision_id=decision.id))
    return back()


@bp.post("/decisions/<int:decision_id>/undo")
@auth_required("session")
def undo(decision_id: int) -> Response:
    """Take back a decision."""
    if not PlainForm().validate():
        abort(400)
    moderator = signed_in()
    decision = queue.decision(queue.sites_of(moderator, deciding=True), decision_id)
    if decision is None:
        abort(404)
    comment = decision.comment
    try:
        moves.undo(decision, moves.By(via=Via.desk, moderator=moderator))
    except moves.IllegalMove as error:
        return _not_done(comment, error)
    db.session.commit()
    jobs.ring()
    flash(f"Undone: {words.told(comment)}", "done")
    return back(card=f"comment-{comment.id}")


def _not_done(comment: Comment, error: moves.IllegalMove) -> Response:
    db.session.rollback()
    if isinstance(error, moves.Overtaken):
        latest = queue.last_decisions([comment]).get(comment.id)
        flash(words.overtaken(comment, latest), "error")
    else:
        flash(str(error), "error")
    return back()
