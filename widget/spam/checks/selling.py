"""Advertising by its words: what is sold, and how people are called to buy.

No word is enough, for readers speak of casinos, too; several are, or one and a way to get in touch.
What the article or the comment that is answered speaks of counts less.
"""

import re

from widget.spam.checks.lexicon import Found, together
from widget.spam.checks.reading import around, hosts_of, read
from widget.spam.checks.signal import Candidate, History, Signal
from widget.spam.checks.wording import ADVERTISING

_SHOWN = 5
_LEAST = 0.3
_LOUD_WORDS = 3
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")
# What goes with advertising, and means nothing without it: sums, numbers to call, addresses to
# write to, names to look up, and shouting.
_BESIDE = (
    (
        re.compile(
            r"[$£€₽₹]\s?\d|\d\s?(?:[$£€₽₹%]|usd|eur|dollars|\u0440\u0443\u0431)", re.IGNORECASE
        ),
        0.2,
    ),
    (re.compile(r"(?<![\w.])\+?\d[\d ().-]{7,20}\d(?!\w)|\b\d{5,}\b"), 0.25),
    (re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.\w"), 0.3),
    (re.compile(r"(?<![\w@])@[a-z]\w{3,}", re.IGNORECASE), 0.15),
    (re.compile("!!|! !|[\u2705\u2b50\U0001f381\U0001f446-\U0001f449\U0001f4b0-\U0001f4b8]"), 0.15),
)


def selling(candidate: Candidate, history: History) -> Signal | None:
    """Words of a trade, calls to buy, ways to get in touch."""
    reading = read(candidate)
    if not (found := ADVERTISING.find(reading.tokens)):
        return None
    known = around(candidate, history)
    said = together(
        (0.3 if known.intersection(one.phrase.split()) else 1.0) * one.weight for one in found
    )
    # With a word that means little, the rest means little.
    beside = (min(1.0, 2 * said) * weight for weight in _beside(candidate, reading.some))
    if (score := together([said, *beside])) < _LEAST:
        return None
    heaviest = max(found, key=lambda one: one.weight)
    return Signal(
        rule="selling",
        reason=f"Reads like advertising: {named(found)}",
        span=reading.span(heaviest.at, heaviest.count),
        score=score,
        holds=False,
    )


def named(found: list[Found]) -> str:
    """The weightiest, in the order they come."""
    shown = sorted(found, key=lambda one: -one.weight)[:_SHOWN]
    return ", ".join(f"“{one.phrase}”" for one in sorted(shown, key=lambda one: one.at))


def _beside(candidate: Candidate, text: str) -> list[float]:
    weights = [weight for sign, weight in _BESIDE if sign.search(text)]
    if hosts_of(candidate):
        weights.append(0.2)
    if len(_CAPITALS.findall(text)) >= _LOUD_WORDS:
        weights.append(0.1)
    return weights
