"""What readers say of a comment without writing one: votes and reports."""

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import Field, StringField, TextAreaField
from wtforms.validators import ValidationError

from widget import config, jobs, language, sanitize
from widget.comments import authorship, voting
from widget.comments.voting import Ballot
from widget.db import db, now, reading, writing_at_last
from widget.language import N_
from widget.language import gettext as _
from widget.models import Comment, Complaint, Site, Status, Thread
from widget.models.vote import MAX_NOTE
from widget.moderation import priority, reports
from widget.publishing import form_token, templates
from widget.publishing.form_token import TokenState
from widget.queue import enqueue
from widget.web import limits, origin, standalone
from widget.web.answers import Wanted, notice, wanted

bp = Blueprint("opinions", __name__)
bp.after_request(origin.cross_origin_headers)

_MAX_ID = 2**63 - 1
_COMPLAINTS = {
    Complaint.spam: N_("Spam or advertising"),
    Complaint.abuse: N_("Insults, hate or threats"),
    Complaint.personal: N_("Private things about someone"),
    Complaint.illegal: N_("Against the law"),
    Complaint.other: N_("Something else"),
}


class ReportForm(FlaskForm):
    """A report; like a comment's form, it acts for nobody who is signed in (see forms)."""

    class Meta:
        csrf = False

    complaint = StringField()
    note = TextAreaField()

    def validate_complaint(self, field: Field) -> None:
        if field.data not in set(Complaint):
            raise ValidationError(_("Please choose a reason."))

    def validate_note(self, field: Field) -> None:
        try:
            field.data = sanitize.plain(" ".join((field.data or "").split()))
        except sanitize.Unacceptable as error:
            raise ValidationError(str(error)) from error
        if len(field.data) > MAX_NOTE:
            raise ValidationError(
                _(
                    "This can have %(limit)s characters; it has %(length)s.",
                    limit=MAX_NOTE,
                    length=len(field.data),
                )
            )


# ------------------------------------------------------------------------------------------ votes


@bp.post("/embed/<key>/comments/<int:comment_id>/vote")
@reading()
def vote(key: str, comment_id: int) -> Response:
    """Count a vote: the buttons anew, with my choice."""
    site = origin.site_that_may_post(key)
    return _count(site, comment_id)


@limits.limiter.limit(limits.voting)  # not sooner: the page must be able to read “too quickly”
def _count(site: Site, comment_id: int) -> Response:
    by = _sender(site)
    value = request.form.get("value", type=int)
    if value is None or comment_id > _MAX_ID:
        abort(400)
    ballot = Ballot(
        page=request.form.get("page", ""),
        comment_id=comment_id,
        value=value,
        by=by,
        toggles=wanted() is Wanted.page,
    )
    with writing_at_last(site):
        comment, chosen = voting.cast(site, ballot)
        priority.set_priority(comment)
        answer = _counted(site, comment, chosen)
        db.session.commit()
    return answer


def _counted(site: Site, comment: Comment, chosen: int) -> Response:
    if wanted() is Wanted.page:
        return redirect(_place_of(site, comment), code=303)  # type: ignore[return-value]
    return _fresh(
        templates.render(
            "embed/voting.html",
            node=comment,
            site=site,
            service=config.current().public_url,
            chosen=chosen,
        )
    )


@bp.errorhandler(voting.NotCounted)
def _not_counted(error: voting.NotCounted) -> Response:
    db.session.rollback()
    statuses: dict[type[voting.NotCounted], int] = {voting.CommentGone: 404, voting.TooMany: 429}
    return notice(statuses.get(type(error), 403), str(error))


# ---------------------------------------------------------------------------------------- reports


@bp.get("/embed/<key>/comments/<int:comment_id>/report")
@bp.get("/t/<key>/report", defaults={"comment_id": None})
def ask(key: str, comment_id: int | None) -> Response:
    """The form to report a comment, for our script or as a page."""
    site = origin.site_or_404(key)
    return _form(site, _named(site, comment_id))


@bp.post("/embed/<key>/comments/<int:comment_id>/report")
@bp.post("/t/<key>/report", defaults={"comment_id": None})
@reading()
def report(key: str, comment_id: int | None) -> Response:
    """Take in a report: thanks, or words beside the field."""
    site = origin.site_that_may_post(key)
    return _take(site, comment_id)


@limits.limiter.limit(limits.reporting)
def _take(site: Site, comment_id: int | None) -> Response:
    by = _sender(site)
    comment = _named(site, comment_id)
    form = ReportForm()
    if not form.validate():
        return _form(site, comment, form, status=422)
    said = reports.Complaining(
        reporter=by.key_hash or by.address_hash or "",
        network=by.network_hash,
        complaint=Complaint(str(form.complaint.data)),
        note=str(form.note.data),
    )
    named = comment.id
    with writing_at_last():
        comment = db.session.get_one(Comment, named)
        ids = [delivery.id for delivery in reports.take(comment, said)]
        answer = _form(comment.site, comment, is_done=True)
        db.session.commit()
    for delivery_id in ids:
        enqueue(jobs.deliver, delivery_id)
    return answer


@bp.errorhandler(reports.NotPublic)
def _not_public(_error: reports.NotPublic) -> Response:
    db.session.rollback()
    return notice(404, _("This comment is no longer here."))


def _named(site: Site, comment_id: int | None) -> Comment:
    """The comment that the address, or the page's form, names."""
    wanted_id = comment_id or request.values.get("comment", type=int)
    comment = db.session.scalar(
        select(Comment)
        .join(Comment.thread)
        .where(
            Comment.site_id == site.id,
            Comment.id == (wanted_id if wanted_id and 0 < wanted_id <= _MAX_ID else None),
            Comment.status == Status.approved,
            Thread.hidden_at.is_(None),
        )
    )
    if comment is None:
        raise reports.NotPublic
    return comment


def _form(
    site: Site,
    comment: Comment,
    form: ReportForm | None = None,
    *,
    is_done: bool = False,
    status: int = 200,
) -> Response:
    settings = config.current()
    as_page = wanted() is Wanted.page
    html = templates.render(
        "reader/report.html" if as_page else "embed/report.html",
        site=site,
        comment=comment,
        level="h2" if as_page else "h3",
        form=form,
        is_done=is_done,
        complaints=[(one.value, _(words)) for one, words in _COMPLAINTS.items()],
        max_note=MAX_NOTE,
        lang=_asked_language(),
        token=form_token.issue(settings.secret_key, site_id=site.id, at_epoch=form_token.epoch()),
        back=_place_of(site, comment),
        action=url_for("opinions.report", key=site.key)
        if as_page
        else f"{settings.public_url}/embed/{site.key}/comments/{comment.id}/report",
        service=settings.public_url,
    )
    if as_page:
        return standalone.as_page(html, status)
    response = _fresh(html)
    response.status_code = status
    return response


# ------------------------------------------------------------------------------------------- both


def _sender(site: Site) -> authorship.Author:
    """Who sends this; 403 where the form is not ours, or nobody could be told from another."""
    settings = config.current()
    token = form_token.judge(
        [settings.secret_key, *settings.secret_key_fallbacks],
        site_id=site.id,
        token=request.form.get("token"),
    )
    if token in {TokenState.missing, TokenState.forged}:
        abort(403, _("This did not come from our form. Please reload the page and try again."))
    by = authorship.recognise(
        settings.secret_key,
        site_id=site.id,
        key=request.form.get("key"),
        address=request.remote_addr,
        at=now(),
    )
    if not (by.key_hash or by.address_hash):
        abort(403)
    return by


def _place_of(site: Site, comment: Comment) -> str:
    """The comment's place on its thread's own page."""
    return url_for(
        "standalone.page",
        key=site.key,
        page=comment.thread.page,
        at=comment.id,
        lang=_asked_language() or None,
        _anchor=f"comment-{comment.id}",
    )


def _asked_language() -> str:
    return language.known(request.values.get("lang", ""))


def _fresh(html: str) -> Response:
    response = make_response(html)
    response.headers["Cache-Control"] = "no-store"
    return response
