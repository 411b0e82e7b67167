"""What the desk says: moves and statuses, who decided, and how long ago, in words."""

from datetime import datetime
from urllib.parse import urlsplit

from flask import Flask

from widget.db import now
from widget.models import Badge, Comment, Complaint, Decision, Moderator, Move, Status, Via
from widget.publishing.stamps import stamp
from widget.web.dates import zone_of

# What a button says, by the status of the comment that it stands under.
_RESTORE = {Status.spam: "Not spam"}
_LABELS = {
    Move.approve: "Approve",
    Move.unapprove: "Unapprove",
    Move.reject: "Reject",
    Move.spam: "Spam",
    Move.trash: "Trash",
    Move.restore: "Restore",
}
_DONE = {
    Status.approved: "approved",
    Status.pending: "put back to pending",
    Status.spam: "marked as spam",
    Status.trash: "moved to the trash",
    Status.rejected: "rejected",
}
_MOVED = {
    Move.approve: "Approved",
    Move.unapprove: "Put back to pending",
    Move.reject: "Rejected",
    Move.spam: "Marked as spam",
    Move.trash: "Moved to the trash",
    Move.restore: "Restored",
}
_BADGES = {Badge.author: "author of the article", Badge.moderator: "moderator"}
_COMPLAINTS = {
    Complaint.spam: "spam",
    Complaint.abuse: "abuse",
    Complaint.personal: "private things",
    Complaint.illegal: "against the law",
    Complaint.other: "something else",
}
_MAX_NAME = 60
_MINUTE, _HOUR, _DAY, _MONTH, _YEAR = 60, 3600, 86_400, 2_629_800, 31_557_600
_UNITS = (
    (_YEAR, "year"),
    (_MONTH, "month"),
    (_DAY, "day"),
    (_HOUR, "hour"),
    (_MINUTE, "minute"),
)


def init_app(app: Flask) -> None:
    """Give the desk's templates their words."""
    for word in (ago, badge, complaint, exactly, host, label, decided, held_for, name_of, stamp):
        app.add_template_filter(word)
    app.add_template_filter(asked_again)
    app.add_template_filter(moved, "decided_by_me")


def label(move: Move, status: Status) -> str:
    """What the button for a move says."""
    return _RESTORE.get(status, _LABELS[move]) if move is Move.restore else _LABELS[move]


def badge(given: Badge) -> str:
    """What a badge says of a commenter."""
    return _BADGES[given]


def complaint(of: Complaint) -> str:
    """What a reader finds wrong with a comment, short."""
    return _COMPLAINTS[of]


def told(comment: Comment) -> str:
    """What has just happened to a comment."""
    return f"{_whose(comment)} was {_DONE[comment.status]}."


def overtaken(comment: Comment, decision: Decision | None) -> str:
    """Why nothing was done: someone else's decision came first."""
    if decision is None:
        return f"Nothing was changed: {_whose(comment)} has been decided in the meantime."
    when = ago(decision.created_at)
    return f"Nothing was changed: {_whose(comment)} was {_by(decision)} {when}."


def decided(decision: Decision) -> str:
    """What was decided, and who did: “Marked as spam by Max”."""
    words = _by(decision)
    return words[0].upper() + words[1:]


def moved(decision: Decision) -> str:
    """What was done, without who did it."""
    done = _DONE[decision.status_to]
    return _MOVED.get(decision.move) or done[0].upper() + done[1:]


def _by(decision: Decision) -> str:
    done = _DONE[decision.status_to]
    match decision.via:
        case Via.policy:
            return f"{done} by policy"
        case Via.reports:
            return f"{done} because readers reported it"
        case Via.author:
            return f"{done} by its author"
        case Via.transfer:
            return f"{done} by an import"
        case Via.mail:
            return f"{done} by {name_of(decision.moderator)} by mail"
        case Via.desk:
            return f"{done} by {name_of(decision.moderator)}"


def _whose(comment: Comment) -> str:
    name = comment.author
    return f"{name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + '…'}’s comment"


def name_of(moderator: Moderator | None) -> str:
    """How a moderator is called in front of others: never by the whole e-mail address."""
    if moderator is None:
        return "someone"
    return moderator.name or moderator.email.partition("@")[0]


def held_for(comment: Comment) -> str:
    """Why a comment is held, as far as its signals do not say it themselves."""
    reasons = [signal["reason"] for signal in comment.signals if not signal.get("trust")]
    return "" if comment.held_for in {*reasons, "; ".join(reasons)} else comment.held_for


def asked_again(comment: Comment) -> str:
    """When those are asked who have not answered yet; nothing where nobody will be."""
    if comment.ask_at is None or comment.status is not Status.pending:
        return ""
    if comment.ask_at <= now():
        return "Whoever has not answered is asked as soon as a worker is free."
    at = exactly(comment.ask_at, comment.site.timezone)
    return f"Whoever has not answered is asked again at about {at}."


def ago(at: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = (now() - at).total_seconds()
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def exactly(at: datetime, zone: str) -> str:
    """The absolute form, short: “Nov 3, 2026, 4:05 pm EST”, in the site's zone."""
    local = at.astimezone(zone_of(zone))
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004
    clock = f"{local.hour % 12 or 12}:{local:%M} {half}"
    return f"{local:%b} {local.day}, {local.year}, {clock} {local:%Z}"


def host(url: str) -> str:
    """The host of an address: as much as a moderator wants to see of it."""
    return (urlsplit(url).hostname or url).removeprefix("www.")
