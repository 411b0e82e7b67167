"""What the filter of a site has learned, as its page shows it (spam.learning)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from widget.db import db
from widget.models import Comment, Decision, Site, SpamModel
from widget.moderation.reckoning import BINS, DECIDED, ENOUGH, Bin, Evidence, Tried
from widget.spam import learning
from widget.spam.decided import beside_filter, by_people, labelled, last_words
from widget.spam.learning import State

if TYPE_CHECKING:
    from widget.spam.classifier import Label


def curve(state: State) -> list[tuple[int, float]]:
    """How much spam is caught at one mistake in a hundred, by how many decisions were known."""
    return [
        (step["learned"], step["recall_at_fpr_1"])
        for step in state.measured.get("curve", ())
        if not step["not_enough"]
    ]


def bins(evidence: Evidence, state: State) -> list[Bin]:
    """How true its probabilities are: as seen since it judges, or else as measured when it learned.

    Never on what it had learned from, as long as there is anything else.
    """
    if evidence.is_fair or not (measured := _held_out(state)):
        return list(evidence.bins())
    return [
        Bin(step["start"], step["start"] + 1 / BINS, step["count"], step["spam"], step["expected"])
        for step in measured
    ]


def is_flattering(evidence: Evidence, state: State) -> bool:
    """Are the bins those of what it had learned from, for there is nothing else?"""
    return not evidence.is_fair and not _held_out(state)


def _held_out(state: State) -> list[dict[str, Any]]:
    """The steps that were measured; nothing where too little was left to learn from for that."""
    report = state.measured.get("report", {})
    return [] if report.get("not_enough") else report.get("calibration", [])


def evidence(site: Site) -> Evidence:
    """The latest decisions, and what the filter thinks of each.

    What it thought when the comment came counts, if it did: it cannot have learned from a decision
    that was still to come. Where too few of these are there, all count, and it is said.
    """
    found = learning.model_of(site.id)
    if found is None:
        return Evidence()
    number, model = found
    learned_to = db.session.scalar(select(SpamModel.decision_id).where(SpamModel.id == number)) or 0
    decided = list(_labelled(site))
    fair = [
        (decision, comment, label)
        for decision, comment, label in decided
        if comment.probability is not None or decision.id > learned_to
    ]
    is_fair = len(fair) >= ENOUGH or not decided
    tried = [
        Tried(
            comment,
            label == "spam",
            model.judge(labelled(comment, label)).probability
            if comment.probability is None
            else comment.probability,
            model.publish_at,
            is_held=bool(beside_filter(comment).holding),
        )
        for _decision, comment, label in (fair if is_fair else decided)
    ]
    return Evidence(tried, is_fair=is_fair)


def _labelled(site: Site) -> "Iterator[tuple[Decision, Comment, Label]]":
    """What moderators called spam or let pass, the latest decision first (as spam.decided)."""
    rows = db.session.execute(
        select(Decision, Comment)
        .join(Decision.comment)
        .join(Comment.thread)
        .options(contains_eager(Comment.thread))
        .where(
            Decision.site_id == site.id,
            Comment.site_id == site.id,
            Comment.body_hash != "",
            *by_people(),
        )
        .order_by(Decision.id.desc())
        .limit(DECIDED)
    )
    for word in last_words(rows):
        if label := word.label:
            yield word.decision, word.comment, label
