"""Taking in a comment: cleaned, placed, stored as pending. Screening comes later, in a worker."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.exc import IntegrityError

from widget import sanitize
from widget.comments.authorship import Author
from widget.comments.standing import badge_of
from widget.comments.threading import open_thread, place
from widget.db import db, next_id, now
from widget.language import gettext as _
from widget.language import voice
from widget.models import Badge, Comment, Site, Status, Thread
from widget.publishing.closing import why_closed
from widget.publishing.form_token import TokenState
from widget.spam.work import WorkState

# For how long the same words in the same place count as a slip of the finger.
_DUPLICATE_WINDOW = timedelta(days=1)


class Refusal(Exception):
    """A comment that is not taken; the message is for the reader."""


class ThreadClosed(Refusal):
    """Nobody may write here any more."""


class ParentGone(Refusal):
    """The comment that was answered is not public (any more), or stands on another page."""


class Reused(Refusal):
    """The nonce made another comment: other words, or another browser's."""


class Duplicate(Refusal):
    """The same author said the same in the same place."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """How a form came in; screening judges it."""

    honeypot: bool = False
    token: TokenState = TokenState.missing
    has_nonce: bool = False
    # For how many milliseconds the form was open; none where no script said so.
    took: int | None = None
    work: WorkState = WorkState.none

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as Comment.arrival keeps it."""
        return {
            "honeypot": self.honeypot,
            "token": self.token.value,
            "has_nonce": self.has_nonce,
            **({} if self.took is None else {"took": self.took}),
            "work": self.work.value,
        }


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A form whose shape is right, before anything is stored. `body_html` is what is published."""

    page: str
    author: str
    body: str
    body_html: str
    by: Author
    url: str = ""
    title: str = ""
    parent_id: int | None = None
    email: str = ""
    website: str = ""
    nonce: str | None = None
    arrival: Arrival = field(default_factory=Arrival)


def submit(site: Site, draft: Draft, *, may_write_closed: bool = False) -> tuple[Comment, bool]:
    """Store a draft as a pending comment; returns it and whether it is new.

    A nonce that was used before returns the comment it made: a retry or a double click.
    `may_write_closed`: a moderator has the last word. Raises a Refusal. It must come first in its
    transaction, which it may begin anew.
    """
    digest = body_digest(draft.body)
    try:
        return _stored(site, draft, digest, may_write_closed=may_write_closed)
    except IntegrityError:
        # Two requests with one nonce at the same moment: the other one was first.
        db.session.rollback()
        if earlier := _earlier(site, draft, digest):
            return earlier, False
        raise


def _stored(
    site: Site, draft: Draft, digest: str, *, may_write_closed: bool
) -> tuple[Comment, bool]:
    thread = open_thread(site, page=draft.page, url=draft.url, title=draft.title)
    found = _look(thread, draft, digest)
    if found.is_known and (earlier := _earlier(site, draft, digest)):
        return earlier, False
    if thread.hidden_at or (why_closed(site, thread) and not may_write_closed):
        raise ThreadClosed(_("Comments are closed here."))
    parent = _parent(thread, draft.parent_id)
    if found.is_duplicate:
        raise Duplicate(_("It looks as though you have said that here already."))
    comment = _pending(thread, draft, digest)
    comment.badge = found.badge
    # Known before it is written, so that its path is written with it.
    comment.id = found.next_id
    place(comment, parent)
    db.session.add(comment)
    db.session.flush()
    return comment, True


def _pending(thread: Thread, draft: Draft, digest: str) -> Comment:
    return Comment(
        site_id=thread.site_id,
        thread_id=thread.id,
        author=draft.author,
        email=draft.email,
        website=draft.website,
        body=draft.body,
        body_html=draft.body_html,
        sanitizer_version=sanitize.VERSION,
        body_hash=digest,
        created_at=now(),
        key_hash=draft.by.key_hash,
        address_hash=draft.by.address_hash,
        network_hash=draft.by.network_hash,
        nonce=draft.nonce,
        arrival=draft.arrival.as_dict(),
        language=voice().language,
    )


def body_digest(body: str) -> str:
    """A hash that is the same for the same words, whatever their spacing and case."""
    return hashlib.sha256(" ".join(body.casefold().split()).encode()).hexdigest()


def _earlier(site: Site, draft: Draft, digest: str) -> Comment | None:
    """What this very form made when it was sent before. Whose else it is, is not told."""
    if not draft.nonce:
        return None
    earlier = db.session.scalar(
        select(Comment).where(Comment.site_id == site.id, Comment.nonce == draft.nonce)
    )
    if earlier and (earlier.key_hash, earlier.body_hash) != (draft.by.key_hash, digest):
        raise Reused(_("This form was sent before, with other words. Please send it once more."))
    return earlier


def _parent(thread: Thread, parent_id: int | None) -> Comment | None:
    if parent_id is None:
        return None
    parent = db.session.scalar(
        select(Comment).where(
            Comment.site_id == thread.site_id,
            Comment.thread_id == thread.id,
            Comment.id == parent_id,
            Comment.status == Status.approved,
        )
    )
    if parent is None:
        raise ParentGone(_("The comment you are replying to is no longer here."))
    return parent


def _look(thread: Thread, draft: Draft, digest: str) -> Row[bool, bool, int, Badge | None]:
    """Was this sent, or said here, before? And what a new comment takes: one question for all."""
    same = select(Comment.id).where(
        Comment.site_id == thread.site_id,
        Comment.body_hash == digest,
        Comment.thread_id == thread.id,
        Comment.parent_id == draft.parent_id,
        Comment.author == draft.author,
        Comment.email == draft.email,
        Comment.status != Status.trash,
        Comment.created_at > now() - _DUPLICATE_WINDOW,
    )
    if draft.nonce:  # our own twin, sent at the same moment, is no duplicate: see submit()
        same = same.where(Comment.nonce.is_(None) | (Comment.nonce != draft.nonce))
    known = select(Comment.id).where(
        Comment.site_id == thread.site_id, Comment.nonce == draft.nonce
    )
    return db.session.execute(
        select(
            known.exists().label("is_known"),
            same.exists().label("is_duplicate"),
            next_id(Comment).label("next_id"),
            badge_of(thread, draft.by.key_hash).scalar_subquery().label("badge"),
        )
    ).one()
