"""Setting the spam filter of a site, and its shields; each change leaves a line in the log."""

from widget.models import Moderator, Shields, Site
from widget.moderation import log


def tune(site: Site, moderator: Moderator, *, decides: bool, spam_from: float | None) -> bool:
    """May it call spam by itself, and from which percentage on? None: as it found out itself.

    Returns whether that is new.
    """
    before = {"filter_decides": site.filter_decides, "spam_from": site.spam_from}
    after = {"filter_decides": decides, "spam_from": spam_from}
    if before == after:
        return False
    site.filter_decides, site.spam_from = decides, spam_from
    log.write(site.id, moderator, "filter changed", site.name, before=before, after=after)
    return True


def set_shields(site: Site, moderator: Moderator, to: Shields) -> bool:
    """Raise, lower or free the shields by hand; returns whether that is new."""
    if site.shields is to:
        return False
    before, after = {"shields": site.shields.value}, {"shields": to.value}
    site.shields = to
    # What a flood did before is settled by it; a flood that goes on raises them again.
    site.flooded_at = site.flooded_until = None
    log.write(site.id, moderator, "shields set", site.name, before=before, after=after)
    return True


def note_forgotten(site: Site, moderator: Moderator) -> None:
    """What the filter had learned is gone."""
    log.write(site.id, moderator, "filter forgotten", site.name)


def note_taught(site: Site, moderator: Moderator) -> None:
    """Somebody had it learn before its time."""
    log.write(site.id, moderator, "filter taught", site.name)
