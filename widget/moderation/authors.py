"""Who an author is to a site's moderators: what else they wrote, and what became of it.

A reference names an author without saying who it is: `key:HASH` for the holder of a commenter's
key, else `email:DIGEST.ID`. From a digest nobody can look an address up, we neither: the id, of any
comment that came with the address, does that. What belongs to the author is the part before it.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from widget import config
from widget.db import db
from widget.models import AuthorNote, Comment, Status

# Past this, a record says “more than”.
COUNTED = 1000
_DIGEST_LENGTH = 40
_REFERENCE = re.compile(r"(key|email):([0-9a-f]+)(?:\.([0-9]{1,18}))?", re.ASCII)


@dataclass(kw_only=True)
class Record:
    """What became of an author's comments at one site. `counts` stops at COUNTED in all."""

    reference: str
    counts: dict[Status, int] = field(default_factory=dict)
    first_seen: datetime | None = None
    notes: int = 0
    # The latest of them.
    note: str = ""

    @property
    def total(self) -> int:
        """How many comments were counted."""
        return sum(self.counts.values())


def reference(comment: Comment) -> str:
    """The name of a comment's author among moderators; empty for one who left no trace."""
    if comment.key_hash:
        return f"key:{comment.key_hash}"
    return f"email:{_digest(comment.email)}.{comment.id}" if comment.email else ""


def identity(reference: str) -> str:
    """What of a reference is the same for all comments of an author: what notes are kept under."""
    return reference.partition(".")[0]


def can_be(reference: str) -> bool:
    """Is it a reference at all?"""
    return _REFERENCE.fullmatch(reference) is not None


def written_by(site_id: int, reference: str) -> list[ColumnElement[bool]] | None:
    """Conditions for all comments of an author at a site; None where nobody is named."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return None
    kind, value, number = found.groups()
    if kind == "key":
        return [Comment.site_id == site_id, Comment.key_hash == value]
    email = db.session.scalar(
        select(Comment.email).where(Comment.site_id == site_id, Comment.id == int(number or 0))
    )
    if not email or _digest(email) != value:
        return None
    return [Comment.site_id == site_id, Comment.email == email]


def records(comments: Sequence[Comment]) -> dict[tuple[int, str], Record]:
    """The records of all authors of some comments, by site and identity: two statements for all."""
    asked: dict[tuple[int, str], Comment] = {}
    for comment in comments:
        if name := identity(reference(comment)):
            asked.setdefault((comment.site_id, name), comment)
    told = [_told(site_id, name, _theirs(each)) for (site_id, name), each in asked.items()]
    return _records({place: reference(each) for place, each in asked.items()}, told)


def record(site_id: int, reference: str) -> Record:
    """One author's record at a site: nothing but the notes, where no comment is known any more."""
    theirs = written_by(site_id, reference)
    name = identity(reference)
    told = [] if theirs is None else [_told(site_id, name, theirs)]
    return _records({(site_id, name): reference}, told)[site_id, name]


def _records(
    names: dict[tuple[int, str], str], told: Sequence[Select[int, str, Status, datetime]]
) -> dict[tuple[int, str], Record]:
    found = {place: Record(reference=name) for place, name in names.items()}
    if not found:
        return found
    if told:
        rows = union_all(*(select(each.subquery()) for each in told)).subquery()
        site_id, name, status, created_at = rows.c
        for row in db.session.execute(
            select(site_id, name, status, func.count(), func.min(created_at)).group_by(
                site_id, name, status
            )
        ):
            one = found[row[0], row[1]]
            one.counts[row[2]] = row[3]
            one.first_seen = min(row[4], one.first_seen or row[4])
    for row in db.session.execute(_notes(found)):
        if (place := (row[0], row[1])) in found:
            found[place].notes, found[place].note = row[2], row[3]
    return found


def _notes(found: dict[tuple[int, str], Record]) -> Select[int, str, int, str]:
    counted = (
        select(
            AuthorNote.site_id,
            AuthorNote.author,
            func.count().label("number"),
            func.max(AuthorNote.id).label("latest"),
        )
        .where(
            AuthorNote.site_id.in_({site_id for site_id, _ in found}),
            AuthorNote.author.in_({name for _, name in found}),
        )
        .group_by(AuthorNote.site_id, AuthorNote.author)
        .subquery()
    )
    site_id, author, number, latest = counted.c
    return select(site_id, author, number, AuthorNote.text).join(counted, AuthorNote.id == latest)


def _theirs(comment: Comment) -> list[ColumnElement[bool]]:
    same = (
        Comment.key_hash == comment.key_hash if comment.key_hash else Comment.email == comment.email
    )
    return [Comment.site_id == comment.site_id, same]


def _told(
    site_id: int, name: str, theirs: Sequence[ColumnElement[bool]]
) -> Select[int, str, Status, datetime]:
    return (
        select(
            literal(site_id).label("site_id"),
            literal(name).label("name"),
            Comment.status.label("status"),
            Comment.created_at.label("created_at"),
        )
        .where(*theirs)
        .limit(COUNTED)
    )


def _digest(email: str) -> str:
    secret = config.current().secret_key.encode()
    key = hmac.new(secret, b"author by email", hashlib.sha256).digest()
    return hmac.new(key, email.casefold().encode(), hashlib.sha256).hexdigest()[:_DIGEST_LENGTH]
