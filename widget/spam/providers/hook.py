"""The verdict hook: a service of the publisher's own that is shown each comment, and may judge it.

Requests are signed as the Standard Webhooks specification has it, so that there is a library for
the other side in every language: HMAC-SHA256 over identity, time and body. Whoever is asked
refuses what is older than five minutes, or whose identity came before.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlsplit

from widget.spam.checks import Signal
from widget.spam.providers import wire
from widget.spam.providers.base import Answer, Later, Provider, Question, Unavailable, quoted

SPAM = "hook-spam"
TYPE = "comment.screen"
SECRET_PREFIX = "whsec_"  # noqa: S105 (how such a secret begins)
_MAX_REASONS, _MAX_REASON = 10, 200
_STATUSES = {"approved", "pending", "spam"}
_SCORES = {"pending": 0.5, "spam": 0.98}


@dataclass(frozen=True, kw_only=True)
class Hook(Provider):
    """Asks the publisher's own service."""

    name: ClassVar[str] = "hook"
    title: ClassVar[str] = "The site’s own service"

    url: str
    secret: str = field(repr=False)

    @property
    def sends(self) -> str:
        return (
            f"The publisher’s own service ({urlsplit(self.url).hostname}) is sent the name, "
            "website and comment as typed, its number and kind, the time, the page, the site’s key "
            "and language, and what the checks found. No address of any kind."
        )

    def ask(self, question: Question, *, within: float) -> Answer | Later:
        body = json.dumps(_payload(question), ensure_ascii=False).encode()
        identity = f"msg_{secrets.token_urlsafe(16)}"
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            **signature(self.secret, identity=identity, moment=int(time.time()), body=body),
        }
        reply = wire.post(self.url, body, headers, within=within, may_be_private=True)
        if reply.status == HTTPStatus.NO_CONTENT:
            return Answer()
        if reply.status != HTTPStatus.OK:
            raise Unavailable(f"it answered {reply.status}, neither 200 nor 204")
        return _verdict(reply.json())


def signature(secret: str, *, identity: str, moment: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sent a body, and when."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{identity}.{moment}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{digest}",
    }


def _payload(question: Question) -> dict[str, Any]:
    return {
        "type": TYPE,
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {
            "id": question.comment_id,
            "site": question.site,
            "page": question.permalink,
            "title": question.title,
            "kind": question.kind,
            "author": question.author,
            "website": question.website,
            "body": question.body,
            "language": question.language,
            "created_at": question.written_at.astimezone(UTC).isoformat(),
            "signals": [
                {"rule": signal.rule, "reason": signal.reason, "score": signal.score}
                for signal in question.signals
            ],
        },
    }


def _verdict(found: dict[str, Any]) -> Answer:
    status, reasons = found.get("status"), found.get("reasons", [])
    if not isinstance(status, str) or status not in _STATUSES:
        raise Unavailable("its status was none of approved, pending and spam")
    if not isinstance(reasons, list) or not all(isinstance(reason, str) for reason in reasons):
        raise Unavailable("its reasons were no list of texts")
    if status == "approved":
        # It has no objection. Whether that is enough to publish is the site's choice.
        return Answer()
    told = [said for reason in reasons[:_MAX_REASONS] if (said := quoted(reason, _MAX_REASON))]
    rule = SPAM if status == "spam" else Hook.name
    return Answer(
        signals=tuple(
            Signal(rule=rule, reason=f"The site’s own service: {reason}", score=_SCORES[status])
            for reason in told or [status]
        )
    )
