"""Where a score comes from: each feature's part of it, given to the word it was found in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from widget.spam.classifier.features import Numbers, Spelled
from widget.spam.classifier.reading import LINK

_MOST = 8
_LEAST = 0.01
_LONGEST = 60
_ANY_LINK = "(any link)"
_SIGNS = "!?.,;:“”\"'()[]<>*"

Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Table:
    """A block of a model as tables to look up: weights, and the squares of how rare each is."""

    weights: Singles
    squares: Singles

    def score(self, numbers: Numbers, *, is_scaled: bool) -> float:
        """What these numbers, each of them once, say together."""
        if not numbers.size:
            return 0.0
        found = float(self.weights[numbers].sum(dtype=np.float64))
        return found * self.scale(numbers) if is_scaled else found

    def scale(self, numbers: Numbers) -> float:
        """What makes a row of any size one of length one."""
        square = float(self.squares[numbers].sum(dtype=np.float64))
        return square**-0.5 if square else 0.0


@dataclass(frozen=True, eq=False)
class Weighed:
    """A score, and the parts of it."""

    score: float
    spelled: Spelled
    parts: NDArray[np.float64]
    fact_parts: Singles

    def words(self, steepness: float) -> tuple[tuple[str, float], ...]:
        """The words that weighed most, as they are written, in log odds; strongest first."""
        shown = self.spelled.reading.shown
        found: dict[str, float] = {}
        for word, part in zip(shown, self.parts[: len(shown)].tolist(), strict=True):
            plain = word.strip(_SIGNS)[:_LONGEST] or word[:_LONGEST]
            if word == LINK:
                plain = _ANY_LINK
            found[plain] = found.get(plain, 0.0) + part * steepness
        return _strongest(found)

    def facts(self, steepness: float) -> tuple[tuple[str, float], ...]:
        """The facts that weighed most, likewise."""
        parts = (self.fact_parts * steepness).tolist()
        return _strongest(dict(zip(self.spelled.reading.facts, parts, strict=True)))


def weigh(spelled: Spelled, tables: tuple[Table, Table, Table]) -> Weighed:
    """The score of a comment, word by word. What is said again weighs as much as once, shared."""
    words, pieces, facts = tables
    reading = spelled.reading
    size = max(len(reading.shown), 1 + int(spelled.owners.max(initial=-1)))
    single, paired = _shares(words, spelled.words, spelled.pairs)
    owners = np.array(reading.owners, np.intp)
    parts = np.zeros(size)
    parts += np.bincount(owners, single, size)
    parts += np.bincount(owners[:-1], paired / 2, size)
    parts += np.bincount(owners[1:], paired / 2, size)
    [spread] = _shares(pieces, spelled.pieces)
    parts += np.bincount(spelled.owners, spread, size)
    fact_parts = facts.weights[spelled.facts]
    known = facts.score(np.unique(spelled.facts), is_scaled=False)
    return Weighed(float(parts.sum()) + known, spelled, parts, fact_parts)


def _shares(table: Table, *found: Numbers) -> list[NDArray[np.float64]]:
    """The part of the score that each place has."""
    numbers = np.concatenate(found)
    once, where, times = np.unique(numbers, return_inverse=True, return_counts=True)
    shares = (table.weights[once] * table.scale(once) / times)[where]
    return np.split(shares.astype(np.float64), np.cumsum([len(part) for part in found])[:-1])


def _strongest(found: dict[str, float]) -> tuple[tuple[str, float], ...]:
    ranked = sorted(found.items(), key=lambda item: -abs(item[1]))[:_MOST]
    return tuple((word, round(part, 3)) for word, part in ranked if abs(part) >= _LEAST)
