"""What a rule would have caught: how many comments there are that it matches, and some of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from widget.db import db
from widget.models import Comment, Status, Together
from widget.moderation import clusters
from widget.moderation.subjects import Subject

COUNTED = clusters.COUNTED
SAMPLE = 20
# A ban takes these away; what is in spam, rejected or in the trash is out of sight already.
IN_SIGHT = (Status.pending, Status.approved)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """How many in each status (COUNTED + 1: more than COUNTED), and the first of them."""

    counts: dict[Status, int]
    sample: Sequence[Comment]

    @property
    def in_sight(self) -> int:
        """How many a ban would take away."""
        return sum(self.counts[status] for status in IN_SIGHT)

    @property
    def is_capped(self) -> bool:
        """Are there more than were counted?"""
        return any(self.counts[status] > COUNTED for status in IN_SIGHT)


def preview(site_id: int, subject: Subject) -> Preview:
    """Look for what a rule on this would have caught. It changes nothing."""
    together = Together(subject.match.value)
    counts = {
        status: clusters.count(site_id, together, subject.sought, statuses=[status])
        for status in Status
    }
    chosen: list[int] = []
    for statuses in (IN_SIGHT, tuple(set(Status) - set(IN_SIGHT))):
        if room := SAMPLE - len(chosen):
            chosen += clusters.ids(site_id, together, subject.sought, statuses=statuses, limit=room)
    rows = db.session.scalars(
        select(Comment)
        .options(joinedload(Comment.thread), joinedload(Comment.site))
        .where(Comment.site_id == site_id, Comment.id.in_(chosen))
    )
    sample = sorted(rows, key=lambda comment: chosen.index(comment.id))
    return Preview(counts=counts, sample=sample)
