"""Clusters: comments that say nearly the same, and how each is found by where it links to.

A newcomer is looked up by the bands of its text (spam.likeness), among the latest comments that
have one of them; so the cost does not depend on how many comments there are. Many newcomers are
looked up with as many statements as one.

What was imported, or written before likeness was kept, has no bands: only what comes or is edited
from then on is compared, with what came before it.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    TableValuedAlias,
    cast,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from widget.db import db, insert_many
from widget.models import Comment, Likeness, LinkedHost
from widget.spam import likeness

# Of all that share a band, so many are compared: those that share the most. In a flood every few
# thousandth variant is like neither of them, but nearly so: then it is like some other one.
_COMPARED, _MOST_COMPARED = 2, 8
_NEARLY = 0.25
# So many comments at once go over into another cluster.
_UNITED = 500
# A comment is found by so many of its hosts; rules look at all of them.
_MAX_HOSTS = 100


class _Known(NamedTuple):
    """What a comment is compared with."""

    id: int
    cluster_id: int
    body: str


class Meeting(NamedTuple):
    """Two clusters of a site to which the same comment is like: they are one."""

    site_id: int
    first: int
    other: int


def join(*comments: Comment) -> set[Meeting]:
    """Put comments into the clusters of those like them; to be asked again when one was edited.

    `cluster_id` is its own where there are none so far. Never another comment's row is written
    here: moves hold locks on those. Returns what is to be united after the commit.
    """
    _leave([comment for comment in comments if comment.cluster_id is not None])
    met: set[Meeting] = set()
    for site_id, group in groupby(comments, key=lambda comment: comment.site_id):
        met |= _join(site_id, list(group))
    db.session.flush()
    return met


def unite(meetings: Collection[Meeting]) -> None:
    """Make one cluster of those that have met; in a transaction that does nothing else.

    Whoever has one of the rows in hand is not waited for: what stays behind comes along when the
    two meet again.
    """
    first_of: dict[int, int] = {}
    for site_id, first, other in sorted(meetings):
        first_of[other] = first_of.get(first, first)
        some = (
            select(Comment.id)
            .where(Comment.site_id == site_id, Comment.cluster_id == other)
            .order_by(Comment.id)
            .limit(_UNITED)
            .with_for_update(skip_locked=True, key_share=True)
        )
        db.session.execute(
            update(Comment)
            .where(Comment.site_id == site_id, Comment.id.in_(some))
            .values(cluster_id=first_of[other])
            .execution_options(synchronize_session=False)
        )


def _leave(comments: Sequence[Comment]) -> None:
    for site_id, group in groupby(comments, key=lambda comment: comment.site_id):
        ids = [comment.id for comment in group]
        for model in (Likeness, LinkedHost):
            db.session.execute(
                delete(model).where(model.site_id == site_id, model.comment_id.in_(ids))
            )


def _join(site_id: int, comments: Sequence[Comment]) -> set[Meeting]:
    met = set()
    bands = {comment.id: likeness.bands(comment.body) for comment in comments}
    latest = _latest(site_id, {band for each in bands.values() for band in each})
    known = _known(site_id, {other for each in bands.values() for other in _near(each, latest)})
    for comment in comments:
        near = _near(bands[comment.id], latest)
        alike = _alike(comment, [known[each] for each in near if each in known])
        comment.cluster_id = min(alike, default=comment.id)
        met |= {Meeting(site_id, comment.cluster_id, other) for other in alike}
        # Of several in hand, the later ones find the earlier ones.
        known[comment.id] = _Known(comment.id, comment.cluster_id, comment.body)
        latest.update(dict.fromkeys(bands[comment.id], comment.id))
    _write(site_id, comments, bands)
    return {each for each in met if each.first != each.other}


def _near(bands: Sequence[int], latest: Mapping[int, int]) -> list[int]:
    """The comments that share the most bands with these."""
    shared = Counter(latest[band] for band in bands if band in latest)
    return [each for each, _ in shared.most_common(_MOST_COMPARED)]


def _latest(site_id: int, bands: Collection[int]) -> dict[int, int]:
    """The latest comment that has a band, for each of the bands that any has."""
    if not bands:
        return {}
    asked = _rows(sorted(bands))
    latest = (
        select(Likeness.comment_id)
        .where(Likeness.site_id == site_id, Likeness.band == asked.c.value)
        .order_by(Likeness.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = db.session.execute(select(asked.c.value, latest)).all()
    return {band: comment_id for band, comment_id in found if comment_id is not None}


def _rows(numbers: Sequence[int]) -> TableValuedAlias:
    """Numbers as the rows of a table: one statement for any number of them."""
    if db.engine.dialect.name == "postgresql":
        return func.unnest(cast(numbers, ARRAY(BigInteger))).table_valued("value").render_derived()
    return func.json_each(json.dumps(numbers)).table_valued("value")


def _known(site_id: int, ids: Collection[int]) -> dict[int, _Known]:
    cluster = func.coalesce(Comment.cluster_id, Comment.id)
    found = db.session.execute(
        select(Comment.id, cluster, Comment.body).where(
            Comment.site_id == site_id, Comment.id.in_(ids)
        )
    )
    return {row[0]: _Known(*row) for row in found}


def _alike(comment: Comment, others: Sequence[_Known]) -> set[int]:
    """The clusters of those that are like this one; where one nearly is, more are compared."""
    found: set[int] = set()
    best = 0.0
    for place, other in enumerate(others):
        if place >= _COMPARED and (found or best < _NEARLY):
            break
        share = likeness.likeness(comment.body, other.body)
        best = max(best, share)
        if share >= likeness.ALIKE:
            found.add(other.cluster_id)
    return found


def _write(site_id: int, comments: Sequence[Comment], bands: dict[int, list[int]]) -> None:
    having = [
        {"site_id": site_id, "comment_id": comment.id, "band": band}
        for comment in comments
        for band in bands[comment.id]
    ]
    linking = [
        {"site_id": site_id, "comment_id": comment.id, "host": place}
        for comment in comments
        for place in _found_by(comment)
    ]
    insert_many(Likeness, having)
    insert_many(LinkedHost, linking)


def _found_by(comment: Comment) -> list[str]:
    hosts = likeness.hosts(comment)[:_MAX_HOSTS]
    return sorted({place for host in hosts for place in likeness.places(host)})
