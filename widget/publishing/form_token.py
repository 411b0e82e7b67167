"""The form's token: says that a form came from us, and not too long ago.

It is the same for everyone within a quarter of a day, because a fragment may not depend on who
asks for it (and so can be cached).
"""

import time
from enum import StrEnum

from itsdangerous import BadSignature, Signer

EPOCH_SECONDS = 6 * 3600
# Older than two days: the tab was left open, or the form was copied.
_STALE_EPOCHS = 8


class TokenState(StrEnum):
    """How a form was come by."""

    fresh = "fresh"
    stale = "stale"
    forged = "forged"
    missing = "missing"


def epoch() -> int:
    """The number of the current quarter of a day."""
    return int(time.time()) // EPOCH_SECONDS


def issue(secret: str, *, site_id: int, at_epoch: int) -> str:
    """The token of a site's forms in one epoch."""
    return _signer(secret).sign(f"{site_id}-{at_epoch}").decode()


def judge(secrets: list[str], *, site_id: int, token: str | None) -> TokenState:
    """What a token that came back says. `secrets`: the current one and its fallbacks."""
    if not token:
        return TokenState.missing
    for secret in secrets:
        try:
            issued_for, _, issued_at = _signer(secret).unsign(token).decode().partition("-")
        except (BadSignature, UnicodeDecodeError):
            continue
        if issued_for != str(site_id):
            return TokenState.forged
        age = epoch() - int(issued_at)
        return TokenState.fresh if age <= _STALE_EPOCHS else TokenState.stale
    return TokenState.forged


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="form token")
