"""From scores to probabilities, from probabilities to thresholds, and how good both are.

Everything here is fed with scores of examples that the scorer had not learned from.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# From decisions by the thousand nobody can be surer than that.
_SUREST = 12.0
_STEPS, _CLOSE = 50, 1e-8
_STIFF = 200.0
_BINS = 10
_EVEN = 0.5


@dataclass(frozen=True)
class Sigmoid:
    """A score's log odds: one slope above its middle and one below (beta calibration)."""

    rise: float
    fall: float
    shift: float

    def log_odds(self, scores: Floats) -> Floats:
        """Those of a spam, one for each score."""
        found = self.rise * np.maximum(scores, 0) + self.fall * np.minimum(scores, 0) + self.shift
        bounded: Floats = _SUREST * np.tanh(found / _SUREST)  # what scores higher stays higher
        return bounded


def probability(log_odds: Floats) -> Floats:
    """From log odds."""
    found: Floats = 1 / (1 + np.exp(-log_odds))
    return found


def straight(scores: Floats, is_spam: Bools, weights: Floats) -> Sigmoid:
    """One slope (Platt's), never a falling one: what does not help is worth nothing."""
    spread = float(np.std(scores)) or 1.0
    table = np.column_stack((scores / spread, np.ones(scores.size)))
    slope, shift = _logistic(table, is_spam, weights, np.array([1.0, 0.0]), np.array([1.0, 1e-3]))
    slope = max(slope, 0.0) / spread
    return Sigmoid(slope, slope, shift)


def bent(scores: Floats, is_spam: Bools, weights: Floats) -> Sigmoid:
    """Two slopes, near 1 where there is little to go by and near each other where there is more."""
    table = np.column_stack((scores, np.abs(scores), np.ones(scores.size)))
    slope, bend, shift = _logistic(
        table, is_spam, weights, np.array([1.0, 0.0, 0.0]), np.array([2.0, _STIFF, 1e-3])
    )
    return Sigmoid(max(slope + bend, 0.05), max(slope - bend, 0.05), shift)


def _logistic(
    table: Floats, is_spam: Bools, weights: Floats, start: Floats, doubt: Floats
) -> list[float]:
    """A logistic regression by Newton's steps, pulled to where it starts by `doubt`."""
    # Platt's targets: no label is certain.
    spam, ham = weights[is_spam].sum(), weights[~is_spam].sum()
    target = np.where(is_spam, (spam + 1) / (spam + 2), 1 / (ham + 2))
    found = start.copy()
    for _ in range(_STEPS):
        guess = probability(np.clip(table @ found, -30, 30))
        slope = table.T @ (weights * (guess - target)) + doubt * (found - start)
        curve = (table.T * (weights * guess * (1 - guess))) @ table + np.diag(doubt)
        step = np.linalg.solve(curve, slope)
        size = np.abs(step).max()
        found -= step * min(1.0, 2 / size) if size else step
        if size < _CLOSE:
            break
    return [float(value) for value in found]


def beyond(log_odds: Floats, rate: float, share: float = 0.0) -> float:
    """From where at most this rate of all ham is to be expected, by the log odds of spam and ham.

    Or where ham is at most this share of what is there, if that is more. Every probability says how
    much ham to expect: that rests on all scores, so it knows of rates below one in as many as there
    are, where the highest ham alone would be chance.
    """
    ranked = np.sort(log_odds)[::-1]
    ham = np.cumsum(probability(-ranked))
    met = int(np.searchsorted(ham / ham[-1], rate))
    shared = int(np.searchsorted(ham / np.arange(1, ham.size + 1), share))
    return float(ranked[min(max(met, shared), ham.size - 1)])


def above_all_but(scores: Floats, rate: float) -> float:
    """The lowest score that no more than this rate of these has."""
    return float(np.sort(scores)[::-1][int(rate * scores.size)]) + _CLOSE


def recall_at(scores: Floats, is_spam: Bools, rate: float) -> float:
    """The share of spam above all but this rate of ham."""
    ham = np.sort(scores[~is_spam])[::-1]
    allowed = int(rate * ham.size)
    return float(np.mean(scores[is_spam] > ham[allowed])) if allowed < ham.size else 1.0


def area(scores: Floats, is_spam: Bools) -> float:
    """How often a spam scores above a ham (the area below the ROC curve)."""
    ham = np.sort(scores[~is_spam])
    below = np.searchsorted(ham, scores[is_spam], "left")
    upto = np.searchsorted(ham, scores[is_spam], "right")
    return float(np.mean(below + upto) / (2 * ham.size))


def calibration_error(found: Floats, is_spam: Bools) -> float:
    """How far probabilities are from what came true, on average, in ten steps."""
    step: NDArray[np.intp] = np.minimum((found * _BINS).astype(np.intp), _BINS - 1)
    off = np.bincount(step, found - is_spam, _BINS)
    return float(np.abs(off).sum() / found.size)


def log_losses(found: Floats, is_spam: Bools) -> Floats:
    """How surprising each label is."""
    right = np.where(is_spam, found, 1 - found)
    losses: Floats = -np.log(np.clip(right, 1e-6, 1))
    return losses


def measured(found: Floats, is_spam: Bools) -> dict[str, float]:
    """How good probabilities are, in one table."""
    return {
        "accuracy": float(np.mean((found >= _EVEN) == is_spam)),
        "area": area(found, is_spam),
        "recall_at_0.1%": recall_at(found, is_spam, 0.001),
        "recall_at_1%": recall_at(found, is_spam, 0.01),
        "calibration_error": calibration_error(found, is_spam),
        "brier": float(np.mean((found - is_spam) ** 2)),
        "log_loss": float(np.mean(log_losses(found, is_spam))),
    }
