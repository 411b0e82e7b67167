"""The circuit breaker: whoever failed a few times in a row is left alone for a while.

One for each provider and site. What it knows is kept in a ledger: a worker that forks for each job
forgets what is only in its memory, so a database row is the better place.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Protocol

from widget.db import now
from widget.spam.providers.base import Unavailable

# After so many failures in a row; one is enough where somebody must mend it, or it asked for quiet.
FAILURES = 3
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)
# While one tries whether it works again, the others wait.
_TRIAL = timedelta(seconds=30)
_MAX_DOUBLINGS = 10
_chance = SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How a provider does."""

    failures: int = 0
    # When it failed for the first time since it worked, and until when it is left alone.
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""
    # What it wanted to be told (Answer.remark).
    remark: str = ""


class Ledger(Protocol):
    """Where conditions are kept."""

    def load(self, site_id: int, provider: str) -> Condition:
        """A provider's condition; the default one where none was kept."""

    def keep(self, site_id: int, provider: str, condition: Condition) -> None:
        """Keep it."""


@dataclass
class InMemory:
    """A ledger of this process alone."""

    conditions: dict[tuple[int, str], Condition] = field(default_factory=dict)

    def load(self, site_id: int, provider: str) -> Condition:
        return self.conditions.get((site_id, provider), Condition())

    def keep(self, site_id: int, provider: str, condition: Condition) -> None:
        self.conditions[site_id, provider] = condition


@dataclass
class Breaker:
    """The breaker of one provider for one site."""

    ledger: Ledger
    site_id: int
    provider: str

    @property
    def condition(self) -> Condition:
        """How the provider does."""
        return self.ledger.load(self.site_id, self.provider)

    def admit(self) -> None:
        """Raises Unavailable while the provider is left alone. Afterwards one may try."""
        known, moment = self.condition, now()
        if known.until is None:
            return
        if moment < known.until:
            raise Unavailable(
                f"it is left alone for a while after {_times(known.failures)}, "
                f"the last time because {known.reason}",
                was_sent=False,
            )
        self._keep(replace(known, until=moment + _TRIAL))

    def failed(self, fault: Unavailable) -> None:
        """It failed."""
        known, moment = self.condition, now()
        failures = known.failures + 1
        until = None
        if fault.pause is not None:
            until = moment + fault.pause
        elif fault.needs_people:
            until = moment + _jittered(LONGEST_PAUSE)
        elif failures >= FAILURES:
            doublings = min(failures - FAILURES, _MAX_DOUBLINGS)
            until = moment + _jittered(min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE))
        since = known.since or moment
        self._keep(replace(known, failures=failures, since=since, until=until, reason=fault.reason))

    def passed(self, remark: str = "") -> bool:
        """It answered. Had it failed before?"""
        known = self.condition
        if (well := Condition(remark=remark)) != known:
            self._keep(well)
        return known.failures > 0

    def _keep(self, condition: Condition) -> None:
        self.ledger.keep(self.site_id, self.provider, condition)


def _jittered(pause: timedelta) -> timedelta:
    """About as long: so that not all come back in the same moment."""
    return pause * _chance.uniform(0.8, 1.2)


def _times(failures: int) -> str:
    return "a failure" if failures == 1 else f"{failures} failures"
