"""From a comment to what there is to tell of it."""

from urllib.parse import urlencode

from widget.models import Comment
from widget.spam.checks import Signal
from widget.spam.providers.base import Question
from widget.spam.providers.consulting import postponed

_WEB = ("https://", "http://")


def about(comment: Comment, *, public_url: str, attempt: int = 0) -> Question:
    """What there is to tell of a comment; `public_url` is where readers reach this service."""
    site, thread = comment.site, comment.thread
    own = f"{public_url}/t/{site.key}?{urlencode({'page': thread.page})}"
    page = next((url for url in (thread.url, thread.page) if url.startswith(_WEB)), own)
    return Question(
        comment_id=comment.id,
        site_id=site.id,
        site=site.key,
        blog=site.origins[0] if site.origins else public_url,
        permalink=page,
        title=thread.title,
        language=site.language,
        author=comment.author,
        email=comment.email,
        website=comment.website,
        body=comment.body,
        written_at=comment.created_at,
        kind="reply" if comment.parent_id and comment.kind == "comment" else comment.kind.value,
        signals=signals_of(comment),
        attempt=attempt,
        postponed=frozenset(postponed(signals_of(comment))),
    )


def signals_of(comment: Comment) -> tuple[Signal, ...]:
    """What was found in a comment so far, as it is kept with it."""
    return tuple(map(Signal.from_dict, comment.signals))
