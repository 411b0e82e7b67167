"""What should be decided first: risk by reach by age, as one moment to order by.

A comment counts as written earlier than it was, by as much as it matters more than others. So age
needs no clock: whatever waits comes first in the end, and an index holds the order.
"""

import math
from datetime import timedelta

from sqlalchemy import func, select

from widget.db import db
from widget.models import Comment, Report

# Nothing stays behind for longer than this, however much comes in that matters more.
MAX_HEAD_START = timedelta(days=3)
_HOUR = timedelta(hours=1)
# What every comment weighs, and how much risk weighs as much as one report.
_LEAST, _RISK_PER_REPORT = 0.5, 25
_LIVELY = 10
_RISKS = ((70, "high"), (30, "some"), (0, "little"))
_THREADS = ((50, "a busy"), (_LIVELY, "a lively"), (0, "a quiet"))


def set_first(comment: Comment) -> None:
    """Put a comment that nobody can have reported yet where it belongs among those that wait."""
    comment.priority_at = comment.created_at - _head_start(comment, 0)


def set_priority(comment: Comment) -> None:
    """Put a comment where it belongs among those that wait, by what is known of it now."""
    open_reports = select(func.count()).where(
        Report.site_id == comment.site_id,
        Report.comment_id == comment.id,
        Report.handled_at.is_(None),
    )
    comment.priority_at = comment.created_at - _head_start(
        comment, db.session.scalar(open_reports) or 0
    )


def words(comment: Comment, reports: int) -> str:
    """Why a comment stands before others; empty where that is less than an hour."""
    ahead = (comment.created_at - comment.priority_at) / _HOUR
    if ahead < 1:
        return ""
    why = [
        *_risk(comment, reports),
        *_reach(_public_then(comment, reports, ahead), _votes(comment)),
    ]
    hours = round(ahead)
    return f"Stands {hours} hour{'' if hours == 1 else 's'} ahead: {', '.join(why)}."


def _head_start(comment: Comment, reports: int) -> timedelta:
    """Risk times reach, in hours; nothing for a comment without risk that nobody reads."""
    reach = math.log2(1 + comment.thread.approved_count + _votes(comment))
    return min(MAX_HEAD_START, _weight(comment, reports) * reach * _HOUR)


def _weight(comment: Comment, reports: int) -> float:
    return _LEAST + comment.risk / _RISK_PER_REPORT + reports


def _votes(comment: Comment) -> int:
    return comment.votes_up + comment.votes_down


def _public_then(comment: Comment, reports: int, ahead: float) -> int:
    """How many comments were public in the thread when the head start was given.

    The thread has grown since, the head start has not: it says itself what it was made from.
    """
    public = comment.thread.approved_count
    if ahead * _HOUR >= MAX_HEAD_START:
        return public
    then = round(2 ** (ahead / _weight(comment, reports))) - 1 - _votes(comment)
    return max(0, min(then, public))


def _risk(comment: Comment, reports: int) -> list[str]:
    why = []
    if comment.risk / _RISK_PER_REPORT > _LEAST:
        much = next(words for risk, words in _RISKS if comment.risk >= risk)
        why.append(f"{much} risk ({comment.risk} of 100)")
    if reports:
        why.append(f"{reports} report{'' if reports == 1 else 's'}")
    return why


def _reach(public: int, votes: int) -> list[str]:
    """The larger of what makes a comment read, and the other where it is much, too."""
    why = []
    if public and (public >= _LIVELY or public >= votes):
        much = next(words for number, words in _THREADS if public >= number)
        why.append(f"{much} thread ({public:,} comment{'' if public == 1 else 's'})")
    if votes and (votes >= _LIVELY or votes > public):
        why.append(f"{votes:,} vote{'' if votes == 1 else 's'}")
    return why if public >= votes else why[::-1]
