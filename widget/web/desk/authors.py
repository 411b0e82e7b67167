"""What a site knows of an author: their record, their latest comments, what moderators noted."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from widget.db import db
from widget.models import AuthorNote, Comment, Role, Site
from widget.moderation import authors, notes, rules
from widget.web.accounts import signed_in
from widget.web.desk import bans, gate
from widget.web.desk.back import back, too_old
from widget.web.forms import PlainForm

bp = Blueprint("authors", __name__)
bp.register_error_handler(CSRFError, too_old)
_LATEST = 20


@bp.get("/authors/<reference>")
@auth_required("session")
def page(reference: str) -> str:
    """One author at one site (`?site=KEY`)."""
    site = gate.site(request.args.get("site", ""))
    return _page(site, reference)


@bp.post("/authors/<reference>/notes")
@auth_required("session")
def note(reference: str) -> Response | str:
    """Write a word on an author for the other moderators."""
    site = gate.site(request.args.get("site", ""), Role.moderator)
    _refuse_strange_form()
    if not _comments(site, reference):
        abort(404)
    typed = request.form.get("text", "")
    try:
        notes.add(site.id, signed_in(), authors.identity(reference), typed)
    except notes.Faulty as error:
        return _page(site, reference, typed=typed, fault=str(error))
    db.session.commit()
    flash("The note is kept.", "done")
    return redirect(url_for("authors.page", reference=reference, site=site.key), code=303)


@bp.post("/notes/<int:note_id>/remove")
@auth_required("session")
def remove(note_id: int) -> Response:
    """Take away a note of one's own; an admin, anyone's."""
    _refuse_strange_form()
    found = notes.find([site.id for site in gate.sites()], note_id) or abort(404)
    gate.site_of(found.site_id)
    if not _may_remove(found):
        abort(403, "Only who wrote a note, or an admin, may remove it.")
    notes.remove(found, signed_in())
    db.session.commit()
    flash("The note is gone.", "done")
    return back()


def _page(site: Site, reference: str, *, typed: str = "", fault: str = "") -> str:
    if not authors.can_be(reference):
        abort(404)
    comments = _comments(site, reference)
    may_decide = gate.may(site.id, Role.moderator)
    written = notes.of(site.id, authors.identity(reference)) if may_decide else []
    if not comments and not written:
        abort(404)
    return render_template(
        "desk/author.html",
        site=site,
        reference=reference,
        comments=comments,
        record=authors.record(site.id, reference),
        counted=authors.COUNTED,
        rules=rules.matching(comments[0]) if comments and may_decide else [],
        notes=written,
        may_decide=may_decide,
        may_remove=_may_remove,
        may_end=bans.who_may_end(site),
        sees_emails=site.id in gate.sees_emails(),
        typed=typed,
        fault=fault,
        max_note=notes.MAX_NOTE,
    )


def _comments(site: Site, reference: str) -> list[Comment]:
    """An author's latest comments here."""
    theirs = authors.written_by(site.id, reference)
    if theirs is None:
        return []
    rows = db.session.scalars(
        select(Comment)
        .options(joinedload(Comment.thread), joinedload(Comment.site))
        .where(*theirs)
        .order_by(Comment.id.desc())
        .limit(_LATEST)
    )
    return list(rows)


def _may_remove(found: AuthorNote) -> bool:
    return found.moderator_id == signed_in().id or gate.may(found.site_id, Role.admin)


def _refuse_strange_form() -> None:
    if not PlainForm().validate():
        abort(400)
