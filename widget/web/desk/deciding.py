"""Deciding: one move on one comment, unless someone else was quicker; and taking it back."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import jobs, sanitize
from widget.db import db
from widget.models import Batch, Comment, Decision, Move, Role, Status, Via
from widget.moderation import batches, canned, moves, queue, steps
from widget.web.accounts import signed_in
from widget.web.desk import batches as many
from widget.web.desk import gate, live, words
from widget.web.desk.answers import told, view_behind, wants_json
from widget.web.desk.back import back, too_old
from widget.web.desk.unseen import Unseen, refuse_unseen
from widget.web.forms import MoveForm, PlainForm

bp = Blueprint("deciding", __name__)
bp.register_error_handler(CSRFError, too_old)

_NOTHING = "There is nothing to take back."


@bp.post("/comments/<int:comment_id>/move")
@auth_required("session")
def move(comment_id: int) -> Response:
    """Take a decision, unless someone else has taken one since the page was made."""
    form = MoveForm()
    if not form.validate():
        abort(400)
    comment = gate.comment(comment_id)
    by = moves.By(via=Via.desk, moderator=signed_in(), reason=_reason())
    expected = Status(form.expected.data) if form.expected.data else None
    try:
        refuse_unseen(comment)
        decision = moves.move(comment, Move(str(form.move.data)), by, expected=expected)
    except moves.IllegalMove as error:
        return _not_done(comment_id, error)
    db.session.commit()
    jobs.ring()
    said, undo_at = words.told(comment), url_for("deciding.undo", decision_id=decision.id)
    if wants_json():
        return told(said, undo=undo_at)
    flash(said, "undo:" + undo_at)
    return back()


@bp.post("/decisions/<int:decision_id>/undo")
@auth_required("session")
def undo(decision_id: int) -> Response:
    """Take back a decision."""
    if not PlainForm().validate():
        abort(400)
    decision = queue.decision(gate.sites(), decision_id) or abort(404)
    gate.site_of(decision.site_id)
    return _take_back(decision)


@bp.post("/undo")
@auth_required("session")
def undo_latest() -> Response:
    """Take back my latest step that still stands, a decision or a whole batch."""
    if not PlainForm().validate():
        abort(400)
    step = _latest()
    if step is None:
        return _refused(_NOTHING, gone=False)
    return _take_back_batch(step) if isinstance(step, Batch) else _take_back(step)


def _take_back(decision: Decision) -> Response:
    comment_id = decision.comment_id
    try:
        undone = moves.undo(decision, moves.By(via=Via.desk, moderator=signed_in()))
    except moves.IllegalMove as error:
        return _not_done(comment_id, error)
    db.session.commit()
    jobs.ring()
    comment = undone.comment
    said = f"Undone: {words.told(comment)}"
    if wants_json():
        more = _latest() is not None
        return told(said, comment=comment.id, card=_card(comment), more=more)
    flash(said, "done")
    return back(card=f"comment-{comment.id}")


def _take_back_batch(batch: Batch) -> Response:
    """All of it is one step: a small one at once, a large one by a worker."""
    try:
        undoing = batches.undo(batch, signed_in())
    except moves.IllegalMove as error:
        db.session.rollback()
        return _refused(str(error), gone=False)
    many.work(undoing)
    return many.answer([undoing], more=_latest() is not None)


def _latest() -> Batch | Decision | None:
    """My latest step that can be taken back."""
    return steps.latest(gate.sites(Role.moderator), signed_in())


def _not_done(comment_id: int, error: moves.IllegalMove) -> Response:
    """Nothing was changed; in the card's place it says why."""
    db.session.rollback()
    comment = db.session.get(Comment, comment_id)
    if comment is None:
        return _refused(str(moves.Gone()), gone=True)
    said = str(error)
    if isinstance(error, moves.Overtaken):
        said = words.overtaken(comment, queue.last_decisions([comment]).get(comment.id))
    if isinstance(error, Unseen):
        return _refused(said, gone=False, card=_card(comment))
    return _refused(said, gone=not live.belongs(comment, view_behind()))


def _refused(said: str, *, gone: bool, **more: Any) -> Response:
    if wants_json():
        return told(said, HTTPStatus.CONFLICT, gone=gone, **more)
    flash(said, "error")
    return back()


def _card(comment: Comment) -> str:
    """Its place in the list that the button stood in; nothing where it does not belong there."""
    return live.card(comment, view_behind(), request.form.get("back", ""))


def _reason() -> str:
    """Why, in the moderator's words, where they gave any."""
    try:
        return canned.as_reason(request.form.get("reason", ""))
    except sanitize.Unacceptable:
        abort(400)
