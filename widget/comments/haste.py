"""Does one network write much lately?"""

from datetime import timedelta

from sqlalchemy import select

from widget.comments.authorship import Author
from widget.db import db, now
from widget.models import Comment

WINDOW = timedelta(minutes=10)
# A network is many people's: a newsroom, a train, a town behind one address.
MANY = 10


def is_in_haste(site_id: int, by: Author) -> bool:
    """Did so many comments come from this network within the window? Costs a look at so many."""
    if by.network_hash is None:
        return False
    the_last_but_many = db.session.scalar(
        select(Comment.created_at)
        .where(Comment.site_id == site_id, Comment.network_hash == by.network_hash)
        .order_by(Comment.id.desc())
        .offset(MANY - 1)
        .limit(1)
    )
    return the_last_but_many is not None and the_last_but_many > now() - WINDOW
