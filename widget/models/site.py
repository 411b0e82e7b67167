"""A site: one publisher, its origins and its house rules."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from widget.db import Base, now
from widget.models.types import enum_column

MAX_DEPTH = 10
MAX_KEY = 64


class Hold(StrEnum):
    """Which comments without a signal wait for a moderator."""

    all = "all"
    first = "first"
    none = "none"


class Order(StrEnum):
    """The order of a thread's top-level comments. Replies always stand oldest first."""

    oldest = "oldest"
    newest = "newest"


class Votes(StrEnum):
    """How readers may vote on a comment."""

    none = "none"
    up = "up"
    both = "both"


class Telling(StrEnum):
    """How often a moderator, or a chat room, hears of what waits."""

    at_once = "at_once"
    hourly = "hourly"
    daily = "daily"
    never = "never"


class Shields(StrEnum):
    """When a site holds every comment and asks every browser for a piece of work."""

    automatic = "automatic"  # while it is flooded
    up = "up"
    down = "down"


class Site(Base):
    """One publisher. `version` rises when anything shown in its threads changes."""

    __tablename__ = "site"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    origins: Mapped[list[str]]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=now)

    hold: Mapped[Hold] = mapped_column(enum_column(Hold), default=Hold.first)
    hold_links: Mapped[int] = mapped_column(default=2)
    hold_words: Mapped[str] = mapped_column(Text, default="")
    # What contains one of these goes to spam at once.
    spam_words: Mapped[str] = mapped_column(Text, default="")
    # May what the filter calls spam go there without a moderator?
    filter_decides: Mapped[bool] = mapped_column(default=True)
    # From which probability on it does, in percent; empty: as it was found out by itself.
    spam_from: Mapped[float | None]
    shields: Mapped[Shields] = mapped_column(enum_column(Shields), default=Shields.automatic)
    # Since when, and until when at least, a flood has raised them.
    flooded_at: Mapped[datetime | None]
    flooded_until: Mapped[datetime | None]
    require_email: Mapped[bool] = mapped_column(default=True)
    depth: Mapped[int] = mapped_column(default=5)
    page_size: Mapped[int] = mapped_column(default=50)
    order: Mapped[Order] = mapped_column(enum_column(Order), default=Order.oldest)
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    language: Mapped[str] = mapped_column(String(16), default="en")
    # What readers see instead of our words (widget.language.SiteWords).
    words: Mapped[dict[str, Any]] = mapped_column(default=dict)

    votes: Mapped[Votes] = mapped_column(enum_column(Votes), default=Votes.up)
    # From so many readers' reports on, a comment is held again; 0: never.
    hold_reports: Mapped[int] = mapped_column(default=3)
    edit_minutes: Mapped[int] = mapped_column(default=15)
    # After so many days a thread takes no more comments; 0: never.
    close_after_days: Mapped[int] = mapped_column(default=0)
    markdown: Mapped[bool] = mapped_column(default=False)
    infinite_scroll: Mapped[bool] = mapped_column(default=False)

    # After so many days, what lies in the trash or in spam is purged; 0: never.
    trash_days: Mapped[int] = mapped_column(default=30)
    spam_days: Mapped[int] = mapped_column(default=15)
    # May anybody see how much is held, approved and rejected here, and why?
    transparent: Mapped[bool] = mapped_column(default=False)
    # Does an author hear the moderator's reason for rejecting a comment?
    tell_reasons: Mapped[bool] = mapped_column(default=False)
    # May readers ask for mail with a comment? Who asked before still hears.
    reader_mail: Mapped[bool] = mapped_column(default=True)
    # How often those hear of what waits who get a place here from now on.
    new_telling: Mapped[Telling] = mapped_column(enum_column(Telling), default=Telling.at_once)

    @property
    def is_flooded(self) -> bool:
        """Does a flood keep the shields up now?"""
        is_on = self.flooded_until is not None and self.flooded_until > now()
        return is_on and self.shields is Shields.automatic
