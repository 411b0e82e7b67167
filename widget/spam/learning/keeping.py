"""What stays of a comment that is purged: numbers to learn from, from which no word comes back.

Without them a filter would forget spam as fast as it is purged, within days. What its author, or
somebody else, had erased leaves nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, select

from widget.db import db
from widget.models import Comment, Decision, SpamExample
from widget.spam import classifier
from widget.spam.classifier import Label, UnknownVersion
from widget.spam.decided import by_people, labelled, last_words

if TYPE_CHECKING:
    from widget.spam.classifier import Traces

log = logging.getLogger(__name__)

# Since they were written; and the newest so many of a site.
KEPT = timedelta(days=365)
MOST = 10_000


def keep(comments: Sequence[Comment]) -> None:
    """Keep of these comments of one site what a model learns from them, before they are purged.

    Only of those that a moderator called spam or let pass, and only once.
    """
    there = [comment for comment in comments if comment.body_hash]
    if not there:
        return
    site_id = there[0].site_id
    labels = _labels(site_id, there)
    if not labels:
        return
    for comment in there:
        if label := labels.get(comment.id):
            db.session.add(
                SpamExample(
                    site_id=site_id,
                    is_spam=label == "spam",
                    written_at=comment.created_at,
                    data=classifier.pack(labelled(comment, label)),
                )
            )
    db.session.flush()
    _forget_beyond(site_id)


def kept(where: ColumnElement[bool], most: int = MOST) -> "list[Traces]":
    """Of what was kept on some sites, what was purged last."""
    rows = db.session.scalars(
        select(SpamExample).where(where).order_by(SpamExample.id.desc()).limit(most)
    )
    return list(_unpacked(rows))


def _labels(site_id: int, comments: Sequence[Comment]) -> dict[int, Label]:
    by_id = {comment.id: comment for comment in comments}
    rows = db.session.scalars(
        select(Decision)
        .where(
            Decision.site_id == site_id,
            Decision.comment_id.in_(by_id),
            *by_people(),
        )
        .order_by(Decision.id.desc())
    )
    words = last_words((decision, by_id[decision.comment_id]) for decision in rows)
    return {word.comment.id: label for word in words if (label := word.label)}


def _forget_beyond(site_id: int) -> None:
    """The newest stay."""
    of_site = SpamExample.site_id == site_id
    newest_first = (SpamExample.written_at.desc(), SpamExample.id.desc())
    beyond = select(SpamExample.id).where(of_site).order_by(*newest_first).offset(MOST)
    db.session.execute(delete(SpamExample).where(of_site, SpamExample.id.in_(beyond)))


def _unpacked(rows: Iterable[SpamExample]) -> "Iterator[Traces]":
    for row in rows:
        try:
            label: Label = "spam" if row.is_spam else "ham"
            yield classifier.unpack(row.data, label=label, at=row.written_at)
        except (UnknownVersion, ValueError) as fault:
            log.info("what was kept of a comment (%s) is not learned: %s", row.id, fault)
