"""What every importer yields: a page and what was said there, before anything is judged."""

from dataclasses import dataclass, field
from datetime import datetime

from widget.models import Kind, Status


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """One comment as another system kept it. Texts are raw.

    `source_id` names it for good among all that this system's exports can bring to a site, and
    `parent` is the `source_id` of what it answers. No network address and no browser's name is
    ever read.
    """

    source_id: str
    label: str  # what its publisher knows it by, for the report
    author: str
    body: str
    created_at: datetime
    status: Status
    kind: Kind = Kind.comment
    parent: str | None = None
    email: str = ""
    website: str = ""
    skip: str = ""  # why it cannot be taken
    repaired: tuple[str, ...] = ()  # what had to be guessed


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the publisher's, with its comments in any order."""

    url: str
    title: str = ""
    is_closed: bool = False
    is_public: bool = True
    contributions: list[Contribution] = field(default_factory=list)
