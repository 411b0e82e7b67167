"""What a site wants done with a screened comment."""

from dataclasses import dataclass

from widget.models import Hold, Site
from widget.spam import Assessment


@dataclass(frozen=True)
class Verdict:
    """Publish, or hold and say why."""

    publish: bool
    why: str


def judge(
    site: Site, assessment: Assessment, *, is_known: bool, own: Hold | None = None
) -> Verdict:
    """Decide on an assessment. `is_known`: this commenter's key has an approved comment here.

    `own` is the thread's rule, which counts instead of the site's.
    """
    hold = own or site.hold
    if assessment.signals:
        return Verdict(publish=False, why="; ".join(s.reason for s in assessment.signals))
    if hold is Hold.all:
        where = "under this article" if own else "on this site"
        return Verdict(publish=False, why=f"Every comment is held {where}")
    if hold is Hold.first and not is_known:
        return Verdict(publish=False, why="First comment from this browser")
    return Verdict(
        publish=True,
        why="This browser has an approved comment" if is_known else "Comments are open",
    )
