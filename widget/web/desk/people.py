"""Who moderates a site, what each may do there, and who is asked to."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import jobs
from widget.db import db
from widget.models import Invitation, Membership, Role, Site
from widget.moderation import invitations, people
from widget.web import limits
from widget.web.accounts import freshly_signed_in, signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old

bp = Blueprint("people", __name__)
bp.register_error_handler(CSRFError, too_old)

# Nobody floods strangers with mails in our name.
_invites = limits.limiter.shared_limit("10 per minute;60 per hour", scope="invitations")
ROLES = {
    Role.owner: "Owner: everything, people as well",
    Role.admin: "Admin: rules, texts, chat rooms; may invite",
    Role.moderator: "Moderator: decides, edits, replies",
    Role.viewer: "Viewer: only looks",
}


@bp.get("/sites/<key>/people")
@freshly_signed_in
def page(key: str) -> str:
    """Everyone with a place here, and whoever is invited."""
    return _page(gate.site(key, Role.admin))


@bp.post("/sites/<key>/people/<int:place_id>")
@freshly_signed_in
def change(key: str, place_id: int) -> Response:
    """Give someone another role; say whether they may see readers' e-mail addresses."""
    site = gate.site(key, Role.owner)
    place = _place(site, place_id)
    role = _role_or_400(tuple(Role))
    try:
        people.change(place, signed_in(), role=role, see_emails="see_emails" in request.form)
    except people.LastOwner as error:
        return _refused(site, str(error))
    db.session.commit()
    return _done(site, f"Saved: {people.called(place.moderator)} is {role.value} here.")


@bp.post("/sites/<key>/people/<int:place_id>/remove")
@freshly_signed_in
def remove(key: str, place_id: int) -> Response:
    """Take someone's place away."""
    site = gate.site(key, Role.owner)
    place = _place(site, place_id)
    whom = people.called(place.moderator)
    try:
        people.remove(place, signed_in())
    except people.LastOwner as error:
        return _refused(site, str(error))
    db.session.commit()
    return _done(site, f"{whom} has no place at {site.name} any more.")


@bp.post("/sites/<key>/invitations")
@_invites
@freshly_signed_in
def invite(key: str) -> Response | tuple[str, int]:
    """Ask someone by mail."""
    site = gate.site(key, Role.admin)
    role = _role_or_400(_may_invite(site))
    email = request.form.get("email", "").strip()
    try:
        invitation = invitations.invite(site, email=email, role=role, by=signed_in())
    except invitations.Refused as error:
        db.session.rollback()
        return _page(gate.site(key, Role.admin), typed=email, fault=str(error)), 422
    db.session.commit()
    jobs.ring()
    return _done(site, f"A mail is on its way to {invitation.email}.")


@bp.post("/sites/<key>/invitations/<int:invitation_id>/again")
@_invites
@auth_required("session")
def send_again(key: str, invitation_id: int) -> Response:
    """Send the mail of an invitation once more."""
    site = gate.site(key, Role.admin)
    invitation = _invitation(site, invitation_id)
    invitations.send_again(invitation, signed_in())
    db.session.commit()
    jobs.ring()
    return _done(site, f"Another mail is on its way to {invitation.email}.")


@bp.post("/sites/<key>/invitations/<int:invitation_id>/withdraw")
@auth_required("session")
def withdraw(key: str, invitation_id: int) -> Response:
    """Make an invitation's link useless."""
    site = gate.site(key, Role.admin)
    invitation = _invitation(site, invitation_id)
    invitations.withdraw(invitation, signed_in())
    db.session.commit()
    return _done(site, f"The invitation of {invitation.email} is withdrawn.")


def _page(site: Site, *, typed: str = "", fault: str = "") -> str:
    return render_template(
        "desk/people.html",
        site=site,
        members=people.members(site),
        invitations=invitations.pending(site),
        owns=gate.may(site.id, Role.owner),
        roles=ROLES,
        invitable=_may_invite(site),
        typed=typed,
        fault=fault,
    )


def _may_invite(site: Site) -> tuple[Role, ...]:
    return invitations.MAY_INVITE[Role.owner if gate.may(site.id, Role.owner) else Role.admin]


def _role_or_400(allowed: tuple[Role, ...]) -> Role:
    try:
        role = Role(request.form.get("role", ""))
    except ValueError:
        abort(400)
    if role not in allowed:
        abort(403, "Only an owner of this site may do that.")
    return role


def _place(site: Site, place_id: int) -> Membership:
    return people.member(site, place_id) or abort(404)


def _invitation(site: Site, invitation_id: int) -> Invitation:
    return invitations.find(site, invitation_id) or abort(404)


def _refused(site: Site, words: str) -> Response:
    key = site.key
    db.session.rollback()
    flash(words, "error")
    return redirect(url_for("people.page", key=key), code=303)


def _done(site: Site, words: str) -> Response:
    """To the page of people, or to the queue where I have just given up my own right to see it."""
    flash(words, "done")
    if gate.may(site.id, Role.admin):
        return redirect(url_for("people.page", key=site.key), code=303)
    return redirect(url_for("desk.home"), code=303)
