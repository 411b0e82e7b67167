"""Phrases with weights, found among the words of a text by a look-up for each word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from widget.spam.words import fold

_SHORTEST_STEM, _LONGEST_STEM = 3, 12
# However many hints there are, they may all mislead.
_MOST = 0.95
# Numbers for letters, as in v1agra.
_SPELLED = str.maketrans("013457@", "oieasta")


@dataclass(frozen=True)
class Found:
    """A phrase, where it stands among the words of a text, and how much it weighs."""

    phrase: str
    at: int
    count: int
    weight: float

    @property
    def is_telling(self) -> bool:
        """Does it mean something without others?"""
        return self.weight >= 0.3  # noqa: PLR2004 (a third)


class Lexicon:
    """Lines such as `0.3: one phrase, another, stem*`; what is said twice has the first weight."""

    def __init__(self, *texts: str) -> None:
        self._weights: dict[str, float] = {}
        self._stems: dict[str, float] = {}
        self._heads: set[str] = set()
        # How many words the longest phrase has that begins with a word.
        self._longest: dict[str, int] = {}
        for text in texts:
            for line in filter(None, map(str.strip, text.splitlines())):
                weight, _, phrases = line.partition(":")
                for phrase in phrases.split(","):
                    self._add(fold(phrase).split(), float(weight))

    @cached_property
    def words(self) -> set[str]:
        """Every word of every phrase."""
        return {word for phrase in self._weights for word in phrase.split()}

    def find(self, tokens: Sequence[str]) -> list[Found]:
        """Each phrase once, in the order they come; of those that overlap, the longest."""
        found: dict[str, Found] = {}
        after = 0
        longest, heads = self._longest, self._heads
        for at, token in enumerate(tokens):
            if (
                at >= after
                and (token in longest or token[:_SHORTEST_STEM] in heads or not token.isalpha())
                and (one := self._at(tokens, at, token))
            ):
                found.setdefault(one.phrase, one)
                after = at + one.count
        return list(found.values())

    def _at(self, tokens: Sequence[str], at: int, token: str) -> Found | None:
        for count in range(self._longest.get(token, 0), 0, -1):
            phrase = " ".join(tokens[at : at + count])
            if weight := self._weights.get(phrase):
                return Found(phrase, at, count, weight)
        if weight := self._by_stem(token):
            return Found(token, at, 1, weight)
        if not token.isalpha() and (spelled := token.translate(_SPELLED)).isalpha():
            weight = self._weights.get(spelled) or self._by_stem(spelled)
            return Found(token, at, 1, weight) if weight else None
        return None

    def _by_stem(self, token: str) -> float:
        for length in range(_SHORTEST_STEM, min(len(token), _LONGEST_STEM) + 1):
            if weight := self._stems.get(token[:length]):
                return weight
        return 0.0

    def _add(self, words: list[str], weight: float) -> None:
        if len(words) == 1 and words[0].endswith("*"):
            self._stems.setdefault(words[0][:-1], weight)
            self._heads.add(words[0][:_SHORTEST_STEM])
        elif words:
            self._weights.setdefault(" ".join(words), weight)
            self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))


def together(weights: Iterable[float]) -> float:
    """Independent hints: how likely it is that not all of them mislead."""
    return round(min(_MOST, 1 - prod(1 - weight for weight in weights)), 2)
