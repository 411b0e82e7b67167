"""How good probabilities are, and how sure a rate is, told without what made them.

Plain Python on purpose: a filter is not measured with its own ruler, and asking costs no import.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean

EVEN = 0.5
SELDOM, RARELY = 0.001, 0.01
_BINS = 10
_SURE = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, kw_only=True)
class Step:
    """Those of about one probability: how many, how likely spam on average, and how many were."""

    start: float
    count: int
    expected: float
    spam: int


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What probabilities are worth. At even odds: accuracy, precision and recall."""

    accuracy: float
    precision: float
    recall: float
    roc_auc: float
    # Of spam, when no more than one ham in a thousand, or in a hundred, is taken for it.
    recall_at_fpr_01: float
    recall_at_fpr_1: float
    calibration_error: float
    brier: float


def quality(found: Sequence[float], is_spam: Sequence[bool]) -> Quality:
    """Measure probabilities by what came true; there must be spam and ham."""
    called = [one >= EVEN for one in found]
    hits = sum(one and truth for one, truth in zip(called, is_spam, strict=True))
    spam, ham = _apart(found, is_spam)
    return Quality(
        accuracy=fmean(one == truth for one, truth in zip(called, is_spam, strict=True)),
        precision=hits / sum(called) if any(called) else 0.0,
        recall=hits / len(spam),
        roc_auc=_area(spam, ham),
        recall_at_fpr_01=recall_at(spam, ham, SELDOM),
        recall_at_fpr_1=recall_at(spam, ham, RARELY),
        calibration_error=_calibration_error(found, is_spam),
        brier=fmean((one - truth) ** 2 for one, truth in zip(found, is_spam, strict=True)),
    )


def calibration(found: Sequence[float], is_spam: Sequence[bool]) -> list[Step]:
    """What came true of probabilities, in ten steps; empty ones are left out."""
    steps: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for pair in zip(found, is_spam, strict=True):
        steps[min(int(pair[0] * _BINS), _BINS - 1)].append(pair)
    return [
        Step(
            start=number / _BINS,
            count=len(step),
            expected=fmean(one for one, _ in step),
            spam=sum(truth for _, truth in step),
        )
        for number, step in enumerate(steps)
        if step
    ]


def mean(of: Sequence[Quality]) -> Quality:
    """The mean of several, each counting alike."""
    names = Quality.__dataclass_fields__
    return Quality(**{name: fmean(getattr(one, name) for one in of) for name in names})


def recall_at(spam: Sequence[float], ham: Sequence[float], rate: float) -> float:
    """The share of spam that scores above all ham but this rate of it, rounded down."""
    bar = sorted(ham, reverse=True)[int(rate * len(ham))]
    return fmean(one > bar for one in spam)


def interval(times: int, of: int) -> tuple[float, float]:
    """Between what a rate is, with 95 % certainty, that was seen so many times (Wilson's)."""
    if not of:
        return 0.0, 1.0
    rate, doubt = times / of, _SURE**2 / of
    middle = (rate + doubt / 2) / (1 + doubt)
    reach = sqrt(rate * (1 - rate) * doubt + doubt**2 / 4) / (1 + doubt)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _apart(found: Sequence[float], is_spam: Sequence[bool]) -> tuple[list[float], list[float]]:
    both = list(zip(found, is_spam, strict=True))
    return [one for one, truth in both if truth], [one for one, truth in both if not truth]


def _area(spam: Sequence[float], ham: Sequence[float]) -> float:
    """How often a spam scores above a ham, a tie counting half."""
    ranked = sorted(ham)
    below = sum(bisect_left(ranked, one) + bisect_right(ranked, one) for one in spam)
    return below / (2 * len(spam) * len(ham))


def _calibration_error(found: Sequence[float], is_spam: Sequence[bool]) -> float:
    """How far probabilities are from what came true, on average, in ten steps."""
    steps = calibration(found, is_spam)
    return sum(abs(step.count * step.expected - step.spam) for step in steps) / len(found)
