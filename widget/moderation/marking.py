"""Marking in a comment what the checks found in it."""

import re
from collections.abc import Iterable, Iterator
from html import unescape

# The pieces of cleaned HTML: a tag, a reference, or one character.
_PIECE = re.compile(r'(<[^<>"]*(?:"[^"]*"[^<>"]*)*>)|(&[^;&<]{1,31};)|(.)', re.DOTALL)
_MAX_SPANS = 20


def mark(body_html: str, spans: Iterable[str]) -> str:
    """The same HTML with a `mark` around each place where one of these stands, in any case.

    Also where tags part it: every run of letters between two tags has a mark of its own.
    """
    wanted = sorted({span.casefold() for span in spans if span.strip()})[:_MAX_SPANS]
    if not wanted:
        return body_html
    pieces, text, places = [], [], []
    for number, piece in enumerate(_PIECE.finditer(body_html)):
        pieces.append(piece[0])
        for char in _read(piece):
            text.append(char)
            places.append(number)
    found = {
        places[at]
        for begin, end in _found("".join(text), wanted)
        for at in range(begin, end)
        if not pieces[places[at]].startswith("<")
    }
    return "".join(_marked(pieces, found))


def _read(piece: re.Match[str]) -> str:
    """What a reader sees of a piece, folded: as many characters as that makes."""
    if piece[1]:
        return "\n" if piece[1].startswith(("<br", "<p", "</p")) else ""
    return unescape(piece[0]).casefold()


def _found(text: str, wanted: Iterable[str]) -> Iterator[tuple[int, int]]:
    for each in wanted:
        for found in re.finditer(re.escape(each), text):
            yield found.span()


def _marked(pieces: list[str], found: set[int]) -> Iterator[str]:
    is_open = False
    for number, piece in enumerate(pieces):
        if is_open and number not in found:
            yield "</mark>"
        if number in found and not is_open:
            yield "<mark>"
        is_open = number in found
        yield piece
    if is_open:
        yield "</mark>"
