"""What its author may do with a comment afterwards, and what they are told has become of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from widget import sanitize
from widget.comments.submission import Refusal, body_digest
from widget.db import db, now
from widget.language import gettext as _
from widget.models import Comment, Decision, Revision, Site, Status, Thread, Via

_MAX_MINE = 50
# For how long a decision is news to whoever wrote the comment.
_NEWS = timedelta(days=1)
_BAD_NEWS = timedelta(days=7)
_PUBLIC_OR_WAITING = frozenset({Status.pending, Status.approved})


class NotYours(Refusal):
    """There is no such comment, or whoever asks did not write it. Which, is not told."""


class TooLate(Refusal):
    """The site lets its readers change a comment for a while only."""


class Gone(Refusal):
    """It was taken back, or is not going to be published: there is nothing to change."""


class State(StrEnum):
    """What a comment is to its author. Held or not: spam, trash and rejected are told alike."""

    pending = "pending"
    published = "published"
    unpublished = "unpublished"
    withdrawn = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Own:
    """A comment as its author sees it. `until`: how long it may be changed; None for no more."""

    comment: Comment
    state: State
    until: datetime | None
    reason: str = ""


def mine(site: Site, thread: Thread | None, hashes: Collection[str | None]) -> list[Own]:
    """What the holders of these keys (by their hashes) still have to know, or may still change."""
    keys = {each for each in hashes if each}
    if thread is None or not keys:
        return []
    at = now()
    changeable = timedelta(minutes=site.edit_minutes)
    latest = (
        select(func.max(Decision.created_at))
        .where(Decision.site_id == site.id, Decision.comment_id == Comment.id)
        .scalar_subquery()
    )
    is_news = (
        (Comment.status == Status.pending)
        | (Comment.published_at > at - _NEWS)
        | ((Comment.status == Status.approved) & (Comment.created_at > at - changeable))
        | (Comment.status.not_in(_PUBLIC_OR_WAITING) & (latest > at - _BAD_NEWS))
    )
    comments = db.session.scalars(
        select(Comment)
        .where(
            Comment.site_id == site.id,
            Comment.key_hash.in_(keys),
            Comment.thread_id == thread.id,
            is_news,
        )
        .order_by(Comment.created_at.desc())
        .limit(_MAX_MINE)
    ).all()
    found = [own(site, comment) for comment in reversed(comments)]
    return [each for each in found if each.state is not State.withdrawn]


def own(site: Site, comment: Comment) -> Own:
    """A comment, to whoever wrote it."""
    until = _until(site, comment)
    if comment.status is Status.pending:
        return Own(comment=comment, state=State.pending, until=until)
    if comment.status is Status.approved:
        return Own(comment=comment, state=State.published, until=until)
    decision = _last_decision(comment)
    if decision and decision.via is Via.author:
        return Own(comment=comment, state=State.withdrawn, until=None)
    # What the machine notes is for moderators. What one of them says is for whoever wrote it, where
    # the site tells.
    is_told = site.tell_reasons and decision is not None and decision.moderator_id is not None
    reason = decision.reason if decision and is_told else ""
    return Own(comment=comment, state=State.unpublished, until=None, reason=reason)


def refuse_unchangeable(site: Site, comment: Comment) -> None:
    """Raises Gone or TooLate where its author can change nothing any more."""
    if comment.status not in _PUBLIC_OR_WAITING:
        if own(site, comment).state is State.withdrawn:
            raise Gone(_("This comment is gone already: you have deleted it."))
        raise Gone(_("This comment was not published, so it cannot be changed."))
    if _until(site, comment) is None:
        raise TooLate(_("It is too late to change this comment."))


def revise(comment: Comment, *, body: str, body_html: str) -> bool:
    """Give a comment other words and keep the earlier ones; False where they are the same.

    It has to be screened anew, and must not be public until then: see moderation.moves.
    """
    if body == comment.body:
        return False
    db.session.add(
        Revision(
            site_id=comment.site_id,
            comment_id=comment.id,
            body=comment.body,
            body_html=comment.body_html,
        )
    )
    comment.body, comment.body_html = body, body_html
    comment.body_hash = body_digest(body)
    comment.sanitizer_version = sanitize.VERSION
    comment.edited_at, comment.edited_by_moderator = now(), False
    comment.screened_at, comment.signals, comment.held_for = None, [], ""
    db.session.flush()
    return True


def revisions(comments: Sequence[Comment]) -> dict[int, list[Revision]]:
    """What comments of one site said before, by their ids, the latest first."""
    found: dict[int, list[Revision]] = {}
    ids = [comment.id for comment in comments if comment.edited_at]
    if not ids:
        return found
    earlier = select(Revision).where(
        Revision.site_id.in_({comment.site_id for comment in comments}),
        Revision.comment_id.in_(ids),
    )
    with_names = earlier.options(joinedload(Revision.moderator))
    for revision in db.session.scalars(with_names.order_by(Revision.id.desc())):
        found.setdefault(revision.comment_id, []).append(revision)
    return found


def _until(site: Site, comment: Comment) -> datetime | None:
    until = comment.created_at + timedelta(minutes=site.edit_minutes)
    return until if until > now() else None


def _last_decision(comment: Comment) -> Decision | None:
    return db.session.scalar(
        select(Decision)
        .where(Decision.site_id == comment.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
