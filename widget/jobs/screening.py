"""Screening what waits, and asking providers about it."""

import logging
import time
from collections.abc import Sequence

from widget.db import db
from widget.jobs.job import AT_A_STRETCH, job
from widget.jobs.sending import deliver, ring
from widget.moderation import consulting, screening
from widget.queue import enqueue, heard, ring_once
from widget.spam import clustering

log = logging.getLogger(__name__)
# Of comments, in one transaction: SQLite has one writer, and readers who post wait for it.
_TOGETHER = 80


@job
def screen(comment_id: int) -> None:
    """Screen one comment; ring for the mails that it leads to."""
    _screen([comment_id])


@job
def screen_waiting() -> None:
    """Screen all that waits: one fork for a whole flood."""
    heard(screen_waiting)
    failed: set[int] = set()
    until = time.monotonic() + AT_A_STRETCH
    while time.monotonic() < until:
        waiting = screening.unscreened(limit=_TOGETHER + len(failed))
        if not (ids := [each for each in waiting if each not in failed]):
            return
        try:
            _screen(ids)
        except Exception:  # one of them must not keep the others waiting
            db.session.rollback()
            log.exception("comments %s could not be screened together", ids)
            failed |= set(filter(_fails, ids))
    enqueue(screen_waiting)


def _screen(ids: Sequence[int]) -> None:
    due, met = screening.screen(*ids)
    delivery_ids = [delivery.id for delivery in due]
    db.session.commit()
    for delivery_id in delivery_ids:
        enqueue(deliver, delivery_id)
    ring()
    if consulting.are_on():
        ring_once(consult)
    if met:
        clustering.unite(met)
        db.session.commit()


def _fails(comment_id: int) -> bool:
    try:
        _screen([comment_id])
    except Exception:  # alone, too: the others go on, and it waits for a moderator
        db.session.rollback()
        log.exception("comment %s could not be screened, and waits for a moderator", comment_id)
        return True
    return False


@job
def consult() -> None:
    """Ask the providers about all that waits for them, and judge it again."""
    heard(consult)
    until = time.monotonic() + AT_A_STRETCH
    while time.monotonic() < until:
        asking = consulting.claim()
        db.session.commit()
        if asking is None:
            return
        try:
            _consult(asking)
        except Exception:  # one of them must not keep the others waiting; its claim runs out
            db.session.rollback()
            log.exception("providers could not be asked about comment %s", asking.comment_id)
    ring_once(consult)


def _consult(asking: consulting.Asking) -> None:
    said = consulting.ask(asking, commit=db.session.commit)
    found = consulting.keep(asking, said)
    delivery_ids = [delivery.id for delivery in screening.judge_again(*found)] if found else []
    db.session.commit()
    for delivery_id in delivery_ids:
        enqueue(deliver, delivery_id)
    ring()
    if said.recovered:
        consulting.hasten(asking.question.site_id, said.recovered)
        db.session.commit()
