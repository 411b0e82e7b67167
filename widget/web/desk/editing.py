"""Words at the desk: changing a comment's, putting earlier ones back, replying as a moderator."""

import secrets
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, flash, jsonify, render_template, request, url_for
from flask_security import auth_required, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import jobs
from widget.comments import rewording
from widget.comments.authorship import Author
from widget.comments.submission import Draft, Refusal, submit
from widget.db import db, now
from widget.models import Badge, CannedKind, Comment, Decision, Move, Revision, Status, Via
from widget.moderation import canned, log, moves
from widget.publishing.closing import why_closed
from widget.web.accounts import signed_in
from widget.web.desk import gate, words
from widget.web.desk.answers import told, wants_json
from widget.web.desk.back import back, too_old
from widget.web.desk.forms import ReplyForm, RewordForm
from widget.web.desk.unseen import refuse_unseen
from widget.web.forms import PlainForm

bp = Blueprint("editing", __name__)

_MAX_ID = 2**63 - 1
_OUT_OF_DATE = "That page was too old. Your words are still here: please send them once more."


# ---------------------------------------------------------------------------------------- changing


@bp.get("/comments/<int:comment_id>/edit")
@auth_required("session")
def page(comment_id: int) -> Response:
    """A comment's words in a form."""
    comment = gate.comment(comment_id)
    form = RewordForm(comment.site, formdata=None, obj=comment)
    return _shown("desk/editing.html", comment, form)


@bp.post("/comments/<int:comment_id>/edit")
@auth_required("session")
def save(comment_id: int) -> Response:
    """Give a comment other words."""
    comment = gate.comment(comment_id)
    form = RewordForm(comment.site)
    if not form.validate():
        return _shown("desk/editing.html", comment, form, status=422)
    try:
        refuse_unseen(comment)
        before = rewording.reword(
            comment,
            signed_in(),
            body=form.text("body"),
            body_html=form.published,
            author=form.text("author"),
            website=form.text("website"),
        )
    except moves.Gone as error:
        return _is_gone(error)
    except (moves.IllegalMove, rewording.CannotReword) as error:
        db.session.rollback()
        form.body.errors = [str(error)]
        return _shown("desk/editing.html", comment, form, status=409)
    return _changed(comment, before, "The comment is changed. Its earlier text is kept.")


@bp.post("/revisions/<int:revision_id>/restore")
@auth_required("session")
def restore(revision_id: int) -> Response:
    """Put back what a comment said before."""
    if not PlainForm().validate():
        abort(400)
    revision = db.session.get(Revision, revision_id) if revision_id <= _MAX_ID else None
    comment = gate.comment(revision.comment_id if revision else 0)
    try:
        moves.lock_and_read(comment)
        before = rewording.put_back(revision or abort(404), signed_in())
    except moves.Gone as error:
        return _is_gone(error)
    except rewording.CannotReword as error:
        db.session.rollback()
        flash(str(error), "error")
        return back()
    return _changed(comment, before, "The earlier text is back.")


def _changed(comment: Comment, before: Revision | None, done: str) -> Response:
    if before is None:
        return _answer("Nothing was changed.", "")
    log.write(
        comment.site_id,
        signed_in(),
        "comment edited",
        f"comment {comment.id}",
        after={"changed": _differing(comment, before)},
    )
    db.session.commit()
    return _answer(done, url_for("editing.restore", revision_id=before.id), comment)


def _differing(comment: Comment, before: Revision) -> list[str]:
    parts = [name for name in ("author", "website") if getattr(before, name) is not None]
    return parts + ["text"] * (before.body != comment.body)


# ---------------------------------------------------------------------------------------- replying


@bp.get("/comments/<int:comment_id>/reply")
@auth_required("session")
def reply(comment_id: int) -> Response:
    """A form to answer a comment with."""
    comment = gate.comment(comment_id)
    form = ReplyForm(comment.site, formdata=None, nonce=secrets.token_hex(12))
    return _shown("desk/replying.html", comment, form)


@bp.post("/comments/<int:comment_id>/reply")
@auth_required("session")
def send(comment_id: int) -> Response:
    """Publish a moderator's reply; a comment that waited is approved by it."""
    comment = gate.comment(comment_id)
    form = ReplyForm(comment.site)
    if form.text("canned"):
        return _shown("desk/replying.html", comment, _with_canned(form))
    if not form.validate():
        return _shown("desk/replying.html", comment, form, status=422)
    if not signed_in().name:
        form.body.errors = ["Readers will see who replies: please give your account a name first."]
        return _shown("desk/replying.html", comment, form, status=422)
    try:
        return _reply(comment, form)
    except moves.Gone as error:
        return _is_gone(error)
    except (moves.IllegalMove, Refusal) as error:
        db.session.rollback()
        form.body.errors = [str(error)]
        return _shown("desk/replying.html", comment, form, status=409)


def _reply(comment: Comment, form: ReplyForm) -> Response:
    by = moves.By(via=Via.desk, moderator=signed_in())
    refuse_unseen(comment)
    is_approved = comment.status is Status.pending
    if is_approved:
        moves.move(comment, Move.approve, by)
    answered, is_new = submit(comment.site, _draft(comment, form), may_write_closed=True)
    if not is_new:
        db.session.commit()
        return _answer("Your reply is public already.", "")
    # No machine judges what a moderator says.
    answered.badge, answered.screened_at = Badge.moderator, now()
    answered.language = comment.site.language
    decision = moves.move(answered, Move.approve, by)
    return _published(comment, decision, is_approved=is_approved)


def _published(comment: Comment, decision: Decision, *, is_approved: bool) -> Response:
    said = "Your reply is public."
    if is_approved:
        said += f" {words.told(comment)}"
    undo = url_for("deciding.undo", decision_id=decision.id)
    db.session.commit()
    jobs.ring()
    return _answer(said, undo, comment, gone=is_approved)


def _draft(comment: Comment, form: ReplyForm) -> Draft:
    return Draft(
        page=comment.thread.page,
        author=signed_in().name,
        body=form.text("body"),
        body_html=form.published,
        # Not a reader: nothing here knows this person's browser.
        by=Author(key_hash=None, address_hash=None, network_hash=None),
        parent_id=comment.id,
        nonce=form.text("nonce"),
    )


def _with_canned(form: ReplyForm) -> ReplyForm:
    chosen = form.text("canned")
    text = canned.find(form.site.id, int(chosen)) if chosen.isdecimal() else None
    if text is None or text.kind is not CannedKind.reply:
        form.body.errors = ["That text was removed in the meantime."]
        return form
    form.body.data = "\n\n".join(part for part in (form.text("body").strip(), text.text) if part)
    return form


# ----------------------------------------------------------------------------------- what is shown


@bp.errorhandler(CSRFError)
def ask_again(error: CSRFError) -> Response:
    """A form of an earlier session keeps what was typed."""
    forms: dict[str | None, tuple[type[RewordForm | ReplyForm], str]] = {
        "editing.save": (RewordForm, "desk/editing.html"),
        "editing.send": (ReplyForm, "desk/replying.html"),
    }
    if not current_user.is_authenticated or request.endpoint not in forms:
        return too_old(error)
    kind, template = forms[request.endpoint]
    comment = gate.comment((request.view_args or {})["comment_id"])
    form = kind(comment.site)
    form.body.errors = [_OUT_OF_DATE]
    return _shown(template, comment, form, status=400)


def _is_gone(error: moves.Gone) -> Response:
    db.session.rollback()
    if wants_json():
        return told(str(error), HTTPStatus.CONFLICT, gone=True)
    flash(str(error), "error")
    return back()


def _shown(
    template: str, comment: Comment, form: RewordForm | ReplyForm, status: int = 200
) -> Response:
    """The form as a page; for the script, alone."""
    known: dict[str, Any] = {
        "comment": comment,
        "site": comment.site,
        "form": form,
        "canned": canned.of(comment.site_id, CannedKind.reply),
        "closed": why_closed(comment.site, comment.thread),
        "back": request.values.get("back") or url_for("desk.view", status=comment.status.value),
        "fault": next(iter(form.body.errors), ""),
    }
    if wants_json():
        part = template.replace(".html", "_form.html")
        answer: Response = jsonify(html=render_template(part, **known), told=known["fault"])
        answer.status_code = status
        return answer
    return Response(render_template(template, **known), status, mimetype="text/html")


def _answer(
    said: str, undo: str, comment: Comment | None = None, *, gone: bool = False
) -> Response:
    if wants_json():
        return told(said, undo=undo, gone=gone, comment=comment.id if comment else None)
    flash(said, f"undo:{undo}" if undo else "done")
    return back(card="" if gone or comment is None else f"comment-{comment.id}")
