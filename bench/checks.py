"""`python -m bench --only checks`: what each check costs, in microseconds, on one core.

A comment of about 300 characters with one link, by somebody with a website, and around it a history
of everything that can be known; each time another text, so that nothing is remembered. What reading
a text costs, which all share, is a line of its own.
"""

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from bench import seed
from widget import sanitize
from widget.spam import Candidate, History, assess
from widget.spam.checks import CHECKS, Record
from widget.spam.checks.reading import read

_COMMENTS = 400
_LENGTH = 300
_ROUNDS = 5
_WORDS = "\n".join(f"listed{number}" for number in range(200))


@dataclass(frozen=True)
class Cost:
    """Of one check, or of several."""

    name: str
    microseconds: float


def checks() -> Iterator[Cost]:
    """Measure; the best of some rounds, for a busy moment is nobody's fault."""
    chance = random.Random(_LENGTH)
    record = Record(approved=3, spam=1, age=timedelta(days=9))
    history = History(key=record, network=record, hosts={"a.example.org": record})

    def cost(asked: Iterable[object], *, is_read: bool) -> float:
        best = float("inf")
        for _ in range(_ROUNDS):
            spent = 0.0
            for candidate in [_candidate(chance) for _ in range(_COMMENTS)]:
                if is_read:
                    _look_at(candidate)
                began = time.thread_time()
                if asked is CHECKS:
                    assess(candidate, history)
                else:
                    for check in asked:
                        check(candidate, history)  # type: ignore[operator]
                spent += time.thread_time() - began
            best = min(best, spent / _COMMENTS * 1e6)
        return best

    yield Cost("reading", cost([lambda candidate, _history: _look_at(candidate)], is_read=False))
    for check in CHECKS:
        yield Cost(check.__name__, cost([check], is_read=True))
    yield Cost("all together", cost(CHECKS, is_read=False))


def as_text(found: Iterable[Cost]) -> str:
    """Lines to read."""
    lines = [f"Checks, microseconds for a comment of {_LENGTH} characters, one core"]
    lines += [f"  {each.name:20} {each.microseconds:8.1f}" for each in found]
    return "\n".join(lines)


def _look_at(candidate: Candidate) -> None:
    reading = read(candidate)
    _ = reading.tokens, reading.own_words, reading.addresses


def _candidate(chance: random.Random) -> Candidate:
    body = "See https://a.example.org/page "
    while len(body) < _LENGTH:
        body += f"{chance.choice(seed.WORDS)} "
    body += str(chance.random())
    return Candidate(
        author="Ann Alder",
        email="ann@example.org",
        website="https://ann.example.org/blog",
        body=body,
        body_html=str(sanitize.clean(body)),
        arrival={"honeypot": False, "token": "fresh", "has_nonce": True, "took": 40_000},
        hold_links=2,
        hold_words=_WORDS,
        page="The council splits over the tram line https://news.example.org/2026/tram",
        origins=("https://news.example.org",),
        written_in="en",
        site_language="en",
    )
