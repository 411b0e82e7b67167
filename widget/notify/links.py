"""Signed links in mails: what may be done with which comment, by whom, for how long.

A link only opens a page; the page's POST acts. Mail scanners follow links, so a link that acted by
itself would let a scanner approve spam. What is for readers names no address: a keyed digest stands
for it.
"""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from widget.config import Settings
from widget.language import gettext as _
from widget.models import Move

VALID_SECONDS = 7 * 86_400


class BadLink(Exception):
    """The link is not ours, or too old; the message says which."""


@dataclass(frozen=True, kw_only=True)
class MailedMove:
    """What a link stands for."""

    comment_id: int
    moderator_id: int
    move: Move


def sign(settings: Settings, mailed: MailedMove) -> str:
    """The token of a link."""
    return _serializer(settings).dumps([mailed.comment_id, mailed.moderator_id, mailed.move.value])


def read(settings: Settings, token: str) -> MailedMove:
    """What a token stands for. Raises BadLink."""
    try:
        comment_id, moderator_id, move = _serializer(settings).loads(token, max_age=VALID_SECONDS)
    except SignatureExpired:
        raise BadLink("This link is older than a week. Please decide in the queue.") from None
    except BadSignature:
        raise BadLink("This link is not complete. Please copy it whole from the mail.") from None
    return MailedMove(comment_id=comment_id, moderator_id=moderator_id, move=Move(move))


class Purpose(StrEnum):
    """What a reader's link is for; one for one thing does nothing else."""

    confirm = "confirm"
    unsubscribe = "unsubscribe"
    manage = "manage"
    erase = "erase"


@dataclass(frozen=True, kw_only=True)
class ReaderLink:
    """Whose subscriptions a link is about: an address, in one thread or (0) in all of a site."""

    site_id: int
    thread_id: int
    digest: str


def for_reader(
    settings: Settings, purpose: Purpose, *, site_id: int, email: str, thread_id: int = 0
) -> str:
    """The address of a page about an e-mail address's subscriptions."""
    digest = _digest(settings.secret_key, email)
    return _reader_page(settings, purpose, [site_id, thread_id, digest])


def read_reader(settings: Settings, purpose: Purpose, token: str) -> ReaderLink:
    """What such a token stands for. Raises BadLink."""
    max_age = VALID_SECONDS if purpose is Purpose.confirm else None
    site_id, thread_id, digest = _read(settings, purpose, token, max_age)
    return ReaderLink(site_id=site_id, thread_id=thread_id, digest=digest)


def is_of(settings: Settings, link: ReaderLink, email: str) -> bool:
    """Is the link about this address?"""
    keys = [settings.secret_key, *settings.secret_key_fallbacks]
    return any(hmac.compare_digest(_digest(key, email), link.digest) for key in keys)


def for_erasing(settings: Settings, *, site_id: int, comment_id: int) -> str:
    """The address of the page that erases a comment: only for whoever holds its key."""
    return _reader_page(settings, Purpose.erase, [site_id, comment_id])


def read_erasing(settings: Settings, token: str) -> tuple[int, int]:
    """Of which site, which comment. Raises BadLink."""
    site_id, comment_id = _read(settings, Purpose.erase, token, None)
    return site_id, comment_id


def _reader_page(settings: Settings, purpose: Purpose, what: list[int | str]) -> str:
    token = _serializer(settings, purpose).dumps(what)
    return f"{settings.public_url}/reader/{purpose}/{token}"


def _read(settings: Settings, purpose: Purpose, token: str, max_age: int | None) -> list[Any]:
    try:
        found: list[Any] = _serializer(settings, purpose).loads(token, max_age=max_age)
    except SignatureExpired:
        raise BadLink(
            _("This link is older than a week. Please subscribe once more with your next comment.")
        ) from None
    except BadSignature:
        raise BadLink(
            _("This link is not complete. Please copy it whole from where you found it.")
        ) from None
    return found


def _digest(secret: str, email: str) -> str:
    return hmac.new(secret.encode(), f"mailbox {email}".encode(), hashlib.sha256).hexdigest()[:20]


def _serializer(settings: Settings, salt: str = "mailed move") -> URLSafeTimedSerializer:
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt=salt)
