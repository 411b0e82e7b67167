"""What a reader asks for beside the comment: to hear of replies, and of the decision."""

from widget import language
from widget.models import Comment
from widget.notify import subscriptions
from widget.notify.subscriptions import Follow


def follow(
    comment: Comment, *, subscribe: str = "", daily: bool = False, tell: bool = False
) -> None:
    """Keep what a new comment's form asked for; without an address there is nobody to tell.

    `subscribe` is one of Follow, or empty. No mail leads from here to anyone: what is asked for
    counts only once a moderator, or the site's policy, has approved the comment.
    """
    comment.language = comment.language or language.voice().language
    if not comment.email or not comment.site.reader_mail:
        return
    comment.tell_author = tell
    if subscribe in set(Follow):
        subscriptions.ask(comment, Follow(subscribe), daily=daily)
