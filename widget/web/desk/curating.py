"""What moderators do beside deciding: pins, badges, settled reports, and a thread's own rules."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import sanitize
from widget.db import db
from widget.models import Badge, Comment, Hold, Thread
from widget.moderation import curation, moves, queue
from widget.web.accounts import signed_in
from widget.web.desk.back import back, too_old
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
    except curation.CannotBePinned as error:
        db.session.rollback()
        flash(str(error), "error")
        return back(card=f"comment-{comment_id}")
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
    curation.give_badge(comment, Badge(given) if given else None)
    db.session.commit()
    flash("The badge is set." if given else "The badge is gone.", "done")
    return back(card=f"comment-{comment_id}")


@bp.post("/comments/<int:comment_id>/keep")
@auth_required("session")
def keep(comment_id: int) -> Response:
    """Leave a reported comment where it is: its reports are settled."""
    moves.settle_reports(_comment(comment_id))
    db.session.commit()
    flash("The comment stays; its reports are settled.", "done")
    return back()


@bp.get("/threads/<int:thread_id>")
@auth_required("session")
def thread(thread_id: int) -> str:
    """One thread: is it open, what are its rules?"""
    found = _thread(thread_id)
    return _page(found, notice=found.notice)


@bp.post("/threads/<int:thread_id>")
@auth_required("session")
def settle(thread_id: int) -> Response | str:
    """Give a thread its own rules."""
    found = _thread(thread_id)
    _refuse_strange_form()
    hold = request.form.get("hold", "")
    if hold not in {"", *Hold}:
        abort(400)
    typed = request.form.get("notice", "")
    try:
        notice = sanitize.plain(" ".join(typed.split()))
    except sanitize.Unacceptable as error:
        return _page(found, notice=typed, fault=str(error))
    if len(notice) > curation.MAX_NOTICE:
        fault = f"This can have {curation.MAX_NOTICE:,} characters; it has {len(notice):,}."
        return _page(found, notice=typed, fault=fault)
    curation.settle(found, notice=notice, hold=Hold(hold) if hold else None)
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
    db.session.commit()
    flash("The thread is closed." if wanted else "The thread is open again.", "done")
    return redirect(url_for("curating.thread", thread_id=thread_id), code=303)


def _comment(comment_id: int) -> Comment:
    """A comment on which the moderator decides; 404 for all others."""
    _refuse_strange_form()
    sites = queue.sites_of(signed_in(), deciding=True)
    return queue.find(sites, comment_id) or abort(404)


def _thread(thread_id: int) -> Thread:
    sites = queue.sites_of(signed_in(), deciding=True)
    return queue.thread(sites, thread_id) or abort(404)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)


def _page(found: Thread, *, notice: str, fault: str = "") -> str:
    return render_template(
        "desk/thread.html",
        thread=found,
        notice=notice,
        fault=fault,
        holds=HOLDS,
        max_notice=curation.MAX_NOTICE,
    )
