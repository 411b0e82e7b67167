"""Blogs whose comments are made up: their own subjects, their regulars, and spam that changes.

Most of the spam is praise that fits every page, with what it sells in its name and website; some
names links. Each campaign has its own wares and hosts, lasts a while, and is followed by others.
"""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from widget.spam.labelled import Line

_START = datetime(2026, 1, 1, tzinfo=UTC)
_COMMON = re.findall(
    r"\w+",
    "the and of a to in is that it was for on are with they be at one have this from had but not"
    " what all were when we there can an your which do if will up about out many then them these so"
    " some would make like into time has look two more go see no way could people my than first",
)
_PRAISE = (
    ("great", "nice", "wonderful", "useful", "amazing", "good", "fine", "lovely"),
    ("post", "article", "site", "writing", "information", "read", "page", "blog"),
    ("thanks", "keep it up", "I will be back", "so true", "well said", "bookmarked", "I agree"),
)
_SELLING = ("cheap", "buy", "best", "online", "discount", "free", "order", "top", "official")
_ONSETS, _VOWELS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st"), "aeiou"


def word(chance: random.Random) -> str:
    """One that nobody has said before."""
    return "".join(
        chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 4))
    )


class Blog:
    """Comments of one blog, in the order they came; the same for the same seed."""

    def __init__(self, seed: int, spam: float) -> None:
        """`spam` is the share of it among them."""
        self._chance = random.Random(seed)
        self._spam = spam
        self._subjects = [[word(self._chance) for _ in range(12)] for _ in range(30)]
        self._regulars = [word(self._chance).title() for _ in range(60)]
        self._campaigns = [self._campaign() for _ in range(4)]

    def lines(self, count: int) -> list[Line]:
        """So many, one an hour."""
        return list(self._lines(count))

    def _lines(self, count: int) -> Iterator[Line]:
        for number in range(count):
            if not self._chance.randrange(40):
                self._campaigns = [*self._campaigns[1:], self._campaign()]
            at = _START + timedelta(hours=number)
            yield self._advert(at) if self._chance.random() < self._spam else self._talk(at)

    def _campaign(self) -> tuple[list[str], list[str]]:
        wares = [word(self._chance) for _ in range(3)]
        endings = self._chance.choices(("com", "info", "net", "top"), k=3)
        hosts = zip(wares, endings, strict=True)
        return wares, [f"{ware}-{word(self._chance)}.{ending}" for ware, ending in hosts]

    def _praise(self) -> str:
        how, what, more = map(self._chance.choice, _PRAISE)
        return f"{how} {what}, {more}."

    def _talk(self, at: datetime) -> Line:
        chance, subject = self._chance, self._chance.choice(self._subjects)
        each = chance.choices((subject, _COMMON), (1, 3), k=chance.randint(3, 60))
        words = [chance.choice(words) for words in each]
        if chance.random() < 0.3:
            words = [self._praise(), *words[: chance.choice((0, 0, 6, 60))]]
        regular = chance.choice(self._regulars)
        site = f"https://{regular.lower()}.com/" if chance.random() < 0.35 else ""
        return Line(" ".join(words), "ham", regular, site, _page(subject), at)

    def _advert(self, at: datetime) -> Line:
        chance, subject = self._chance, self._chance.choice(self._subjects)
        wares, hosts = chance.choice(self._campaigns)
        ware, host = chance.choice(wares), chance.choice(hosts)
        name = word(chance).title()
        if chance.random() < 0.5:
            name = f"{chance.choice(_SELLING)} {ware}"
        words = [self._praise(), *chance.choices(_COMMON, k=chance.choice((0, 5, 20)))]
        if chance.random() < 0.3:  # in the words of those who were there before
            words += chance.choices(subject, k=5)
        if chance.random() < 0.25:
            words += [chance.choice(_SELLING), ware, f"http://{host}/{chance.choice(_SELLING)}"]
        return Line(" ".join(words), "spam", name, f"http://{host}/", _page(subject), at)


def _page(subject: list[str]) -> str:
    return f"https://blog.example.org/{'-'.join(subject[:3])}"
