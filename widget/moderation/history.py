"""What the database knows around comments that are screened.

A batch takes as many statements as one comment (eight at most), and each look-up in them is a short
range of an index: however often a text, an author or a link came before, no more than MAX_COUNTED
rows are counted. What came lately is what has a higher number than the first of that time.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, bindparam, cast, func, select
from sqlalchemy.orm import aliased

from widget.db import db, now
from widget.models import Comment, Status
from widget.moderation import shared
from widget.moderation.counting import (
    LATELY,
    Since,
    age,
    count,
    first_since,
    joined,
    known,
    newer,
    one,
    record,
    rows,
)
from widget.spam import MAX_COUNTED, History, likeness
from widget.spam.checks import Record

_BY_KEY, _BY_NETWORK = "ix_comment_key", "ix_comment_network"
_BY_TEXT, _BY_CLUSTER = "ix_comment_body_hash", "ix_comment_cluster"
# So many of the latest tell what a network, a thread is like.
_OF_NETWORK, _OF_THREAD = 100, 30
# Fewer words of what is answered tell what is spoken of.
_PARENT = 2_000
# A language is usual that so many of the latest have, and no language is where so few tell.
_USUAL, _FEWEST = 0.15, 5


_PARENTS, _OTHERS = aliased(Comment), aliased(Comment)
_LATEST_OF_THREAD = (
    select(_OTHERS.written_in.label("value"))
    .where(
        _OTHERS.site_id == bindparam("site_id"),
        _OTHERS.thread_id == Comment.thread_id,
        _OTHERS.status == Status.approved,
    )
    .order_by(_OTHERS.created_at.desc(), _OTHERS.id.desc())
    .limit(_OF_THREAD)
)
# Made once: that takes longer than asking.
_AROUND = (
    select(
        Comment.id,
        joined(_LATEST_OF_THREAD, Comment.__table__),
        _PARENTS.id,
        func.substr(_PARENTS.body, 1, _PARENT),
        _PARENTS.body_hash,
        _PARENTS.cluster_id,
    )
    .outerjoin(
        _PARENTS,
        and_(_PARENTS.id == Comment.parent_id, _PARENTS.site_id == bindparam("site_id")),
    )
    .where(
        Comment.site_id == bindparam("site_id"), Comment.id.in_(bindparam("ids", expanding=True))
    )
)


class _Around(NamedTuple):
    """The thread that a comment stands in, and what it answers."""

    languages: frozenset[str]
    parent_id: int | None
    parent: str
    parent_hash: str | None
    parent_cluster: int | None


def gather(comments: Sequence[Comment]) -> dict[int, History]:
    """What is known around each of a site's comments, by its id."""
    if not comments:
        return {}
    site = comments[0].site
    moment = now()
    since = first_since(site.id, moment)
    keys = _keys(site.id, {each.key_hash for each in comments}, since, moment)
    networks = _networks(site.id, {each.network_hash for each in comments}, since, moment)
    texts = _texts(site.id, {each.body_hash for each in comments}, since, moment)
    clusters = _clusters(site.id, {each.cluster_id for each in comments}, since)
    around = _around(site.id, [each.id for each in comments])
    linking = {each.id: shared.hosts_of(site, each) for each in comments}
    hosts = shared.host_records(site.id, (host for each in linking.values() for host in each))
    elsewhere = shared.alike_elsewhere(site.id, comments)
    found = {}
    for each in comments:
        same, *by_text = texts[each.body_hash]
        own = each.created_at > moment - LATELY
        nothing = (Record(), (0, 0))
        key, by_key = keys.get(each.key_hash or "", nothing)
        network, by_network = networks.get(each.network_hash or "", nothing)
        near = around[each.id]
        found[each.id] = History(
            same_body=min(same - own, MAX_COUNTED),
            alike=_alike(each, clusters.get(each.cluster_id or 0, 0), same, near, since),
            alike_elsewhere=elsewhere.get(each.id, 0),
            key=key,
            network=network,
            hosts={host: hosts[host] for host in linking[each.id] if host in hosts},
            by_key=by_key,
            by_network=by_network,
            by_text=(by_text[0], by_text[1]),
            languages=near.languages,
            parent=near.parent,
        )
    return found


def _keys(
    site_id: int, keys: set[str | None], since: Since, moment: datetime
) -> dict[str, tuple[Record, tuple[int, int]]]:
    if not (asked_for := known(keys)):
        return {}
    asked = rows(asked_for)
    own = (Comment.site_id == site_id, Comment.key_hash == asked.c.value)
    any_status = Comment.status.in_(list(Status))
    first = select(Comment.created_at).where(*own, Comment.status == Status.approved)
    found = db.session.execute(
        select(
            asked.c.value,
            count(asked, _BY_KEY, *own, Comment.status == Status.approved),
            count(asked, _BY_KEY, *own, Comment.status == Status.spam),
            one(first.order_by(Comment.id)),
            count(asked, _BY_KEY, *own, any_status, newer(since.moment)),
            count(asked, _BY_KEY, *own, any_status, newer(since.hour)),
        )
    )
    return {
        key: (Record(approved=approved, spam=spam, age=age(first, moment)), (lately, hour))
        for key, approved, spam, first, lately, hour in found
    }


def _networks(
    site_id: int, networks: set[str | None], since: Since, moment: datetime
) -> dict[str, tuple[Record, tuple[int, int]]]:
    if not (asked_for := known(networks)):
        return {}
    asked = rows(asked_for)
    own = (Comment.site_id == site_id, Comment.network_hash == asked.c.value)
    latest = select(Comment.status.label("value")).where(*own)
    latest = latest.order_by(Comment.id.desc()).limit(_OF_NETWORK)
    found = db.session.execute(
        select(
            asked.c.value,
            joined(latest, asked),
            one(select(Comment.created_at).where(*own).order_by(Comment.id)),
            count(asked, _BY_NETWORK, *own, newer(since.moment)),
            count(asked, _BY_NETWORK, *own, newer(since.hour)),
        )
    )
    return {
        network: (record(statuses, age(first, moment)), (lately, hour))
        for network, statuses, first, lately, hour in found
    }


def _texts(
    site_id: int, hashes: set[str], since: Since, moment: datetime
) -> dict[str, tuple[int, int, int]]:
    """How many have the same words: lately, within ten minutes, within an hour."""
    asked = rows(sorted(hashes))
    same = (Comment.site_id == site_id, Comment.body_hash == asked.c.value)
    found = db.session.execute(
        select(
            asked.c.value,
            # An import brings what is older than its number.
            count(asked, _BY_TEXT, *same, newer(since.lately), after=moment - LATELY),
            count(asked, _BY_TEXT, *same, newer(since.moment)),
            count(asked, _BY_TEXT, *same, newer(since.hour)),
        )
    )
    return {body: (same, lately, hour) for body, same, lately, hour in found}


def _clusters(site_id: int, clusters: set[int | None], since: Since) -> dict[int, int]:
    """How many lately say nearly the same."""
    if not (asked_for := [str(each) for each in clusters if each]):
        return {}
    asked = rows(sorted(asked_for))
    number = cast(asked.c.value, Comment.cluster_id.type)
    found = db.session.execute(
        select(
            asked.c.value,
            count(
                asked,
                _BY_CLUSTER,
                Comment.site_id == site_id,
                Comment.cluster_id == number,
                Comment.status.in_(list(Status)),
                newer(since.lately),
            ),
        )
    )
    return {int(cluster): count for cluster, count in found}


def _alike(comment: Comment, alike: int, same: int, near: _Around, since: Since) -> int:
    """How many others say nearly the same: what it answers, and may quote, is none of them."""
    if not likeness.is_telling(comment.body):
        return 0
    quoted = (
        (near.parent_id or 0) >= since.lately
        and near.parent_cluster == comment.cluster_id
        and near.parent_hash != comment.body_hash
    )
    return max(0, min(alike - same - quoted, MAX_COUNTED))


def _around(site_id: int, ids: Sequence[int]) -> dict[int, _Around]:
    found = db.session.execute(_AROUND, {"site_id": site_id, "ids": ids})
    return {
        row[0]: _Around(_usual((row[1] or "").split()), row[2], row[3] or "", row[4], row[5])
        for row in found
    }


def _usual(languages: Sequence[str]) -> frozenset[str]:
    counted = Counter(languages if len(languages) >= _FEWEST else ())
    return frozenset(each for each, count in counted.items() if count >= _USUAL * len(languages))
