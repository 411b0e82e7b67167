"""Likeness: which comments say nearly the same, and which hosts they link to.

A text is normalised so that what spammers vary does not count, cut into overlapping pieces, and
reduced to a few numbers (MinHash bands). Texts that share one are compared piece by piece; those
that are alike are one cluster. So the cost does not depend on how many comments there are.

What was imported, or written before likeness was kept, has no bands: only what comes or is edited
from then on is compared, with what came before it.
"""

import hashlib
import html
import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from rensa import RMinHash  # type: ignore[import-untyped]
from sqlalchemy import delete, literal, select, union_all

from widget.db import db
from widget.models import Comment, Likeness, LinkedHost
from widget.models.likeness import MAX_HOST

# How much of all pieces of two texts both must have to be near-duplicates.
ALIKE = 0.6
# A band is so many numbers of the fingerprint; sharing one needs all of them to be equal. Of texts
# that are alike by 0.8, 19 of 20 meet; by 0.3, not one in 100 (tests/test_likeness.py measures it).
_ROWS, _BANDS = 6, 12
_PIECE = 5
# Below this there are too few pieces to tell likeness from chance: such texts must be equal.
_SHORT = 24
# Nobody reads on; and what a text costs is bounded.
_LONG = 20_000
_SEED = 6
# Of all that share a band, so many are compared: those that share the most.
_COMPARED = 3
# A comment is found by so many of its hosts; rules look at all of them.
_MAX_HOSTS = 100

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


def normalised(text: str) -> str:
    """A text without what is varied from one copy to the next.

    Case, accents, invisible characters, look-alike letters, numbers, punctuation; and of each link
    only the host stays.
    """
    folded = unicodedata.normalize("NFKC", text[: 2 * _LONG]).casefold()
    linked = _LINK.sub(lambda link: f" {link[1]} ", folded)
    decomposed = unicodedata.normalize("NFD", linked)
    seen = "".join(
        char
        for char in decomposed
        if not unicodedata.combining(char) and unicodedata.category(char) != "Cf"
    )
    plain = _NO_WORDS.sub(" ", _DIGITS.sub("0", seen.translate(_LOOK_ALIKES)))
    return plain.strip()[:_LONG]


def bands(text: str) -> list[int]:
    """The numbers of a text by which near-duplicates are found; none for a text without words."""
    words = normalised(text)
    if not words:
        return []
    if len(words) < _SHORT:
        return [_number(f"short {words}".encode())]
    fingerprint = RMinHash(num_perm=_ROWS * _BANDS, seed=_SEED)
    fingerprint.update(sorted(_pieces(words)))
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
    first, second = normalised(one), normalised(other)
    if min(len(first), len(second)) < _SHORT:
        return float(first == second)
    pieces, others = _pieces(first), _pieces(second)
    return len(pieces & others) / len(pieces | others)


def join(comment: Comment) -> None:
    """Put a comment into the cluster of those like it; to be asked again when it was edited.

    `cluster_id` is its own where there are none so far. Never another comment's row is written:
    moves hold locks on those.
    """
    for model in (Likeness, LinkedHost):
        db.session.execute(
            delete(model).where(
                model.site_id == comment.site_id, model.comment_id == comment.id
            )
        )  # fmt: skip
    found = bands(comment.body)
    like = _most_like(comment, found)
    comment.cluster_id = (like.cluster_id or like.id) if like else comment.id
    known = {"site_id": comment.site_id, "comment_id": comment.id}
    db.session.add_all(Likeness(**known, band=band) for band in found)
    linked = {place for host in hosts(comment)[:_MAX_HOSTS] for place in places(host)}
    db.session.add_all(LinkedHost(**known, host=host) for host in sorted(linked))
    db.session.flush()


def hosts(comment: Comment) -> list[str]:
    """The hosts that a comment, or its author's website, links to, each once, as they come."""
    urls = [html.unescape(url) for url in _HREF.findall(comment.body_html)]
    found = (host_of(url) for url in dict.fromkeys((comment.website, *urls)))
    return list(dict.fromkeys(filter(None, found)))


def host_of(url: str) -> str:
    """An address's host: lower case, as it is sent (xn--…), without “www.”; empty for none."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return ""
    if not host.isascii():
        with suppress(UnicodeError):  # no such name can exist: then it counts as it was typed
            host = host.encode("idna").decode()
    return host[:MAX_HOST]


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


def _pieces(words: str) -> set[str]:
    return {words[start : start + _PIECE] for start in range(len(words) - _PIECE + 1)}


def _number(of: bytes) -> int:
    """64 bits with a sign, as a database keeps them."""
    digest = hashlib.blake2b(of, digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _most_like(comment: Comment, found: Sequence[int]) -> Comment | None:
    """The comment that shares a band and is most like this one; None where none is alike."""
    if not found:
        return None
    latest = union_all(
        *(
            select(
                select(Likeness.comment_id)
                .where(Likeness.site_id == comment.site_id, Likeness.band == literal(band))
                .order_by(Likeness.id.desc())
                .limit(1)
                .subquery()
            )
            for band in found
        )
    )
    shared = Counter(db.session.scalars(latest))
    ids = [comment_id for comment_id, _ in shared.most_common(_COMPARED)]
    others = db.session.scalars(
        select(Comment).where(Comment.site_id == comment.site_id, Comment.id.in_(ids))
    )
    by_likeness = {likeness(comment.body, other.body): other for other in others}
    best = max(by_likeness, default=0.0)
    return by_likeness[best] if best >= ALIKE else None
