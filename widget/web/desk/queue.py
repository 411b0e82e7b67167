"""The queue: views by status, one button per decision, undo."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from werkzeug.wrappers import Response

from widget.db import db
from widget.models import Comment, Move, Status, Via
from widget.moderation import moves, queue
from widget.web.accounts import signed_in
from widget.web.forms import MoveForm, PlainForm

bp = Blueprint("desk", __name__)

# The buttons of a card, by the status of its comment, most wanted first.
BUTTONS: dict[Status, tuple[Move, ...]] = {
    Status.pending: (Move.approve, Move.spam, Move.trash),
    Status.approved: (Move.unapprove, Move.spam, Move.trash),
    Status.spam: (Move.restore, Move.approve, Move.trash),
    Status.trash: (Move.restore, Move.spam),
    Status.rejected: (Move.restore, Move.trash),
}
VIEWS = (Status.pending, Status.approved, Status.spam, Status.trash)
_DONE = {
    Status.approved: "approved",
    Status.pending: "put back to pending",
    Status.spam: "marked as spam",
    Status.trash: "moved to the trash",
    Status.rejected: "rejected",
}


@bp.get("/")
@auth_required("session")
def home() -> Response:
    """The desk opens with what waits."""
    return redirect(url_for("desk.view", status=Status.pending.value))


@bp.get("/<status>/")
@auth_required("session")
def view(status: str) -> str:
    """One view of the queue."""
    if status not in {shown.value for shown in VIEWS}:
        abort(404)
    shown = Status(status)
    moderator = signed_in()
    sites = queue.sites_of(moderator)
    listing = queue.listing(sites, shown, request.args.get("after", type=int))
    return render_template(
        "desk/queue.html",
        moderator=moderator,
        sites=sites,
        status=shown,
        views=VIEWS,
        counts=queue.counts(sites),
        listing=listing,
        decisions=queue.last_decisions(listing.comments),
        buttons=BUTTONS[shown],
        deciding={site.id for site in queue.sites_of(moderator, deciding=True)},
        form=MoveForm(),
    )


@bp.post("/comments/<int:comment_id>/move")
@auth_required("session")
def decide(comment_id: int) -> Response:
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
        decision = moves.move(comment, Move(form.move.data), by, expected=expected)
    except moves.IllegalMove as error:
        db.session.rollback()
        flash(str(error), "error")
        return _back()
    db.session.commit()
    flash(_told(comment), f"undo:{decision.id}")
    return _back()


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
    try:
        moves.undo(decision, moves.By(via=Via.desk, moderator=moderator))
    except moves.IllegalMove as error:
        db.session.rollback()
        flash(str(error), "error")
        return _back()
    db.session.commit()
    flash(f"Undone: {_told(decision.comment)}", "done")
    return _back()


def _told(comment: Comment) -> str:
    return f"{comment.author}’s comment was {_DONE[comment.status]}."


def _back() -> Response:
    """To the view the button stood in; never to another website."""
    parts = urlsplit(request.form.get("back", ""))
    if parts.scheme or parts.netloc or not parts.path.startswith("/desk/"):
        return redirect(url_for("desk.home"), code=303)
    return redirect(parts.geturl(), code=303)
