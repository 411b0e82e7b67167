"""Learning: the same decisions make the same model, byte for byte.

Four learners, each on the site's own decisions and, where there are any, on those of other sites.
Each one's scores on examples that it had not seen say how far it can be believed: its log odds
count for that much, so that a learner, or another site, that does not help here fades away.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from widget.spam.classifier.calibration import (
    Bools,
    Floats,
    Sigmoid,
    above_all_but,
    bent,
    beyond,
    log_losses,
    measured,
    probability,
    straight,
)
from widget.spam.classifier.corpus import Corpus, Scales, corpus, ordered, scales
from widget.spam.classifier.example import MIN_DECISIONS, MIN_EACH, Example, NotEnough
from widget.spam.classifier.features import Traces
from widget.spam.classifier.learners import LEARNERS, Linear, learn
from widget.spam.classifier.model import Block, Model

# Of either label; beyond this little is learned. The newest count, a hundred of the same text: so
# a flood does not push out all else.
MAX_EACH = 5_000
_COPIES = 100
FALSE_POSITIVES = 0.001
FALSE_NEGATIVES = 0.01
AMONG_PUBLISHED = 0.001
_MARGIN = 0.5
# Thresholds rest on the newest ham and spam: what is usual changes.
_RECENT = 0.5
_MIN_RECENT = 200
_WORTH_LEAST = 1e-4
# What is half as good counts a sixteenth: the best together are better than all.
_SHARPNESS = 4
_FOLDS = ((3_000, 4), (200, 5), (0, 10))


def train(
    examples: Iterable[Example | Traces],
    prior: Iterable[Example | Traces] | None = None,
    *,
    at: datetime | None = None,
) -> Model:
    """A model of these decisions; `prior` are those of other sites, `at` is when it was made.

    Raises NotEnough.
    """
    decided = ordered(examples)
    _enough(*_count(decided))
    own, others = _newest(decided), _newest(ordered(prior or ()))
    scaled = scales([one for _, one in (*own, *others)])
    words = scaled[0].numbers.size
    known = corpus(own, scaled)
    learners = learn(known, words)
    seen = _unseen(known, words)
    if min(_count(others)) >= MIN_EACH:
        elsewhere = learn(corpus(others, scaled), words)
        learners += elsewhere
        seen = np.column_stack((seen, *(one.scores(known.rows) for one in elsewhere)))
    trust = _trusted(seen, known)
    joined = _joined(learners, trust)
    odds = np.sum(
        [one.rise * column + one.shift for one, column in zip(trust, seen.T, strict=True)], axis=0
    )
    final = bent(odds, known.is_spam, known.recency)
    return _model(known, scaled, joined, final, odds, others=len(others), at=at)


def _newest(keyed: list[tuple[bytes, Traces]]) -> list[tuple[bytes, Traces]]:
    kept, copies, labels = [], Counter[tuple[bytes, str | None]](), Counter[str | None]()
    for digest, one in reversed(keyed):
        if copies[digest, one.label] < _COPIES and labels[one.label] < MAX_EACH:
            kept.append((digest, one))
            copies[digest, one.label] += 1
            labels[one.label] += 1
    return kept[::-1]


def _count(keyed: Sequence[tuple[bytes, Traces]]) -> tuple[int, int]:
    spam = sum(one.label == "spam" for _, one in keyed)
    return spam, len(keyed) - spam


def _enough(spam: int, ham: int) -> None:
    if spam + ham >= MIN_DECISIONS and min(spam, ham) >= MIN_EACH:
        return
    raise NotEnough(
        f"Not enough decisions yet: {spam} spam and {ham} ham. It takes {MIN_DECISIONS},"
        f" and {MIN_EACH} of either."
    )


def _unseen(known: Corpus, words: int) -> Floats:
    """Each learner's score of each example, by one that had not learned from it."""
    folds = _folds(known)
    seen = np.zeros((folds.size, LEARNERS))
    for fold in range(folds.max() + 1):
        out = folds == fold
        rest = known.part(~out)
        if not 0 < rest.is_spam.sum() < rest.is_spam.size:  # all of a label is one text
            rest = known
        for number, learner in enumerate(learn(rest, words)):
            seen[out, number] = learner.scores(known.rows[out])
    return seen


def _folds(known: Corpus) -> NDArray[np.intp]:
    """Parts of equal time, each with its share of either label: campaigns stay together.

    The same text is never in two parts, or the learner would have seen what it is asked.
    """
    size = known.is_spam.size
    count = next(folds for least, folds in _FOLDS if size >= least)
    folds = np.zeros(size, np.intp)
    for label in (True, False):
        of = np.flatnonzero(known.is_spam == label)
        folds[of] = np.arange(of.size) * count // of.size
    first: dict[bytes, int] = {}
    for number, digest in enumerate(known.digests):
        folds[number] = first.setdefault(digest, int(folds[number]))
    return folds


def _trusted(seen: Floats, known: Corpus) -> list[Sigmoid]:
    """Each learner's log odds, times its share in what all of them know better than nobody."""
    found = [straight(column, known.is_spam, known.recency) for column in seen.T]
    nobody = _surprise(straight(np.zeros(len(seen)), known.is_spam, known.recency), 0.0, known)
    better = [
        max(nobody - _surprise(one, column, known), _WORTH_LEAST)
        for one, column in zip(found, seen.T, strict=True)
    ]
    worth = np.array(better) ** _SHARPNESS
    return [
        Sigmoid(one.rise * share, one.fall * share, one.shift * share)
        for one, share in zip(found, worth / worth.sum(), strict=True)
    ]


def _surprise(one: Sigmoid, scores: Floats | float, known: Corpus) -> float:
    found = probability(one.log_odds(np.broadcast_to(scores, known.is_spam.shape)))
    return float(np.average(log_losses(found, known.is_spam), weights=known.recency))


def _joined(learners: Sequence[Linear], trust: Sequence[Sigmoid]) -> Linear:
    """All learners as one: the sum of their log odds is again one weight a number."""
    parts = list(zip(learners, trust, strict=True))
    weights = np.sum([one.rise * learner.weights for learner, one in parts], axis=0)
    return Linear(weights, sum(one.rise * learner.bias + one.shift for learner, one in parts))


def _model(
    known: Corpus, scaled: Sequence[Scales], joined: Linear, final: Sigmoid, odds: Floats,
    *, others: int, at: datetime | None,
) -> Model:  # fmt: skip
    found = final.log_odds(odds)
    recent = {label: _recent(found[known.is_spam == label]) for label in (True, False)}
    spam_at = _threshold(found, recent[False], FALSE_POSITIVES)
    publish_at = -_threshold(-found, -recent[True], FALSE_NEGATIVES, AMONG_PUBLISHED)
    limits = probability(np.array([publish_at, spam_at]))
    spam = int(known.is_spam.sum())
    ends = np.cumsum([scale.numbers.size for scale in scaled])[:-1]
    blocks = tuple(
        Block(
            scale.numbers, (part * scale.rarity).astype(np.float16), scale.rarity.astype(np.float16)
        )
        for scale, part in zip(scaled, np.split(joined.weights, ends), strict=True)
    )
    return Model(
        blocks=blocks,
        bias=joined.bias,
        curve=final,
        spam_at=float(limits[1]),
        publish_at=float(limits[0]),
        counts={"spam": spam, "ham": known.is_spam.size - spam, "prior": others},
        metrics=_metrics(found, known.is_spam, limits),
        notes=_notes(recent[False].size, recent[True].size),
        trained_at=at,
    )


def _threshold(odds: Floats, others: Floats, rate: float, share: float = 0.0) -> float:
    """From where to act when at most this rate of the `others` may be met by mistake.

    It is where half of that rate is to be expected, for what comes is never quite like what was;
    or where they are no more than this share of all that is met, if that is more. And it is above
    all of them that were seen but that rate; but one, where these are few: that may be a slip.
    """
    seen = above_all_but(others, max(rate, 1 / others.size))
    return max(beyond(odds, rate * _MARGIN, share), seen, 0.0)


def _recent(odds: Floats) -> Floats:
    return odds[-max(_MIN_RECENT, int(odds.size * _RECENT)) :]


def _metrics(odds: Floats, is_spam: Bools, limits: Floats) -> dict[str, float]:
    found = probability(odds)
    called, passed = found >= limits[1], found <= limits[0]
    return measured(found, is_spam) | {
        "called_spam": float(called.mean()),
        "published": float(passed.mean()),
        "ham_called_spam": float(called[~is_spam].mean()),
        "spam_published": float(passed[is_spam].mean()),
        "spam_caught": float(called[is_spam].mean()),
    }


def _notes(ham: int, spam: int) -> tuple[str, ...]:
    """In words, what the thresholds rest on."""
    kept = f"the {ham} newest comments that moderators kept"
    called = f"It calls spam what is likelier spam than all but 0.1 % of {kept}"
    notes = [f"{called}, and so likely that hardly any good one is to be expected there."]
    if ham * FALSE_POSITIVES < 1:
        notes.append(
            f"Of {ham} nobody can see a rate below one in {ham}: so it goes by what the"
            " probabilities lead to expect, half of that rate, and by all of these but one."
        )
    if spam * FALSE_NEGATIVES < 1:
        notes.append(f"What passes for a good comment is set by {spam} spams, likewise.")
    return tuple(notes)
