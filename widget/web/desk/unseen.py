"""A moderator decides on words that they have read; an author may change them meanwhile."""

from flask import request

from widget.models import Comment
from widget.moderation import moves
from widget.publishing.stamps import stamp


class Unseen(moves.IllegalMove):
    """The words are not those on the moderator's page."""


def refuse_unseen(comment: Comment) -> None:
    """Raises Unseen where a comment was edited since the page with the button was made.

    It is read anew (so moves.Gone is raised as well), and nobody can change it from here on until
    the decision is committed.
    """
    moves.lock_and_read(comment)
    if request.form.get("seen") not in {None, str(stamp(comment.edited_at))}:
        raise Unseen("Its author has changed this comment. Please read it again, then decide.")
