"""Where the link of an invitation leads: a page that asks, for a new account or one's own."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user, login_user, url_for_security
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget import config
from widget.db import db
from widget.models import Invitation, Moderator
from widget.moderation import invitations, people
from widget.notify import accounts
from widget.notify.links import BadLink
from widget.web.accounts import signed_in
from widget.web.desk.back import too_old

bp = Blueprint("invited", __name__)
bp.register_error_handler(CSRFError, too_old)


@bp.get("/invitations/<token>")
def ask(token: str) -> tuple[str, int]:
    """Show what is offered, and the one way to accept it."""
    try:
        invitation = _opened(token)
    except (BadLink, invitations.Refused) as error:
        return _gone(str(error))
    return _page(token, invitation)


@bp.post("/invitations/<token>")
def accept(token: str) -> Response | tuple[str, int]:
    """Take the place, with the account that is signed in or a new one."""
    try:
        invitation = _opened(token, to_accept=True)
    except (BadLink, invitations.Refused) as error:
        return _gone(str(error))
    if current_user.is_authenticated:
        account = signed_in()
        if account.email != invitation.email:
            return _page(token, invitation, status=403)
    elif people.find(invitation.email) is not None:
        return redirect(_sign_in_first(token), code=303)
    else:
        try:
            account = _new_account(invitation)
        except ValueError as error:
            db.session.rollback()
            return _page(token, _opened(token), fault=str(error), status=422)
    return _take(invitation, account)


def _take(invitation: Invitation, account: Moderator) -> Response | tuple[str, int]:
    try:
        place = invitations.accept(invitation, account)
    except invitations.Refused as error:
        db.session.rollback()
        return _gone(str(error))
    if not current_user.is_authenticated:
        login_user(account, authn_via=["password"])
    db.session.commit()
    flash(f"Welcome! You have a place at {place.site.name} now.", "done")
    return redirect(url_for("desk.view", status="pending", site=place.site.key), code=303)


def _new_account(invitation: Invitation) -> Moderator:
    """Raises ValueError, in words."""
    name = people.sound_name(request.form.get("name", ""))
    return people.create(invitation.email, password=request.form.get("password", ""), name=name)


def _opened(token: str, *, to_accept: bool = False) -> Invitation:
    number = accounts.read_invitation(config.current(), token)
    return invitations.opened(number, to_accept=to_accept)


def _page(
    token: str, invitation: Invitation, *, fault: str = "", status: int = 200
) -> tuple[str, int]:
    html = render_template(
        "desk/invitation.html",
        token=token,
        invitation=invitation,
        has_account=people.find(invitation.email) is not None,
        sign_in=_sign_in_first(token),
        min_password=people.MIN_PASSWORD,
        fault=fault,
    )
    return html, status


def _sign_in_first(token: str) -> str:
    return url_for_security("login", next=url_for("invited.ask", token=token))


def _gone(words: str) -> tuple[str, int]:
    return render_template("desk/message.html", message=words, status=410), 410
