"""Likeness: how much two texts have in common, and which hosts a comment links to.

A text is normalised so that what spammers vary does not count, cut into overlapping pieces, and
reduced to a few numbers (MinHash bands). Texts that share one are compared piece by piece.
"""

import hashlib
import html
import re
import struct
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from rensa import RMinHash  # type: ignore[import-untyped]

from widget.models import Comment
from widget.models.likeness import MAX_HOST
from widget.spam.checks import reading

# How much of all pieces of two texts both must have to be near-duplicates: two of one template with
# a third of their words exchanged have so much, two that have only their subject in common do not.
ALIKE = 0.42
# A band is so many numbers of the fingerprint; sharing one needs all of them to be equal. Of texts
# that are alike by 0.8 nearly all meet, by 0.42 six in ten: in a flood, each meets some of the
# others. By 0.1, one in 100 does, and is compared in vain (tests/test_likeness.py measures it).
_ROWS, _BANDS = 3, 12
_PIECE = 5
# Below this there are too few pieces to tell likeness from chance: such texts must be equal.
_SHORT = 24
# Nobody reads on; and what a text costs is bounded.
_LONG = 20_000
_SEED = 6

_LINK = re.compile(r"(?:https?://|www\.)([^\s/?#<>\"')\]]+)[^\s<>\"')\]]*", re.IGNORECASE)
_HREF = re.compile(r'<a\s[^>]*?href="([^"]*)"', re.IGNORECASE)
_NO_WORDS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"\d+")
# Letters of other scripts that look like these. What stands in for what does not matter, as long
# as it is the same in both texts; so texts that are really in such a script are compared as well.
_LOOK_ALIKES = {
    ord(other): letter
    for letter, others in {
        "a": "\u0430\u03b1\u0251", "b": "\u0432\u03b2", "c": "\u0441\u03f2", "d": "\u0501",
        "e": "\u0435\u03b5", "h": "\u043d\u04bb", "i": "\u0456\u03b9\u0131", "j": "\u0458",
        "k": "\u043a\u03ba", "l": "\u04cf", "m": "\u043c", "n": "\u03b7", "o": "\u043e\u03bf",
        "p": "\u0440\u03c1", "q": "\u051b", "s": "\u0455", "t": "\u0442\u03c4", "u": "\u03c5",
        "v": "\u03bd\u0475", "w": "\u051d\u03c9", "x": "\u0445\u03c7", "y": "\u0443\u03b3",
    }.items()
    for other in others
}  # fmt: skip


@lru_cache(maxsize=64)
def normalised(text: str) -> str:
    """A text without what is varied from one copy to the next.

    Case, accents, invisible characters, look-alike letters, numbers, punctuation; and of each link
    only the host stays.
    """
    folded = unicodedata.normalize("NFKC", text[: 2 * _LONG]).casefold()
    linked = _LINK.sub(lambda link: f" {link[1]} ", folded)
    seen = linked if linked.isascii() else _seen(linked)
    plain = _NO_WORDS.sub(" ", _DIGITS.sub("0", seen))
    return plain.strip()[:_LONG]


def _seen(text: str) -> str:
    """Letters as they look: without accents and what nobody sees."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(
        char
        for char in decomposed
        if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
    ).translate(_LOOK_ALIKES)


def bands(text: str) -> list[int]:
    """The numbers of a text by which near-duplicates are found; none for a text without words."""
    words = normalised(text)
    if not words:
        return []
    if len(words) < _SHORT:
        return [_number(f"short {words}".encode())]
    fingerprint = RMinHash(num_perm=_ROWS * _BANDS, seed=_SEED)
    fingerprint.update(list(_compared(text).pieces))
    digest = fingerprint.digest()
    return [
        _number(struct.pack(f">{_ROWS + 1}Q", band, *digest[band * _ROWS : (band + 1) * _ROWS]))
        for band in range(_BANDS)
    ]


def is_telling(text: str) -> bool:
    """Is a text long enough for its likeness to another to mean anything?"""
    return len(normalised(text)) >= _SHORT


def likeness(one: str, other: str) -> float:
    """How much two texts have in common: from 0 to 1, what normalises to the same."""
    first, second = _compared(one), _compared(other)
    if min(len(first.words), len(second.words)) < _SHORT:
        return float(first.words == second.words)
    return len(first.pieces & second.pieces) / len(first.pieces | second.pieces)


def hosts(comment: Comment) -> list[str]:
    """The hosts that a comment, or its author's website, links to, each once, as they come."""
    urls = [html.unescape(url) for url in _HREF.findall(comment.body_html)]
    found = (host_of(url) for url in dict.fromkeys((comment.website, *urls)))
    return list(dict.fromkeys(filter(None, found)))


def host_of(url: str) -> str:
    """An address's host: lower case, as it is sent (xn--…), without “www.”; empty for none."""
    return reading.host_of(url)[:MAX_HOST]


def domains(host: str) -> list[str]:
    """A host and the domains above it, by each of which it is found; but no top-level one."""
    parts = host.split(".")
    if parts[-1].isdigit() or ":" in host:  # an address has nothing above it
        return [host]
    return [".".join(parts[start:]) for start in range(max(1, len(parts) - 1))]


def places(host: str) -> list[str]:
    """All that a link's host can be found by: its domains, and its ending, such as “*.top”."""
    found = domains(host)
    above, _, last = host.rpartition(".")
    return found if not above or last.isdigit() or ":" in host else [*found, ending(last)]


def ending(label: str) -> str:
    """What stands for all hosts with this top-level label."""
    return f"*.{label}"


class _Compared(NamedTuple):
    words: str
    pieces: frozenset[str]


@lru_cache(maxsize=16)
def _compared(text: str) -> _Compared:
    """In a flood each text is compared with those just before it."""
    words = normalised(text)
    return _Compared(words, frozenset(_pieces(words)))


def _pieces(words: str) -> set[str]:
    return {words[start : start + _PIECE] for start in range(len(words) - _PIECE + 1)}


def _number(of: bytes) -> int:
    """64 bits with a sign, as a database keeps them."""
    digest = hashlib.blake2b(of, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
