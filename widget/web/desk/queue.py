"""The queue: views by status, one button per decision, undo."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required, current_user, url_for_security
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import jobs
from widget.comments import editing
from widget.db import db
from widget.models import Badge, Comment, Move, Site, Status, Via
from widget.moderation import moves, queue, reports
from widget.web.accounts import signed_in
from widget.web.desk import words
from widget.web.desk.unseen import refuse_unseen
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
# Public comments that readers reported are a view of their own.
REPORTED = "reported"
VIEWS = (Status.pending, REPORTED, Status.approved, Status.spam, Status.trash)
_CARD = re.compile(r"comment-\d{1,18}")


@bp.get("/")
@auth_required("session")
def home() -> Response:
    """The desk opens with what waits."""
    return redirect(url_for("desk.view", status=Status.pending.value))


@bp.get(f"/<any({', '.join(VIEWS)}):status>/")
@auth_required("session")
def view(status: str) -> str:
    """One view of the queue; `?site=KEY` shows one site alone, `?after=ID` the next page."""
    shown = Status.approved if status == REPORTED else Status(status)
    moderator = signed_in()
    sites = queue.sites_of(moderator)
    chosen = _chosen(sites)
    after = request.args.get("after", type=int)
    looked_at = [chosen] if chosen else sites
    if status == REPORTED:
        listing = queue.reported(looked_at, after)
    else:
        listing = queue.listing(looked_at, shown, after)
    return render_template(
        "desk/queue.html",
        sites=sites,
        chosen=chosen,
        view=status,
        status=shown,
        views=VIEWS,
        counts={**queue.counts(looked_at), REPORTED: queue.count_reported(looked_at)},
        reports=reports.open_reports(listing.comments),
        counted=queue.COUNTED,
        listing=listing,
        after=after,
        decisions=queue.last_decisions(listing.comments),
        revisions=editing.revisions(listing.comments),
        buttons=BUTTONS[shown],
        badges=Badge,
        deciding={site.id for site in queue.sites_of(moderator, deciding=True)},
    )


def _chosen(sites: list[Site]) -> Site | None:
    key = request.args.get("site")
    if not key:
        return None
    chosen = next((site for site in sites if site.key == key), None)
    return chosen or abort(404)


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
        refuse_unseen(comment)
        decision = moves.move(comment, Move(str(form.move.data)), by, expected=expected)
    except moves.IllegalMove as error:
        return _not_done(comment, error)
    db.session.commit()
    jobs.ring()
    flash(words.told(comment), f"undo:{decision.id}")
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


@bp.errorhandler(CSRFError)
def too_old(_error: CSRFError) -> Response:
    """A button of a page from an earlier session: ask again, in a fresh page or after sign-in."""
    if current_user.is_authenticated:
        flash("That page was too old to act on. Nothing was changed; please try again.", "error")
        return back()
    flash("You were signed out in the meantime. Nothing was changed.", "error")
    return redirect(url_for_security("login", next=back().location), code=303)


def back(card: str = "") -> Response:
    """To the view that the button stood in.

    What the form says is never followed, only read: the address is put together anew, so that it
    cannot lead anywhere else.
    """
    try:
        parts = urlsplit(request.form.get("back", ""))
        asked = parse_qs(parts.query, max_num_fields=8)
    except ValueError:
        return redirect(url_for("desk.home"), code=303)
    status = parts.path.rstrip("/").rpartition("/")[2]
    if status not in VIEWS:
        return redirect(url_for("desk.home"), code=303)
    known: dict[str, Any] = {name: asked[name][0] for name in ("site", "after") if name in asked}
    anchor = card or (parts.fragment if _CARD.fullmatch(parts.fragment) else None)
    return redirect(url_for("desk.view", status=status, **known, _anchor=anchor), code=303)
