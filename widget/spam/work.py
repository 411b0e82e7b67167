"""Proof of work: a sum that a browser does once by itself, and that many thousands make dear.

ALTCHA's protocol, version 2: a browser looks for the number whose derived key begins as we say.
Nothing is stored: what we gave out carries our signature, an end, and the site it is for.
"""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from secrets import randbelow
from typing import Any

from altcha import Payload, create_challenge, verify_solution

# Long enough for a slow phone, and for a network that comes back after a while.
SECONDS = 20 * 60
# Solutions are about 1,000 characters long.
MAX_LENGTH = 4_000
_ALGORITHM = "PBKDF2/SHA-256"
# A phone tries 300 to 500 numbers a second at this cost, and four times fewer at the hard one.
_COST = 2_000
_HARD = 4 * _COST
# The number to find is at most this. Whoever tries fewer and asks anew finds no more by it.
_MOST = 1_000


class WorkState(StrEnum):
    """What became of the work for a post."""

    none = "none"  # it was not asked for
    done = "done"
    missing = "missing"  # it was asked for, and not done
    wrong = "wrong"  # not what was asked for, or it has counted for another post
    impossible = "impossible"  # nobody could be asked: it was sent without our script
    unchecked = "unchecked"  # has it counted before? Nobody could tell.
    expired = "expired"  # too old, or too easy by now: to be asked for anew; never stored


@dataclass(frozen=True)
class Judged:
    """What a solution is worth; `mark` is the same whenever the same work is shown."""

    state: WorkState
    mark: str = ""


def challenge(secret: str, *, site_id: int, is_hard: bool = False) -> dict[str, Any]:
    """Work for one post at a site, as plain JSON."""
    ours, of_keys = _secrets(secret, site_id)
    made = create_challenge(
        _ALGORITHM,
        _cost(is_hard=is_hard),
        counter=1 + randbelow(_MOST),
        expires_at=int(time.time()) + SECONDS,
        hmac_secret=ours,
        hmac_key_secret=of_keys,
    )
    return made.to_dict()


def judge(secrets: Sequence[str], *, site_id: int, solution: str, is_hard: bool = False) -> Judged:
    """Was this our work, is it done, and in time? `secrets`: the current one and its fallbacks.

    Easy work that was gathered before the shields went up does not count while they are.
    """
    try:
        payload = Payload.from_base64(solution[:MAX_LENGTH])
    except (ValueError, KeyError, TypeError, RecursionError):
        return Judged(WorkState.missing)
    for secret in secrets:
        ours, of_keys = _secrets(secret, site_id)
        found = verify_solution(payload, ours, hmac_key_secret=of_keys)
        if found.verified and payload.challenge.parameters.cost < _cost(is_hard=is_hard):
            return Judged(WorkState.expired)
        if found.verified:
            return Judged(WorkState.done, str(payload.challenge.signature))
        if found.expired:
            return Judged(WorkState.expired)
    return Judged(WorkState.wrong)


def _cost(*, is_hard: bool) -> int:
    return _HARD if is_hard else _COST


def _secrets(secret: str, site_id: int) -> tuple[str, str]:
    """What signs the work of a site, and what signs its solutions."""
    return _derived(secret, f"work {site_id}"), _derived(secret, f"solution {site_id}")


def _derived(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
