"""Invitations: someone is asked by mail to moderate a site, and accepts, once."""

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update

from widget.db import affected, db, now
from widget.models import Invitation, Membership, Moderator, Role, Site
from widget.moderation import log, people
from widget.notify import accounts

# Whom each may invite.
MAY_INVITE = {
    Role.owner: tuple(Role),
    Role.admin: (Role.moderator, Role.viewer),
}


class Refused(ValueError):
    """The message says why, in words."""


def invite(site: Site, *, email: str, role: Role, by: Moderator) -> Invitation:
    """Write an invitation and its mail. Raises Refused."""
    try:
        checked = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Refused(f"“{email}” is not an e-mail address.") from error
    address = checked.normalized.lower()
    people.in_turn(site.id)
    account = people.find(address)
    if account is not None and people.place_at(site.id, account) is not None:
        raise Refused(f"{people.called(account)} is here already.")
    if any(one.email == address for one in pending(site)):
        raise Refused("This address is invited already; you can send it again below.")
    invitation = Invitation(site_id=site.id, email=address, role=role, invited_by=by)
    db.session.add(invitation)
    db.session.flush()
    accounts.invite(invitation)
    _log(invitation, by, "person invited", after={"role": role.value})
    return invitation


def pending(site: Site) -> Sequence[Invitation]:
    """Those that nobody accepted or withdrew, latest first."""
    return db.session.scalars(
        select(Invitation)
        .where(
            Invitation.site_id == site.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.id.desc())
    ).all()


def find(site: Site, invitation_id: int) -> Invitation | None:
    """One that is still open."""
    return next((one for one in pending(site) if one.id == invitation_id), None)


def send_again(invitation: Invitation, by: Moderator) -> None:
    """The mail once more, with a link that is good for a week from now."""
    accounts.invite(invitation)
    _log(invitation, by, "invitation sent again")


def withdraw(invitation: Invitation, by: Moderator) -> None:
    """Its link opens nothing any more."""
    invitation.withdrawn_at = now()
    _log(invitation, by, "invitation withdrawn")


def opened(invitation_id: int, *, to_accept: bool = False) -> Invitation:
    """The invitation of a link. Raises Refused where it is over.

    `to_accept`: whoever else wants to accept it in the same moment waits, and finds it accepted.
    """
    lock = {"key_share": True} if to_accept else None
    invitation = db.session.get(Invitation, invitation_id, with_for_update=lock)
    if invitation is None or invitation.withdrawn_at:
        raise Refused("This invitation was withdrawn.")
    if invitation.accepted_at:
        raise Refused("This invitation was accepted already. Please sign in.")
    return invitation


def accept(invitation: Invitation, account: Moderator) -> Membership:
    """Give the account its place. Raises Refused where somebody was faster, or it has one."""
    if account.email != invitation.email:
        raise Refused("This invitation is for another e-mail address.")
    taken = db.session.execute(
        update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(accepted_at=now())
    )
    if affected(taken) != 1:
        raise Refused("This invitation was accepted or withdrawn just now.")
    if people.place_at(invitation.site_id, account) is not None:
        raise Refused("You have a place at this site already.")
    place = Membership(
        site_id=invitation.site_id,
        moderator_id=account.id,
        role=invitation.role,
        telling=invitation.site.new_telling,
    )
    db.session.add(place)
    db.session.flush()
    _log(invitation, account, "invitation accepted", after={"role": invitation.role.value})
    return place


def _log(
    invitation: Invitation,
    by: Moderator,
    action: str,
    after: dict[str, str] | None = None,
) -> None:
    # Viewers read the log too: never the whole address.
    whom = invitation.email.partition("@")[0]
    log.write(invitation.site_id, by, action, whom, after=after)
