"""What is done again and again: going on with batches, the sweep, digests, forgetting."""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from widget import config
from widget.comments import voting
from widget.db import db, reading
from widget.jobs.job import AT_A_STRETCH, job
from widget.jobs.screening import consult, screen_waiting
from widget.jobs.sending import deliver, ring
from widget.models import Batch, Site
from widget.moderation import batches, consulting, screening, shields
from widget.notify import deliveries, digests
from widget.privacy import purging, retention
from widget.queue import enqueue, ring_once

log = logging.getLogger(__name__)
# Of retention, in one go: so that no job comes near its time limit.
_BATCHES = 100


@job
def move_batch(batch_id: int) -> None:
    """Go on with a batch; others wait for this worker as well, so it stops and rings for itself."""
    batch = db.session.get(Batch, batch_id)
    until = time.monotonic() + AT_A_STRETCH
    while time.monotonic() < until:
        is_done = batch is None or batches.step(batch)
        db.session.commit()
        ring()
        if is_done:
            return
    enqueue(move_batch, batch_id)


@job
def sweep() -> None:
    """Ring again for rows whose bell was lost; let readers see the votes since the last time."""
    late = timedelta(seconds=config.current().sweep_seconds)
    comment_ids = screening.unscreened(late)
    delivery_ids = deliveries.overdue(late)
    batch_ids = batches.at_rest(late)
    is_to_consult = consulting.is_due()
    voting.show_all()
    shields.lower()
    db.session.commit()
    if comment_ids:
        enqueue(screen_waiting)
    if is_to_consult:
        ring_once(consult)
    for delivery_id in delivery_ids:
        enqueue(deliver, delivery_id)
    for batch_id in batch_ids:
        enqueue(move_batch, batch_id)
    if comment_ids or delivery_ids:
        log.info("rang again for %d comments, %d deliveries", len(comment_ids), len(delivery_ids))


@job
def write_digests() -> None:
    """Write the daily mails of the sites whose day is over."""
    for site_id in digests.sites():
        site = db.session.get_one(Site, site_id)
        is_done = False
        while not is_done:
            is_done = digests.write(site)
            db.session.commit()
            ring()


@job
def forget() -> None:
    """Forget what was kept for long enough."""
    budget = _BATCHES
    for rule in _rules():
        after = 0
        while ids := _found(rule, after):
            rule.forget(ids)
            db.session.commit()
            after = ids[-1]
            budget -= 1
            if not budget:  # others wait for this worker as well
                enqueue(forget)
                return


def _rules() -> list[retention.Rule | purging.Purge]:
    with reading():
        rules: list[retention.Rule | purging.Purge] = [
            *retention.rules(config.current()),
            *purging.due(),
        ]
        db.session.commit()
    return rules


def _found(rule: retention.Rule | purging.Purge, after: int) -> Sequence[int]:
    """To look for rows may take a while, and nobody should have to wait for it to write."""
    with reading():
        ids = rule.find(after)
        db.session.commit()
    return ids
