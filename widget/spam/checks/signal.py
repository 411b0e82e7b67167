"""What checks are asked about, and what they answer."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Self

# Of what was there before, nobody counts more than this.
MAX_COUNTED = 500


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One check's finding: its rule, the words for a moderator, what matched, how much it weighs.

    `score` runs from 0 (harmless) to 1 (certainly spam). One that `holds` does so alone; others
    add up (Assessment.risk). `trust`, from 0 to 1, is what speaks for the comment.
    """

    rule: str
    reason: str
    span: str = ""
    score: float = 0.5
    holds: bool = True
    trust: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as Comment.signals keeps it; what most signals have in common is left out."""
        said = asdict(self)
        if self.holds:
            del said["holds"]
        if not self.trust:
            del said["trust"]
        return said

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Self:
        """What `as_dict` made, whatever else was kept with it."""
        names = cls.__dataclass_fields__.keys() & said.keys()
        return cls(**{name: said[name] for name in names})


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is known of the comment itself and of its site's rules."""

    author: str
    email: str
    website: str
    body: str
    body_html: str
    arrival: dict[str, Any]
    hold_links: int
    hold_words: str = ""
    spam_words: str = ""
    # What the page is called, with its address: words that a reader has a reason to say.
    page: str = ""
    # The site's own addresses (https://…), which nobody else should seem to be.
    origins: tuple[str, ...] = ()
    # As far as can be told, and as the site is set: two letters each.
    written_in: str = ""
    site_language: str = ""


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of somebody's comments, or of those that link somewhere."""

    approved: int = 0
    spam: int = 0
    # Since the first of them.
    age: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class History:
    """What the database knows around the comment. No number is above MAX_COUNTED."""

    same_body: int = 0
    # Others that say nearly the same, in other words.
    alike: int = 0
    # Others of other sites, called spam there, that say nearly the same.
    alike_elsewhere: int = 0
    # Of this browser, of its network, and of each host that is linked to.
    key: Record = field(default_factory=Record)
    network: Record = field(default_factory=Record)
    hosts: Mapping[str, Record] = field(default_factory=dict)
    # With this comment, within ten minutes and within an hour.
    by_key: tuple[int, int] = (0, 0)
    by_network: tuple[int, int] = (0, 0)
    by_text: tuple[int, int] = (0, 0)
    # What is usually written in the thread; none where there is too little to tell.
    languages: frozenset[str] = frozenset()
    # What it answers.
    parent: str = ""

    @property
    def key_approved(self) -> int:
        """How much of this browser's was approved."""
        return self.key.approved


Check = Callable[[Candidate, History], Signal | None]
