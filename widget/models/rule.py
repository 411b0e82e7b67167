"""A rule: whom or what a site trusts, holds or bans, for a time or for good."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from widget.db import Base, BigId, now
from widget.models.moderator import Moderator
from widget.models.types import enum_column

MAX_PATTERN = 255


class Match(StrEnum):
    """What of a comment a rule looks at."""

    key = "key"  # the commenter's key, hashed
    email = "email"
    domain = "domain"  # of the e-mail address
    network = "network"  # hashed; the hash changes every month (comments.authorship)
    link = "link"  # a host that the comment or the website field links to, and all below it


class Effect(StrEnum):
    """What becomes of a comment that matches."""

    trust = "trust"  # published, unless it looks like spam
    hold = "hold"
    spam = "spam"
    trash = "trash"  # a ban


class Rule(Base):
    """One line of a site's house rules. Counts until `until`, or until it is ended by hand."""

    __tablename__ = "rule"
    __table_args__ = (Index("ix_rule_pattern", "site_id", "match", "pattern"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    match: Mapped[Match] = mapped_column(enum_column(Match))
    # A hash, or in lower case: an address, a domain, a host.
    pattern: Mapped[str] = mapped_column(String(MAX_PATTERN))
    effect: Mapped[Effect] = mapped_column(enum_column(Effect))
    # Why, for other moderators; and whose comment it was made from, since a hash says nothing.
    note: Mapped[str] = mapped_column(Text, default="")
    about: Mapped[str] = mapped_column(String(MAX_PATTERN), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("moderator.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    created_by: Mapped[Moderator | None] = relationship()
