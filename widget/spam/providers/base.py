"""One interface for all who may be asked: what they are told, what they answer, how they fail."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from widget.spam.checks import Signal

# What an e-mail address looks like, also within a form that was sent; and a hash of one.
_ADDRESS = re.compile(r"[^\s<>\"'=&,;:]+(@|%40)[^\s<>\"'=&,;:]+|[0-9a-f]{32}", re.IGNORECASE)


class Label(StrEnum):
    """What a moderator decided, as those who learn are told."""

    spam = "spam"
    ham = "ham"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What there is to tell of a comment; how much of it is sent, each provider says itself.

    There is no network address in it: none is stored.
    """

    comment_id: int
    site_id: int
    site: str
    # The site's own address, and that of the page that the comment stands on.
    blog: str
    permalink: str
    title: str = ""
    language: str = ""
    author: str
    email: str = ""
    website: str = ""
    body: str
    written_at: datetime
    kind: str = "comment"
    # What our own checks found.
    signals: Sequence[Signal] = ()
    # How often it was asked before, and those who wanted to be asked again (Later).
    attempt: int = 0
    postponed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a provider found: nothing, where it has no signal."""

    signals: tuple[Signal, ...] = ()
    # What it wants to be told to whoever runs the service: a plan that ends, a key that leaked.
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class Later:
    """It has not made up its mind, and wants to be asked again."""

    after: timedelta
    why: str


@dataclass(eq=False)
class Unavailable(Exception):
    """It could not be asked, or did not answer as it should; `reason` is shown to moderators."""

    reason: str
    # May the next try, a moment later, go better?
    is_brief: bool = False
    # Does it take somebody to mend it, such as another key?
    needs_people: bool = False
    # For how long it asked to be left alone.
    pause: timedelta | None = None
    # May it have been told what we asked? Not where nobody could be spoken to.
    was_sent: bool = True

    def __str__(self) -> str:
        return self.reason


class Provider(ABC):
    """Somebody else who judges comments. Each is off until its operator switches it on."""

    # As signals name it, and as people do.
    name: ClassVar[str]
    title: ClassVar[str]
    # Does it want to hear what moderators decide?
    learns: bool = False

    @property
    @abstractmethod
    def sends(self) -> str:
        """What leaves this machine, and where to: a sentence for operators and readers."""

    def has_to_do_with(self, question: Question) -> bool:
        """Is there anything to ask about this comment? If not, it is sent nothing."""
        return True

    @abstractmethod
    def ask(self, question: Question, *, within: float) -> Answer | Later:
        """Ask about a comment; raises Unavailable. `within`: seconds."""

    def is_news(self, label: Label, question: Question) -> bool:
        """Is there anything in this decision that it wants to hear? If not, it is sent nothing."""
        return True

    def tell(self, label: Label, question: Question, *, within: float) -> None:
        """Tell what a moderator decided; raises Unavailable. Only of those who learn."""
        raise NotImplementedError(f"{self.title} does not learn")

    def check(self, blog: str, *, within: float) -> None:  # noqa: B027 (not all can be checked)
        """Raises Unavailable if it does not work as it is set up; nothing of a reader is sent."""


def plain(text: str, limit: int) -> str:
    """Somebody else's words as one line that can be shown and stored."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 4 * limit])
    line = " ".join(shown.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def quoted(text: str, limit: int) -> str:
    """Likewise, to be kept: without any address that they may have repeated."""
    return plain(_ADDRESS.sub("…", text[: 4 * limit]), limit)


def number(value: object) -> float | None:
    """A number out of somebody else's JSON; None for what is none, or not finite."""
    if type(value) not in {int, float}:
        return None
    try:
        found = float(value)  # type: ignore[arg-type]
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
