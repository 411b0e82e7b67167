"""A moderator: someone who signs in to the desk, and the sites they may see."""

from datetime import datetime
from enum import StrEnum

from flask_security.core import RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import (
    JSON,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.site import Site, Telling
from widget.models.types import enum_column


class Role(StrEnum):
    """What a moderator may do on one site; each may do all that the next may."""

    owner = "owner"
    admin = "admin"
    moderator = "moderator"
    viewer = "viewer"


_security_roles = Table(
    "moderator_security_role",
    Base.metadata,
    Column("moderator_id", ForeignKey("moderator.id"), primary_key=True),
    Column("security_role_id", ForeignKey("security_role.id"), primary_key=True),
)


class SecurityRole(Base, RoleMixin):
    """Flask-Security insists on a role table. Ours stays empty: roles are per site (Membership)."""

    __tablename__ = "security_role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Moderator(Base, UserMixin):
    """An account of the desk. The column names are Flask-Security's."""

    __tablename__ = "moderator"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # The second factor and passkeys.
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    # Mutable: a code that was used is taken out of the list.
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JSON))
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        String(64), index=True, unique=True
    )

    roles: Mapped[list[SecurityRole]] = relationship(  # type: ignore[assignment]  # its list[RoleMixin]
        secondary=_security_roles
    )
    memberships: Mapped[list["Membership"]] = relationship(back_populates="moderator")
    webauthn: Mapped[list["Passkey"]] = relationship(  # type: ignore[assignment]  # as above
        back_populates="user"
    )


class Passkey(Base, WebAuthnMixin):
    """A key that a browser, a phone or a stick keeps. The column names are Flask-Security's."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None]
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    create_datetime: Mapped[datetime] = mapped_column(default=now)
    lastuse_datetime: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(64))
    usage: Mapped[str] = mapped_column(String(64))

    user: Mapped[Moderator] = relationship(back_populates="webauthn")


class DeskSession(Base):
    """A browser that is signed in to the desk; what it knows is kept as a hash."""

    __tablename__ = "desk_session"
    __table_args__ = (Index("ix_desk_session_moderator", "moderator_id", "ended_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # Its family and system, such as “Firefox on Linux”: enough to know it again.
    browser: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]


class Invitation(Base):
    """Someone was asked by mail to moderate a site; its link is signed with the id."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    email: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship()
    invited_by: Mapped[Moderator | None] = relationship()


class Membership(Base):
    """A moderator's place at one site."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("site_id", "moderator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.moderator)
    # May they see readers' e-mail addresses? Owners decide.
    see_emails: Mapped[bool] = mapped_column(default=False)
    telling: Mapped[Telling] = mapped_column(enum_column(Telling), default=Telling.at_once)
    # The hour of a daily digest, in the site's zone; and until when, of what is told at once,
    # enough has been told (notify.tellings).
    telling_hour: Mapped[int] = mapped_column(default=8)
    told_at: Mapped[datetime] = mapped_column(default=now)

    site: Mapped[Site] = relationship()
    moderator: Mapped[Moderator] = relationship(back_populates="memberships")
