"""Whose filter is to learn: cheap questions, for they are asked every quarter of an hour."""

from datetime import timedelta

from sqlalchemy import and_, func, select

from widget import config
from widget.db import db, now
from widget.models import Decision, Site, Status
from widget.spam.classifier import MIN_DECISIONS, MIN_EACH, Label
from widget.spam.decided import by_people
from widget.spam.learning import teaching, using

# New decisions; of a filter that knows many, a share of them: learning takes longer then.
_MANY, _SHARE = 20, 0.02
_AT_LEAST = timedelta(days=1)


def due() -> list[int | None]:
    """The sites whose filter is to learn now; None stands for what all sites share."""
    sites = db.session.scalars(select(Site.id).order_by(Site.id))
    shared = [None] if config.current().shared_history else []
    return [site_id for site_id in (*sites, *shared) if _is_due(site_id)]


def counts(site_id: int | None, after: int = 0, most: int = MIN_DECISIONS) -> tuple[int, int]:
    """How many comments were called spam and how many ham, neither counted further than `most`."""
    return _count(site_id, "spam", after, most), _count(site_id, "ham", after, most)


def _is_due(site_id: int | None) -> bool:
    latest, used = teaching.newest(site_id), teaching.in_use(site_id)
    if latest is None or used is None or using.is_broken((used.id, used.created_at)):
        spam, ham = counts(site_id)
        return spam + ham >= MIN_DECISIONS and min(spam, ham) >= MIN_EACH
    enough = max(_MANY, int(_SHARE * latest.decisions))
    fresh = sum(counts(site_id, latest.decision_id, enough))
    return fresh >= enough or (fresh > 0 and latest.created_at < now() - _AT_LEAST)


def _count(site_id: int | None, label: Label, after: int, most: int) -> int:
    """By an index of these alone (Decision), and never more than `most` of them.

    As spam.decided tells labels, but for what was taken back: that is seen when it is learned.
    """
    of = Decision.site_id == site_id if site_id else Decision.site_id > 0
    says = Decision.status_to == Status.spam
    if label == "ham":
        back = Decision.status_to == Status.pending, Decision.status_from == Status.spam
        says = (Decision.status_to == Status.approved) | and_(*back)
    some = (
        select(Decision.comment_id)
        .where(of, says, Decision.id > after, *by_people())
        .distinct()
        .limit(most)
    )
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
