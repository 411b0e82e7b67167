"""Running the checks: an assessment is all signals, in order, and nothing else."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from widget.spam.checks import CHECKS, Candidate, Check, History, Signal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assessment:
    """What the checks found. Policy turns it into a decision."""

    signals: tuple[Signal, ...] = ()

    @property
    def rules(self) -> str:
        """The names of all rules that found something, as Comment.rules keeps them."""
        names = sorted({signal.rule for signal in self.signals})
        return f" {' '.join(names)} " if names else " "

    @property
    def risk(self) -> int:
        """The strongest signal's score, in hundredths; 0 where nothing was found."""
        return round(100 * max((signal.score for signal in self.signals), default=0.0))

    def as_list(self) -> list[dict[str, Any]]:
        """Plain JSON, as Comment.signals keeps it."""
        return [signal.as_dict() for signal in self.signals]


def assess(candidate: Candidate, history: History, checks: Sequence[Check] = CHECKS) -> Assessment:
    """Ask every check. One that fails is a signal itself: what cannot be checked is held."""
    return Assessment(
        tuple(signal for check in checks if (signal := _ask(check, candidate, history)) is not None)
    )


def _ask(check: Check, candidate: Candidate, history: History) -> Signal | None:
    name = getattr(check, "__name__", repr(check))
    try:
        return check(candidate, history)
    except Exception:  # any fault of a check must hold the comment, never publish or lose it
        log.exception("the check %s failed", name)
        return Signal(rule="unchecked", reason=f"The check “{name}” failed", span=name)
