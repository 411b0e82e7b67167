"""What comments have in common: bands of their texts' fingerprints, hosts they link to."""

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from widget.db import Base, BigId

MAX_HOST = 255


class Likeness(Base):
    """One band of a text's fingerprint. Texts that share a band are near-duplicates, very likely.

    The latest comment with a band speaks for all: a newcomer joins its cluster, so that looking for
    likeness costs a few index look-ups, however many comments there are.
    """

    __tablename__ = "likeness"
    __table_args__ = (Index("ix_likeness_band", "site_id", "band", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    band: Mapped[int] = mapped_column(BigInteger)


class LinkedHost(Base):
    """A comment, or its author's website, links to this host or to one below it.

    There is a row for each domain above a host as well, and one for its ending (“*.top”), so that
    one look-up finds them all.
    """

    __tablename__ = "linked_host"
    __table_args__ = (Index("ix_linked_host_host", "site_id", "host", "comment_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), index=True)
    # In lower case, international names as they are sent (xn--…), without “www.”.
    host: Mapped[str] = mapped_column(String(MAX_HOST))
