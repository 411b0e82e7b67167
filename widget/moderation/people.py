"""Who may decide: accounts, and their place at each site."""

import uuid

from email_validator import EmailNotValidError, validate_email
from flask_security.utils import hash_password
from sqlalchemy import select

from widget.db import db
from widget.models import Membership, Moderator, Role, Site

MIN_PASSWORD = 10


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


def set_password(moderator: Moderator, password: str) -> None:
    """Give an account a new password, and sign out whoever is signed in to it."""
    moderator.password = hash_password(password)
    moderator.fs_uniquifier = uuid.uuid4().hex
