"""Opening an export: plain, gzipped or zipped XML, freed of what no parser takes.

Real exports begin with stray bytes (a warning that PHP printed, a byte order mark), hold control
characters that XML forbids, and bytes that are no letters in their encoding. All that is repaired
on the way in, piece by piece, so that a file of any size needs little memory. Lines keep their
numbers. A document type is refused: no export has one, and entities are how XML is abused.
"""

import codecs
import gzip
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

_PIECE = 1 << 16
_MAX_PROLOG = 1 << 20  # stray bytes, declaration and comments before the root element
_MAX_REFERENCE = 12  # the longest that is looked for: &#x00000001;
_ENCODING = re.compile(rb"""<\?xml[^>]{1,80}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARATION = re.compile(r"<\?xml\s")
_PROLOG = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*+)[^>]*>")
_FORBIDDEN = "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
_SUSPECT = re.compile(f"{_FORBIDDEN}|&#(?:(?P<ten>[0-9]{{1,8}})|[xX](?P<hex>[0-9a-fA-F]{{1,8}}));")
CONTROL = "control characters taken out"
UNREADABLE = "broken characters, shown as \N{REPLACEMENT CHARACTER}"
STRAY = "stray lines or bytes before the XML"


class Unreadable(Exception):
    """A file that cannot be imported; the message says why."""


@dataclass(frozen=True)
class Document:
    """An open XML export: its root's start tag, and all of it as UTF-8 from there on."""

    root: str
    pieces: Iterator[bytes]


@contextmanager
def opened(
    path: Path, repaired: Counter[str], progress: Callable[[int], object] = lambda _bytes: None
) -> Iterator[Document]:
    """Open an export. `progress` is told how many bytes of the file were read since it was told.

    Raises Unreadable, here or while the pieces are read.
    """
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(path.open("rb"))
            unpacked = stack.enter_context(_unpacked(raw))
        except OSError as error:
            raise Unreadable(f"{path} cannot be read: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise Unreadable(
                f"{path.name} is a zip file that cannot be opened: {error}."
            ) from error
        yield _document(_decoded(_pieces(path, raw, unpacked, progress)), repaired, path)


def _unpacked(raw: BinaryIO) -> BinaryIO:
    start = raw.read(4)
    raw.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw))
    if start.startswith(b"PK\x03\x04"):
        archive = zipfile.ZipFile(raw)
        exports = [
            name
            for name in archive.namelist()
            if name.lower().endswith(".xml") and not name.startswith("__MACOSX/")
        ]
        if len(exports) != 1:
            raise Unreadable(
                f"The zip file holds {len(exports) or 'no'} XML files; it must hold exactly one. "
                "Unpack it and import them one by one."
            )
        return cast("BinaryIO", archive.open(exports[0]))
    return raw


def _pieces(
    path: Path, raw: BinaryIO, unpacked: BinaryIO, progress: Callable[[int], object]
) -> Iterator[bytes]:
    told = 0
    try:
        while piece := unpacked.read(_PIECE):
            yield piece
            progress(raw.tell() - told)
            told = raw.tell()
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise Unreadable(f"{path.name} is damaged or not complete: {error}.") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a zip with a password
        raise Unreadable(f"{path.name} cannot be read: {error}.") from error


def _decoded(pieces: Iterator[bytes]) -> Iterator[str]:
    head = next(pieces, b"")
    decoder = codecs.getincrementaldecoder(_encoding(head))(errors="replace")
    yield decoder.decode(head)
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _encoding(head: bytes) -> str:
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    declared = _ENCODING.search(head)
    name = declared[1].decode() if declared else "utf-8"
    try:
        "".encode(name)  # LookupError also for codecs that are no encodings of text
    except LookupError:
        raise Unreadable(
            f"The file says that its encoding is “{name}”, which is unknown."
        ) from None
    return name


def _document(texts: Iterator[str], repaired: Counter[str], path: Path) -> Document:
    head = ""
    for text in texts:
        head += text
        start = _start(head)
        body = _PROLOG.match(head, start).end()  # type: ignore[union-attr]  # it matches anything
        if head[body : body + 9].upper() == "<!DOCTYPE":
            raise Unreadable(
                "The file has a document type (<!DOCTYPE …>), and may hold entities. No export "
                "has one, so it is not opened."
            )
        if root := _ROOT.match(head, body):
            repaired[STRAY] += bool(head[:start].strip("\ufeff \t\r\n"))
            lines = "\n" * head.count("\n", 0, body)
            return Document(root[0], _cleaned(lines, head[body:], texts, repaired))
        if len(head) > _MAX_PROLOG:
            break
    raise Unreadable(f"{path.name} is not an XML file." if head else f"{path.name} is empty.")


def _start(head: str) -> int:
    """Where the XML begins: at its declaration, or without one at the first tag."""
    declaration = _DECLARATION.search(head)
    root = re.search("<rss", head)
    if declaration and (root is None or declaration.start() < root.start()):
        return declaration.start()
    return max(head.find("<"), 0)


def _cleaned(
    lines: str, head: str, texts: Iterator[str], repaired: Counter[str]
) -> Iterator[bytes]:
    yield lines.encode()  # instead of what came before the root
    waiting = head
    for text in texts:
        # A reference may have been cut in two.
        cut = waiting.rfind("&", max(len(waiting) - _MAX_REFERENCE, 0))
        cut = len(waiting) if cut < 0 else cut
        yield _clean(waiting[:cut], repaired)
        waiting = waiting[cut:] + text
    yield _clean(waiting, repaired)


def _clean(text: str, repaired: Counter[str]) -> bytes:
    def allowed(suspect: re.Match[str]) -> str:
        digits, base = (suspect["ten"], 10) if suspect["ten"] else (suspect["hex"], 16)
        number = int(digits, base) if digits else 0
        if number > sys.maxunicode or re.match(_FORBIDDEN, chr(number)):
            repaired[CONTROL] += 1
            return ""
        return suspect[0]

    repaired[UNREADABLE] += text.count("\N{REPLACEMENT CHARACTER}")
    return _SUSPECT.sub(allowed, text).encode()
