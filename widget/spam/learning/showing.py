"""What there is to tell of a site's filter, on its page."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from widget.db import db
from widget.models import Decision, Site, SpamModel
from widget.spam.classifier import MIN_DECISIONS, MIN_EACH
from widget.spam.decided import decisions
from widget.spam.learning import teaching, using
from widget.spam.learning.due import counts

# Words are looked for in so many of the newest comments that were decided on.
_READ = 500


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version of a model, without what it knows."""

    id: int
    version: int
    at: datetime
    decisions: int
    is_shared: bool = False
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class State:
    """How a site's filter stands.

    `in_use` judges; `latest` is the last that was learned, and says in its remark why it does not,
    if so. `spam` and `ham` are how many decisions there are of either, counted up to what it takes
    (`needed`, and `needed_each`). Without a model there are no thresholds and no words.
    """

    in_use: Version | None
    latest: Version | None
    spam: int
    ham: int
    needed: int = MIN_DECISIONS
    needed_each: int = MIN_EACH
    spam_at: float | None = None
    publish_at: float | None = None
    notes: tuple[str, ...] = ()
    # The evaluation, its curve and calibration, and how it compared (learning.teaching.work_out).
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def missing(self) -> str:
        """What it takes until there is a filter of the site's own; nothing if there is one."""
        if self.in_use is not None and not self.in_use.is_shared:
            return ""
        return (
            f"{min(self.spam + self.ham, self.needed)} of {self.needed} decisions:"
            f" {self.spam} spam and {self.ham} ham so far. It takes {self.needed_each} of either."
        )


def state(site: Site) -> State:
    """All that is known without learning."""
    found = using.model_of(site.id)
    spam, ham = counts(site.id)
    row = db.session.get(SpamModel, found[0]) if found else None
    latest = teaching.newest(site.id)
    model = found[1] if found else None
    return State(
        in_use=_version(row),
        latest=_version(latest),
        spam=spam,
        ham=ham,
        spam_at=model.spam_at if model else None,
        publish_at=model.publish_at if model else None,
        notes=model.notes if model else (),
        measured=row.measured if row else {},
    )


def telling(site: Site, most: int = 20) -> dict[str, list[tuple[str, float]]]:
    """The words of the newest comments that weigh most, by what they speak for."""
    found = using.model_of(site.id)
    if found is None:
        return {"spam": [], "ham": []}
    newest = decisions(Decision.site_id == site.id, most=_READ)
    spam, ham = found[1].telling((one.case.example for one in newest), most)
    return {"spam": spam, "ham": ham}


def _version(row: SpamModel | None) -> Version | None:
    if row is None:
        return None
    return Version(
        id=row.id,
        version=row.version,
        at=row.created_at,
        decisions=row.decisions,
        is_shared=row.site_id is None,
        remark=row.remark,
    )
