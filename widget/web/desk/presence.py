"""Who looks at which comment right now, so that two moderators do not read the same one.

Only Redis knows it, and forgets by itself; while Redis is away nobody is seen to look at anything,
and a second decision is refused all the same (moderation.moves).
"""

from collections.abc import Sequence
from typing import Any

from widget import queue
from widget.models import Moderator
from widget.web.desk.words import name_of

# A page that is still open says so again within this time.
SECONDS = 45
_COMMENT = "widget:looked-at:{}"
_MODERATOR = "widget:looks-at:{}"


def look(moderator: Moderator, comment_id: int | None) -> None:
    """Note what a moderator looks at now, and at nothing else any more. Who came first stays."""
    mine = _signature(moderator)
    at = _MODERATOR.format(moderator.id)

    def note(redis: Any) -> None:
        left: Any = redis.set(at, comment_id or 0, ex=SECONDS, get=True)
        if left and int(left) != comment_id:
            _leave(redis, int(left), mine)
        if comment_id is None:
            return
        name = _COMMENT.format(comment_id)
        if not redis.set(name, mine, ex=SECONDS, nx=True) and redis.get(name) == mine:
            redis.expire(name, SECONDS)

    queue.ask(note, otherwise=None)


def looked_at(comment_ids: Sequence[int], moderator: Moderator) -> dict[int, str]:
    """Which of these somebody else looks at, and who."""
    if not comment_ids:
        return {}
    names = [_COMMENT.format(comment_id) for comment_id in comment_ids]
    nobody: list[Any] = [None] * len(names)
    found = queue.ask(lambda redis: list(redis.mget(names)), otherwise=nobody)
    mine = _signature(moderator)
    return {
        comment_id: signature.partition(b" ")[2].decode()
        for comment_id, signature in zip(comment_ids, found, strict=True)
        if signature and signature != mine
    }


def _leave(redis: Any, comment_id: int, mine: bytes) -> None:
    name = _COMMENT.format(comment_id)
    if redis.get(name) == mine:
        redis.delete(name)


def _signature(moderator: Moderator) -> bytes:
    return f"{moderator.id} {name_of(moderator)}".encode()
