"""What a commenter is to a page: its author, or one of the site's moderators."""

from sqlalchemy import Select, select

from widget.models import Badge, Standing, Thread


def badge_of(thread: Thread, key_hash: str | None) -> Select[Badge]:
    """Asks for the badge that a new comment takes.

    What someone is to this page says more than the rest.
    """
    return (
        select(Standing.badge)
        .where(
            Standing.site_id == thread.site_id,
            Standing.key_hash == key_hash,
            Standing.thread_id.in_((0, thread.id)),
        )
        .order_by(Standing.thread_id.desc())
        .limit(1)
    )
