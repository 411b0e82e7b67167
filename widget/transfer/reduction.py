"""Foreign HTML, said with the few elements that are published here.

Other systems keep comments as HTML with everything in it: headings, lists, tables, pictures. What
is published here is inline markup, quotes, paragraphs and line breaks. So structure becomes lines
of text that read the same way: a list has its bullets, a row of a table is a line, a picture is a
link. The words all stay. As in WordPress, a newline breaks the line and a blank line ends the
paragraph.

lxml's parser mends the HTML and reports it bit by bit to a `_Writer`: no tree, no recursion, and
time that grows with the text alone.
"""

import re
from collections import Counter
from collections.abc import Mapping
from html import escape
from urllib.parse import urljoin, urlsplit

from lxml import etree

# Less than what makes sanitize.clean show all markup as it was typed.
_MAX_MARKS, _MAX_DEPTH = 1_400, 16

_KEPT = {
    **dict.fromkeys(("b", "cite", "em", "i", "s", "strike", "strong"), ""),
    **{"abbr": "title", "acronym": "title", "blockquote": "cite", "del": "datetime", "q": "cite"},
}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LISTS = {"dir", "menu", "ol", "ul"}
_PARAGRAPHS = {
    *_HEADINGS,
    *_LISTS,
    *("address", "article", "aside", "blockquote", "center", "details", "div", "dl", "fieldset"),
    *("figure", "footer", "form", "header", "hr", "main", "nav", "p", "pre", "section", "table"),
}
_LINES = {"caption", "dd", "dt", "figcaption", "legend", "summary", "tr"}
_CELLS = {"td", "th"}
_CODE = {"code", "kbd", "pre", "samp", "tt"}
_BOLD = {*_HEADINGS, "dt", "th"}
# White space between the children of these is layout.
_LAYOUT = {*_LISTS, "colgroup", "dl", "table", "tbody", "tfoot", "thead", "tr"}
_HIDDEN = {"head", "noembed", "noframes", "script", "select", "style", "template", "title"}
_MEDIA = {"audio": "src", "iframe": "src", "object": "data", "video": "src"}
_SOURCES = {**_MEDIA, "embed": "src", "source": "src"}
_RAISED = {
    "sup": str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"),
}
_SPACE = " \t\n\r\f"  # HTML's own: a no-break space is a character like others
_INDENT = "\N{EM SPACE}"


def reduce(text: str, base: str) -> str:
    """Return what sanitize.clean should publish of a text; links are relative to `base`."""
    reduced = _write(text, _Writer(base))
    marks = reduced.count("<") + reduced.count("&") + 2 * reduced.count("\n")
    return reduced if marks <= _MAX_MARKS else _write(text, _Writer(base, only_links=True))


def _write(text: str, writer: "_Writer") -> str:
    parser = etree.HTMLParser(target=writer, no_network=True, huge_tree=True)
    parser.feed(f"<div>{text}</div>")
    return str(parser.close())


class _Writer:
    """Takes a parser's events, and writes. White space and start tags wait until words follow."""

    def __init__(self, base: str, *, only_links: bool = False) -> None:
        self._base = base
        self._only_links = only_links
        self._out: list[str] = []
        self._heard: list[str] = []  # text since the last tag
        self._opened: list[tuple[str, str]] = []  # elements, and how each will end
        self._within: Counter[str] = Counter()
        self._depth = 0
        # What waits: line ends by reason, a space, code's own space, a bullet or so, start tags.
        self._gap = self._breaks = self._newlines = 0
        self._is_spaced = False
        self._indent = ""
        self._lead = ""
        self._starts: list[str] = []
        self._numbers: list[int | None] = []  # by list: its next item's
        self._step = 1
        self._cell = 0
        self._is_term = False
        self._linked = ""

    # ------------------------------------------------------------------------ the parser's events

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._hear()
        end = ""
        if not self._within["hidden"]:
            if source := _SOURCES.get(tag):
                self._link_media(attributes.get(source, ""))
            start = self._begin(tag, attributes)
            if start and self._depth < _MAX_DEPTH and (tag == "a" or not self._only_links):
                self._starts.append(start)
                end = f"</{re.split('[ >]', start[1:])[0]}>"
                self._depth += 1
        self._opened.append((tag, end))
        self._count(tag, 1)

    def end(self, tag: str) -> None:
        """An element ends."""
        self._hear()
        if not self._opened:
            return
        _, end = self._opened.pop()
        self._count(tag, -1)
        if end:
            self._depth -= 1
            if self._starts:  # no words came
                self._starts.pop()
            else:
                self._out.append(end)
        if not self._within["hidden"]:
            self._finish(tag)

    def data(self, text: str) -> None:
        """Some text; the parser may tell it in parts."""
        self._heard.append(text)

    def close(self) -> str:
        """All that was written."""
        self._hear()
        return "".join(self._out)

    def _count(self, tag: str, one: int) -> None:
        self._within["hidden"] += one * (tag in _HIDDEN)
        self._within["media"] += one * (tag in _MEDIA)
        self._within["code"] += one * (tag in _CODE)
        self._within["cell"] += one * (tag in _CELLS)
        self._within["a"] += one * (tag == "a")

    # --------------------------------------------------------------------------------- structure

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> str:
        """Make room for an element; returns the start tag that it is written with, if any."""
        self._part(tag)
        if tag == "br":
            self._break()
        elif tag == "img":
            self._picture(attributes)
        elif tag in _LISTS:
            number = attributes.get("start", "1") if tag == "ol" else ""
            self._numbers.append(_number(number))
        elif tag == "li":
            self._item(attributes)
        elif tag == "tr":
            self._cell = 0
        elif tag in _CELLS:
            self._next_cell()
        elif tag == "dd" and self._is_term:
            self._close_up(": ")
        if tag in _CODE:
            return "" if self._within["code"] else "<code>"
        return "<strong>" if tag in _BOLD else self._start_tag(tag, attributes)

    def _finish(self, tag: str) -> None:
        if tag in _LISTS and self._numbers:
            self._numbers.pop()
        if tag in {"li", "tr"}:
            self._lead = ""
        if tag in _CODE and not self._within["code"]:
            self._is_spaced |= bool(self._indent)
            self._indent = ""
        self._is_term = tag == "dt"
        self._part(tag)

    def _part(self, tag: str) -> None:
        """Part what comes from what was: by a blank line, by a line end, in a cell by a space."""
        lines = 2 if tag in _PARAGRAPHS else int(tag in _LINES)
        if tag in _LISTS and self._numbers:
            lines = 1
        if self._lead or not lines:
            return
        if self._within["cell"]:
            self._is_spaced = True
        else:
            self._gap = max(self._gap, lines)

    def _close_up(self, lead: str) -> None:
        """Let what comes follow at once, behind a `lead`."""
        self._gap = self._breaks = self._newlines = 0
        self._is_spaced = False
        self._lead += lead

    def _item(self, attributes: Mapping[str, str]) -> None:
        level = max(len(self._numbers), 1)
        number = self._numbers[-1] if self._numbers else None
        if number is not None:
            number = _number(attributes.get("value", ""), number)
            self._numbers[-1] = number + 1
        bullet = "•" if level == 1 else "–"
        first = max(self._gap, 1)
        self._close_up("")
        self._gap = 0 if self._within["cell"] else first
        self._lead = _INDENT * (level - 1) + (bullet if number is None else f"{number}.") + " "

    def _next_cell(self) -> None:
        self._cell += 1
        if self._cell > 1:
            self._close_up(" | ")

    def _break(self) -> None:
        if self._within["cell"]:
            self._is_spaced = True
        elif self._within["code"]:
            self._indent += "\n"
        else:
            self._breaks += 1

    # ------------------------------------------------------------------------------ inline markup

    def _start_tag(self, tag: str, attributes: Mapping[str, str]) -> str:
        if tag == "a":
            name, value = "href", self._absolute(attributes.get("href", ""))
            if not value or self._within["a"]:
                return ""
        elif tag in _KEPT:
            name = _KEPT[tag]
            value = attributes.get(name, "")
        else:
            return ""
        kept = {name: value, "title": attributes.get("title", "") if tag == "a" else ""} | (
            {name: value} if name else {}
        )
        return f"<{tag}{''.join(f' {k}="{escape(v)}"' for k, v in kept.items() if k and v)}>"
