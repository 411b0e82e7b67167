"""Running the checks: an assessment is all signals, in order, and nothing else."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from widget.spam.checks import CHECKS, Candidate, Check, History, Signal

log = logging.getLogger(__name__)
# From this risk on, hundredths, signals hold together that do not alone.
HOLD_FROM = 50


@dataclass(frozen=True)
class Assessment:
    """What the checks found. Policy turns it into a decision."""

    signals: tuple[Signal, ...] = ()

    @property
    def rules(self) -> str:
        """The names of all rules that found something against it, as Comment.rules keeps them."""
        names = sorted({signal.rule for signal in self.signals if _is_against(signal)})
        return f" {' '.join(names)} " if names else " "

    @property
    def risk(self) -> int:
        """How likely it is, in hundredths, that not all of the signals mislead.

        Scores count as independent hints (1 - (1 - a)(1 - b) …). Trust, of which the greatest
        counts, lowers those that do not hold alone; what does, nobody is trusted with.
        """
        return round(100 * (1 - prod(1 - each for each in self._scores(alone=False))))

    @property
    def holding(self) -> tuple[Signal, ...]:
        """What the comment waits for: signals that hold alone; with them, or if they come to
        HOLD_FROM together, all others that speak against it.
        """
        against = tuple(filter(_is_against, self.signals))
        together = 100 * (1 - prod(1 - each for each in self._scores(alone=True)))
        is_held = any(signal.holds for signal in against) or round(together) >= HOLD_FROM
        return against if is_held else ()

    def as_list(self) -> list[dict[str, Any]]:
        """Plain JSON, as Comment.signals keeps it."""
        return [signal.as_dict() for signal in self.signals]

    def _scores(self, *, alone: bool) -> list[float]:
        """Of all, or only of those that do not hold alone; as far as trust lets them count."""
        trust = max((signal.trust for signal in self.signals), default=0.0)
        return [
            signal.score if signal.holds else signal.score * (1 - trust)
            for signal in self.signals
            if not (alone and signal.holds)
        ]


def assess(candidate: Candidate, history: History, checks: Sequence[Check] = CHECKS) -> Assessment:
    """Ask every check. One that fails is a signal itself: what cannot be checked is held."""
    return Assessment(
        tuple(signal for check in checks if (signal := _ask(check, candidate, history)) is not None)
    )


def _is_against(signal: Signal) -> bool:
    return signal.holds or signal.score > 0


def _ask(check: Check, candidate: Candidate, history: History) -> Signal | None:
    name = getattr(check, "__name__", repr(check))
    try:
        return check(candidate, history)
    except Exception:  # any fault of a check must hold the comment, never publish or lose it
        log.exception("the check %s failed", name)
        return Signal(rule="unchecked", reason=f"The check “{name}” failed", span=name)
