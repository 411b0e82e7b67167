"""Does a thread still take comments?"""

from datetime import timedelta
from enum import StrEnum

from widget.models import Site, Thread
from widget.publishing import form_token


class Closed(StrEnum):
    """Why a thread takes no more comments."""

    by_hand = "by_hand"
    by_age = "by_age"


def why_closed(site: Site, thread: Thread | None) -> Closed | None:
    """Why nobody may write in a thread any more; nothing while one may.

    A thread closes by age when the quarter of a day has begun that follows its last day: fragments
    are made anew at that moment anyway (publishing.fragments.etag), so all say so at once.
    """
    if thread is None:
        return None
    if thread.closed_at:
        return Closed.by_hand
    if not site.close_after_days:
        return None
    last = thread.created_at + timedelta(days=site.close_after_days)
    is_over = last.timestamp() <= form_token.epoch() * form_token.EPOCH_SECONDS
    return Closed.by_age if is_over else None
