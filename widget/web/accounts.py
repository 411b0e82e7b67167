"""Moderators' accounts: Flask-Security, told where things are in this house."""

import uuid
from datetime import timedelta
from http import HTTPStatus
from typing import cast

from flask import Flask, Response, redirect, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_security import (
    Security,
    SQLAlchemyUserDatastore,
    current_user,
    url_for_security,
    views,
)
from werkzeug.wrappers import Response as WerkzeugResponse

from widget.config import Settings
from widget.db import db
from widget.models import Moderator, SecurityRole
from widget.moderation.people import MIN_PASSWORD
from widget.web import limits


def _was_refused(response: Response) -> bool:
    """A right password is answered by a redirect; whatever else comes back counts as a guess.

    Not only the form shown again: whoever accepts JSON is refused with 400.
    """
    return response.status_code != HTTPStatus.FOUND


# Only refused passwords count, because everyone in an office may share one network address.
_guess = limits.limiter.shared_limit(
    "10 per minute;60 per hour", scope="password", methods=["POST"], deduct_when=_was_refused
)
_GUARDED = {
    "security.login": _guess(views.login),
    "security.change_password": _guess(views.change_password),
}


class DeskSessions(SecureCookieSessionInterface):
    """Sessions only at the desk.

    Flask-Login looks into the session after every request, and Flask then marks the answer as
    varying by cookie: no cache would keep a thread. Readers have no session at all.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie and its Vary header where moderators are; nowhere else."""
        if request.path.startswith("/desk"):
            super().save_session(app, session, response)


def init_app(app: Flask, settings: Settings) -> None:
    """Sign-in under /desk/, passwords by Argon2; nothing that keeps an address or a device."""
    app.session_interface = DeskSessions()
    app.config.update(
        SECURITY_URL_PREFIX="/desk",
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 (the name of a scheme)
        # Argon2 salts by itself. A second hash, keyed by our secret, would lock everybody out when
        # that is changed.
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_LENGTH_MIN=MIN_PASSWORD,
        SECURITY_POST_LOGIN_VIEW="/desk/",
        SECURITY_POST_LOGOUT_VIEW="/desk/login",
        SECURITY_LOGIN_USER_TEMPLATE="desk/login.html",
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_PASSWORD_TEMPLATE="desk/password.html",  # noqa: S106
        SECURITY_POST_CHANGE_VIEW="/desk/",
        SECURITY_CHANGE_URL="/password",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_FRESHNESS=timedelta(minutes=-1),  # no page asks for the password once more
        SECURITY_MSG_GENERIC_AUTHN_FAILED=("The e-mail address or the password is wrong.", "error"),
        SECURITY_MSG_INVALID_PASSWORD=("This is not your password.", "error"),
        SECURITY_MSG_PASSWORD_CHANGE=("Your password is changed.", "done"),
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=True,
        REMEMBER_COOKIE_PATH="/desk",
        REMEMBER_COOKIE_SECURE=settings.public_url.startswith("https://"),
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
    )
    # Flask-Security signs with it at start; `widget doctor` says what is missing before that.
    app.config["SECRET_KEY"] = settings.secret_key or uuid.uuid4().hex
    security = Security(app, SQLAlchemyUserDatastore(db, Moderator, SecurityRole))
    security.unauthn_handler(_ask_to_sign_in)
    app.view_functions.update(_GUARDED)


def _ask_to_sign_in(*_: object, **_known: object) -> WerkzeugResponse:
    """To the sign-in page, and from there to where one wanted to be."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for_security("login", next=wanted))


def signed_in() -> Moderator:
    """Whoever is signed in to the desk (behind auth_required)."""
    return cast("Moderator", current_user._get_current_object())  # noqa: SLF001
