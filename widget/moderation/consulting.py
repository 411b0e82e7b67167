"""Asking providers about comments that wait: whom, when, and what is kept of what they say.

Screening leaves such a comment pending, with a date and a signal for each provider. A worker claims
it, asks outside of any transaction, and merges what was heard; then the comment is judged again.
Where no provider is switched on, none of this costs anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from widget import config
from widget.db import db, now
from widget.models import Comment, Status
from widget.moderation import locks
from widget.moderation.ledger import Ledger
from widget.spam import Signal, providers
from widget.spam.providers import Heard, Provider, Question

# A worker that dies while it asks leaves a claim that runs out. Longer than any job may take.
_CLAIM = timedelta(minutes=2)
# Of those that wait for a provider which is back, so many come at once.
_HASTENED = 500


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A comment that a worker has claimed, and what is asked about it."""

    question: Question
    # Whose answer is missing.
    only: frozenset[str]
    # What tells that the comment is still as it was then.
    screened_at: datetime
    asked: int

    @property
    def comment_id(self) -> int:
        """Which comment it is."""
        return self.question.comment_id


def _on() -> tuple[Provider, ...]:
    return providers.switched_on(config.current())


def are_on() -> bool:
    """Is there anybody to ask?"""
    return bool(_on())


def put_off(comment: Comment) -> tuple[Signal, ...]:
    """A comment has passed our own checks: nothing follows from them until others were asked.

    Returns what holds it so long; nothing where nobody is to be asked.
    """
    open_ = tuple(providers.not_asked(provider) for provider in _on())
    comment.ask_at, comment.asked = now() if open_ else None, 0
    return open_


def is_put_off(comment: Comment) -> bool:
    """Was nobody asked so far? Then it is too early to tell moderators of it."""
    return comment.ask_at is not None and comment.asked == 0


def is_due() -> bool:
    """Does any comment wait to be asked about?"""
    return bool(db.session.scalar(select(exists().where(Comment.ask_at <= now()))))


def claim() -> Asking | None:
    """Take the comment that has waited longest, for us alone; to be committed before asking."""
    next_ = (
        select(Comment)
        .where(Comment.ask_at <= now())
        .order_by(Comment.ask_at)
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    while (comment := db.session.scalar(next_)) is not None:
        if comment.status is Status.pending and comment.screened_at:
            break
        # Somebody has decided. Or its author has changed it: then it is put off anew.
        comment.ask_at = None
        db.session.flush()
    else:
        return None
    settings = config.current()
    question = providers.about(comment, public_url=settings.public_url, attempt=comment.asked)
    comment.ask_at, comment.asked = now() + _CLAIM, comment.asked + 1
    return Asking(
        question=question,
        only=frozenset(providers.unanswered(question.signals, _on())),
        screened_at=comment.screened_at,
        asked=comment.asked,
    )


def ask(asking: Asking, *, commit: Callable[[], None]) -> Heard:
    """Ask whoever has not answered yet. No transaction is open meanwhile, and none is left."""
    return providers.consult(
        _on(),
        asking.question,
        ledger=Ledger(commit),
        seconds=config.current().provider_seconds,
        only=asking.only,
        enough=providers.CERTAIN,
    )


def keep(asking: Asking, heard: Heard) -> tuple[Comment, tuple[Signal, ...]] | None:
    """Keep what was heard. Returns the comment and all that was found in it, to be judged again.

    None where that is moot: somebody has decided, its author has changed it, or it is gone.
    """
    locks.lock_thread_of(asking.comment_id)
    comment = db.session.get(Comment, asking.comment_id, populate_existing=True)
    if comment is None or not comment.body_hash:
        return None
    comment.providers = sorted({*comment.providers, *heard.told})
    if (comment.status, comment.screened_at, comment.asked) != (
        Status.pending,
        asking.screened_at,
        asking.asked,
    ):
        return None
    comment.ask_at = heard.again_at
    # What a provider owed that was switched off since, it owes no more.
    settled = asking.only | (providers.TITLES.keys() - {provider.name for provider in _on()})
    return comment, providers.merged(providers.signals_of(comment), heard, settled)


def hasten(site_id: int, recovered: frozenset[str]) -> None:
    """Who could not be asked is back: what waits for them need not wait any longer."""
    waiting = db.session.scalars(
        select(Comment)
        # Else a fresh SQLite would read all of the site.
        .with_hint(Comment, "INDEXED BY ix_comment_ask", "sqlite")
        .where(Comment.site_id == site_id, Comment.ask_at > now())
        .order_by(Comment.ask_at)
        .limit(_HASTENED)
        # Not what others move just now: nothing is lost if it waits until its date.
        .with_for_update(skip_locked=True, key_share=True)
    )
    for comment in waiting:
        if providers.failed(providers.signals_of(comment)) & recovered:
            comment.ask_at = now()
