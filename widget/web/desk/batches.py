"""Many at once: one move for a selection or a whole cluster; how far it is; taking it back."""

from datetime import datetime
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.wrappers import Response

from widget import jobs, sanitize
from widget.db import db, now
from widget.models import Batch, Comment, Decision, Move, Role, Site, Status
from widget.models.batch import Together
from widget.moderation import batches, canned, clusters, moves, steps
from widget.privacy import purging
from widget.publishing.stamps import moment
from widget.queue import enqueue
from widget.web.accounts import signed_in
from widget.web.desk import batch_words, gate
from widget.web.desk.answers import told, wants_json
from widget.web.desk.back import back, too_old
from widget.web.forms import PlainForm

bp = Blueprint("batches", __name__)
bp.register_error_handler(CSRFError, too_old)

_MAX_PATTERN = 255
_REFRESH = 2
_SHOWN = 20


@bp.post("/batches")
@auth_required("session")
def begin() -> Response:
    """Do one thing with what was ticked (`ids`), or with all that have `together` a `pattern`.

    Each site has a batch of its own. A small one is done in this request.
    """
    _refuse_strange_form()
    begun = _of_cluster() if "together" in request.form else _of_selection()
    for batch in begun:
        work(batch)
    if not begun:
        return _nothing("Nothing was selected, so nothing was changed.")
    return answer(begun)


@bp.get("/batches/<int:batch_id>")
@auth_required("session")
def page(batch_id: int) -> Response:
    """How far it is: a page that comes again by itself until all is done, or JSON."""
    batch = batches.find(gate.sites(), batch_id) or abort(404)
    if wants_json():
        return jsonify(_facts(batch))
    shown = make_response(
        render_template(
            "desk/batch.html",
            batch=batch,
            facts=_facts(batch),
            why=batch_words.why(batch),
            moved=_some_moved(batch),
            may_undo=gate.may(batch.site_id, Role.moderator)
            and (batch.finished_at is None or steps.is_left(batch)),
            back=request.args.get("back", ""),
        )
    )
    if batch.finished_at is None:
        shown.headers["Refresh"] = str(_REFRESH)
    return shown


@bp.post("/batches/<int:batch_id>/undo")
@auth_required("session")
def undo(batch_id: int) -> Response:
    """Take back a whole batch as one step, but for what was decided anew since."""
    _refuse_strange_form()
    batch = batches.find(gate.sites(), batch_id) or abort(404)
    gate.site_of(batch.site_id)
    try:
        undoing = batches.undo(batch, signed_in())
    except moves.IllegalMove as error:
        db.session.rollback()
        return _nothing(str(error))
    work(undoing)
    return answer([undoing])


@bp.post("/<any(spam, trash):status>/empty")
@auth_required("session")
def empty(status: str) -> Response:
    """Remove for good what was on the screen, or `ticked` (`ids`), no more; asks first."""
    _refuse_strange_form()
    lies_in, chosen = Status(status), _chosen()
    if not request.form.get("sure"):
        there = select(Comment.id).where(
            Comment.id.in_([each for ids in chosen.values() for each in ids]),
            Comment.status == lies_in,
        )
        left = list(db.session.scalars(there))
        return make_response(
            render_template(
                "desk/empty.html",
                status=status,
                ids=left,
                ticked="ticked" in request.form,
                back=request.form.get("back", ""),
            )
        )
    number = sum(purging.empty(site, lies_in, ids, signed_in()) for site, ids in chosen.items())
    db.session.commit()
    said = batch_words.purged(number)
    if wants_json():
        return told(said)
    flash(said, "done")
    return back()


def answer(begun: list[Batch], **more: Any) -> Response:
    """What became of batches so far: JSON for the script, or back to where the button stood."""
    if wants_json():
        facts = [_facts(batch) for batch in begun]
        others = {"others": facts[1:]} if len(facts) > 1 else {}
        return jsonify({**facts[0], **others, **more})
    for batch in begun:
        flash(batch_words.told(batch), _category(batch))
    return back()


def work(batch: Batch) -> None:
    """Do all of a small batch, and commit; a worker does a large one."""
    if batch.total <= batches.AT_ONCE:
        batches.step(batch)
    db.session.commit()
    jobs.ring()
    if batch.finished_at is None:
        enqueue(jobs.move_batch, batch.id)


def _of_selection() -> list[Batch]:
    return [
        batches.begin(site, signed_in(), _move(), together=Together.selection, ids=ids, **_seen())
        for site, ids in _chosen().items()
    ]


def _chosen() -> dict[Site, list[int]]:
    """What was ticked, or on the screen, by its site. Aborts with 403 where I only look at one."""
    seen = gate.sites()
    rows = db.session.execute(
        select(Comment.site_id, Comment.id)
        .where(Comment.site_id.in_([site.id for site in seen]), Comment.id.in_(_ids()))
        .order_by(Comment.id)
    )
    found: dict[int, list[int]] = {}
    for site_id, comment_id in rows:
        found.setdefault(site_id, []).append(comment_id)
    return {gate.site_of(site_id): ids for site_id, ids in found.items()}


def _of_cluster() -> list[Batch]:
    """One of the site that the form names; else one of each site where there is such a cluster."""
    key = request.form.get("site")
    sites = [gate.site(key, Role.moderator)] if key else gate.sites(Role.moderator)
    pattern = request.form.get("pattern", "")[:_MAX_PATTERN]
    try:
        together = Together(request.form.get("together", ""))
    except ValueError:
        abort(400)
    if not clusters.is_sound(together, pattern):
        abort(400)
    if together in {Together.email, Together.domain} and not pattern.startswith("#"):
        # Elsewhere nobody learns by trying whose comment it is.
        sites = [site for site in sites if site.id in gate.sees_emails()]
    seen = _seen()
    expected = seen["expected"]
    statuses = [expected] if expected else list(moves.MOVES[_move()][0])
    return [
        batches.begin(site, signed_in(), _move(), together=together, pattern=pattern, **seen)
        for site in sites
        if clusters.count(site.id, together, pattern, statuses=statuses, at_most=1)
    ]


def _move() -> Move:
    try:
        move = Move(request.form.get("move", ""))
    except ValueError:
        abort(400)
    return move if move in moves.MODERATORS_MOVES else abort(400)


def _seen() -> dict[str, Any]:
    """What the moderator saw and when, and why they decide so."""
    status = request.form.get("expected", "")
    stamped = request.form.get("looked_at", "")
    if status not in {"", *Status} or not (
        (stamped.isascii() and stamped.isdigit()) or not stamped
    ):
        abort(400)
    try:
        reason = canned.as_reason(request.form.get("reason", ""))
    except sanitize.Unacceptable as error:
        abort(400, str(error))
    return {
        "expected": Status(status) if status else None,
        "looked_at": _looked_at(int(stamped)) if stamped else None,
        "reason": reason,
    }


def _looked_at(stamped: int) -> datetime:
    return min(moment(stamped), now())


def _ids() -> list[int]:
    """The comments that were ticked, or on the screen."""
    typed = request.form.getlist("ids")
    if len(typed) > batches.MAX_IDS or not all(each.isascii() and each.isdigit() for each in typed):
        abort(400)
    return sorted({int(each) for each in typed if len(each) < 19})  # noqa: PLR2004 (as a key holds)


def _facts(batch: Batch) -> dict[str, Any]:
    return {
        "batch": url_for("batches.page", batch_id=batch.id),
        "total": batch.total,
        "moved": batch.moved,
        "skipped": batch.skipped,
        "finished": batch.finished_at is not None,
        "told": batch_words.told(batch),
        "undo": url_for("batches.undo", batch_id=batch.id),
    }


def _category(batch: Batch) -> str:
    """Of its line on the next page: with a button that takes it back, where there is anything."""
    if batch.moved or batch.finished_at is None:
        return "undo:" + url_for("batches.undo", batch_id=batch.id)
    return "error"


def _some_moved(batch: Batch) -> list[Decision]:
    return list(
        db.session.scalars(
            select(Decision)
            .where(Decision.site_id == batch.site_id, Decision.batch_id == batch.id)
            .order_by(Decision.id.desc())
            .limit(_SHOWN)
        )
    )


def _nothing(said: str) -> Response:
    if wants_json():
        return told(said, 409)
    flash(said, "error")
    return back()


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)
