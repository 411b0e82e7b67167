"""The work that a browser is asked for before a suspicious post is taken (spam.work)."""

from widget.spam.checks.form import form_token, nonce
from widget.spam.checks.signal import Candidate, History, Signal

_WORDS = {
    "missing": "The browser did not do the work that it was asked for",
    "wrong": "The work that was asked for was not done rightly, or had counted before",
    "impossible": "Sent without our script, so that it could not be asked for work",
    "unchecked": "Nobody could tell whether this work had counted before: Redis was away",
}


def work(candidate: Candidate, history: History) -> Signal | None:
    """Work was due, and is not done as far as anybody can tell."""
    state = candidate.arrival.get("work", "none")
    if state not in _WORDS:
        return None
    is_told = form_token(candidate, history) or nonce(candidate, history)
    if state == "impossible" and is_told:
        return None
    return Signal(rule="work", reason=_WORDS[state], span=state, score=0.4)
