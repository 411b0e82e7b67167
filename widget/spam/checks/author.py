"""The author's name or website as the advertisement, and praise that fits every page."""

import re

from widget.spam.checks.lexicon import Found, together
from widget.spam.checks.reading import around, host_of, hosts_of, read, tokens_of
from widget.spam.checks.selling import named
from widget.spam.checks.signal import Candidate, History, Signal
from widget.spam.checks.wording import ADVERTISING, HOSTS, PRAISE

_ADDRESS = re.compile(
    r"https?:|www\.|\w\.(?:com|net|org|info|biz|shop|store|online|site|ru|cn|top|xyz)\b",
    re.IGNORECASE,
)
# A name or an address says on purpose what a sentence may say by the way.
_ON_PURPOSE = 1.4
_HEADLINE, _DASHES = 4, 2
_MAX_ADDRESS = 300
# Per phrase of praise so many signs: what is longer says something else as well.
_TERSE = 150
_LEAST = 0.15


def author_ad(candidate: Candidate, _history: History) -> Signal | None:
    """A name that sells something."""
    name = candidate.author
    if _ADDRESS.search(name):
        reason, score = "The name is an address", 0.7
    elif found := _telling(tokens := tokens_of(name)):
        reason, score = f"The name advertises: {named(found)}", _sold(found)
    elif len(tokens) >= _HEADLINE and candidate.website and name.islower():
        reason, score = "The name is a row of words", 0.4
    else:
        return None
    return Signal(rule="author-ad", reason=reason, span=name, score=score, holds=False)


def website_ad(candidate: Candidate, _history: History) -> Signal | None:
    """A website whose address sells something."""
    if not candidate.website:
        return None
    host = host_of(candidate.website)
    if found := _telling(tokens_of(candidate.website[:_MAX_ADDRESS])):
        reason, score = f"The website’s address advertises: {named(found)}", _sold(found)
    elif within := next((word for word in HOSTS if word in host), ""):
        reason, score = f"The website’s name says “{within}”", 0.6
    elif host.count("-") >= _DASHES and "xn--" not in host:
        reason, score = "The website’s name is a row of words", 0.35
    else:
        return None
    return Signal(rule="website-ad", reason=reason, span=host, score=score, holds=False)


def praise(candidate: Candidate, history: History) -> Signal | None:
    """Thanks that fit every page, above a link: much blog spam is no more than that."""
    reading = read(candidate)
    # Without a link there is nothing to gain by it.
    if not hosts_of(candidate) or not (found := PRAISE.find(reading.tokens)):
        return None
    score = together(one.weight for one in found)
    if (around(candidate, history) - PRAISE.words) & set(reading.tokens):
        score *= 0.5  # it speaks of something that is there
    if len(reading.text) > _TERSE * (1 + len(found)):
        score *= 0.6
    if score < _LEAST:
        return None
    return Signal(
        rule="praise",
        reason=f"Praise that fits every page: {named(found)}",
        span=reading.span(found[0].at, found[0].count),
        score=round(score, 2),
        holds=False,
    )


def _telling(tokens: list[str]) -> list[Found]:
    return [found for found in ADVERTISING.find(tokens) if found.is_telling]


def _sold(found: list[Found]) -> float:
    return together(min(0.9, _ON_PURPOSE * one.weight) for one in found)
