"""What is one reader's own: a preview, the state of their comments, changing and deleting one.

A commenter's key, or the receipt of a browser without a script, is what makes a comment someone's.
"""

from flask import Blueprint, Response, request
from sqlalchemy import select

from widget import config, jobs
from widget.comments import authorship, editing, voting
from widget.comments.threading import find_thread
from widget.db import db, reading, writing_at_last
from widget.language import gettext as _
from widget.models import Comment, Move, Site, Status, Via
from widget.moderation import locks, moves
from widget.publishing import templates
from widget.publishing.fragments import View
from widget.queue import ring_once
from widget.web import limits, origin, receipts, standalone
from widget.web.answers import Wanted, form_language, private, redirected, wanted
from widget.web.faults import check_type, faulty
from widget.web.forms import CommentForm, EditForm

bp = Blueprint("own", __name__)
bp.after_request(origin.cross_origin_headers)

_MAX_KEYS = 20
_MAX_ID = 2**63 - 1
_PREVIEWS = "60 per minute"


# ----------------------------------------------------------------------------------------- preview


@bp.post("/embed/<key>/preview")
@reading()
def preview(key: str) -> Response:
    """The comment as it would be published. Nothing is stored."""
    site = origin.site_that_may_post(key)
    return _preview(site)


@limits.limiter.limit(_PREVIEWS)
def _preview(site: Site) -> Response:
    check_type()
    form = CommentForm(site)
    if not form.validate():
        return faulty(site, form)
    if wanted() is Wanted.page:
        view = View(site_key=site.key, page=form.text("page"), lang=form_language())
        return standalone.render(site, view, form=form, preview=True)
    return private(templates.render("embed/preview.html", site=site, form=form))


# -------------------------------------------------------------------------------------------- mine


@bp.post("/embed/<key>/mine")
@reading()
def mine(key: str) -> Response:
    """My own comments on a page that I may want to know of, and how I voted there."""
    site = origin.site_that_may_post(key)
    hashes = _hashes(site)
    thread = find_thread(site, request.form.get("page", ""))
    own = editing.mine(site, thread, hashes)
    return private(show(site, *own, voted=voting.of(thread, hashes)))


def show(site: Site, *own: editing.Own, voted: voting.Voted | None = None) -> str:
    """My comments as a fragment."""
    return templates.render(
        "embed/mine.html",
        mine=own,
        voted=voted,
        site=site,
        lang=form_language(),
        service=config.current().public_url,
    )


# --------------------------------------------------------------------------------- edit and delete


@bp.post("/embed/<key>/comments/<int:comment_id>/edit")
@reading()
def edit(key: str, comment_id: int) -> Response:
    """Give my comment other words. It is screened anew before others read them."""
    site = origin.site_that_may_post(key)
    return _edit(site, comment_id)


@limits.limiter.limit(limits.posting)
def _edit(site: Site, comment_id: int) -> Response:
    check_type()
    form = EditForm(site)
    if not form.validate():
        return _edit_again(site, comment_id, form)
    with writing_at_last(site):
        comment = _my_comment(site, comment_id)
        editing.refuse_unchangeable(site, comment)
        is_new = editing.revise(comment, body=form.text("body"), body_html=form.published)
        if is_new and comment.status is Status.approved:
            moves.move(comment, Move.edit, moves.By(via=Via.author))
        # The answer first: after the commit, it would read all of this anew.
        if wanted() is Wanted.page:
            answer = redirected(receipts.location_of(site, comment))
        else:
            answer = private(show(site, editing.own(site, comment)))
        db.session.commit()
    if is_new:
        ring_once(jobs.screen_waiting)
    return answer


def _edit_again(site: Site, comment_id: int, form: EditForm) -> Response:
    if wanted() is not Wanted.page:
        return faulty(site, form, prefix=f"comment-{comment_id}")
    comment = _my_comment(site, comment_id)
    editing.refuse_unchangeable(site, comment)
    view = View(site_key=site.key, page=comment.thread.page, lang=form_language())
    return standalone.render(
        site, view, mine=comment, edit=form, status=413 if form.body_is_too_long else 422
    )


@bp.post("/embed/<key>/comments/<int:comment_id>/delete")
@reading()
def delete(key: str, comment_id: int) -> Response:
    """Take my comment back. Replies to it keep their place."""
    site = origin.site_that_may_post(key)
    return _delete(site, comment_id)


@limits.limiter.limit(limits.posting)
def _delete(site: Site, comment_id: int) -> Response:
    check_type()
    with writing_at_last(site):
        comment = _my_comment(site, comment_id)
        editing.refuse_unchangeable(site, comment)
        moves.move(comment, Move.withdraw, moves.By(via=Via.author))
        location = receipts.location_of(site, comment)
        db.session.commit()
    if wanted() is Wanted.page:
        return redirected(location)
    return private(templates.render("embed/withdrawn.html", comment_id=comment_id))


def _my_comment(site: Site, comment_id: int) -> Comment:
    """The comment as it is now, behind its thread's lock: nobody moves it before we are done.

    So a worker that was about to publish the earlier words has done so, or finds other ones.
    Raises NotYours.
    """
    hashes = _hashes(site)
    holds_receipt = receipts.read(site, request.form.get("receipt", "")) == comment_id
    if comment_id <= _MAX_ID and (hashes or holds_receipt):
        locks.lock_thread_of(comment_id)
        comment = db.session.scalar(
            select(Comment)
            .where(Comment.site_id == site.id, Comment.id == comment_id)
            .execution_options(populate_existing=True)
        )
        if comment and (holds_receipt or comment.key_hash in hashes):
            return comment
    raise editing.NotYours(_("There is no such comment of yours."))


def _hashes(site: Site) -> set[str]:
    """The hashes of the keys that came with the form."""
    hashed = (
        authorship.hash_key(config.current().secret_key, site_id=site.id, key=given)
        for given in request.form.getlist("key")[:_MAX_KEYS]
    )
    return {each for each in hashed if each}
