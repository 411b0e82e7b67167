"""The filter that has learned here, as one more voice among the checks."""

import logging
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from widget.models import Comment, Site
from widget.spam import Signal, learning

if TYPE_CHECKING:
    from widget.spam.classifier import Model, Opinion

log = logging.getLogger(__name__)

SPAM, UNSURE = "filter", "filter-unsure"
_WORDS = 3


def model_of(site: Site) -> "tuple[int, Model] | None":
    """What judges the site's comments; nothing while it has learned too little."""
    return learning.model_of(site.id)


def listen(
    comment: Comment, signals: Sequence[Signal], learned: "tuple[int, Model] | None"
) -> tuple[Signal, ...]:
    """What the filter thinks, kept with the comment; a signal unless it takes it for a reader's."""
    if learned is None:
        comment.probability = comment.judged_by = None
        return ()
    comment.judged_by, model = learned
    try:
        opinion = learning.opinion(comment, signals, model)
    except Exception:  # as for any check: its fault must hold the comment, and nobody else's
        log.exception("the filter failed")
        comment.probability = comment.judged_by = None
        return (Signal(rule="unchecked", reason="The filter failed", span="filter"),)
    comment.probability = opinion.probability
    if opinion.probability >= _spam_from(comment.site, model):
        return (_signal(SPAM, "Looks like spam to the filter", opinion),)
    if opinion.verdict == "ham":
        return ()
    return (_signal(UNSURE, "The filter is not sure", opinion, holds=False),)


def _spam_from(site: Site, model: "Model") -> float:
    """By hand or, better, as the model found out: where it takes hardly any reader's for spam."""
    return model.spam_at if site.spam_from is None else site.spam_from / 100


def _signal(rule: str, says: str, opinion: "Opinion", *, holds: bool = True) -> Signal:
    """With the words that weighed most.

    They stand beside the reason, not in it: that is kept with the decision, and tells no words of
    a reader when the comment is gone.
    """
    words = [word for word, weight in opinion.words if weight > 0][:_WORDS]
    # Never “100 %”: it does not know that.
    percent = min(99, math.floor(100 * opinion.probability))
    return Signal(
        rule=rule,
        reason=f"{says} ({percent} %)",
        span=", ".join(words),
        score=round(opinion.probability, 2),
        holds=holds,
    )
