"""What readers send: a comment, and the question which pending ones are mine."""

from flask import Blueprint, Response, abort, make_response, redirect, request
from sqlalchemy import select

from widget import config, jobs
from widget.comments import authorship
from widget.comments.submission import Arrival, Draft, Duplicate, ParentGone, Reused, submit
from widget.comments.threading import find_thread
from widget.db import db, now, reading, writing
from widget.language import gettext as _
from widget.models import Comment, Site, Status, Thread
from widget.publishing import form_token, templates
from widget.publishing.fragments import View
from widget.queue import enqueue
from widget.web import errors, limits, origin, standalone
from widget.web.answers import Wanted, notice, wanted
from widget.web.forms import CommentForm

bp = Blueprint("posting", __name__)
bp.after_request(origin.cross_origin_headers)

_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
_MAX_KEYS = 20
_MAX_MINE = 50
_MAX_URL = 2000


@bp.post("/embed/<key>/comments")
@reading()
def post(key: str) -> Response:
    """Take in a comment: 202 and my pending comment, or words beside the field."""
    site = origin.site_or_404(key)
    origin.refuse_foreign_origin(site)
    return _take(site)


@limits.limiter.limit(limits.posting)  # not sooner: the page must be able to read “too quickly”
def _take(site: Site) -> Response:
    if request.mimetype not in _FORM_TYPES:
        abort(415)
    form = CommentForm(site)
    if not form.validate():
        return _faulty(site, form)
    if not _may_open(site, form) and not find_thread(site, form.text("page")):
        abort(403, _("This page does not belong to %(site)s.", site=site.name))
    draft = _draft(site, form, _author(site))
    # SQLite has one writer at a time: only now, with all else done, does this request queue for it.
    # The site stays as it was read.
    db.session.expunge(site)
    db.session.rollback()
    with writing():
        return _store(site, form, draft)


def _store(site: Site, form: CommentForm, draft: Draft) -> Response:
    try:
        comment, is_new = submit(site, draft)
    except (Duplicate, ParentGone, Reused) as refusal:
        if wanted() is not Wanted.page:
            raise
        db.session.rollback()
        form.body.errors = [str(refusal)]
        return _form_again(site, form, status=errors.REFUSED[type(refusal)][0])
    comment_id = comment.id
    # The answer first: after the commit, it would read all of this anew in another transaction.
    answer = _taken(site, comment)
    db.session.commit()
    if is_new:
        enqueue(jobs.screen, comment_id)
    return answer


@bp.post("/embed/<key>/mine")
@reading()
def mine(key: str) -> Response:
    """My own pending comments on a page, for the commenter keys that I hold."""
    site = origin.site_or_404(key)
    origin.refuse_foreign_origin(site)
    hashes = {
        authorship.hash_key(config.current().secret_key, site_id=site.id, key=given)
        for given in request.form.getlist("key")[:_MAX_KEYS]
    } - {None}
    thread = find_thread(site, request.form.get("page", ""))
    response = make_response(
        templates.render("embed/mine.html", mine=_pending(site, thread, hashes), site=site)
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _pending(site: Site, thread: Thread | None, hashes: set[str | None]) -> list[Comment]:
    if thread is None or not hashes:
        return []
    pending = (
        select(Comment)
        .where(
            Comment.site_id == site.id,
            Comment.key_hash.in_(hashes),
            Comment.status == Status.pending,
            Comment.thread_id == thread.id,
        )
        .order_by(Comment.created_at)
        .limit(_MAX_MINE)
    )
    return list(db.session.scalars(pending))


def _may_open(site: Site, form: CommentForm) -> bool:
    """May a first comment open this thread? An address must be one of the site's own."""
    page = form.text("page")
    return not _is_address(page) or origin.may_hold(site, page)


def _is_address(page: str) -> bool:
    return page.lower().startswith(("http://", "https://"))


def _author(site: Site) -> authorship.Author:
    return authorship.recognise(
        config.current().secret_key,
        site_id=site.id,
        key=request.form.get("key"),
        address=request.remote_addr,
        at=now(),
    )


def _draft(site: Site, form: CommentForm, author: authorship.Author) -> Draft:
    settings = config.current()
    page = form.text("page")
    # An address names the page itself; what is sent beside it would only be another one.
    url = page if _is_address(page) else form.text("url")
    token = form_token.judge(
        [settings.secret_key, *settings.secret_key_fallbacks],
        site_id=site.id,
        token=form.token.data,
    )
    return Draft(
        page=form.text("page"),
        url=url if len(url) <= _MAX_URL and origin.may_hold(site, url) else "",
        title=form.text("title"),
        parent_id=form.parent.data,
        author=form.text("author"),
        email=form.text("email"),
        website=form.text("website"),
        body=form.text("body"),
        nonce=form.nonce.data or None,
        by=author,
        arrival=Arrival(
            honeypot=bool(form.subject.data), token=token, has_nonce=bool(form.nonce.data)
        ),
    )


def _taken(site: Site, comment: Comment) -> Response:
    is_public = comment.status is Status.approved
    if wanted() is Wanted.page:
        return _redirect(standalone.location_of(site, comment.thread.page, comment))
    response = make_response(templates.render("embed/mine.html", mine=[comment], site=site))
    response.status_code = 201 if is_public else 202
    response.headers["Cache-Control"] = "no-store"
    return response


def _faulty(site: Site, form: CommentForm) -> Response:
    if "page" in form.errors:  # no field of the reader's: whatever sent this is at fault
        return notice(400, form.fault("page"), field="page")
    field = next(iter(form.errors))
    status = 413 if field == "body" and form.body_is_too_long else 422
    if wanted() is Wanted.page:
        return _form_again(site, form, status=status)
    if wanted() is Wanted.json:
        return notice(status, form.fault(field), field=field)
    response = make_response(templates.render("embed/faults.html", errors=form.errors))
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _form_again(site: Site, form: CommentForm, *, status: int) -> Response:
    """Without a script: the page, with all that was typed and the words beside the field."""
    view = View(site_key=site.key, page=form.text("page"))
    return standalone.render(site, view, form=form, status=status)


def _redirect(location: str) -> Response:
    response = redirect(location, code=303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]  # werkzeug's type; Flask's at run time
