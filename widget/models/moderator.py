"""A moderator: someone who signs in to the desk, and the sites they may see."""

from datetime import datetime
from enum import StrEnum

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, now
from widget.models.site import Site
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

    roles: Mapped[list[SecurityRole]] = relationship(  # type: ignore[assignment]  # its list[RoleMixin]
        secondary=_security_roles
    )
    memberships: Mapped[list["Membership"]] = relationship(back_populates="moderator")


class Membership(Base):
    """A moderator's place at one site."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("site_id", "moderator_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderator.id"), index=True)
    role: Mapped[Role] = mapped_column(enum_column(Role), default=Role.moderator)

    site: Mapped[Site] = relationship()
    moderator: Mapped[Moderator] = relationship(back_populates="memberships")
