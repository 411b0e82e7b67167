"""Letting the spam filters learn."""

import logging

from widget.db import db, reading
from widget.jobs.job import job
from widget.models import Site
from widget.queue import LEARNING, enqueue
from widget.spam import learning
from widget.spam.classifier import NotEnough

log = logging.getLogger(__name__)
# Ten thousand decisions take half a minute to learn, where nothing else is to be done.
_PATIENCE = 600


@job
def learn_due() -> None:
    """Ring for the filters that are to learn."""
    with reading():
        due = learning.due()
        db.session.commit()
    for site_id in due:
        let_learn(site_id)


def let_learn(site_id: int | None) -> bool:
    """Ring for a site's filter to learn; tells whether the bell rang."""
    return enqueue(learn, site_id, timeout=_PATIENCE, queue=LEARNING)


@job
def learn(site_id: int | None) -> None:
    """Let a site's filter learn, or that of all sites; nobody waits to write meanwhile."""
    with reading():
        site = None if site_id is None else db.session.get_one(Site, site_id)
        lesson = learning.study(site)
        db.session.rollback()
    if lesson.is_known:
        return
    try:
        learned = learning.work_out(lesson)
    except NotEnough as why:
        log.info("the filter of site %s does not learn: %s", site_id, why)
        return
    learning.store(learned)
    db.session.commit()
