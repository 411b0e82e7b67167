"""What became of comments with the same links, and of nearly the same texts on other sites.

Where the operator lets sites share their history (`shared_history`), others' decisions count: what
became of links, and that something alike was spam. Their words are never read.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Select, and_, distinct, func, select
from sqlalchemy.orm import aliased

from widget import config
from widget.db import db
from widget.models import Comment, Likeness, LinkedHost, Site, Status
from widget.moderation.counting import joined, one, record, rows
from widget.spam import likeness
from widget.spam.checks import Record

# So many of the latest tell what a host is like.
_OF_HOST = 50
# Hosts of one comment, and of all in hand, that are looked up.
_MAX_HOSTS, _MAX_ALL_HOSTS = 10, 200
# So many other sites are asked, the newest.
_MAX_SITES = 20


def hosts_of(site: Site, comment: Comment) -> list[str]:
    """Whatever leads to the site itself tells nothing."""
    own = {likeness.host_of(origin) for origin in site.origins}
    return [host for host in likeness.hosts(comment) if host not in own][:_MAX_HOSTS]


def host_records(site_id: int, hosts: Iterable[str]) -> Mapping[str, Record]:
    """What became of the latest that link to each: of this site's, and of others' if they share."""
    asked_for = list(dict.fromkeys(hosts))[:_MAX_ALL_HOSTS]
    if not asked_for:
        return {}
    asked = rows(asked_for)
    is_asked = Site.id == site_id
    if (others := _others(site_id)) is not None:
        is_asked |= Site.id.in_(others)
    latest = (
        select(Comment.status.label("value"))
        .join_from(LinkedHost, Comment, Comment.id == LinkedHost.comment_id)
        .where(
            LinkedHost.site_id == Site.id,
            Comment.site_id == Site.id,
            LinkedHost.host == asked.c.value,
        )
        .order_by(LinkedHost.comment_id.desc())
        .limit(_OF_HOST)
    )
    records: dict[str, Record] = {}
    for host, statuses in db.session.execute(
        select(asked.c.value, joined(latest, asked, Site.__table__)).join_from(
            asked, Site, is_asked
        )
    ):
        before, here = records.get(host, Record()), record(statuses)
        records[host] = Record(
            approved=before.approved + here.approved, spam=before.spam + here.spam
        )
    return records


def alike_elsewhere(site_id: int, comments: Sequence[Comment]) -> dict[int, int]:
    """How many other sites called spam what says nearly the same. Their words are not read."""
    telling = [each.id for each in comments if likeness.is_telling(each.body)]
    if not telling or (others := _others(site_id)) is None:
        return {}
    latest = aliased(Likeness)
    newest = one(
        select(latest.comment_id)
        .where(latest.site_id == Site.id, latest.band == Likeness.band)
        .order_by(latest.id.desc())
    )
    meeting = (
        select(Likeness.comment_id, Site.id.label("site_id"), newest.label("newest"))
        .join_from(Likeness, Site, Site.id.in_(others))
        .where(Likeness.site_id == site_id, Likeness.comment_id.in_(telling))
        .subquery()
    )
    found = db.session.execute(
        select(meeting.c.comment_id, func.count(distinct(meeting.c.site_id)))
        .join(Comment, and_(Comment.id == meeting.c.newest, Comment.site_id == meeting.c.site_id))
        .where(Comment.status == Status.spam)
        .group_by(meeting.c.comment_id)
    )
    return {row[0]: row[1] for row in found}


def _others(site_id: int) -> Select[int] | None:
    """The sites whose decisions count as well: the newest."""
    if not config.current().shared_history:
        return None
    return select(Site.id).where(Site.id != site_id).order_by(Site.id.desc()).limit(_MAX_SITES)
