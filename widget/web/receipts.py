"""A receipt: what a reader without a script holds instead of a key, signed by us.

It stands in the address that they come back to after posting, and is theirs for a day.
"""

from flask import url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer

from widget import config
from widget.models import Comment, Site
from widget.web.answers import form_language

_SECONDS = 86_400


def issue(comment: Comment) -> str:
    """The receipt of a comment."""
    return str(_serializer().dumps([comment.site_id, comment.id]))


def read(site: Site, receipt: str) -> int | None:
    """The id of the comment that a receipt is for; None where it is not ours, or too old."""
    try:
        site_id, comment_id = _serializer().loads(receipt, max_age=_SECONDS)
    except BadSignature:
        return None
    return int(comment_id) if site_id == site.id else None


def location_of(site: Site, comment: Comment) -> str:
    """Where someone without a script goes after posting."""
    address = url_for(
        "standalone.page",
        key=site.key,
        page=comment.thread.page,
        lang=form_language() or None,
        receipt=issue(comment),
    )
    return f"{address}#comment-{comment.id}"


def _serializer() -> URLSafeTimedSerializer:
    settings = config.current()
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt="receipt")
