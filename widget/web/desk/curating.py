"""What moderators do beside deciding: pins, badges, settled reports, and a thread's own rules."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import sanitize
from widget.db import db, reading
from widget.models import Badge, Comment, Hold, Role, Thread
from widget.moderation import curation, log, moves, queue, simulation, threads
from widget.publishing import closing
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import back, too_old
from widget.web.desk.rules import ENDS, EXAMPLES
from widget.web.forms import PlainForm

bp = Blueprint("curating", __name__)
bp.register_error_handler(CSRFError, too_old)

# Whom a thread or a site holds, in words.
HOLDS = {
    Hold.all.value: "everyone",
    Hold.first.value: "whoever writes for the first time",
    Hold.none.value: "nobody, unless something looks like spam",
}


@bp.post("/comments/<int:comment_id>/pin")
@auth_required("session")
def pin(comment_id: int) -> Response:
    """Pin or unpin a comment."""
    comment = _comment(comment_id)
    wanted = bool(request.form.get("pinned"))
    try:
        (curation.pin if wanted else curation.unpin)(comment)
    except (curation.CannotBePinned, moves.Gone) as error:
        db.session.rollback()
        flash(str(error), "error")
        return back(card=f"comment-{comment_id}")
    _write(comment, "comment pinned" if wanted else "comment unpinned")
    db.session.commit()
    flash("Pinned: it stands first." if wanted else "Unpinned: it is in its usual place.", "done")
    return back(card=f"comment-{comment_id}")


@bp.post("/comments/<int:comment_id>/badge")
@auth_required("session")
def badge(comment_id: int) -> Response:
    """Say what a commenter is."""
    comment = _comment(comment_id)
    given = request.form.get("badge", "")
    if given not in {"", *Badge}:
        abort(400)
    before = comment.badge
    curation.give_badge(comment, Badge(given) if given else None)
    _write(comment, "badge given", before={"badge": before or ""}, after={"badge": given})
    db.session.commit()
    flash("The badge is set." if given else "The badge is gone.", "done")
    return back(card=f"comment-{comment_id}")


@bp.post("/comments/<int:comment_id>/keep")
@auth_required("session")
def keep(comment_id: int) -> Response:
    """Leave a reported comment where it is: its reports are settled."""
    comment = _comment(comment_id)
    moves.settle_reports(comment)
    _write(comment, "reports settled")
    db.session.commit()
    flash("The comment stays; its reports are settled.", "done")
    return back()


@bp.get("/threads/<int:thread_id>")
@auth_required("session")
def thread(thread_id: int) -> str:
    """One thread: is it open, what are its rules?"""
    found = _thread(thread_id)
    return _page(found, notice=found.notice, hold=found.hold or "")


@bp.post("/threads/<int:thread_id>/simulate")
@auth_required("session")
def simulate(thread_id: int) -> str:
    """Show what another choice of who waits would change; nothing is saved."""
    with reading():  # nobody waits for this one to end
        db.session.rollback()
        found = _thread(thread_id)
        _refuse_strange_form()
        hold = _chosen_hold()
        result = simulation.simulate_thread(found, Hold(hold) if hold else None)
        return _page(found, notice=request.form.get("notice", ""), hold=hold, result=result)


@bp.post("/threads/<int:thread_id>")
@auth_required("session")
def settle(thread_id: int) -> Response | str:
    """Give a thread its own rules."""
    found = _thread(thread_id)
    _refuse_strange_form()
    hold = _chosen_hold()
    typed = request.form.get("notice", "")
    try:
        notice = sanitize.plain(" ".join(typed.split()))
    except sanitize.Unacceptable as error:
        return _page(found, notice=typed, hold=hold, fault=str(error))
    if len(notice) > curation.MAX_NOTICE:
        fault = f"This can have {curation.MAX_NOTICE:,} characters; it has {len(notice):,}."
        return _page(found, notice=typed, hold=hold, fault=fault)
    before = {"notice": found.notice, "hold": found.hold or ""}
    curation.settle(found, notice=notice, hold=Hold(hold) if hold else None)
    _write(found, "thread changed", before=before, after={"notice": notice, "hold": hold})
    db.session.commit()
    flash("The rules of this thread are saved.", "done")
    return redirect(url_for("curating.thread", thread_id=thread_id), code=303)


@bp.post("/threads/<int:thread_id>/close")
@auth_required("session")
def close(thread_id: int) -> Response:
    """Close or reopen a thread."""
    found = _thread(thread_id)
    _refuse_strange_form()
    wanted = bool(request.form.get("closed"))
    (curation.close if wanted else curation.reopen)(found)
    after = {"stays_open": "yes"} if found.stays_open else None
    _write(found, "thread closed" if wanted else "thread reopened", after=after)
    db.session.commit()
    flash("The thread is closed." if wanted else "The thread is open again.", "done")
    return redirect(url_for("curating.thread", thread_id=thread_id), code=303)


def _comment(comment_id: int) -> Comment:
    """A comment on which the moderator decides. Aborts as the gate does."""
    _refuse_strange_form()
    return gate.comment(comment_id)


def _thread(thread_id: int) -> Thread:
    thread = queue.thread(gate.sites(), thread_id) or abort(404)
    gate.site_of(thread.site_id)
    return thread


def _write(
    of: Comment | Thread,
    action: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Note in the log what was done; names no reader."""
    subject = f"comment {of.id}" if isinstance(of, Comment) else of.title or of.page
    log.write(of.site_id, signed_in(), action, subject, before=before, after=after)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)


def _chosen_hold() -> str:
    hold = request.form.get("hold", "")
    return hold if hold in {"", *Hold} else abort(400)


def _page(
    found: Thread,
    *,
    notice: str,
    hold: str,
    fault: str = "",
    result: simulation.Result | None = None,
) -> str:
    return render_template(
        "desk/thread.html",
        thread=found,
        site=found.site,
        notice=notice,
        hold=hold,
        fault=fault,
        result=result,
        examples=result.changes[:EXAMPLES] if result else [],
        ends=ENDS,
        holds=HOLDS,
        closed=closing.why_closed(found.site, found),
        ends_at=closing.ends_at(found.site, found),
        max_notice=curation.MAX_NOTICE,
        may_move=gate.may(found.site_id, Role.admin),
        signposts=threads.signposts(found.site, found),
    )
