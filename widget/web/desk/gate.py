"""Who may do what at the desk.

What is at no site of mine does not exist for me: 404, as if it were not there. What my role does
not allow, at a site I see, is refused in words: 403.
"""

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from widget.db import db
from widget.models import Comment, Membership, Role, Site
from widget.moderation import queue
from widget.web.accounts import signed_in

# From the one that may do all to the one that only looks.
_RANKS = (Role.owner, Role.admin, Role.moderator, Role.viewer)
_NEEDED = {
    Role.owner: "Only an owner of this site may do that.",
    Role.admin: "Only an owner or an admin of this site may do that.",
    Role.moderator: "A viewer only looks; a moderator may do that.",
    Role.viewer: "",
}


def memberships() -> list[Membership]:
    """All places of whoever is signed in, by the sites' names."""
    return list(
        db.session.scalars(
            select(Membership)
            .join(Membership.site)
            .options(contains_eager(Membership.site))
            .where(Membership.moderator_id == signed_in().id)
            .order_by(Site.name, Site.id)
        )
    )


def sites(at_least: Role = Role.viewer) -> list[Site]:
    """The sites where I am at least that."""
    return [place.site for place in memberships() if _reaches(place.role, at_least)]


def site(key: str, at_least: Role = Role.viewer) -> Site:
    """The site with this key. Aborts with 404 where I have no place, 403 in too low a one."""
    return _allowed([place for place in memberships() if place.site.key == key], at_least)


def site_of(site_id: int, at_least: Role = Role.moderator) -> Site:
    """The site that something belongs to. Aborts as site() does."""
    return _allowed([place for place in memberships() if place.site_id == site_id], at_least)


def comment(comment_id: int, at_least: Role = Role.moderator) -> Comment:
    """The comment with this number. Aborts as site() does."""
    found = queue.find(sites(), comment_id) or abort(404)
    site_of(found.site_id, at_least)
    return found


def may(site_id: int, at_least: Role) -> bool:
    """Am I at least that at this site?"""
    return any(
        place.site_id == site_id and _reaches(place.role, at_least) for place in memberships()
    )


def sees_emails() -> frozenset[int]:
    """The ids of the sites whose readers' addresses I may see."""
    return frozenset(
        place.site_id for place in memberships() if place.see_emails or place.role is Role.owner
    )


def _allowed(places: list[Membership], at_least: Role) -> Site:
    if not places:
        abort(404)
    (place,) = places
    if not _reaches(place.role, at_least):
        abort(403, _NEEDED[at_least])
    return place.site


def _reaches(role: Role, at_least: Role) -> bool:
    return _RANKS.index(role) <= _RANKS.index(at_least)
