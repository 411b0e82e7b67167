"""Who keeps a place on the page: what is approved, and all above it; and how many answers it has.

Only moves call these, in the transaction that changes the status.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import exists, select, update

from widget.db import db
from widget.models import Comment, Status, Thread, paths


def give(thread: Thread, arrivals: Sequence[Comment], approved: Sequence[Comment]) -> None:
    """Give approved comments, and all above them, their place on the page."""
    places = {place for each in approved for place in (each.id, *paths.ancestor_ids(each.path))}
    for comment in arrivals:
        comment.shown = comment.id in places
    db.session.flush()
    if earlier := places - {comment.id for comment in arrivals}:
        db.session.execute(
            update(Comment)
            .where(
                Comment.site_id == thread.site_id,
                Comment.thread_id == thread.id,
                Comment.id.in_(earlier),
            )
            .values(shown=True)
            .execution_options(synchronize_session=False)
        )


def settle(comment: Comment) -> None:
    """A comment keeps its place while it, or a reply somewhere under it, is approved."""
    comment.shown = comment.status is Status.approved or _has_shown_reply(comment)
    db.session.flush()
    for ancestor_id in paths.ancestor_ids(comment.path):
        # Anew, because another move may have changed it before ours had the thread's lock.
        above = db.session.get(Comment, ancestor_id, populate_existing=True)
        if above is None:  # a purged ancestor leaves its segment behind
            continue
        shown = above.status is Status.approved or comment.shown or _has_shown_reply(above)
        if above.shown is shown:
            return
        above.shown = shown
        db.session.flush()


def count_replies(approved: Sequence[Comment], change: int = 1) -> None:
    """Tell the top-level comments how many more replies are approved under each."""
    roots = Counter(paths.ancestor_ids(each.path)[-1] for each in approved if each.depth)
    for root, number in roots.items():
        db.session.execute(
            update(Comment)
            .where(Comment.site_id == approved[0].site_id, Comment.id == root)
            .values(reply_count=Comment.reply_count + number * change)
        )


def _has_shown_reply(comment: Comment) -> bool:
    under = exists().where(
        Comment.site_id == comment.site_id,
        Comment.thread_id == comment.thread_id,
        Comment.shown,
        Comment.path > comment.path,
        Comment.path < paths.after_subtree(comment.path),
    )
    return bool(db.session.scalar(select(under)))
