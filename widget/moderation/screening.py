"""Screening comments: claim them, assess and judge each, move them, tell the moderators."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import contains_eager

from widget import sanitize
from widget.db import db, now
from widget.models import Comment, Decision, Delivery, Move, Rule, Site, Status, Via
from widget.moderation import (
    consulting,
    filtering,
    history,
    locks,
    moves,
    policy,
    priority,
    rules,
    shields,
    threads,
)
from widget.notify import outbox
from widget.spam import Assessment, Candidate, History, Signal, assess, clustering, tongues

if TYPE_CHECKING:
    from widget.spam.classifier import Model

# Where providers may still change the outcome.
_OPEN = {Status.pending, Status.approved}
_LEADS = {Status.approved: Move.approve, Status.spam: Move.spam, Status.trash: Move.trash}


class Screened(NamedTuple):
    """What is left to do after the commit: deliveries to ring for, and clusters to unite."""

    due: list[Delivery]
    met: set[clustering.Meeting]


def screen(*comment_ids: int) -> Screened:
    """Screen comments, each once; returns what must be done after the commit.

    The claim and everything it leads to are one transaction: a worker killed half way leaves the
    comments unscreened, and of two workers with the same id one finds nothing to claim.
    """
    locks.lock_thread_of(*comment_ids)
    claimed = db.session.scalars(
        update(Comment)
        .where(Comment.id.in_(comment_ids), Comment.screened_at.is_(None))
        .values(screened_at=now())
        .returning(Comment.id)
        .execution_options(synchronize_session=False)
    ).all()
    comments = _read(claimed)
    for comment in comments:
        threads.bring_along(comment)
    screened = Screened([], set())
    for site, group in groupby(comments, key=lambda comment: comment.site):
        due, met = _screen(site, list(group))
        screened.due.extend(due)
        screened.met.update(met)
    return screened


def _read(ids: Sequence[int]) -> Sequence[Comment]:
    """All at once, by site, in the order they came."""
    if not ids:
        return []
    return db.session.scalars(
        select(Comment)
        .join(Comment.site)
        .join(Comment.thread)
        .options(contains_eager(Comment.site), contains_eager(Comment.thread))
        .where(Comment.id.in_(ids))
        .order_by(Comment.site_id, Comment.id)
        .execution_options(populate_existing=True)
    ).all()


def _screen(site: Site, comments: Sequence[Comment]) -> Screened:
    for comment in comments:
        comment.written_in = tongues.language_of(sanitize.stored(comment.body_html).striptags())
    with db.session.no_autoflush:
        met = clustering.join(*comments)
    known = history.gather(comments)
    matched = rules.matching_each(comments)
    learned = filtering.model_of(site)
    verdicts = []
    for comment in comments:
        verdict = _judged(comment, known[comment.id], matched[comment.id], learned)
        if comment.edited_at:
            priority.set_priority(comment)
        else:
            priority.set_first(comment)
        if comment.status is Status.pending:  # else a moderator was quicker than the worker
            verdicts.append((comment, verdict))
    due = _follow(site, verdicts)
    return Screened(due + shields.watch(site, comments), met)


def _follow(site: Site, verdicts: Sequence[tuple[Comment, policy.Verdict]]) -> list[Delivery]:
    """Do what was judged of comments that wait."""
    held: list[Comment] = []
    away: dict[Status, list[tuple[Comment, str]]] = {Status.spam: [], Status.trash: []}
    with db.session.no_autoflush:  # what was found is written once, with what follows from it
        by_people = _held_by_people(
            site, [comment for comment, verdict in verdicts if verdict.to is not Status.pending]
        )
    for comment, judged in verdicts:
        why = by_people.get(comment.id)
        verdict = policy.Verdict(Status.pending, why) if why else judged
        if verdict.to is Status.pending:
            comment.held_for = verdict.why
            held.append(comment)
        elif verdict.to is Status.approved:
            moves.move(comment, Move.approve, moves.By(via=Via.policy, reason=verdict.why))
        else:
            away[verdict.to].append((comment, verdict.why))
    db.session.flush()
    for to, comments in away.items():
        if comments:
            moves.put_away(comments, _LEADS[to], Via.policy)
    return outbox.tell_of_all_held(
        site, [comment for comment in held if not consulting.is_put_off(comment)]
    )


def _judged(
    comment: Comment,
    known: History,
    matched: Sequence[Rule],
    learned: "tuple[int, Model] | None",
) -> policy.Verdict:
    """Ask checks, filter and rules; keep what they found, and say what follows from it."""
    found = assess(candidate(comment), known).signals
    thought = filtering.listen(comment, found, learned)
    assessment = Assessment((*found, *thought, *filter(None, map(rules.signal, matched))))
    by_reason = {rules.words(rule): rule.id for rule in matched}
    comment.signals = [
        # So that its chip on the card can lead to the rule.
        {**said, "rule_id": by_reason[said["reason"]]} if said["rule"] in rules.SIGNALS else said
        for said in assessment.as_list()
    ]
    verdict = _verdict(comment, assessment, known, matched)
    # As it stands now, nobody was asked about it.
    comment.ask_at, comment.asked = None, 0
    if comment.status is not Status.pending or verdict.to not in _OPEN:
        return verdict
    if not (unasked := consulting.put_off(comment)):
        return verdict
    comment.signals = [*comment.signals, *(signal.as_dict() for signal in unasked)]
    return _verdict(comment, Assessment((*assessment.signals, *unasked)), known, matched)


def judge_again(comment: Comment, signals: Sequence[Signal]) -> list[Delivery]:
    """Judge a comment that waits by these signals, when more has been found; as screen()."""
    by_rules = {said["reason"]: said for said in comment.signals if "rule_id" in said}
    comment.signals = [by_rules.get(signal.reason, signal.as_dict()) for signal in signals]
    known, matched = history.gather([comment])[comment.id], rules.matching(comment)
    verdict = _verdict(comment, Assessment(tuple(signals)), known, matched)
    priority.set_priority(comment)
    return _follow(comment.site, [(comment, verdict)])


def _verdict(
    comment: Comment, assessment: Assessment, known: History, matched: Sequence[Rule]
) -> policy.Verdict:
    comment.risk = assessment.risk
    verdict = policy.judge(
        comment.site,
        assessment,
        is_known=known.key_approved > 0,
        rules=[policy.Applied(rule.effect, rules.words(rule)) for rule in matched],
        own=comment.thread.hold,
        shields_up=shields.are_up(comment.site),
    )
    tokens = [*map(rules.token, matched), *filter(None, [verdict.token])]
    comment.rules = " ".join([assessment.rules.rstrip(), *tokens, ""])
    return verdict


def _held_by_people(site: Site, comments: Sequence[Comment]) -> dict[int, str]:
    """Which must wait, because people decided on them, and why: by editing, nobody overrules it."""
    ids = [comment.id for comment in comments]
    decisions = db.session.scalars(
        select(Decision)
        .where(Decision.site_id == site.id, Decision.comment_id.in_(ids))
        .order_by(Decision.id)
    )
    latest = {decision.comment_id: decision for decision in decisions} if ids else {}
    return {
        comment_id: "Readers had reported it before its author changed it"
        if decision.via is Via.reports
        else "A moderator had held it before its author changed it"
        for comment_id, decision in latest.items()
        if decision.move is not Move.edit
    }


def unscreened(older_than: timedelta = timedelta(), limit: int = 500) -> list[int]:
    """Ids of comments that wait for a worker, or whose bell was lost, oldest first."""
    waiting = (
        select(Comment.id)
        .where(Comment.screened_at.is_(None), Comment.created_at <= now() - older_than)
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
        page=f"{comment.thread.title} {comment.thread.page}",
        origins=tuple(comment.site.origins),
        written_in=comment.written_in,
        site_language=comment.site.language,
    )
