"""What a chat room hears, in its dialect: who wrote, the first words, why it waits.

A room has members that we do not know. So it gets no link that decides, no e-mail address and none
that leads away, and what a reader wrote can neither call anyone nor look like ours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Update, update

from widget.config import Settings
from widget.db import db
from widget.models import Comment, Dialect, Site, Telling, Webhook
from widget.notify import plain
from widget.notify.mail import NotSent
from widget.notify.waiting import Waiting
from widget.notify.webhooks import RoomIsGone

# Discord's limit, in the units that it counts; enough for the others, too.
MAX_LENGTH = 2000
_EXCERPT = 120
_MAX_NAME = 60
_MAX_WHY = 160
# A space of no width: it keeps a chat from finding its marks in what a reader wrote.
_GAP = "\u200b"
_EMAIL = re.compile(r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().,;:]+")
_MARKS = re.compile(r"([\\*_~`|<>\[\]()#-])")
# Discord: show no preview of whatever looks like an address.
_NO_PREVIEWS = 4


def held(settings: Settings, room: Webhook, comment: Comment, waiting: Waiting) -> dict[str, Any]:
    """Of one comment."""
    lead = f"{_foreign(room, comment.site.name, _MAX_NAME)}: a comment waits ({waiting.summary})."
    return _message(room, lead, [_line(room, comment)], "", _queue(settings, comment.site))


def digest(settings: Settings, room: Webhook, site: Site, waiting: Waiting) -> dict[str, Any]:
    """Of all that waits."""
    lead = f"{_foreign(room, site.name, _MAX_NAME)}: {waiting.summary}."
    if waiting.flood:
        lead += f" {waiting.flood}"
    lines = [_line(room, comment) for comment in waiting.comments]
    return _message(room, lead, lines, waiting.more, _queue(settings, site))


def test(settings: Settings, room: Webhook, site: Site) -> dict[str, Any]:
    """Of nothing: somebody wants to see whether it works."""
    lead = f"{_foreign(room, site.name, _MAX_NAME)}: this room will hear of comments that wait."
    return _message(room, lead, [], "", _queue(settings, site))


@dataclass(frozen=True, kw_only=True)
class Told:
    """Which room was told, and where; it may have been changed or removed in the meantime."""

    site_id: int
    room_id: int
    url: str


def worked(told: Told) -> None:
    """The room heard us."""
    db.session.execute(_change(told).values(error=""))


def failed(told: Told, error: NotSent) -> None:
    """The room did not hear us; where it is gone, nobody speaks to it until it is switched on."""
    if isinstance(error, RoomIsGone):
        why = f"Switched off, because {error}."
        db.session.execute(_change(told).values(telling=Telling.never, error=why))
    else:
        why = f"{error}."
        db.session.execute(_change(told).values(error=f"{why[0].upper()}{why[1:]}"))


def _change(told: Told) -> Update:
    return update(Webhook).where(
        Webhook.site_id == told.site_id, Webhook.id == told.room_id, Webhook.url == told.url
    )


def _message(
    room: Webhook, lead: str, lines: Iterable[str], more: str, queue: str
) -> dict[str, Any]:
    """As many of the lines as there is room for; what is left out is said."""
    tail = [more, queue]
    told = [lead]
    for line in lines:
        if _length([*told, line, "and more", queue]) > MAX_LENGTH:
            tail = ["and more", queue]
            break
        told.append(line)
    text = "\n".join(part for part in [*told, *tail] if part)
    if room.dialect is Dialect.discord:
        return {"content": text, "allowed_mentions": {"parse": []}, "flags": _NO_PREVIEWS}
    return {"text": text, "unfurl_links": False, "unfurl_media": False}


def _length(parts: list[str]) -> int:
    return len("\n".join(parts).encode("utf-16-le")) // 2


def _line(room: Webhook, comment: Comment) -> str:
    author = _foreign(room, comment.author, _MAX_NAME)
    title = _foreign(room, comment.thread.title or comment.thread.page, _MAX_NAME)
    words = _foreign(room, plain.words_of(comment.body_html, _EXCERPT), 2 * _EXCERPT)
    why = f" ({_foreign(room, comment.held_for, _MAX_WHY)})" if comment.held_for else ""
    return f"• {author} on “{title}”: “{words}”{why}"


def _foreign(room: Webhook, text: str, limit: int) -> str:
    """What somebody else wrote, as one line of nothing but text."""
    text = _EMAIL.sub("[e-mail address]", " ".join(text.split()))
    text = text if len(text) <= limit else f"{text[:limit].rstrip()}…"
    if room.dialect is Dialect.discord:
        text = _MARKS.sub(r"\\\1", text)
    else:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        text = text.replace("](", f"]{_GAP}(")
    text = re.sub(r"(?i)(:/|\bwww)(?=[/.])", rf"\1{_GAP}", text)
    return text.replace("@", f"@{_GAP}")


def _queue(settings: Settings, site: Site) -> str:
    return f"{settings.public_url}/desk/pending/?site={site.key}"
