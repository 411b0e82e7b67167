"""Screening for spam: small checks, each giving a signal or nothing; never a decision."""

from widget.spam.assessment import Assessment, assess
from widget.spam.checks import Candidate, History, Signal

__all__ = ["Assessment", "Candidate", "History", "Signal", "assess"]
