"""Asking the providers about one comment: all of them, within one deadline; no fault is lost.

Whoever cannot be asked, for whatever reason, leaves the signal `unchecked` with its name as the
span, and so holds the comment; `again_at` says when to ask again.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom

from widget.db import now
from widget.spam.checks import Signal
from widget.spam.providers.base import Answer, Later, Provider, Question, Unavailable
from widget.spam.providers.breaker import Breaker, Ledger

log = logging.getLogger(__name__)
UNCHECKED = "unchecked"
_FAILED, _NOT_ASKED = "could not be asked", "has not been asked yet"
# One try; and how often at once, if the fault may be gone in a moment.
TRY_SECONDS = 5.0
TRIES = 3
# Between tries.
_PAUSE = 0.2
# With less than this left it is not worth to begin.
_LEAST = 0.3
# Between one time that a comment is asked about and the next.
_AGAIN, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)
_MAX_DOUBLINGS = 10
# Somebody who wants to be asked later that often does not know; then people decide.
MAX_LATER = 5
_chance = SystemRandom()


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What all said together."""

    signals: tuple[Signal, ...] = ()
    # Who was sent the comment, whether they answered or not.
    told: frozenset[str] = frozenset()
    # When to ask those again who could not answer; None if all did.
    again_at: datetime | None = None
    # Those who answered after they had failed: whatever waits for them may be asked now.
    recovered: frozenset[str] = frozenset()


def unanswered(signals: Iterable[Signal], providers: Sequence[Provider]) -> set[str]:
    """The names of those who still owe an answer, by the signals of the last time."""
    names = {provider.name for provider in providers}
    return names & {signal.span for signal in signals if signal.rule == UNCHECKED}


def failed(signals: Iterable[Signal]) -> set[str]:
    """Likewise of those who could not be asked: not of those who want to be asked later."""
    return {
        signal.span for signal in signals if signal.rule == UNCHECKED and _FAILED in signal.reason
    }


def postponed(signals: Iterable[Signal]) -> set[str]:
    """Likewise of those who want to be asked later."""
    open_ = {signal.span: signal.reason for signal in signals if signal.rule == UNCHECKED}
    return {
        name for name, reason in open_.items() if _FAILED not in reason and _NOT_ASKED not in reason
    }


def merged(before: Iterable[Signal], heard: Heard, asked: Collection[str]) -> tuple[Signal, ...]:
    """What was found before and what was heard now from those of these names."""
    kept = (one for one in before if one.rule != UNCHECKED or one.span not in asked)
    return (*kept, *heard.signals)


def consult(
    providers: Sequence[Provider],
    question: Question,
    *,
    ledger: Ledger,
    seconds: float,
    only: Collection[str] | None = None,
    enough: Collection[str] = (),
    wait: Callable[[float], None] = time.sleep,
) -> Heard:
    """Ask the providers (`only`: of these names) about a comment; no fault of theirs is raised.

    Once one has found what is `enough`, by these rules, those after it are sent nothing.
    No transaction should be open meanwhile: it may take as long as `seconds`.
    """
    deadline = time.monotonic() + seconds
    heard: list[Heard] = []
    for provider in _concerned(providers, question, only):
        if any(signal.rule in enough for one in heard for signal in one.signals):
            break
        breaker = Breaker(ledger, question.site_id, provider.name)
        heard.append(_heard(provider, question, breaker, deadline, wait))
    return Heard(
        signals=tuple(signal for one in heard for signal in one.signals),
        told=frozenset(name for one in heard for name in one.told),
        again_at=min((one.again_at for one in heard if one.again_at), default=None),
        recovered=frozenset(name for one in heard for name in one.recovered),
    )


def _heard(
    provider: Provider,
    question: Question,
    breaker: Breaker,
    deadline: float,
    wait: Callable[[float], None],
) -> Heard:
    """What one of them said."""
    told = frozenset({provider.name})
    try:
        _admit(breaker, deadline)
        answer = _asked(provider, question, breaker, deadline, wait)
    except Unavailable as fault:
        return Heard(
            signals=(_unchecked(provider, f"{_FAILED}: {fault.reason}"),),
            told=told if fault.was_sent else frozenset(),
            again_at=_again_at(question, breaker),
        )
    if isinstance(answer, Later):
        again_at = _when(provider, question, answer)
        answer = Answer(signals=(_unchecked(provider, answer.why),))
    else:
        again_at = None
    recovered = told if breaker.passed(answer.remark) else frozenset()
    return Heard(signals=answer.signals, told=told, again_at=again_at, recovered=recovered)


def _concerned(
    providers: Sequence[Provider], question: Question, only: Collection[str] | None
) -> list[Provider]:
    asked = (one for one in providers if only is None or one.name in only)
    return [one for one in asked if one.has_to_do_with(question)]


def _admit(breaker: Breaker, deadline: float) -> None:
    if deadline - time.monotonic() < _LEAST:
        raise Unavailable("the others had taken all the time there is", was_sent=False)
    breaker.admit()


def _when(provider: Provider, question: Question, later: Later) -> datetime | None:
    """When it is asked once more: not too often, but once at least after it has come back."""
    if question.attempt >= MAX_LATER and provider.name in question.postponed:
        return None
    return now() + later.after


def _asked(
    provider: Provider,
    question: Question,
    breaker: Breaker,
    deadline: float,
    wait: Callable[[float], None],
) -> Answer | Later:
    try:
        return _patiently(provider, question, deadline, wait)
    except Unavailable as fault:
        _log(provider, question, fault)
        breaker.failed(fault)
        raise
    except Exception as error:  # any fault of ours must hold the comment, never publish or lose it
        log.exception("asking %s about comment %s failed", provider.name, question.comment_id)
        ours = Unavailable(f"asking failed ({type(error).__name__}; see the worker’s log)")
        breaker.failed(ours)
        raise ours from error


def _patiently(
    provider: Provider, question: Question, deadline: float, wait: Callable[[float], None]
) -> Answer | Later:
    """Try again at once what may go well a moment later, as long as there is time."""
    was_sent = False
    for number in range(1, TRIES + 1):
        try:
            return provider.ask(question, within=min(deadline - time.monotonic(), TRY_SECONDS))
        except Unavailable as fault:
            was_sent = fault.was_sent = was_sent or fault.was_sent
            pause = _PAUSE * 2**number * _chance.uniform(0.5, 1)
            is_time = deadline - time.monotonic() - pause >= _LEAST
            if not fault.is_brief or number == TRIES or not is_time:
                raise
            wait(pause)
    raise AssertionError("the last try returns or raises")


def _log(provider: Provider, question: Question, fault: Unavailable) -> None:
    # Not the reason: a server's words may be in it. The signal keeps them.
    log.warning(
        "%s could not be asked about comment %s (somebody must mend it: %s)",
        provider.name,
        question.comment_id,
        fault.needs_people,
    )


def _again_at(question: Question, breaker: Breaker) -> datetime:
    moment = now()
    pause = min(_AGAIN * (1 << min(question.attempt, _MAX_DOUBLINGS)), _LONGEST)
    # To ask while it is left alone would be in vain; and not all should come back at once.
    alone = (breaker.condition.until or moment) - moment
    return moment + max(pause, alone) * _chance.uniform(1, 1.2)


def not_asked(provider: Provider) -> Signal:
    """What holds a comment until a provider was asked for the first time."""
    return _unchecked(provider, _NOT_ASKED)


def _unchecked(provider: Provider, why: str) -> Signal:
    # It says nothing about the comment, so it adds no risk; that it holds is the policy's doing.
    return Signal(rule=UNCHECKED, reason=f"{provider.title} {why}", span=provider.name, score=0.0)
