"""Screening one comment: claim it, assess it, judge it, move it, tell the moderators."""

from datetime import timedelta

from sqlalchemy import exists, func, select, update

from widget.db import affected, db, now
from widget.models import Comment, Decision, Delivery, Move, Status, Via
from widget.moderation import moves, policy
from widget.notify import outbox
from widget.spam import Candidate, History, assess

_LATELY = timedelta(days=30)


def screen(comment_id: int) -> list[Delivery]:
    """Screen a comment once; returns the deliveries that must be rung for after the commit.

    The claim and everything it leads to are one transaction: a worker killed half way leaves the
    comment unscreened, and of two workers with the same id one finds nothing to claim.
    """
    moves.lock_thread_of(comment_id)
    claimed = db.session.execute(
        update(Comment)
        .where(Comment.id == comment_id, Comment.screened_at.is_(None))
        .values(screened_at=now())
        .execution_options(synchronize_session=False)
    )
    if affected(claimed) != 1:
        return []
    comment = db.session.get_one(Comment, comment_id, populate_existing=True)
    assessment = assess(_candidate(comment), _history(comment))
    verdict = policy.judge(
        comment.site, assessment, is_known=is_known(comment), own=comment.thread.hold
    )
    comment.signals = assessment.as_list()
    comment.rules, comment.risk = assessment.rules, assessment.risk
    if comment.status is not Status.pending:  # a moderator was quicker than the worker
        return []
    if verdict.publish and (held := _held_by_people(comment)):
        verdict = policy.Verdict(publish=False, why=held)
    if verdict.publish:
        moves.move(comment, Move.approve, moves.By(via=Via.policy, reason=verdict.why))
        return []
    comment.held_for = verdict.why
    return outbox.tell_of_held(comment)


def _held_by_people(comment: Comment) -> str:
    """Why a comment that was screened before must wait: by editing it, nobody overrules people."""
    latest = db.session.scalar(
        select(Decision)
        .where(Decision.site_id == comment.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id.desc())
        .limit(1)
    )
    if latest is None or latest.move is Move.edit:
        return ""
    if latest.via is Via.reports:
        return "Readers had reported it before its author changed it"
    return "A moderator had held it before its author changed it"


def unscreened(older_than: timedelta, limit: int = 500) -> list[int]:
    """Ids of comments whose bell was lost, oldest first."""
    waiting = (
        select(Comment.id)
        .where(Comment.screened_at.is_(None), Comment.created_at < now() - older_than)
        .order_by(Comment.created_at)
        .limit(limit)
    )
    return list(db.session.scalars(waiting))


def longest_wait() -> timedelta:
    """For how long the oldest comment that is not screened has waited; nothing if there is none."""
    moment = now()
    oldest = db.session.scalar(
        select(Comment.created_at)
        .where(Comment.screened_at.is_(None))
        .order_by(Comment.created_at)
        .limit(1)
    )
    return max(moment - oldest, timedelta()) if oldest else timedelta()


def is_known(comment: Comment) -> bool:
    """Does this commenter's key have an approved comment at the site?"""
    if comment.key_hash is None:
        return False
    approved = exists().where(
        Comment.site_id == comment.site_id,
        Comment.key_hash == comment.key_hash,
        Comment.status == Status.approved,
    )
    return bool(db.session.scalar(select(approved)))


def _candidate(comment: Comment) -> Candidate:
    return Candidate(
        author=comment.author,
        email=comment.email,
        website=comment.website,
        body=comment.body,
        body_html=comment.body_html,
        arrival=comment.arrival,
        hold_links=comment.site.hold_links,
        hold_words=comment.site.hold_words,
    )


def _history(comment: Comment) -> History:
    same = select(func.count()).where(
        Comment.site_id == comment.site_id,
        Comment.body_hash == comment.body_hash,
        Comment.id != comment.id,
        Comment.created_at > now() - _LATELY,
    )
    return History(same_body=db.session.scalar(same) or 0)
