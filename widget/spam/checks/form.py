"""How the form came in.

A form's token is the same for everyone within a quarter of a day, so it cannot tell that a form is
sent a second time: that is what the nonce is for. The same nonce never makes a second comment
(comments.submission), and a form that is copied without one shows here: alone it is a weak sign,
again and again from one network it is a program.
"""

from widget.spam.checks.signal import Candidate, History, Signal

# Nobody reads and answers in this time; but what was written before may be pasted in it.
_FAST, _AT_ONCE = 3.0, 1.0
# How many without a nonce, within an hour, are somebody who tries the same again.
_REPLAYED = 3
_TOKENS = {
    "missing": "The form's token was missing",
    "stale": "The form had been open for more than two days",
    "forged": "The form's token was not ours",
}


def honeypot(candidate: Candidate, _history: History) -> Signal | None:
    """A field that people do not see was filled in."""
    if not candidate.arrival.get("honeypot"):
        return None
    return Signal(rule="honeypot", reason="A field hidden from people was filled in", score=0.9)


def form_token(candidate: Candidate, _history: History) -> Signal | None:
    """The post did not come from a form we gave out lately."""
    state = candidate.arrival.get("token", "missing")
    if state == "fresh":
        return None
    reason = _TOKENS.get(state, "The form's token could not be judged")
    return Signal(rule="form-token", reason=reason, span=state)


def nonce(candidate: Candidate, history: History) -> Signal | None:
    """The post was not sent by our script nor by our form."""
    if candidate.arrival.get("has_nonce", False):
        return None
    if (times := history.by_network[1]) >= _REPLAYED:
        reason = f"A copy of our form was sent, one of {times} posts from its network in an hour"
        return Signal(rule="nonce", reason=reason, span=str(times), score=0.8)
    return Signal(rule="nonce", reason="The post was not sent by our form", score=0.3)


def fast(candidate: Candidate, _history: History) -> Signal | None:
    """The form was open too shortly to be filled in by hand. Never enough to hold alone."""
    took = candidate.arrival.get("took")
    if not isinstance(took, int) or took >= 1000 * _FAST:
        return None
    seconds = took / 1000
    return Signal(
        rule="fast",
        reason=f"The form was filled in within {seconds:.1f} seconds",
        span=f"{seconds:.1f}",
        score=0.4 if seconds < _AT_ONCE else 0.25,
        holds=False,
    )
