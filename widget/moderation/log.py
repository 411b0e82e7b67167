"""The log of what moderators change beside comments: rules, people, texts, threads."""

from typing import Any

from widget.db import db
from widget.models import Entry, Moderator


def write(
    site_id: int,
    moderator: Moderator | None,
    action: str,
    subject: str = "",
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> Entry:
    """Add a line, in the transaction of the change itself.

    `action` is a noun and a verb (“rule added”); of `before` and `after`, only what differs is
    kept. Neither may hold a reader's words or address.
    """
    old, new = before or {}, after or {}
    differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    entry = Entry(
        site_id=site_id,
        moderator=moderator,
        action=action,
        subject=subject[:255],
        before={name: old[name] for name in differing if name in old},
        after={name: new[name] for name in differing if name in new},
        reason=reason,
    )
    db.session.add(entry)
    return entry
