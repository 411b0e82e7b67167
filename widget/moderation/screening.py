"""Screening one comment: claim it, assess and judge it, move it, tell the moderators."""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, union_all, update

from widget import sanitize
from widget.db import affected, db, now
from widget.models import Comment, Decision, Delivery, Move, Status, Via
from widget.moderation import moves, policy, priority, rules, threads
from widget.notify import outbox
from widget.spam import MAX_COUNTED, Assessment, Candidate, History, assess, likeness, tongues

_LATELY = timedelta(days=30)
_LEADS = {Status.approved: Move.approve, Status.spam: Move.spam, Status.trash: Move.trash}


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
    threads.bring_along(comment)
    likeness.join(comment)
    comment.written_in = tongues.language_of(sanitize.stored(comment.body_html).striptags())
    verdict = _judged(comment)
    priority.set_priority(comment)
    if comment.status is not Status.pending:  # a moderator was quicker than the worker
        return []
    if verdict.to is not Status.pending and (held := _held_by_people(comment)):
        verdict = policy.Verdict(Status.pending, held)
    if verdict.to is Status.pending:
        comment.held_for = verdict.why
        return outbox.tell_of_held(comment)
    moves.move(comment, _LEADS[verdict.to], moves.By(via=Via.policy, reason=verdict.why))
    return []


def _judged(comment: Comment) -> policy.Verdict:
    """Ask the checks and the site's rules; keep what they found, and say what follows from it."""
    matched = rules.matching(comment)
    found = assess(candidate(comment), _history(comment))
    assessment = Assessment((*found.signals, *filter(None, map(rules.signal, matched))))
    by_reason = {rules.words(rule): rule.id for rule in matched}
    comment.signals = [
        # So that its chip on the card can lead to the rule.
        {**said, "rule_id": by_reason[said["reason"]]} if said["rule"] in rules.SIGNALS else said
        for said in assessment.as_list()
    ]
    comment.risk = assessment.risk
    verdict = policy.judge(
        comment.site,
        assessment,
        is_known=is_known(comment),
        rules=[policy.Applied(rule.effect, rules.words(rule)) for rule in matched],
        own=comment.thread.hold,
    )
    tokens = [*map(rules.token, matched), *filter(None, [verdict.token])]
    comment.rules = " ".join([assessment.rules.rstrip(), *tokens, ""])
    return verdict


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


def candidate(comment: Comment) -> Candidate:
    """What the checks look at: the comment, and its site’s lists and limits."""
    return Candidate(
        author=comment.author,
        email=comment.email,
        website=comment.website,
        body=comment.body,
        body_html=comment.body_html,
        arrival=comment.arrival,
        hold_links=comment.site.hold_links,
        hold_words=comment.site.hold_words,
        spam_words=comment.site.spam_words,
    )


def _history(comment: Comment) -> History:
    since = now() - _LATELY
    same = (
        select(Comment.id)
        .where(
            Comment.site_id == comment.site_id,
            Comment.body_hash == comment.body_hash,
            Comment.id != comment.id,
            Comment.created_at > since,
        )
        .limit(MAX_COUNTED)
        .subquery()
    )
    same_body = db.session.scalar(select(func.count()).select_from(same)) or 0
    return History(same_body=same_body, alike=_alike(comment, since))


def _alike(comment: Comment, since: datetime) -> int:
    """How many others say nearly the same lately: what it answers, and may quote, is none of them.

    Of each status the latest are looked at: a flood costs no more than a bounded part of it.
    """
    if not likeness.is_telling(comment.body):
        return 0
    latest = union_all(
        *(
            select(
                select(Comment.id, Comment.body_hash, Comment.created_at)
                .where(
                    Comment.site_id == comment.site_id,
                    Comment.cluster_id == comment.cluster_id,
                    Comment.status == status,
                    Comment.id.not_in([comment.id, comment.parent_id or 0]),
                )
                .order_by(Comment.id.desc())
                .limit(MAX_COUNTED)
                .subquery()
            )
            for status in Status
        )
    ).subquery()
    alike = select(func.count()).where(
        latest.c.body_hash != comment.body_hash, latest.c.created_at > since
    )
    return min(db.session.scalar(alike) or 0, MAX_COUNTED)
