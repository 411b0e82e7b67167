"""Moderators' accounts: Flask-Security, told where things are in this house."""

import uuid
from typing import cast

from email_validator import EmailNotValidError, validate_email
from flask import Flask, Response, request
from flask_security import Security, SQLAlchemyUserDatastore, current_user, hash_password
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from sqlalchemy import select

from widget.config import Settings
from widget.db import db
from widget.models import Membership, Moderator, Role, SecurityRole, Site

MIN_PASSWORD = 10


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
        SECURITY_PASSWORD_SALT=settings.secret_key,
        SECURITY_PASSWORD_LENGTH_MIN=MIN_PASSWORD,
        SECURITY_POST_LOGIN_VIEW="/desk/",
        SECURITY_POST_LOGOUT_VIEW="/desk/login",
        SECURITY_LOGIN_USER_TEMPLATE="desk/login.html",
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_PASSWORD_TEMPLATE="desk/password.html",
        SECURITY_POST_CHANGE_VIEW="/desk/",
        SECURITY_CHANGE_URL="/password",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FLASH_MESSAGES=True,
        REMEMBER_COOKIE_PATH="/desk",
        REMEMBER_COOKIE_SECURE=settings.public_url.startswith("https://"),
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_HTTPONLY=True,
    )
    # Flask-Security signs with it at start; `widget doctor` says what is missing before that.
    app.config["SECRET_KEY"] = settings.secret_key or uuid.uuid4().hex
    Security(app, SQLAlchemyUserDatastore(db, Moderator, SecurityRole))


def signed_in() -> Moderator:
    """Whoever is signed in to the desk (behind auth_required)."""
    return cast("Moderator", current_user._get_current_object())  # noqa: SLF001


def add(
    site: Site, *, email: str, password: str, role: Role, name: str = ""
) -> tuple[Moderator, bool]:
    """Give an account its place at a site; returns it and whether it was made for that.

    An account that exists keeps its password. Raises ValueError, in words, for a faulty e-mail or
    a password that is too short.
    """
    try:
        checked = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"“{email}” is not an e-mail address.") from error
    address = checked.normalized.lower()
    moderator = db.session.scalar(select(Moderator).where(Moderator.email == address))
    is_new = moderator is None
    if moderator is None:
        if len(password) < MIN_PASSWORD:
            raise ValueError(f"A password needs at least {MIN_PASSWORD} characters.")
        moderator = Moderator(
            email=address,
            name=name,
            password=hash_password(password),
            fs_uniquifier=uuid.uuid4().hex,
        )
        db.session.add(moderator)
        db.session.flush()
    place = db.session.scalar(
        select(Membership).where(
            Membership.site_id == site.id, Membership.moderator_id == moderator.id
        )
    )
    if place is None:
        place = Membership(site_id=site.id, moderator_id=moderator.id)
        db.session.add(place)
    place.role = role
    db.session.flush()
    return moderator, is_new
