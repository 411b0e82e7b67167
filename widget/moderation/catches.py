"""What people's rules have caught."""

from collections import Counter

from sqlalchemy import select

from widget.db import db
from widget.models import Comment, Status
from widget.moderation.rules import TOKEN

# Of the comments in each status, so many are looked through for what rules have caught.
LOOKED_THROUGH = 5000
_CAUGHT_ARE = (Status.pending, Status.spam, Status.trash)


def caught(site_id: int) -> Counter[int]:
    """How many of the latest comments out of sight each rule has put there, by the rules' ids."""
    found: Counter[int] = Counter()
    for status in _CAUGHT_ARE:
        latest = (
            select(Comment.rules)
            .where(Comment.site_id == site_id, Comment.status == status)
            .order_by(Comment.created_at.desc(), Comment.id.desc())
            .limit(LOOKED_THROUGH)
            .subquery()
        )
        for names in db.session.scalars(
            select(latest.c.rules).where(latest.c.rules.contains(f" {TOKEN}"))
        ):
            found.update(
                int(name.removeprefix(TOKEN)) for name in names.split() if name.startswith(TOKEN)
            )
    return found
