"""What the desk says of many comments at once."""

from flask import Flask

from widget.db import now
from widget.models import Batch, Move
from widget.models.batch import Together
from widget.moderation import batches
from widget.moderation.batches import Skipped

_DONE = {
    Move.approve: "approved",
    Move.unapprove: "put back to pending",
    Move.reject: "rejected",
    Move.spam: "marked as spam",
    Move.trash: "moved to the trash",
    Move.restore: "restored to where they came from",
    Move.undo: "put back to where they were",
}
_WHICH = {
    Together.selection: "a selection",
    Together.key: "all by the same browser",
    Together.email: "all with the same e-mail address",
    Together.domain: "all with an e-mail address of the same domain",
    Together.network: "all from the same network",
    Together.link: "all that link to the same place",
    Together.likeness: "all that say nearly the same",
    Together.batch: "taking back an earlier batch",
}
_WHY = {
    Skipped.decided: "decided in the meantime",
    Skipped.edited: "changed by their authors since you looked: please read them again",
    Skipped.gone: "removed for good in the meantime",
    Skipped.unfit: "not where this can be done",
}


def init_app(app: Flask) -> None:
    """Give the templates their words."""
    for word in (which, title):
        app.add_template_filter(word, f"batch_{word.__name__}")
    app.add_template_global(now, "this_moment")


def title(batch: Batch) -> str:
    """What it does, as a heading: “Marked as spam”."""
    done = _DONE[batch.move]
    return done[0].upper() + done[1:]


def which(batch: Batch) -> str:
    """Which comments it is about."""
    return _WHICH[batch.together]


def told(batch: Batch) -> str:
    """What became of them so far."""
    if batch.finished_at is None:
        return f"{batch.moved:,} of {comments(batch.total)} {_DONE[batch.move]} so far."
    left = f" {_left_alone(batch)}" if batch.skipped else ""
    if not batch.moved:
        return f"Nothing was changed.{left}"
    was = "was" if batch.moved == 1 else "were"
    done = _DONE[batch.move].replace("they", "it") if batch.moved == 1 else _DONE[batch.move]
    return f"{comments(batch.moved)} {was} {done}.{left}"


def why(batch: Batch) -> list[tuple[int, str]]:
    """How many were left alone, and why."""
    return [(number, _WHY[each]) for each, number in batches.why_skipped(batch).items()]


def purged(number: int) -> str:
    """What emptying did."""
    if not number:
        return "Nothing was removed: what was on the screen is not there any more."
    return f"{comments(number)} {'was' if number == 1 else 'were'} removed for good."


def comments(number: int) -> str:
    """“1 comment”, “2,000 comments”."""
    return f"{number:,} comment{'' if number == 1 else 's'}"


def _left_alone(batch: Batch) -> str:
    reasons = "; ".join(f"{number:,} {words}" for number, words in why(batch))
    was = "was" if batch.skipped == 1 else "were"
    return f"{batch.skipped:,} {was} left alone ({reasons})."
