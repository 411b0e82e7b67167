"""The checks: pure functions from a candidate and its history to a signal or nothing.

Ordered from cheap to dear in CHECKS. No input or output happens here (kept by a contract).
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

_LINK = re.compile(r"<a\s[^>]*href", re.IGNORECASE)
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
    hold_words: str


@dataclass(frozen=True, kw_only=True)
class History:
    """What the database knows around the comment."""

    same_body: int = 0


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
    return Signal(rule="links", reason=f"{count} links", span=str(count))


def listed_words(candidate: Candidate, _history: History) -> Signal | None:
    """A whole word (or phrase) that the site lists, whatever its case and accents."""
    pattern = _pattern(candidate.hold_words)
    if pattern is None:
        return None
    # As typed and as read: a tag or a reference inside a word hides it in one of the two only.
    read = html.unescape(_TAG.sub("", candidate.body_html))
    beside = f"{candidate.author}\n{candidate.email}\n{candidate.website}"
    match = pattern.search(_fold(f"{candidate.body}\n{read}\n{beside}"))
    if match is None:
        return None
    return Signal(rule="listed-word", reason=f"Contains “{match[0]}”", span=match[0])


def duplicate(_candidate: Candidate, history: History) -> Signal | None:
    """The same words were posted lately elsewhere on the site."""
    if not history.same_body:
        return None
    times = "once" if history.same_body == 1 else f"{history.same_body} times"
    return Signal(rule="duplicate", reason=f"The same text was posted {times} lately", score=0.7)


CHECKS: tuple[Check, ...] = (honeypot, form_token, nonce, links, listed_words, duplicate)


def _fold(text: str) -> str:
    # Without accents, and without characters that have no shape and could part a word.
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        char
        for char in decomposed
        if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
    )


@lru_cache(maxsize=256)
def _pattern(listed: str) -> re.Pattern[str] | None:
    words = [_fold(line.strip()) for line in listed.splitlines()]
    alternatives = "|".join(re.escape(word) for word in words if word)
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)") if alternatives else None
