"""Who may decide: accounts, their place at each site, and where they are signed in."""

import unicodedata
import uuid
from datetime import datetime

from email_validator import EmailNotValidError, validate_email
from flask_security.utils import hash_password
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import joinedload

from widget import sanitize
from widget.db import affected, db, now
from widget.models import DeskSession, Membership, Moderator, Passkey, Role, Site
from widget.moderation import log

MIN_PASSWORD = 10
MAX_NAME = 200


def add(
    site: Site, *, email: str, password: str, role: Role, name: str = ""
) -> tuple[Moderator, bool]:
    """Give an account its place at a site; returns it and whether it was made for that.

    An account that exists keeps its password, and the last owner its role. Raises ValueError, in
    words, for a faulty e-mail or a password that is too short.
    """
    try:
        checked = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"“{email}” is not an e-mail address.") from error
    address = checked.normalized.lower()
    moderator = find(address)
    is_new = moderator is None
    if moderator is None:
        moderator = create(address, password=password, name=name)
    place = place_at(site.id, moderator)
    if place is None:
        telling = site.new_telling
        db.session.add(
            Membership(site_id=site.id, moderator_id=moderator.id, role=role, telling=telling)
        )
    else:
        change(place, None, role=role, see_emails=place.see_emails)
    db.session.flush()
    return moderator, is_new


def create(email: str, *, password: str, name: str) -> Moderator:
    """A new account without a place. Raises ValueError for a password that is too short."""
    if len(password) < MIN_PASSWORD:
        raise ValueError(f"A password needs at least {MIN_PASSWORD} characters.")
    moderator = Moderator(
        email=email,
        name=name,
        password=_hashed(password),
        fs_uniquifier=uuid.uuid4().hex,
    )
    db.session.add(moderator)
    db.session.flush()
    return moderator


def sound_name(typed: str) -> str:
    """A name as it may stand beside decisions and in mails. Raises ValueError, in words."""
    try:
        name = sanitize.plain(typed)[:MAX_NAME]
    except sanitize.Unacceptable as error:
        raise ValueError(str(error)) from error
    if not name:
        raise ValueError("Please say your name: it stands beside your decisions.")
    return name


def set_password(moderator: Moderator, password: str) -> None:
    """Give an account a new password, and sign out whoever is signed in to it."""
    moderator.password = _hashed(password)
    moderator.fs_uniquifier = uuid.uuid4().hex
    end_sessions(moderator)


def _hashed(password: str) -> str:
    """As the form for signing in reads it: however a keyboard writes an “ä”, it is the same one."""
    return str(hash_password(unicodedata.normalize("NFKD", password)))


class LastOwner(ValueError):
    """A site without an owner could never be set again."""


def find(email: str) -> Moderator | None:
    """The account with this address."""
    return db.session.scalar(select(Moderator).where(Moderator.email == email.strip().lower()))


def called(moderator: Moderator) -> str:
    """How a moderator is called in the log: never by the whole e-mail address."""
    return moderator.name or moderator.email.partition("@")[0]


def members(site: Site) -> list[Membership]:
    """Everyone with a place at a site, by name."""
    places = db.session.scalars(
        select(Membership)
        .where(Membership.site_id == site.id)
        .options(joinedload(Membership.moderator))
    )
    return sorted(places, key=lambda place: (called(place.moderator).casefold(), place.id))


def place_at(site_id: int, account: Moderator) -> Membership | None:
    """The place that someone has at a site."""
    return db.session.scalar(
        select(Membership).where(
            Membership.site_id == site_id, Membership.moderator_id == account.id
        )
    )


def member(site: Site, place_id: int) -> Membership | None:
    """One of them."""
    return db.session.scalar(
        select(Membership).where(Membership.site_id == site.id, Membership.id == place_id)
    )


def change(place: Membership, by: Moderator | None, *, role: Role, see_emails: bool) -> None:
    """Say what someone may do at a site. Raises LastOwner."""
    before = {"role": place.role.value, "see_emails": place.see_emails}
    if role is not Role.owner:
        _keep_an_owner(place)
    place.role, place.see_emails = role, see_emails
    after = {"role": role.value, "see_emails": see_emails}
    if after != before:
        whom = called(place.moderator)
        log.write(place.site_id, by, "person changed", whom, before=before, after=after)


def remove(place: Membership, by: Moderator | None) -> None:
    """Take someone's place at a site away; the account stays. Raises LastOwner."""
    _keep_an_owner(place)
    before = {"role": place.role.value}
    log.write(place.site_id, by, "person removed", called(place.moderator), before=before)
    db.session.delete(place)


def in_turn(site_id: int) -> None:
    """Until the commit, nobody else changes who is at a site or is asked to be."""
    db.session.execute(select(Site.id).where(Site.id == site_id).with_for_update(key_share=True))


def _keep_an_owner(place: Membership) -> None:
    """Raises LastOwner where nobody but this one owns the site."""
    # Two owners who remove each other in the same moment come one after the other.
    in_turn(place.site_id)
    db.session.refresh(place)
    if place.role is not Role.owner:
        return
    others = (
        select(func.count())
        .select_from(Membership)
        .join(Moderator)
        .where(
            Membership.site_id == place.site_id,
            Membership.id != place.id,
            Membership.role == Role.owner,
            Moderator.active,
        )
    )
    if not db.session.scalar(others):
        raise LastOwner(
            f"{called(place.moderator)} is the only owner of this site. "
            "Make someone else an owner first."
        )


def reset_second_factor(moderator: Moderator) -> None:
    """For a lost phone: only the password counts again, and whoever is signed in is signed out."""
    moderator.tf_primary_method = moderator.tf_totp_secret = moderator.mf_recovery_codes = None
    db.session.execute(delete(Passkey).where(Passkey.user_id == moderator.id))
    moderator.fs_uniquifier = uuid.uuid4().hex
    end_sessions(moderator)


# ---------------------------------------------------------------------------------------- sessions


def sessions(moderator: Moderator, since: datetime) -> list[DeskSession]:
    """The browsers that are signed in to an account, those seen last first."""
    return list(
        db.session.scalars(
            select(DeskSession)
            .where(
                DeskSession.moderator_id == moderator.id,
                DeskSession.ended_at.is_(None),
                DeskSession.seen_at > since,
            )
            .order_by(DeskSession.seen_at.desc(), DeskSession.id.desc())
        )
    )


def end_session(moderator: Moderator, session_id: int) -> bool:
    """Sign one browser out; tells whether it was one of this account's."""
    ended = db.session.execute(
        update(DeskSession)
        .where(
            DeskSession.id == session_id,
            DeskSession.moderator_id == moderator.id,
            DeskSession.ended_at.is_(None),
        )
        .values(ended_at=now())
    )
    return affected(ended) == 1


def end_sessions(moderator: Moderator, but: int | None = None) -> int:
    """Sign all browsers out, or all but one; tells how many."""
    ending = update(DeskSession).where(
        DeskSession.moderator_id == moderator.id, DeskSession.ended_at.is_(None)
    )
    if but is not None:
        ending = ending.where(DeskSession.id != but)
    return affected(db.session.execute(ending.values(ended_at=now())))


def forget_sessions(moderator: Moderator, before: datetime) -> None:
    """What is over is of no use to anybody."""
    db.session.execute(
        delete(DeskSession).where(
            DeskSession.moderator_id == moderator.id,
            or_(DeskSession.ended_at.is_not(None), DeskSession.seen_at <= before),
        )
    )
