"""Signed links in mails: what may be done with which comment, by whom, for how long.

A link only opens a page; the page's POST acts. Mail scanners follow links, so a link that acted by
itself would let a scanner approve spam.
"""

from dataclasses import dataclass

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from widget.config import Settings
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


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt="mailed move")
