"""Foreign HTML, said with the few elements that are published here.

Other systems keep comments as HTML with everything in it: headings, lists, tables, pictures. What
is published here is inline markup, quotes, paragraphs and line breaks. So structure becomes lines
of text that read the same way: a list has its bullets, a row of a table is a line, a picture is a
link. The words all stay. As in WordPress, a newline ends the line and a blank line the paragraph.

lxml's parser mends the HTML and tells it bit by bit: no tree, no recursion, and time that grows
with the text alone.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urljoin, urlsplit

from lxml import etree

from widget.transfer.prose import Prose

# Less than what makes sanitize.clean show all markup as it was typed.
_MAX_MARKS, _MAX_DEPTH = 1_400, 16
_MAX_INDENT = 8

_KEPT = {
    **dict.fromkeys(("b", "cite", "em", "i", "s", "strike", "strong"), ""),
    "abbr": "title",
    "acronym": "title",
    "blockquote": "cite",
    "del": "datetime",
    "q": "cite",
}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LISTS = {"dir", "menu", "ol", "ul"}
_PARAGRAPHS = {
    *_HEADINGS,
    *("address", "article", "aside", "blockquote", "center", "details", "div", "dl", "fieldset"),
    *("figure", "footer", "form", "header", "hr", "main", "nav", "p", "pre", "section", "table"),
}
_LINES = {*_LISTS, "caption", "dd", "dt", "figcaption", "legend", "summary", "tr"}
_CELLS = {"td", "th"}
_CODE = {"code", "kbd", "pre", "samp", "tt"}
_BOLD = {*_HEADINGS, "dt", "th"}
# White space between the children of these is layout.
_LAYOUT = {*_LISTS, "colgroup", "dl", "table", "tbody", "tfoot", "thead", "tr"}
_HIDDEN = {"head", "noembed", "noframes", "script", "select", "style", "template", "title"}
# What stands in these is for browsers that cannot play them.
_MEDIA = {"audio": "src", "iframe": "src", "object": "data", "video": "src"}
_SOURCES = {**_MEDIA, "embed": "src", "source": "src"}
_RAISED = {
    "sup": str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"),
}
_INDENT = "\N{EM SPACE}"
_ADDRESS = re.compile(r"https?://|mailto:", re.IGNORECASE)


def reduce(text: str, base: str) -> str:
    """Return what sanitize.clean should publish of a text; its links are relative to `base`."""
    reduced = _read(text, _Reader(base))
    marks = reduced.count("<") + reduced.count("&") + 2 * reduced.count("\n")
    return reduced if marks <= _MAX_MARKS else _read(text, _Reader(base, only_links=True))


def _read(text: str, reader: "_Reader") -> str:
    # (the stubs of lxml want more methods of a target, and these for bytes too)
    parser = etree.HTMLParser(target=reader, no_network=True, huge_tree=True)  # type: ignore[arg-type]
    parser.feed(f"<div>{text}</div>")
    return str(parser.close())


@dataclass
class _List:
    number: int | None  # of the next item; None for bullets
    is_empty: bool = True


class _Reader:
    """Takes the parser's events and has them written."""

    def __init__(self, base: str, *, only_links: bool = False) -> None:
        self._base = base
        self._only_links = only_links
        self._prose = Prose()
        self._heard: list[str] = []  # text since the last tag; the parser tells it in parts
        self._opened: list[tuple[str, str]] = []  # elements, and as what they are written
        self._within: Counter[str] = Counter()
        self._lists: list[_List] = []
        self._is_code_start = self._is_row_start = self._is_after_term = False
        self._linked = ""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._hear()
        name = ""
        if not self._within["hidden"]:
            self._prose.part(self._parting(tag))
            self._begin(tag, attributes)
            name, start = self._start_tag(tag, attributes)
            if self._within["written"] >= _MAX_DEPTH or (self._only_links and name != "a"):
                name = ""
            if name:
                self._prose.start(start)
        self._opened.append((tag, name))
        self._count(tag, name, 1)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._hear()
        if not self._opened:
            return
        _, name = self._opened.pop()
        self._count(tag, name, -1)
        if name:
            self._prose.end(name)
        if self._within["hidden"]:
            return
        if tag in _LISTS:
            self._lists.pop()
        if tag in {"li", "tr"}:
            self._prose.unlead()
        if tag in _CODE and not self._within["code"]:
            self._prose.end_code()
        self._is_after_term = tag == "dt"
        self._prose.part(self._parting(tag))

    def data(self, text: str) -> None:
        """Some text."""
        self._heard.append(text)

    def close(self) -> str:
        """All that was written."""
        self._hear()
        return str(self._prose)

    def _count(self, tag: str, name: str, one: int) -> None:
        self._within["hidden"] += one * (tag in _HIDDEN)
        self._within["media"] += one * (tag in _MEDIA)
        self._within["code"] += one * (tag in _CODE)
        self._within["cell"] += one * (tag in _CELLS)
        self._within["link"] += one * (tag == "a")
        self._within["written"] += one * bool(name)
        self._prose.flat = self._within["cell"] > 0

    def _hear(self) -> None:
        text = "".join(self._heard)
        self._heard.clear()
        if not text or self._within["hidden"] or self._within["media"]:
            return
        around = self._opened[-1][0] if self._opened else ""
        raised = _RAISED.get(around, {})
        if all(ord(character) in raised for character in text):
            text = text.translate(raised)
        if self._within["code"]:
            self._prose.say_code(text, is_start=self._is_code_start)
            self._is_code_start = self._is_code_start and text.isspace()
        elif around not in _LAYOUT or not text.isspace():
            self._prose.say(text)

    def _parting(self, tag: str) -> int:
        """By how many lines an element stands away from what is around it."""
        is_apart = tag in _PARAGRAPHS or (tag in _LISTS and not self._lists)
        return 2 if is_apart else int(tag in _LINES)

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "br":
            self._break()
        elif tag == "img":
            self._picture(attributes)
        elif tag in _SOURCES:
            self._media(self._absolute(attributes.get(_SOURCES[tag])))
        elif tag in _CODE and not self._within["code"]:
            self._is_code_start = True
        else:
            self._begin_line(tag, attributes)

    def _begin_line(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _LISTS:
            number = _number(attributes.get("start"), 1) if tag == "ol" else None
            self._lists.append(_List(number))
        elif tag == "li":
            self._item(attributes)
        elif tag == "tr":
            self._is_row_start = True
        elif tag in _CELLS:
            if not self._is_row_start:
                self._prose.separate(" | ")
            self._is_row_start = False
        elif tag == "dd" and self._is_after_term:
            self._prose.lead(": ")

    def _start_tag(self, tag: str, attributes: Mapping[str, str]) -> tuple[str, str]:
        """As what element this one is written, if any, and its start tag."""
        kept: dict[str, str | None] = {}
        if tag in _BOLD:
            tag = "strong"
        elif tag in _CODE:
            tag = "" if self._within["code"] else "code"
        elif tag == "a":
            kept = {
                "href": self._absolute(attributes.get("href")),
                "title": attributes.get("title"),
            }
            tag = "a" if kept["href"] and not self._within["link"] else ""
        else:
            kept = {name: attributes.get(name) for name in [_KEPT.get(tag, "")] if name}
            tag = tag if tag in _KEPT else ""
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items() if value)
        return tag, f"<{tag}{written}>"

    def _break(self) -> None:
        if self._within["code"]:
            self._prose.say_code("\n", is_start=self._is_code_start)
        else:
            self._prose.break_line()

    def _item(self, attributes: Mapping[str, str]) -> None:
        level = max(len(self._lists), 1)
        within = self._lists[-1] if self._lists else _List(None)
        bullet = "•" if level == 1 else "–"
        if within.number is not None:
            number = _number(attributes.get("value"), within.number)
            within.number = number + 1
            bullet = f"{number}."
        lines = 2 if within.is_empty and level == 1 else 1
        within.is_empty = False
        self._prose.lead(f"{_INDENT * min(level - 1, _MAX_INDENT)}{bullet} ", lines=lines)

    def _picture(self, attributes: Mapping[str, str]) -> None:
        words = " ".join(attributes.get("alt", "").split())
        url = self._absolute(attributes.get("src"))
        is_sign = re.search("smiley|emoji", attributes.get("class", "")) and words
        if not url or is_sign:
            self._prose.say(words)
        else:
            self._link(url, words or _host(url))

    def _media(self, url: str) -> None:
        """One link for what is played, though players name it twice."""
        if url and url != self._linked:
            self._prose.part(1)
            self._link(url, url)
            self._prose.part(1)
            self._linked = url

    def _link(self, url: str, words: str) -> None:
        words = escape(words, quote=False)
        is_linked = self._within["link"]
        self._prose.write(words if is_linked else f'<a href="{escape(url)}">{words}</a>')

    def _absolute(self, url: str | None) -> str:
        """A full address for the web or for mail, or nothing."""
        try:
            full = urljoin(self._base, (url or "").strip().replace(" ", "%20"))
        except ValueError:
            return ""
        return full if url and _ADDRESS.match(full) else ""


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch("-?[0-9]{1,9}", text, re.ASCII) else otherwise


def _host(url: str) -> str:
    return urlsplit(url).netloc
