"""A moderator gives a comment other words. What it said before is kept, and readers are told."""

from sqlalchemy import update

from widget import sanitize
from widget.comments.submission import body_digest
from widget.db import db, now
from widget.models import Comment, Moderator, Revision, Status, Thread
from widget.spam import clustering


class CannotReword(Exception):
    """The message says why."""


def reword(
    comment: Comment,
    moderator: Moderator,
    *,
    body: str,
    body_html: str,
    author: str,
    website: str,
) -> Revision | None:
    """Change what readers see of a comment; returns what it was before, None for no change.

    Its status stays: whoever changes a comment has read it. Raises CannotReword. The caller holds
    its thread's lock (moderation.moves).
    """
    if not comment.body_hash:
        raise CannotReword("This comment was erased for its author: nothing of it is left.")
    if (body, author, website) == (comment.body, comment.author, comment.website):
        return None
    before = Revision(
        site_id=comment.site_id,
        comment_id=comment.id,
        body=comment.body,
        body_html=comment.body_html,
        author=comment.author if author != comment.author else None,
        website=comment.website if website != comment.website else None,
        moderator=moderator,
    )
    db.session.add(before)
    comment.author, comment.website = author, website
    if body != comment.body:
        comment.body, comment.body_html = body, body_html
        comment.body_hash = body_digest(body)
        comment.sanitizer_version = sanitize.VERSION
    comment.edited_at, comment.edited_by_moderator = now(), True
    # A link that was taken out is no reason any more to find the comment by it.
    clustering.join(comment)
    if comment.status is Status.approved:
        _show(comment)
    db.session.flush()
    return before


def put_back(revision: Revision, moderator: Moderator) -> Revision | None:
    """Give a comment the words it had before. Raises CannotReword."""
    comment = revision.comment
    return reword(
        comment,
        moderator,
        body=revision.body,
        body_html=revision.body_html,
        author=revision.author if revision.author is not None else comment.author,
        website=revision.website if revision.website is not None else comment.website,
    )


def _show(comment: Comment) -> None:
    db.session.execute(
        update(Thread)
        .where(Thread.site_id == comment.site_id, Thread.id == comment.thread_id)
        .values(version=Thread.version + 1)
        .execution_options(synchronize_session=False)
    )
