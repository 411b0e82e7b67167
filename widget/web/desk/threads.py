"""A thread's address at the desk: moving it to another page, merging it into another thread."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.comments.threading import page_identity
from widget.db import db
from widget.models import Role, Thread
from widget.models.thread import MAX_PAGE
from widget.moderation import log, queue, threads
from widget.web import origin
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old
from widget.web.forms import PlainForm

bp = Blueprint("threads", __name__)
bp.register_error_handler(CSRFError, too_old)


@bp.post("/threads/<int:thread_id>/move")
@auth_required("session")
def move(thread_id: int) -> Response | str | tuple[str, int]:
    """Let a thread stand under another page; offer to merge where another one stands there."""
    thread = _thread(thread_id)
    # In the address, where it takes a move back (the button under “moved”).
    typed = request.values.get("page", "").strip()
    page = page_identity(typed)
    if fault := _fault(thread, page):
        return _form(thread, typed, fault), 422
    before = thread.page
    url = page if origin.is_address(page) else ""
    try:
        threads.move(thread, page=page, url=url)
    except threads.Occupied as occupied:
        db.session.rollback()
        return render_template("desk/merging.html", thread=thread, into=occupied.thread)
    except threads.CannotMove as error:
        db.session.rollback()
        return _form(thread, typed, str(error)), 409
    log.write(
        thread.site_id,
        signed_in(),
        "thread moved",
        _subject(thread),
        before={"page": before},
        after={"page": page},
    )
    db.session.commit()
    flash(
        "Moved. Whoever comes to the page it stood under is led here.",
        "undo:" + url_for("threads.move", thread_id=thread_id, page=before),
    )
    return redirect(url_for("curating.thread", thread_id=thread_id), code=303)


@bp.post("/threads/<int:thread_id>/merge")
@auth_required("session")
def merge(thread_id: int) -> Response:
    """Move all comments of a thread into another one."""
    thread = _thread(thread_id)
    into = _thread(request.form.get("into", 0, type=int))
    before = thread.page
    try:
        number = threads.merge(thread, into)
    except threads.CannotMove as error:
        db.session.rollback()
        flash(str(error), "error")
        return redirect(url_for("curating.thread", thread_id=thread_id), code=303)
    log.write(
        thread.site_id,
        signed_in(),
        "thread merged",
        _subject(thread),
        before={"page": before},
        after={"page": into.page, "comments": number},
    )
    db.session.commit()
    flash(f"Merged: {number:,} comments came here.", "done")
    return redirect(url_for("curating.thread", thread_id=into.id), code=303)


def _thread(thread_id: int) -> Thread:
    if not PlainForm().validate():
        abort(400)
    thread = queue.thread(gate.sites(), thread_id) or abort(404)
    gate.site_of(thread.site_id, Role.admin)
    return thread


def _fault(thread: Thread, page: str) -> str:
    if not page:
        return "Please say which page: its address, or the id that its tag names."
    if len(page) > MAX_PAGE:
        return f"This can have {MAX_PAGE:,} characters; it has {len(page):,}."
    if origin.is_address(page) and not origin.may_hold(thread.site, page):
        return f"This page does not belong to {thread.site.name}: {', '.join(thread.site.origins)}."
    return ""


def _form(thread: Thread, typed: str, fault: str) -> str:
    return render_template("desk/moving.html", thread=thread, typed=typed, fault=fault)


def _subject(thread: Thread) -> str:
    return thread.title or thread.page
