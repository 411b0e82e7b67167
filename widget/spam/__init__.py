"""Screening for spam: small checks, each giving a signal or nothing; never a decision."""

from widget.spam.assessment import Assessment, assess
from widget.spam.checks import MAX_COUNTED, SPAM_WORDS, Candidate, History, Signal

__all__ = [
    "MAX_COUNTED",
    "SPAM_WORDS",
    "Assessment",
    "Candidate",
    "History",
    "Signal",
    "assess",
]
