"""A site's lists of words: what is listed, and where a text says it.

One word, phrase or address a line; a line that starts with # is a remark. What is listed is found
as whole words, whatever its case, accents, width or invisible characters; `*` stands for any run of
letters and digits, so `casino*` also finds “casinos”, and `*press*` finds “WordPress”, as a line of
WordPress's lists does. Writing that puts no blanks between words has no whole words either: there,
what is listed is found anywhere.

A long list must cost nothing: a plain word is one look-up among all; every other line is looked at
only where the text holds that part of it that fewest other lines have. No input or output happens
here.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_LINE = 200
# More than this no `*` stands for: a bound, so that no text makes the search slow.
_MAX_RUN = 64
# How long that part is: the longer, the fewer texts hold it by chance.
_GRAMS = (8, 4)
# A wildcard beside pieces that are all shorter than this is looked for in nearly every text.
_TELLING_PIECE = 3
_MAX_VAGUE = 100
# Written without blanks between words, or with endings that hang on: Thai to Burmese, Khmer,
# Hangul, kana and Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u31ff"
    "\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
# Letters and vowel signs of India's scripts: Python does not take all of the latter for letters.
_SIGNS = "[\u0900-\u0963\u0966-\u0dff]"
_PLAIN = rf"[^\W_{_UNSPACED}]"
_LETTER = rf"(?:{_PLAIN}|{_SIGNS})"
_TOKEN = re.compile(rf"{_PLAIN}+(?:{_SIGNS}+{_PLAIN}*)*")
_BEFORE = rf"(?<!{_PLAIN})(?<!{_SIGNS})"
_AFTER = rf"(?!{_LETTER})"
# The rest of a Hangul syllable, or what makes another kana of the one before.
_WHOLE = "(?![\u1160-\u11ff\u3099\u309a])"
_PIECE = re.compile(r"[^\s*]+")
# Letters with a stroke or tied together, which no decomposition takes apart.
_STROKED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "\u0131": "i", "æ": "ae", "œ": "oe"}
)
# Combining marks of these classes tell words apart (nukta, kana's voicing, virama); others do not.
_TELLING = {0, 7, 8, 9}
# Nothing to see, though Unicode does not call all of them format characters.
_INVISIBLE = {
    0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0,
    *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A listed line, and what of the text it matched, as it is written there."""

    line: str
    span: str


@dataclass(frozen=True)
class _Line:
    """A line that is more than one plain word. A match holds all its pieces, the longest first."""

    number: int
    folded: str
    pieces: tuple[str, ...]

    def search(self, folded: str) -> tuple[int, int] | None:
        match = _compiled(self.folded).search(folded)
        return match.span() if match else None


class Words:
    """A list, ready to be looked up."""

    def __init__(self, text: str) -> None:
        self._lines = list(_listed(text))
        self._plain: dict[str, int] = {}
        others = [
            line
            for number, listed in enumerate(self._lines)
            if (line := self._read(number, " ".join(fold(listed).split())))
        ]
        self._by_gram = _by_gram(others)

    def __bool__(self) -> bool:
        """Is anything listed?"""
        return bool(self._lines)

    def find(self, text: str) -> Found | None:
        """The first listed line that the text says."""
        if not self._lines or not text:
            return None
        folded = fold(text)
        known = {token for token in _TOKEN.findall(folded) if token in self._plain}
        token = min(known, key=self._plain.__getitem__, default="")
        plain = self._plain.get(token, len(self._lines))
        for line in self._candidates(folded):
            if line.number > plain:
                break
            if span := line.search(folded):
                return Found(self._lines[line.number], as_written(text, *span))
        if not token:
            return None
        start = next(match.start() for match in _TOKEN.finditer(folded) if match[0] == token)
        return Found(self._lines[plain], as_written(text, start, start + len(token)))

    def _read(self, number: int, folded: str) -> _Line | None:
        """A line that is not plain; a plain one is remembered as a word."""
        if _TOKEN.fullmatch(folded):
            self._plain.setdefault(folded, number)
            return None
        pieces = _pieces(folded)
        return _Line(number, folded, pieces) if pieces else None

    def _candidates(self, folded: str) -> list[_Line]:
        """The lines that may match, in their order."""
        lines: list[_Line] = []
        for size, known in self._by_gram.items():
            grams = {folded[at : at + size] for at in range(len(folded) - size + 1)}
            for gram in known.keys() & grams:
                lines += (
                    line for line in known[gram] if all(piece in folded for piece in line.pieces)
                )
        return sorted(lines, key=lambda line: line.number)


def _pieces(folded: str) -> tuple[str, ...]:
    return tuple(sorted(set(_PIECE.findall(folded)), key=len, reverse=True))


def _grams(line: _Line) -> list[str]:
    """Any of these is in every text that the line matches."""
    longest = len(line.pieces[0])
    size = next((size for size in _GRAMS if size <= longest), longest)
    return [piece[at : at + size] for piece in line.pieces for at in range(len(piece) - size + 1)]


def _by_gram(lines: list[_Line]) -> dict[int, dict[str, list[_Line]]]:
    """Each line under the rarest of its grams, by the length of that."""
    spread = Counter(gram for line in lines for gram in set(_grams(line)))
    found: dict[int, dict[str, list[_Line]]] = {}
    for line in lines:
        gram = min(_grams(line), key=spread.__getitem__)
        found.setdefault(len(gram), {}).setdefault(gram, []).append(line)
    return found


@lru_cache(maxsize=64)
def words(text: str) -> Words:
    """The list in this text, compiled once."""
    return Words(text)


def count(text: str) -> int:
    """How many lines of a list count."""
    return sum(1 for _ in _listed(text))


def fault(text: str) -> str:
    """What is wrong with a list, for whoever wrote it; nothing if it is well."""
    vague = 0
    for number, line in enumerate(text.splitlines(), 1):
        listed = line.strip()
        if not listed or listed.startswith("#"):
            continue
        if len(listed) > MAX_LINE:
            return f"Line {number} is longer than {MAX_LINE} characters."
        folded = fold(listed)
        if not (pieces := _pieces(folded)):
            return f"Line {number} says nothing to look for: “{listed}”."
        vague += "*" in folded and len(pieces[0]) < _TELLING_PIECE
        if vague > _MAX_VAGUE:
            return (
                f"Line {number} is one more than {_MAX_VAGUE} lines that have a “*”"
                " and no three letters in a row beside it."
            )
    return ""


def fold(text: str) -> str:
    """A text as it is compared: without case, accents, width and invisible characters."""
    return text.lower() if text.isascii() else text.translate(_FOLDS)


def _listed(text: str) -> Iterator[str]:
    for line in text.splitlines():
        listed = line.strip()
        if listed and not listed.startswith("#") and len(listed) <= MAX_LINE:
            yield listed


class _Folds(dict[int, str]):
    """What each character folds to, found out when it is first met."""

    _MAX = 20_000

    def __missing__(self, code: int) -> str:
        folded = "".join(_bare(chr(code)))
        if len(self) < self._MAX:
            self[code] = folded
        return folded


_FOLDS = _Folds()


def _bare(char: str) -> Iterator[str]:
    if ord(char) in _INVISIBLE:
        return
    apart = unicodedata.normalize("NFKD", char.casefold()).casefold().translate(_STROKED)
    for part in unicodedata.normalize("NFKD", apart):
        is_mark = unicodedata.combining(part) not in _TELLING
        if not is_mark and unicodedata.category(part) not in {"Cf", "Me"}:
            yield part


def as_written(text: str, start: int, end: int) -> str:
    """The part of a text that stands at these places once it is folded."""
    if text.isascii():
        return text[start:end]
    at, first, last = 0, None, 0
    for place, char in enumerate(text):
        length = len(_FOLDS[ord(char)])
        if length and at < end and at + length > start:
            first = place if first is None else first
            last = place + 1
        at += length
    return text[first:last]


@lru_cache(maxsize=4096)
def _compiled(line: str) -> re.Pattern[str]:
    """A line with blanks, signs, wildcards or writing without blanks."""
    first, *others = re.split(r"\*+", line)
    # Within a match each run is as short as can be, and is not tried again: that is enough to find
    # one, and no text makes it slow.
    run = rf"[\w*]{{0,{_MAX_RUN}}}"
    pattern = _literal(first)
    for piece in others[:-1]:
        pattern += rf"(?>{run}?{_literal(piece)})"
    if others:
        pattern += rf"{run}?{_literal(others[-1])}" if others[-1] else run
    before = _BEFORE if re.match(_LETTER, line) else ""
    after = _AFTER if re.search(f"{_LETTER}$", line) else ""
    return re.compile(f"{before}{pattern}{after}{_WHOLE}")


def _literal(piece: str) -> str:
    return re.escape(piece).replace(r"\ ", r"\s+")
