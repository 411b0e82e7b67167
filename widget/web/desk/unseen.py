"""A moderator decides on words that they have read; an author may change them meanwhile."""

from flask import request

from widget.db import db
from widget.models import Comment
from widget.moderation import moves
from widget.publishing.stamps import stamp


class Unseen(moves.IllegalMove):
    """The words are not those on the moderator's page."""


def refuse_unseen(comment: Comment) -> None:
    """Raises Unseen where a comment was edited since the page with the button was made.

    Nobody can edit it from here on until the decision is committed.
    """
    seen = request.form.get("seen")
    if seen is None:
        return
    moves.lock_thread_of(comment.id)
    db.session.refresh(comment)
    if seen != str(stamp(comment.edited_at)):
        raise Unseen("Its author has changed this comment. Please read it again, then decide.")
