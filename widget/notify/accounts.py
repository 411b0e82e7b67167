"""Mails about accounts of the desk: a forgotten password, a changed one, an invitation.

What a link proves is made when the mail is sent, so no row of the outbox holds a key to anything.
"""

from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum

from flask import render_template
from flask_security.recoverable import generate_reset_password_token
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from sqlalchemy import select

from widget.config import Settings
from widget.db import db, now
from widget.models import Delivery, Invitation, Membership, Moderator
from widget.notify import letterbox, mail
from widget.notify.links import VALID_SECONDS, BadLink
from widget.notify.mail import NotSent

RESET_HOURS = 2
_ARTICLES = {"owner": "an owner", "admin": "an admin", "moderator": "a moderator"}
# Whoever asks for the same again within minutes gets one mail.
_PAUSE_SECONDS = 300


class ToModerators(StrEnum):
    """What moderators are told of their own accounts."""

    reset = "password reset"
    changed = "password changed"
    invitation = "invitation"


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """What such a mail says: paragraphs, at most one link, and why it came."""

    subject: str
    says: tuple[str, ...]
    because: str
    link: str = ""
    button: str = ""


def tell(kind: ToModerators, moderator: Moderator) -> None:
    """Put a mail about an account into the outbox.

    A row there belongs to a site, so an account without a place anywhere gets none: it has nothing
    to sign in for.
    """
    site_id = db.session.scalar(
        select(Membership.site_id)
        .where(Membership.moderator_id == moderator.id)
        .order_by(Membership.id)
        .limit(1)
    )
    if site_id is None:
        return
    # Each change is told, but who asks again and again for a link does not fill a mailbox.
    moment = int(now().timestamp())
    since = moment // _PAUSE_SECONDS if kind is ToModerators.reset else moment
    letterbox.put(
        kind,
        site_id=site_id,
        recipient=moderator.email,
        payload={"moderator": moderator.id},
        key=f"{moderator.id}:{since}",
    )


def invite(invitation: Invitation) -> None:
    """Put the mail of an invitation into the outbox; once a minute at most."""
    letterbox.put(
        ToModerators.invitation,
        site_id=invitation.site_id,
        recipient=invitation.email,
        payload={"invitation": invitation.id},
        key=f"{invitation.id}:{now():%Y%m%d%H%M}",
    )


def compose(settings: Settings, delivery: Delivery) -> EmailMessage:
    """The mail of a delivery. Raises NotSent where it is no longer needed."""
    match delivery.kind:
        case ToModerators.invitation:
            letter = _invitation(settings, delivery)
        case ToModerators.reset:
            letter = _reset(settings, _moderator(delivery))
        case _:
            _moderator(delivery)
            letter = _changed(settings)
    return mail.compose(
        settings,
        recipient=delivery.recipient,
        subject=letter.subject,
        text=render_template("mail/account.txt", letter=letter),
        html=render_template("mail/account.html", letter=letter),
        unique=f"{delivery.site_id}:{delivery.dedupe_key}",
    )


def read_invitation(settings: Settings, token: str) -> int:
    """The invitation that a link stands for. Raises BadLink."""
    try:
        found: int = _signer(settings).loads(token, max_age=VALID_SECONDS)
    except SignatureExpired:
        raise BadLink("This invitation is older than a week. Please ask for a new one.") from None
    except BadSignature:
        raise BadLink("This link is not complete. Please copy it whole from the mail.") from None
    return found


def _invitation(settings: Settings, delivery: Delivery) -> _Letter:
    invitation = db.session.get(Invitation, delivery.payload["invitation"])
    if invitation is None or invitation.accepted_at or invitation.withdrawn_at:
        raise NotSent("the invitation was accepted or withdrawn", for_good=True)
    site, host = invitation.site.name, invitation.invited_by
    by = (host.name or host.email.partition("@")[0]) if host else "Someone"
    place = _ARTICLES.get(invitation.role.value, "a viewer")
    return _Letter(
        subject=f"[{site}] Please help us moderate",
        says=(
            f"{by} at {site} would like you to look after the readers’ comments there, as {place}.",
            "The link opens a page where you accept. It works for a week, and once.",
        ),
        link=f"{settings.public_url}/desk/invitations/{_signer(settings).dumps(invitation.id)}",
        button="See the invitation",
        because="If you did not expect this, you can leave it at that: nothing happens by itself.",
    )


def _reset(settings: Settings, moderator: Moderator) -> _Letter:
    token = generate_reset_password_token(moderator)  # type: ignore[no-untyped-call]
    return _Letter(
        subject="A new password for the comments desk",
        says=(
            "Someone, most likely you, asked for a new password for your account at the desk.",
            f"The link opens a page where you set it. It works for {RESET_HOURS} hours, and once.",
        ),
        link=f"{settings.public_url}/desk/forgot/{token}",
        button="Set a new password",
        because="If it was not you, you need not do anything: your password stays as it is.",
    )


def _changed(settings: Settings) -> _Letter:
    return _Letter(
        subject="Your password for the comments desk was changed",
        says=(
            "The password of your account was changed just now.",
            "All other browsers that were signed in with it have been signed out.",
        ),
        link=f"{settings.public_url}/desk/forgot",
        button="Set another one",
        because="If it was not you, set another one at once and tell whoever runs the desk.",
    )


def _moderator(delivery: Delivery) -> Moderator:
    moderator = db.session.get(Moderator, delivery.payload["moderator"])
    if moderator is None or not moderator.active or moderator.email != delivery.recipient:
        raise NotSent("the account is closed", for_good=True)
    return moderator


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    keys = [*reversed(settings.secret_key_fallbacks), settings.secret_key]
    return URLSafeTimedSerializer(keys, salt="invitation")
