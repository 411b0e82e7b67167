"""What was there before: the same words, the same author, the same addresses."""

import math
from datetime import timedelta

from widget.spam.checks.reading import hosts_of, read
from widget.spam.checks.signal import MAX_COUNTED, Candidate, History, Record, Signal

# So many within ten minutes, within an hour: more than somebody writes, than a household does.
_BY_KEY, _BY_NETWORK, _BY_TEXT = (12, 40), (30, 120), (4, 8)
_NETWORK = "from this network"
# So many times more than that is no person.
_PROGRAM = 2
# Of fewer, many people have the same idea.
_FEW_WORDS = 4
# So many approved make a record; of a network, which many share, it takes more.
_KNOWN, _KNOWN_NETWORK = 3, 10
# Whose first comment is younger has not been known for a while.
_A_WHILE = timedelta(days=2)
_MOST_TRUST = {"browser": 0.8, "network": 0.3}


def duplicate(candidate: Candidate, history: History) -> Signal | None:
    """The same words were posted lately elsewhere on the site. “Thank you!” anybody may say."""
    if not history.same_body:
        return None
    times = "once" if history.same_body == 1 else f"{_many(history.same_body)} times"
    reason = f"The same text was posted {times} lately"
    if len(read(candidate).tokens) < _FEW_WORDS:
        return Signal(rule="duplicate", reason=reason, score=0.2, holds=False)
    return Signal(rule="duplicate", reason=reason, score=0.7)


def near_duplicate(_candidate: Candidate, history: History) -> Signal | None:
    """Nearly the same words were posted lately elsewhere on the site; the more, the worse."""
    if history.alike:
        count = history.alike
        others = "1 other comment" if count == 1 else f"{_many(count)} other comments"
        reason = f"Nearly the same as {others} lately"
    elif history.alike_elsewhere:
        reason = "Nearly the same as what was called spam on another site"
        count = history.alike_elsewhere
    else:
        return None
    score = round(min(0.95, 0.4 + 0.1 * math.log2(1 + count)), 2)
    return Signal(rule="near-duplicate", reason=reason, score=score)


def rate(_candidate: Candidate, history: History) -> Signal | None:
    """More at once than a person writes, by browser, by network or by text."""
    found = [
        (count / most, count, minutes, what)
        for counts, limits, what in (
            (history.by_key, _BY_KEY, "from this browser"),
            (history.by_network, _BY_NETWORK, _NETWORK),
            (history.by_text, _BY_TEXT, "with this text"),
        )
        for count, most, minutes in zip(counts, limits, (10, 60), strict=True)
        if count >= most
    ]
    if not found:
        return None
    times, count, minutes, what = max(found)
    return Signal(
        rule="rate",
        reason=f"{_many(count)} comments {what} within {minutes} minutes",
        span=str(count),
        score=round(min(0.9, 0.2 + 0.1 * times), 2),
        # People argue fast, and many share a network; a program goes on.
        holds=times >= _PROGRAM and what != _NETWORK,
    )


def host_record(candidate: Candidate, history: History) -> Signal | None:
    """What became of others that link to where this one does."""
    known = [(host, history.hosts[host]) for host in hosts_of(candidate) if host in history.hosts]
    bad = [(_blame(record), host, record) for host, record in known if _is_bad(record)]
    if bad:
        blame, host, record = max(bad, key=lambda one: one[0])
        others = "1 comment" if record.spam == 1 else f"{_many(record.spam)} comments"
        reason = f"{others} with a link to {host} {'was' if record.spam == 1 else 'were'} spam"
        return Signal(rule="host-record", reason=reason, span=host, score=blame)
    if known and len(known) == len(hosts_of(candidate)):
        least = min((record.approved, host) for host, record in known)
        if least[0] >= _KNOWN and not any(record.spam for _, record in known):
            reason = f"{_many(least[0])} comments with a link to {least[1]} were approved"
            return Signal(
                rule="good-hosts", reason=reason, span=least[1], score=0.0, holds=False, trust=0.3
            )
    return None


def author_record(_candidate: Candidate, history: History) -> Signal | None:
    """What became of this browser's comments so far."""
    return _record(history.key, "browser", "author-record", "good-author")


def network_record(_candidate: Candidate, history: History) -> Signal | None:
    """What became of the comments that came from this network."""
    return _record(history.network, "network", "network-record", "good-network")


def _record(record: Record, whose: str, against: str, good: str) -> Signal | None:
    if _is_bad(record):
        others = "1 comment" if record.spam == 1 else f"{_many(record.spam)} comments"
        reason = f"{others} from this {whose} {'was' if record.spam == 1 else 'were'} spam"
        score = _blame(record) if whose == "browser" else round(0.6 * _blame(record), 2)
        holds = whose == "browser"
        return Signal(rule=against, reason=reason, span=str(record.spam), score=score, holds=holds)
    if (
        record.approved < (_KNOWN if whose == "browser" else _KNOWN_NETWORK)
        or 3 * record.spam > record.approved
    ):
        return None
    long = 1.0 if record.age >= _A_WHILE else 0.5
    trust = _MOST_TRUST[whose] * long * record.approved / (record.approved + 2)
    return Signal(
        rule=good,
        reason=f"{_many(record.approved)} comments from this {whose} were approved",
        span=str(record.approved),
        score=0.0,
        holds=False,
        trust=round(trust, 2),
    )


def _is_bad(record: Record) -> bool:
    return record.spam > record.approved


def _blame(record: Record) -> float:
    """From 0.5 for the first on."""
    share = record.spam / (record.spam + record.approved)
    return round(min(0.95, share * (0.4 + 0.1 * math.log2(1 + record.spam))), 2)


def _many(count: int) -> str:
    return f"{count}" if count < MAX_COUNTED else f"{count} or more"
