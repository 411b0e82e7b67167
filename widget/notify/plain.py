"""Plain text for mails: a comment's words without its marks, and lines that any client can show."""

import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser

WIDTH = 76
_BLOCKS = frozenset({"p", "blockquote"})
# A word; or a single character of a script that puts no spaces between its words.
_PIECE = re.compile(r"\s+|https?://\S+|[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|\S")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "br":
            self.found.append("\n" if tag == "br" else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.found.append("\n\n")

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def words_of(body_html: str, limit: int) -> str:
    """A published body in paragraphs; cut at `limit` characters, which then ends in `[…]`."""
    parser = _Words()
    parser.feed(body_html)
    parser.close()
    text = re.sub(r"\n{3,}", "\n\n", "".join(parser.found)).strip()
    return text if len(text) <= limit else f"{text[:limit].rstrip()} […]"


def filled(text: str) -> str:
    """The same text in lines of at most WIDTH columns; an address that is longer stays whole."""
    text = re.sub(r"\n{3,}", "\n\n", text.strip())
    return "\n".join(short for line in text.split("\n") for short in _lines(line)) + "\n"


def _lines(line: str) -> Iterator[str]:
    margin = "> " if line.startswith("> ") else ""
    written, columns = "", len(margin)
    for piece in _pieces(line.removeprefix(margin)):
        width = sum(map(_width, piece))
        if written.strip() and columns + width > WIDTH and not piece.isspace():
            yield f"{margin}{written}".rstrip()
            written, columns = "", len(margin)
        if written or not piece.isspace():
            written, columns = written + piece, columns + width
    yield f"{margin}{written}".rstrip()


def _pieces(line: str) -> Iterator[str]:
    """What must not be parted: words, as long as they fit into a line."""
    word = ""
    for found in _PIECE.findall(line):
        is_word = len(found) == 1 and not found.isspace() and _width(found) == 1
        if not is_word or len(word) >= WIDTH - 2:
            if word:
                yield word
            word = ""
        if is_word:
            word += found
        else:
            yield found
    if word:
        yield word


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
