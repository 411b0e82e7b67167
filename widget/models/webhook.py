"""A webhook: a chat room that hears what waits."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from widget.db import Base, now
from widget.models.site import Telling
from widget.models.types import enum_column

MAX_WEBHOOK = 500


class Dialect(StrEnum):
    """Whose messages it understands."""

    slack = "slack"  # and Mattermost, Rocket.Chat, Zulip's Slack-compatible hook
    discord = "discord"


class Webhook(Base):
    """Where to post, in whose dialect, and how often. The address is a secret: it lets one post."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(MAX_WEBHOOK))
    dialect: Mapped[Dialect] = mapped_column(enum_column(Dialect))
    telling: Mapped[Telling] = mapped_column(enum_column(Telling), default=Telling.at_once)
    # Until when, of what is told at once, it has been told enough (notify.tellings).
    told_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # Its last failure, in words, until it works again.
    error: Mapped[str] = mapped_column(Text, default="")
