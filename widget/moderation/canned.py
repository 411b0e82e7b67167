"""Texts that moderators use again and again: replies, and reasons for rejecting."""

from sqlalchemy import select

from widget import sanitize
from widget.db import db
from widget.models import Canned, CannedKind, Moderator
from widget.models.note import MAX_CANNED_TITLE
from widget.moderation import log

MAX_TEXT = 2000
# As many as anyone wants to choose from.
MAX_TEXTS = 50
MAX_REASON = 1000


class Faulty(Exception):
    """A text that cannot be kept; says what is wrong with which field."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def of(site_id: int, kind: CannedKind) -> list[Canned]:
    """A site's texts of one kind, by their titles."""
    rows = db.session.scalars(
        select(Canned)
        .where(Canned.site_id == site_id, Canned.kind == kind)
        .order_by(Canned.title, Canned.id)
    )
    return list(rows)


def find(site_id: int, text_id: int) -> Canned | None:
    """One text of this site; none of any other."""
    return db.session.scalar(select(Canned).where(Canned.site_id == site_id, Canned.id == text_id))


def add(site_id: int, moderator: Moderator, kind: CannedKind, title: str, text: str) -> Canned:
    """Keep a new text. Raises Faulty."""
    title, text = _checked(title, text)
    if len(of(site_id, kind)) >= MAX_TEXTS:
        raise Faulty("title", f"There are {MAX_TEXTS} already. Remove one that nobody uses.")
    added = Canned(site_id=site_id, kind=kind, title=title, text=text)
    db.session.add(added)
    log.write(site_id, moderator, "text added", _subject(added), after=_as_logged(added))
    return added


def change(canned: Canned, moderator: Moderator, title: str, text: str) -> None:
    """Put it in other words. Raises Faulty."""
    title, text = _checked(title, text)
    before = _as_logged(canned)
    canned.title, canned.text = title, text
    if (after := _as_logged(canned)) != before:
        log.write(
            canned.site_id, moderator, "text changed", _subject(canned), before=before, after=after
        )


def remove(canned: Canned, moderator: Moderator) -> None:
    """Offer it no more. What was written with it stays."""
    log.write(
        canned.site_id, moderator, "text removed", _subject(canned), before=_as_logged(canned)
    )
    db.session.delete(canned)


def as_reason(text: str) -> str:
    """A text as a decision keeps it. Raises sanitize.Unacceptable."""
    return sanitize.plain(" ".join(text.split()))[:MAX_REASON]


def _checked(title: str, text: str) -> tuple[str, str]:
    title, text = " ".join(title.split()), text.replace("\r\n", "\n").strip()
    for field, typed, limit in (("title", title, MAX_CANNED_TITLE), ("text", text, MAX_TEXT)):
        if not typed:
            raise Faulty(field, "Please write something here.")
        if len(typed) > limit:
            raise Faulty(field, f"This can have {limit:,} characters; it has {len(typed):,}.")
        if "\0" in typed:
            raise Faulty(field, "This holds a character that cannot be stored.")
    return title, text


def _subject(canned: Canned) -> str:
    return f"{canned.kind.value} “{canned.title}”"


def _as_logged(canned: Canned) -> dict[str, str]:
    return {"title": canned.title, "text": canned.text}
