"""A thread as a page of its own: /t/SITE. Everything on it works without a script."""

import secrets

from flask import Blueprint, Response, make_response, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select

from widget import config
from widget.comments.threading import find_thread
from widget.db import db
from widget.models import Comment, Site, Status, Thread
from widget.publishing import fragments
from widget.publishing.fragments import View
from widget.web import origin
from widget.web.embed import asked_view
from widget.web.forms import CommentForm

bp = Blueprint("standalone", __name__)

# How long someone without a script may see their own pending comment on the page they came back to.
_RECEIPT_SECONDS = 86_400
_MAX_DIGITS = 18  # of a row's number
# Nothing here is anyone's in particular (no cookies), so a site may show this page in a frame.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
)


@bp.get("/t/<key>")
def page(key: str) -> Response:
    """The thread, its form, and my own pending comment if I just wrote it."""
    site = origin.site_or_404(key)
    view = asked_view(site)
    return render(site, view, mine=_from_receipt(site, view.page))


def render(
    site: Site,
    view: View,
    *,
    mine: Comment | None = None,
    form: CommentForm | None = None,
    status: int = 200,
) -> Response:
    """The page; with a `form`, what was typed stays typed and each fault stands by its field."""
    thread = find_thread(site, view.page)
    # Until a comment was approved, no one but its sender has seen the title and the address.
    seen = thread if thread and thread.approved_count else None
    html = fragments.render(
        site,
        thread,
        view,
        template="page.html",
        title=(seen.title if seen else "") or view.page,
        url=_host_page(site, view, seen.url if seen else ""),
        nonce=secrets.token_urlsafe(16),
        mine=[mine] if mine else [],
        form=form,
        replying_to=_answered(site, thread, form),
    )
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


def location_of(site: Site, view_page: str, comment: Comment) -> str:
    """Where someone without a script goes after posting."""
    receipt = _receipts().dumps([site.id, comment.id])
    return (
        url_for("standalone.page", key=site.key, page=view_page, receipt=receipt)
        + f"#comment-{comment.id}"
    )


def _from_receipt(site: Site, page: str) -> Comment | None:
    try:
        site_id, comment_id = _receipts().loads(
            request.args.get("receipt", ""), max_age=_RECEIPT_SECONDS
        )
    except BadSignature:
        return None
    if site_id != site.id:
        return None
    return db.session.scalar(
        select(Comment)
        .join(Comment.thread)
        .where(
            Comment.site_id == site.id,
            Comment.id == comment_id,
            Comment.status == Status.pending,
            Thread.page == page,
        )
    )


def _receipts() -> URLSafeTimedSerializer:
    settings = config.current()
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt="receipt")


def _host_page(site: Site, view: View, url: str) -> str:
    """The address of the article, if we know one that is surely the site's or was imported."""
    if url:
        return url
    return view.page if origin.may_hold(site, view.page) else ""
