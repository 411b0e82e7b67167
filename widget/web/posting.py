"""What readers send: a comment."""

from dataclasses import replace

from flask import Blueprint, Response, abort, request

from widget import config, jobs
from widget.comments import authorship, editing, following
from widget.comments.submission import Arrival, Draft, Duplicate, ParentGone, Reused, submit
from widget.comments.threading import find_thread
from widget.db import db, now, reading, writing_at_last
from widget.language import gettext as _
from widget.models import Comment, Site, Status
from widget.moderation import rules
from widget.publishing import form_token
from widget.queue import ring_once
from widget.web import errors, limits, origin, own, receipts, work
from widget.web.answers import Wanted, private, redirected, wanted
from widget.web.faults import check_type, faulty, form_again
from widget.web.forms import CommentForm

bp = Blueprint("posting", __name__)
bp.after_request(origin.cross_origin_headers)

_MAX_URL = 2000


@bp.post("/embed/<key>/comments")
@reading()
def post(key: str) -> Response:
    """Take in a comment: 202 and my pending comment, or words beside the field."""
    site = origin.site_that_may_post(key)
    return _take(site)


@limits.limiter.limit(limits.posting)  # not sooner: the page must be able to read “too quickly”
@limits.limiter.limit(limits.posting, cost=-1, deduct_when=work.is_question)  # given back
def _take(site: Site) -> Response:
    check_type()
    form = CommentForm(site)
    if not form.validate():
        return faulty(site, form)
    if not origin.may_open(site, form.text("page")) and not find_thread(site, form.text("page")):
        abort(403, _("This page does not belong to %(site)s.", site=site.name))
    draft = _draft(site, form, _author(site, config.current().secret_key))
    if (state := work.done_for(site, draft, form.work.data)) is None:
        return work.ask(site)
    draft = replace(draft, arrival=replace(draft.arrival, work=state))
    with writing_at_last(site):
        return _store(site, form, draft)


def _store(site: Site, form: CommentForm, draft: Draft) -> Response:
    _let_rules_follow(site, draft.by)
    try:
        comment, is_new = submit(site, draft)
    except (Duplicate, ParentGone, Reused) as refusal:
        if wanted() is not Wanted.page:
            raise
        db.session.rollback()
        form.body.errors = [str(refusal)]
        return form_again(site, form, status=errors.REFUSED[type(refusal)][0])
    if is_new:
        following.follow(
            comment,
            subscribe=form.text("subscribe"),
            daily=form.daily.data,
            tell=form.tell.data,
        )
    # The answer first: after the commit, it would read all of this anew in another transaction.
    answer = _taken(site, comment)
    db.session.commit()
    if is_new:
        ring_once(jobs.screen_waiting)
    return answer


def _let_rules_follow(site: Site, author: authorship.Author) -> None:
    """After a change of the secret key, rules still know whom they are about."""
    if fallbacks := config.current().secret_key_fallbacks:
        earlier = [_author(site, secret) for secret in fallbacks]
        rules.follow(site.id, authorship.changed(earlier, author))


def _author(site: Site, secret: str) -> authorship.Author:
    return authorship.recognise(
        secret,
        site_id=site.id,
        key=request.form.get("key"),
        address=request.remote_addr,
        at=now(),
    )


def _draft(site: Site, form: CommentForm, author: authorship.Author) -> Draft:
    settings = config.current()
    page = form.text("page")
    # An address names the page itself; what is sent beside it would only be another one.
    url = page if origin.is_address(page) else form.text("url")
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
        body_html=form.published,
        nonce=form.nonce.data or None,
        by=author,
        arrival=Arrival(
            honeypot=bool(form.subject.data),
            token=token,
            has_nonce=bool(form.nonce.data),
            took=form.milliseconds,
        ),
    )


def _taken(site: Site, comment: Comment) -> Response:
    if wanted() is Wanted.page:
        return redirected(receipts.location_of(site, comment))
    is_public = comment.status is Status.approved
    return private(own.show(site, editing.own(site, comment)), 201 if is_public else 202)
