"""A thread as a page of its own: /t/SITE. Everything on it works without a script."""

import secrets

from flask import Blueprint, Response, abort, make_response, request
from sqlalchemy import select

from widget import addresses
from widget.comments import editing
from widget.comments.threading import find_thread
from widget.db import db
from widget.language import gettext as _
from widget.models import Comment, Site, Status, Thread
from widget.models.thread import of_page
from widget.publishing import fragments, structured
from widget.publishing.fragments import View
from widget.web import in_place, origin, receipts
from widget.web.embed import asked_view
from widget.web.forms import CommentForm, EditForm

bp = Blueprint("standalone", __name__)

_MAX_DIGITS = 18  # of a row's number
# Nothing here is anyone's in particular (no cookies), so a site may show this page in a frame.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
)


@bp.get("/t/<key>")
def page(key: str) -> Response:
    """The thread, its form, and my own comment if I have its receipt."""
    site = origin.site_or_404(key)
    view = asked_view(site)
    if not origin.may_open(site, view.page) and not find_thread(site, view.page):
        abort(404, _("This page does not belong to %(site)s.", site=site.name))
    return render(site, view, mine=_from_receipt(site, view.page))


def render(
    site: Site,
    view: View,
    *,
    mine: Comment | None = None,
    form: CommentForm | None = None,
    edit: EditForm | None = None,
    preview: bool = False,
    status: int = 200,
) -> Response:
    """The page; with a `form`, what was typed stays typed and each fault stands by its field.

    `mine` is shown to whoever wrote it, with what they may change; `edit` is what they typed there.
    """
    thread = find_thread(site, view.page)
    moderating = in_place.of(site, thread)
    # Until a comment was approved, no one but its sender has seen the title and the address.
    seen = thread if thread and thread.approved_count else None
    html = fragments.render(
        site,
        thread,
        view,
        template="page.html",
        title=(seen.title if seen else "") or view.page,
        url=addresses.article(site, view.page, seen.url if seen else ""),
        discussion=structured.discussion,
        nonce=secrets.token_urlsafe(16),
        mine=[editing.own(site, mine)] if mine else [],
        receipt=receipts.issue(mine) if mine else "",
        form=form,
        edit=edit,
        preview=preview,
        replying_to=_answered(site, thread, form),
        moderating=moderating,
    )
    answer = as_page(html, status)
    if moderating:
        answer.headers["Content-Security-Policy"] += "; frame-ancestors 'none'"
    return answer


def as_page(html: str, status: int = 200) -> Response:
    """A page of a reader's, which loads nothing from elsewhere."""
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"  # the nonce is for one reader, once
    return response


def _answered(site: Site, thread: Thread | None, form: CommentForm | None) -> Comment | None:
    """The comment that the form answers: what was typed says so, else the address."""
    if form:
        parent_id = None if form.parent.errors else form.parent.data
    else:
        parent_id = request.args.get("parent", type=_id)
    if thread is None or parent_id is None:
        return None
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id == site.id,
            Comment.thread_id == thread.id,
            Comment.id == parent_id,
            Comment.status == Status.approved,
        )
    )


def _id(text: str) -> int:
    """Raises ValueError where this cannot be the number of a row."""
    if not text.isdecimal() or len(text) > _MAX_DIGITS:
        raise ValueError(text)
    return int(text)


def _from_receipt(site: Site, page: str) -> Comment | None:
    comment_id = receipts.read(site, request.args.get("receipt", ""))
    if comment_id is None:
        return None
    stands_in = of_page(site.id, page).with_only_columns(Thread.id)
    return db.session.scalar(
        select(Comment).where(
            Comment.site_id == site.id, Comment.id == comment_id, Comment.thread_id.in_(stands_in)
        )
    )
