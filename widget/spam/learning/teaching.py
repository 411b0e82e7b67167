"""Learning anew, and whether what was learned takes the place of what is in use.

Read, learn, store: only the first and the last need the database, and learning takes a while.

A model takes the place of the one in use if it would have judged no worse. To see that, the newer
half of what was decided since is kept back: neither has learned from it. Then all of it is learned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, true, update
from sqlalchemy.orm import defer

from widget.db import db
from widget.models import Decision, Site, SpamExample, SpamModel
from widget.spam import classifier
from widget.spam.classifier import NotEnough
from widget.spam.decided import Decided, decisions
from widget.spam.learning import measuring, using
from widget.spam.learning.keeping import kept

if TYPE_CHECKING:
    from widget.spam.classifier import Model, Traces

# With fewer that neither has learned from, chance would decide.
FEWEST = 10
VERSIONS = 5
_WORSE = (
    "Of the {count} newest decisions, which neither had learned from, it judged more wrongly than"
    " version {version}, which stays in use."
)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """All that can be learned from a site's decisions, or from those of all sites (no `site_id`).

    Its own, what was kept of purged comments, and the same of other sites; and what is in use.
    """

    site_id: int | None
    own: list[Decided]
    kept: "list[Traces]" = field(default_factory=list)
    elsewhere: "list[Traces]" = field(default_factory=list)
    old: "Model | None" = None
    old_version: int = 0
    # The last decision that it has learned from.
    old_knows: int = 0
    latest_version: int = 0
    # How many the latest version knew, and which was the last of them.
    latest: tuple[int, int] = (0, 0)
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> tuple[int, int]:
        """Likewise, when all of this is learned."""
        return len(self.own) + len(self.kept), max((one.latest for one in self.own), default=0)

    @property
    def is_known(self) -> bool:
        """Has all of it been learned already?"""
        return self.old is not None and self.now == self.latest


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A model, what was measured, and why it is not to be used, if so."""

    site_id: int | None
    model: "Model"
    decisions: int
    decision_id: int
    measured: dict[str, Any]
    # The version before it.
    follows: int = 0
    remark: str = ""


def learn(site: Site | None) -> SpamModel | None:
    """A new version of a site's model, or of the one of all sites; none with too few decisions."""
    try:
        return store(work_out(study(site)))
    except NotEnough:
        return None


def study(site: Site | None) -> Lesson:
    """Read all that there is to learn."""
    site_id = site.id if site else None
    row = in_use(site_id)
    old = using.load((row.id, row.created_at)) if row else None
    latest = newest(site_id)
    if site is None:
        own, own_kept = decisions(Decision.site_id.is_not(None)), kept(SpamExample.id > 0)
    else:
        own, own_kept = decisions(Decision.site_id == site.id), kept(SpamExample.site_id == site.id)
    return Lesson(
        site_id=site_id,
        own=own,
        kept=own_kept,
        elsewhere=measuring.elsewhere(site) if site else [],
        old=old,
        old_version=row.version if row else 0,
        old_knows=row.decision_id if row and old else 0,
        latest_version=latest.version if latest else 0,
        latest=(latest.decisions, latest.decision_id) if latest else (0, 0),
        measured=latest.measured if latest else {},
    )


def work_out(lesson: Lesson) -> Learned:
    """Learn. Raises NotEnough."""
    asked, remark, tried, compared = _asked(lesson), "", None, {}
    if lesson.old is not None and len(asked) >= FEWEST:
        tried = _trained(lesson, without=asked)
        held = [one.case.example for one in asked]
        if not classifier.better_or_equal(tried, lesson.old, held):
            remark = _WORSE.format(count=len(asked), version=lesson.old_version)
        compared = {
            "new": measuring.counted(tried, held),
            "old": measuring.counted(lesson.old, held),
        }
    count, latest = lesson.now
    model = tried if tried is not None and remark else _trained(lesson)
    return Learned(
        site_id=lesson.site_id,
        model=model,
        decisions=count,
        decision_id=latest,
        measured={
            **measuring.measured(lesson.own, lesson.kept, lesson.elsewhere, lesson.measured),
            "crossed": model.metrics,
            "compared": compared,
        },
        follows=lesson.latest_version,
        remark=remark,
    )


def store(learned: Learned) -> SpamModel | None:
    """Keep what was learned as the next version, in use unless it is worse; forget old ones.

    Nothing is kept if all was forgotten while it learned.
    """
    site_id = learned.site_id
    if site_id is not None:  # two who learn at once get different numbers
        db.session.execute(select(Site.id).where(Site.id == site_id).with_for_update())
    of_site = SpamModel.site_id == site_id
    version = db.session.scalar(select(func.max(SpamModel.version)).where(of_site)) or 0
    if version < learned.follows:
        return None
    if not learned.remark:
        db.session.execute(update(SpamModel).where(of_site).values(in_use=False))
    row = SpamModel(
        site_id=site_id,
        version=version + 1,
        in_use=not learned.remark,
        decisions=learned.decisions,
        decision_id=learned.decision_id,
        measured=learned.measured,
        remark=learned.remark,
        data=learned.model.to_bytes(),
    )
    db.session.add(row)
    db.session.flush()
    db.session.execute(
        delete(SpamModel).where(
            of_site, SpamModel.version <= row.version - VERSIONS, SpamModel.in_use != true()
        )
    )
    return row


def forget(site: Site) -> None:
    """Forget all that was learned from a site, and what was kept of its purged comments."""
    for model in (SpamModel, SpamExample):
        db.session.execute(delete(model).where(model.site_id == site.id))


def in_use(site_id: int | None) -> SpamModel | None:
    """The version that judges."""
    return db.session.scalar(
        select(SpamModel)
        .where(SpamModel.site_id == site_id, SpamModel.in_use == true())
        .options(defer(SpamModel.data))
    )


def newest(site_id: int | None) -> SpamModel | None:
    """The latest version, whether it is in use or not."""
    return db.session.scalar(
        select(SpamModel)
        .where(SpamModel.site_id == site_id)
        .order_by(SpamModel.version.desc())
        .limit(1)
        .options(defer(SpamModel.data))
    )


def _asked(lesson: Lesson) -> list[Decided]:
    """The newer half of what was decided for the first time since the old one learned."""
    fresh = [one for one in lesson.own if one.first > lesson.old_knows]
    return sorted(fresh, key=lambda one: one.latest)[len(fresh) // 2 :]


def _trained(lesson: Lesson, without: Sequence[Decided] = ()) -> "Model":
    left = {one.latest for one in without}
    own = [one.case.example for one in lesson.own if one.latest not in left]
    return classifier.train([*own, *lesson.kept], lesson.elsewhere or None, at=_latest(lesson))


def _latest(lesson: Lesson) -> datetime | None:
    """Not this moment: the same decisions make the same model."""
    moments = (*(one.case.example.at for one in lesson.own), *(one.at for one in lesson.kept))
    return max((moment for moment in moments if moment), default=None)
