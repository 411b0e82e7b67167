"""What the spam filter keeps: what it has learned, from what, and how those do whom it may ask."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from widget.db import Base, BigId, now

MAX_PROVIDER = 32


class SpamModel(Base):
    """One version of what was learned from decisions; derived data (spam.classifier).

    `site_id` is empty for the prior, which all sites of this installation share. One of a site's
    versions is in use; others were no better, and say so in `remark`.
    """

    __tablename__ = "spam_model"
    __table_args__ = (UniqueConstraint("site_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    version: Mapped[int]
    in_use: Mapped[bool] = mapped_column(default=False)
    # How many decisions it knew, and the last of them: nothing new, nothing to learn.
    decisions: Mapped[int] = mapped_column(default=0)
    decision_id: Mapped[int] = mapped_column(BigId, default=0)
    # What was measured on decisions that it had not learned from.
    measured: Mapped[dict[str, Any]] = mapped_column(default=dict)
    remark: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)


class SpamExample(Base):
    """What a model learns from a comment that was purged: numbers, that give no word back."""

    __tablename__ = "spam_example"
    __table_args__ = (Index("ix_spam_example_site", "site_id", "written_at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    is_spam: Mapped[bool]
    written_at: Mapped[datetime]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ProviderState(Base):
    """How a provider does for a site (spam.providers.breaker.Condition)."""

    __tablename__ = "provider_state"

    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), primary_key=True)
    provider: Mapped[str] = mapped_column(String(MAX_PROVIDER), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    remark: Mapped[str] = mapped_column(Text, default="")
