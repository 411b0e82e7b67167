"""The checks: pure functions from a candidate and its history to a signal or nothing.

Ordered from cheap to dear in CHECKS. No input or output happens here (kept by a contract). A check
costs a few microseconds, and none more than in proportion to the text.
"""

from widget.spam.checks.author import author_ad, praise, website_ad
from widget.spam.checks.form import fast, form_token, honeypot, nonce
from widget.spam.checks.links import (
    bare_link,
    disguised_link,
    foreign_markup,
    hidden_link,
    links,
    look_alike_host,
    new_link,
    odd_host,
    shortener,
)
from widget.spam.checks.lists import SPAM_WORDS, hold_words, spam_words
from widget.spam.checks.record import (
    author_record,
    duplicate,
    host_record,
    near_duplicate,
    network_record,
    rate,
)
from widget.spam.checks.selling import selling
from widget.spam.checks.signal import MAX_COUNTED, Candidate, Check, History, Record, Signal
from widget.spam.checks.text import caps, invisible, language, mixed_scripts, repeated
from widget.spam.checks.work import work

__all__ = [
    "CHECKS",
    "MAX_COUNTED",
    "SPAM_WORDS",
    "Candidate",
    "Check",
    "History",
    "Record",
    "Signal",
    "hold_words",
    "links",
    "spam_words",
]

CHECKS: tuple[Check, ...] = (
    *(honeypot, form_token, nonce, fast, work),
    *(links, hold_words, spam_words),
    *(duplicate, near_duplicate, rate, host_record, author_record, network_record),
    *(new_link, bare_link, disguised_link, look_alike_host, odd_host, shortener),
    *(foreign_markup, hidden_link),
    *(invisible, mixed_scripts, repeated, caps, language),
    *(author_ad, website_ad, praise, selling),
)
