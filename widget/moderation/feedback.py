"""What moderators decide is told to those providers who were asked, and learn: rows of the outbox.

Nobody is told of a comment that they were not sent before, nor what they know already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from widget import config
from widget.db import db
from widget.models import Comment, Decision, Delivery, Move, Status
from widget.notify import letterbox
from widget.notify.mail import NotNeeded, NotSent
from widget.spam import providers
from widget.spam.providers import Label, Provider, Question

# What is told cannot be called back, and a moderator may press “undo”.
_GRACE = timedelta(minutes=1)
_LABELS = {Status.approved: Label.ham, Status.spam: Label.spam}


class ToProviders(StrEnum):
    """What providers are told."""

    verdict = "verdict"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A moderator's decision, ready to be told."""

    provider: Provider
    label: Label
    question: Question


def note(decision: Decision) -> None:
    """Write down who must hear of a decision. Costs nothing where nobody was asked."""
    comment, label = decision.comment, _label(decision)
    if not comment.providers or decision.moderator is None or label is None:
        return
    # Of other words than those that stand there they know nothing, nor shall they by this.
    if comment.edited_by_moderator or not comment.asked:
        return
    learning = _learning(comment)
    silent = providers.unanswered(providers.signals_of(comment), learning)
    for provider in learning:
        if provider.name in silent:
            continue
        known = {"comment": comment.id, "decision": decision.id}
        letterbox.put(
            ToProviders.verdict,
            site_id=comment.site_id,
            recipient="",
            payload={**known, "provider": provider.name, "label": label},
            key=_key(decision.id, provider),
            pause=_GRACE,
        )


def is_for_provider(delivery: Delivery) -> bool:
    """Is this neither a mail nor for a chat room?"""
    return delivery.kind == ToProviders.verdict


def verdict(delivery: Delivery) -> Verdict:
    """What there is to tell now; raises NotNeeded where another decision, or nothing, is left."""
    comment = db.session.get(Comment, delivery.payload["comment"])
    if comment is None or not comment.body_hash:
        raise NotNeeded("the comment is gone")
    decisions = db.session.scalars(
        select(Decision)
        .where(Decision.site_id == comment.site_id, Decision.comment_id == comment.id)
        .order_by(Decision.id)
    ).all()
    last, label = decisions[-1], Label(delivery.payload["label"])
    if last.id != delivery.payload["decision"]:
        raise NotNeeded("somebody has decided anew since")
    if comment.edited_at and comment.edited_at > last.created_at:
        raise NotNeeded("its words were changed since")
    for provider in _learning(comment):
        if provider.name == delivery.payload["provider"]:
            settings = config.current()
            question = providers.about(comment, public_url=settings.public_url)
            if not _is_news(label, provider, question, decisions):
                raise NotNeeded("that would be no news")
            return Verdict(provider=provider, label=label, question=question)
    raise NotNeeded("the provider was switched off")


def tell(told: Verdict) -> None:
    """Tell it; raises NotSent. No transaction should be open meanwhile."""
    within = config.current().provider_seconds
    try:
        told.provider.tell(told.label, told.question, within=within)
    except providers.Unavailable as fault:
        raise NotSent(
            f"{told.provider.title} could not be told: {fault.reason}",
            for_good=False,
            pause=fault.pause,
        ) from None


def _label(decision: Decision) -> Label | None:
    """What a decision says of a comment."""
    if decision.move is Move.restore and decision.status_from is Status.spam:
        return Label.ham  # “Not spam”, wherever that puts it
    return _LABELS.get(decision.status_to)


def _is_news(
    label: Label, provider: Provider, question: Question, decisions: Sequence[Decision]
) -> bool:
    keys = [f"{ToProviders.verdict}:{_key(each.id, provider)}" for each in decisions]
    told = db.session.scalar(
        select(Delivery)
        .where(
            Delivery.site_id == question.site_id,
            Delivery.dedupe_key.in_(keys),
            Delivery.delivered_at.is_not(None),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
    )
    if told:
        return bool(told.payload["label"] != label)
    # To take back what was never told says nothing: the comment is where the machine had put it.
    return decisions[-1].move is not Move.undo and provider.is_news(label, question)


def _key(decision_id: int, provider: Provider) -> str:
    return f"{decision_id}:{provider.name}"


def _learning(comment: Comment) -> list[Provider]:
    on = providers.switched_on(config.current())
    return [each for each in on if each.learns and each.name in comment.providers]
