"""Does a thread still take comments?"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from widget.models import Site, Thread
from widget.publishing import form_token


class Closed(StrEnum):
    """Why a thread takes no more comments."""

    by_hand = "by_hand"
    by_age = "by_age"


def why_closed(site: Site, thread: Thread | None) -> Closed | None:
    """Why nobody may write in a thread any more; nothing while one may."""
    if thread is None:
        return None
    if thread.closed_at:
        return Closed.by_hand
    ends = ends_at(site, thread)
    if ends is None:
        return None
    is_over = ends.timestamp() <= form_token.epoch() * form_token.EPOCH_SECONDS
    return Closed.by_age if is_over else None


def ends_at(site: Site, thread: Thread) -> datetime | None:
    """When a thread closes by age, or did; nothing where it does not.

    It does so when the quarter of a day has begun that follows its last day: fragments are made
    anew at that moment anyway (publishing.fragments.etag), so all say so at once.
    """
    if not site.close_after_days or thread.stays_open:
        return None
    last = thread.created_at + timedelta(days=site.close_after_days)
    epochs, begun = divmod(last.timestamp(), form_token.EPOCH_SECONDS)
    return datetime.fromtimestamp((epochs + bool(begun)) * form_token.EPOCH_SECONDS, UTC)
