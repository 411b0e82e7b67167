"""What the classifier is asked about, what it answers, and that it does not know enough yet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

Label = Literal["spam", "ham"]
Verdict = Literal["spam", "unsure", "ham"]
Weights = tuple[tuple[str, float], ...]

MIN_DECISIONS = 50
MIN_EACH = 10


@dataclass(frozen=True)
class Example:
    """A comment as the classifier sees it; with a label once a moderator has decided.

    `signals` are the names of the rules that found something, `hosts` those its links lead to
    beside the ones that stand in the text, `page` the canonical URL or title of its thread.
    """

    text: str
    author: str = ""
    url: str = ""
    hosts: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    page: str = ""
    at: datetime | None = None
    label: Label | None = None


@dataclass(frozen=True)
class Opinion:
    """What a model thinks of a comment; and why, found out when it is asked for.

    `words` and `facts` of it weighed most: above 0 they speak for spam, below 0 for ham; a weight
    is in log odds.
    """

    probability: float
    verdict: Verdict
    say_words: Callable[[], Weights] = field(repr=False, compare=False)
    say_facts: Callable[[], Weights] = field(repr=False, compare=False)

    @cached_property
    def words(self) -> Weights:
        """The words, as they are written, the strongest first."""
        return self.say_words()

    @cached_property
    def facts(self) -> Weights:
        """The facts, likewise."""
        return self.say_facts()


class NotEnough(Exception):
    """Too few decisions to learn from; says how many there are and how many it takes."""


class UnknownVersion(Exception):
    """These bytes were made by another version of the classifier: relearn from the decisions."""
