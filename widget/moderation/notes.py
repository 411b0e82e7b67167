"""Notes on authors: what moderators want each other to know of a commenter."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, exists, false, select
from sqlalchemy.orm import joinedload

from widget.db import db
from widget.models import AuthorNote, Comment, Moderator
from widget.moderation import authors, log

MAX_NOTE = 2000


class Faulty(Exception):
    """A note that cannot be kept; says why."""


def of(site_id: int, author: str) -> Sequence[AuthorNote]:
    """All notes on one author (authors.identity), the latest first."""
    return db.session.scalars(
        select(AuthorNote)
        .options(joinedload(AuthorNote.moderator))
        .where(AuthorNote.site_id == site_id, AuthorNote.author == author)
        .order_by(AuthorNote.id.desc())
    ).all()


def find(site_ids: Collection[int], note_id: int) -> AuthorNote | None:
    """A note at one of these sites; none at any other."""
    return db.session.scalar(
        select(AuthorNote).where(AuthorNote.site_id.in_(site_ids), AuthorNote.id == note_id)
    )


def are_there(comment: Comment) -> bool:
    """Did anybody note anything on the author of a comment?"""
    author = authors.identity(authors.reference(comment))
    noted = exists().where(AuthorNote.site_id == comment.site_id, AuthorNote.author == author)
    return bool(author) and bool(db.session.scalar(select(noted)))


def add(site_id: int, moderator: Moderator, author: str, text: str) -> AuthorNote:
    """Write down a word on an author. Raises Faulty."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Faulty("Please write something.")
    if len(text) > MAX_NOTE:
        raise Faulty(f"A note can have {MAX_NOTE:,} characters; this has {len(text):,}.")
    if "\0" in text:
        raise Faulty("This holds a character that cannot be stored.")
    note = AuthorNote(site_id=site_id, author=author, text=text, moderator_id=moderator.id)
    db.session.add(note)
    db.session.flush()
    # Not its words: they may be about a reader, and nobody could take them out of the log.
    log.write(site_id, moderator, "note added", f"note {note.id} on an author")
    return note


def remove(note: AuthorNote, moderator: Moderator) -> None:
    """Take a note away for good."""
    log.write(note.site_id, moderator, "note removed", f"note {note.id} on an author")
    db.session.delete(note)


def forget(site_id: int, *comments: Comment) -> None:
    """Comments are going for good: with an author's last one goes what was noted on them.

    Called while they still say who wrote them.
    """
    names = {authors.identity(authors.reference(each)): each for each in comments}
    noted = db.session.scalars(
        select(AuthorNote.author)
        .where(AuthorNote.site_id == site_id, AuthorNote.author.in_(names.keys() - {""}))
        .distinct()
    ).all()
    for author in noted:
        theirs = authors.written_by(site_id, authors.reference(names[author])) or [false()]
        others = exists().where(*theirs, Comment.id.not_in([each.id for each in comments]))
        if not db.session.scalar(select(others)):
            db.session.execute(
                delete(AuthorNote).where(AuthorNote.site_id == site_id, AuthorNote.author == author)
            )
