"""The checks: pure functions from a candidate and its history to a signal or nothing.

Ordered from cheap to dear in CHECKS. No input or output happens here (kept by a contract).
"""

import html
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from widget.spam.words import words

SPAM_WORDS = "spam-words"
# Of what was there before, nobody counts more than this.
MAX_COUNTED = 500
_LINK = re.compile(r"<a\s[^>]*href", re.IGNORECASE)
_HREF = re.compile(r'\shref="([^"]*)"', re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One check's finding: its rule, the words for a moderator, what matched, how much it weighs.

    `score` runs from 0 (harmless) to 1 (certainly spam).
    """

    rule: str
    reason: str
    span: str = ""
    score: float = 0.5

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as Comment.signals keeps it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is known of the comment itself and of its site's rules."""

    author: str
    email: str
    website: str
    body: str
    body_html: str
    arrival: dict[str, Any]
    hold_links: int
    hold_words: str = ""
    spam_words: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """What the database knows around the comment."""

    same_body: int = 0
    # Others that say nearly the same, in other words.
    alike: int = 0


Check = Callable[[Candidate, History], Signal | None]


def honeypot(candidate: Candidate, _history: History) -> Signal | None:
    """A field that people do not see was filled in."""
    if not candidate.arrival.get("honeypot"):
        return None
    return Signal(rule="honeypot", reason="A field hidden from people was filled in", score=0.9)


def form_token(candidate: Candidate, _history: History) -> Signal | None:
    """The post did not come from a form we gave out lately."""
    words = {
        "missing": "The form's token was missing",
        "stale": "The form had been open for more than two days",
        "forged": "The form's token was not ours",
    }
    state = candidate.arrival.get("token", "missing")
    if state == "fresh":
        return None
    reason = words.get(state, "The form's token could not be judged")
    return Signal(rule="form-token", reason=reason, span=state)


def nonce(candidate: Candidate, _history: History) -> Signal | None:
    """The post was not sent by our script nor by our form."""
    if candidate.arrival.get("has_nonce", False):
        return None
    return Signal(rule="nonce", reason="The post was not sent by our form", score=0.3)


def links(candidate: Candidate, _history: History) -> Signal | None:
    """As many links as the site's rule names, or more (0 turns the rule off)."""
    count = len(_LINK.findall(candidate.body_html))
    if not candidate.hold_links or count < candidate.hold_links:
        return None
    reason = "1 link" if count == 1 else f"{count} links"
    return Signal(rule="links", reason=reason, span=str(count))


def hold_words(candidate: Candidate, _history: History) -> Signal | None:
    """A word, phrase or address that the site lists to be held."""
    return _listed(candidate, "hold-words", candidate.hold_words, score=0.5)


def spam_words(candidate: Candidate, _history: History) -> Signal | None:
    """A word, phrase or address that the site lists as spam."""
    return _listed(candidate, SPAM_WORDS, candidate.spam_words, score=1.0)


def _listed(candidate: Candidate, rule: str, listed: str, score: float) -> Signal | None:
    if not (known := words(listed)):
        return None
    # As read and as typed: a tag or a reference inside a word hides it in one of the two only.
    body = html.unescape(_TAG.sub("", candidate.body_html))
    links = "\n".join(html.unescape(link) for link in _HREF.findall(candidate.body_html))
    for text, says in (
        (body, "Contains “{}”"),
        (candidate.body, "Contains “{}”"),
        (links, "A link contains “{}”"),
        (candidate.author, "The name contains “{}”"),
        (candidate.website, "The website contains “{}”"),
    ):
        if found := known.find(text):
            return Signal(rule=rule, reason=says.format(found.span), span=found.span, score=score)
    # Not every moderator may see the address: the signal does not show it.
    if known.find(candidate.email):
        return Signal(rule=rule, reason="The e-mail address contains a listed word", score=score)
    return None


def duplicate(_candidate: Candidate, history: History) -> Signal | None:
    """The same words were posted lately elsewhere on the site."""
    if not history.same_body:
        return None
    times = "once" if history.same_body == 1 else f"{_many(history.same_body)} times"
    return Signal(rule="duplicate", reason=f"The same text was posted {times} lately", score=0.7)


def near_duplicate(_candidate: Candidate, history: History) -> Signal | None:
    """Nearly the same words were posted lately elsewhere on the site; the more, the worse."""
    if not history.alike:
        return None
    others = "1 other comment" if history.alike == 1 else f"{_many(history.alike)} other comments"
    return Signal(
        rule="near-duplicate",
        reason=f"Nearly the same as {others} lately",
        score=round(min(0.95, 0.4 + 0.1 * math.log2(1 + history.alike)), 2),
    )


def _many(count: int) -> str:
    return f"{count}" if count < MAX_COUNTED else f"{count} or more"


CHECKS: tuple[Check, ...] = (
    *(honeypot, form_token, nonce, links, hold_words, spam_words, duplicate, near_duplicate),
)
