"""My account: my name, what proves that I am I, and where I am signed in."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_security import auth_required
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response

from widget.db import db
from widget.moderation import people
from widget.web import sessions
from widget.web.accounts import signed_in
from widget.web.desk import gate
from widget.web.desk.back import too_old

bp = Blueprint("account", __name__)
bp.register_error_handler(CSRFError, too_old)


@bp.get("/account/")
@auth_required("session")
def page() -> str:
    """All about the account of whoever asks."""
    account = signed_in()
    return render_template(
        "desk/account.html",
        account=account,
        places=gate.memberships(),
        sessions=sessions.of(account),
        here=sessions.here(),
        passkeys=sorted(account.webauthn, key=lambda passkey: passkey.name.casefold()),
        codes_left=len(account.mf_recovery_codes or []),
    )


@bp.post("/account/name")
@auth_required("session")
def rename() -> Response:
    """Change the name that stands beside my decisions."""
    try:
        signed_in().name = people.sound_name(request.form.get("name", ""))
    except ValueError as error:
        flash(str(error), "error")
        return _back()
    db.session.commit()
    flash("Your name is changed.", "done")
    return _back()


@bp.post("/account/sessions/<int:session_id>/end")
@auth_required("session")
def end(session_id: int) -> Response:
    """Sign one of my browsers out."""
    if not people.end_session(signed_in(), session_id):
        abort(404)
    db.session.commit()
    flash("That browser is signed out.", "done")
    return _back()


@bp.post("/account/sessions/end")
@auth_required("session")
def end_others() -> Response:
    """Sign all my browsers out but this one."""
    ended = people.end_sessions(signed_in(), but=sessions.here())
    db.session.commit()
    flash(
        f"{ended} other browser{'' if ended == 1 else 's'} signed out."
        if ended
        else "No other browser was signed in.",
        "done",
    )
    return _back()


def _back() -> Response:
    return redirect(url_for("account.page"), code=303)
