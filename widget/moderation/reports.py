"""Reports: what readers say is wrong with a comment. Enough of them hold it again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from widget.db import db, insert_if_absent
from widget.models import Comment, Complaint, Delivery, Move, Report, Status, Via
from widget.moderation import moves, priority
from widget.notify import outbox
from widget.spam import Signal

RULE = "reported"
_SCORE = 0.7  # strong: people have read it


@dataclass(frozen=True, kw_only=True)
class Complaining:
    """One reader's report, before it is stored. Hashes say who sent it, and from where."""

    reporter: str
    network: str | None
    complaint: Complaint
    note: str = ""


class NotPublic(Exception):
    """The comment cannot be read (any more), so nobody needs to report it."""


def take(comment: Comment, said: Complaining) -> list[Delivery]:
    """Store a report, once per reader and comment; hold the comment where there are enough.

    Returns the deliveries that must be rung for after the commit. Raises NotPublic.
    """
    try:
        moves.lock_and_read(comment)
    except moves.Gone as error:
        raise NotPublic from error
    if comment.status is not Status.approved:
        raise NotPublic
    is_new = insert_if_absent(
        Report,
        site_id=comment.site_id,
        comment_id=comment.id,
        reporter_hash=said.reporter,
        network_hash=said.network,
        complaint=said.complaint,
        note=said.note,
    )
    priority.set_priority(comment)
    enough = comment.site.hold_reports
    if not (is_new and enough):
        return []
    counted = one_a_network(open_reports([comment]).get(comment.id, []))
    return _hold(comment, counted) if len(counted) >= enough else []


def open_reports(comments: Sequence[Comment]) -> dict[int, list[Report]]:
    """The reports on which no moderator has decided yet, oldest first, by the comment's id."""
    found: dict[int, list[Report]] = {}
    if not comments:
        return found
    rows = db.session.scalars(
        select(Report)
        .where(
            Report.site_id.in_({comment.site_id for comment in comments}),
            Report.comment_id.in_([comment.id for comment in comments]),
            Report.handled_at.is_(None),
        )
        .order_by(Report.id)
    )
    for row in rows:
        found.setdefault(row.comment_id, []).append(row)
    return found


def one_a_network(reports: Sequence[Report]) -> list[Report]:
    """The reports that count; whoever comes from no network stands for themselves."""
    by_network = {report.network_hash or report.reporter_hash: report for report in reports}
    return list(by_network.values())


def told(reports: Sequence[Report]) -> str:
    """How many there are, and what they say."""
    kinds = Counter(report.complaint.value for report in reports)
    readers = f"{len(reports)} reader{'' if len(reports) == 1 else 's'}"
    return f"{readers} reported it: {', '.join(kind for kind, _ in kinds.most_common())}"


def _hold(comment: Comment, reports: Sequence[Report]) -> list[Delivery]:
    reason = told(reports)
    decision = moves.move(comment, Move.hold, moves.By(via=Via.reports, reason=reason))
    comment.held_for = reason
    found = Signal(rule=RULE, reason=reason, score=_SCORE).as_dict()
    others = [signal for signal in comment.signals if signal["rule"] != RULE]
    comment.signals = [*others, found]
    if f" {RULE} " not in comment.rules:
        comment.rules += f"{RULE} "
    return outbox.tell_of_held(comment, again=decision)
