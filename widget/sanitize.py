"""What is published of what strangers type. The only importer of bleach, the only maker of `Markup`.

A body meets four walls, and each would hold without the others:

1. `_admit` refuses what no reader can have meant: control characters, surrogates, too many bytes.
2. `_read` and `_Writer` find the allowed tags, show every other `<` as typed, make paragraphs and
   links, and write flat, balanced HTML in linear time. What is beyond the bounds goes no further:
   it is published as typed, all of it escaped, so that whoever pastes code loses nothing.
3. bleach parses that and judges every attribute with `_allowed`.
4. nh3 parses it again with the same lists, because bleach gets no more releases, security included.

Cleaning what was cleaned changes nothing. The reasons are in one place: `_Writer` depends only on
the words and on the elements they stand in, and `_read` finds the same words and elements again in
what the walls let through (`_keeps` asks the last wall first, so it never takes a link away later).
Bounds are judged on what is written, which is the same both times, never on how it was typed.
"""

import html
import math
import re
import unicodedata
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

import nh3
from bleach.sanitizer import Cleaner
from markupsafe import Markup

VERSION = 1  # stored beside each cleaned body; raise it with every change of what is published
MAX_BODY_BYTES = 65_525  # WordPress's limit

# bleach takes up to 40 µs for a `<` or `&`, and time that grows with the square of open elements
# (`<ul><li>` repeated: 0.18 s at 5 kB, over 40 s at 100 kB). So it sees this much and no more.
MAX_MARKS = 1_500  # `<` and `&` together, in what we wrote
MAX_DEPTH = 20
MAX_HTML = 4 * MAX_BODY_BYTES  # a long `title` written again in each paragraph must not add up
_MAX_GROWTH = 12  # no text grows more when published: `www.a.b` is seven bytes, its link 65

_REL = "nofollow ugc noopener"
_SCHEMES = {"http", "https", "mailto"}
_ATTRIBUTES: dict[str, set[str]] = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "acronym": {"title"},
    "blockquote": {"cite"},
    "del": {"datetime"},
    "q": {"cite"},
}
_ADDRESSES = {"href", "cite"}
_TAGS = {*_ATTRIBUTES, *"b cite code em i s strike strong".split()}
_STRUCTURE = {"p": "\n\n", "br": "\n"}  # the two tags we make; typed, they mean what newlines mean
_PUBLISHED = {*_TAGS, *_STRUCTURE}

_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_HIDDEN = (  # characters without a shape, some of which turn the reading direction
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS, _VARIANTS = r"\u200c\u200d", r"\ufe00-\ufe0f\U000e0100-\U000e01ef"

# Only a complete tag is a tag. No `<` inside one: then each failed attempt ends at the next `<`,
# and the whole search is linear. Attributes as HTML has them: bare, quoted or alone.
_ATTRIBUTE = re.compile(
    r"""[ \t\n]++([^ \t\n"'<>/=]++)(?:[ \t\n]*+=[ \t\n]*+("[^"<]*+"|'[^'<]*+'|[^ \t\n"'<>`]++))?+"""
)
_TAG = re.compile(
    rf"<(?:/(?P<end>{'|'.join(_TAGS)}|p)"
    rf"|(?P<start>{'|'.join(_TAGS)}|p)(?P<attributes>(?:{_ATTRIBUTE.pattern})*+)"
    r"|(?P<br>br)[ \t\n]*/?)[ \t\n]*>",
    re.ASCII | re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# The scheme is spelled out and the host must follow at once: `javascript:123`, `tel:1`, `//evil`,
# `/rel`, `http:evil`, `\\evil`, `user@evil` all fail here, whatever a parser would make of them.
_NEVER = rf"\s<>\"`\\{_HIDDEN}{_JOINERS}"
_LABEL = rf"[^{_NEVER}\x00-\x2c./:-@\[-^{{-\x7f]+"
_WEB = re.compile(
    rf"(?P<scheme>(?ai:https?))://(?P<host>{_LABEL}(?:\.{_LABEL})*)"
    rf"(?P<rest>(?::[0-9]{{1,5}})?(?:[/?#][^{_NEVER}]*)?)"
)
_MAIL = re.compile(rf"(?ai:mailto:[\w.!#$%&'*+/=?^{{|}}~-]+@[\w-]+(?:\.[\w-]+)+)(?:\?[^{_NEVER}]*)?")
# A bare address ends before an unmatched bracket, so `(see https://example.org/a_(b))` works.
_BARE = re.compile(
    r"(?:(?<!\w)(?ai:https?://)|(?<![\w./@:=-])(?ai:www\.)(?=[\w-]+\.))"
    rf"(?:[^{_NEVER}()]|\([^{_NEVER}()]*\))++"
)
_SCHEME = re.compile(r"(?ai:[a-z][a-z0-9+.-]*://)")
_TRAILING = ".,;:!?'*_~|[]{}…’”»"
_LINES = re.compile(r"(\n\s*)")
_ANY_TAG = re.compile(r"<[^<>]*>")
_OUR_LINK = re.compile(rf'<a href="[^"<>]*" rel="{_REL}">([^<>]*)</a>')

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_JOINING = (  # scripts and pictures in which a joiner or a variant selector changes what is seen
    r"\u0620-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18af\u2190-\u27ff\u2900-\u2bff"
    r"\u3400-\u9fff\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003ffff"
)
_DISGUISE = re.compile(
    rf"[{_HIDDEN}]|[{_JOINERS}](?![{_JOINING}])|(?<![{_JOINING}])(?<![{_JOINING}]\ufe0f)[{_JOINERS}]"
    rf"|(?<![{_JOINING}])[{_VARIANTS}]"
)


class Unacceptable(ValueError):
    """What was typed cannot be taken; the message says what to change."""


class _TooTangled(Exception):
    """More than the parsers may be given."""


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """One element somebody opened; two alike are still two."""

    name: str
    start: str = ""  # its start tag; none for an `<a>` that leads nowhere: its words stay


def clean(text: str) -> Markup:
    """Return what is published of a body; an empty body gives empty `Markup`.

    The limit is on what was typed. What we publish of it is longer, and must come back unchanged
    when it is cleaned again; so an over-long body passes if it is, byte for byte, our own work on
    words within the limit, and nothing else over-long does.
    """
    text = _admit(text)
    too_long = len(text.encode()) > MAX_BODY_BYTES
    if too_long and (len(text) > _MAX_GROWTH * MAX_BODY_BYTES or _words(text) > MAX_BODY_BYTES):
        raise _over_long(text)
    published = text if _is_plain(text) else _rich(text)
    if too_long and published != text:
        raise _over_long(text)
    return Markup(_plain(text) if published is None else published)


def plain(text: str) -> str:
    """Return a one-line text, such as an author's name, without what could disguise it.

    Not escaped: the result is a text and not HTML. Empty when there was nothing to see.
    """
    text = unicodedata.normalize("NFC", _refuse_unshowable(str(text), _CONTROL))
    text = unicodedata.normalize("NFC", _DISGUISE.sub("", text))
    return " ".join(text.split())


def website(url: str) -> str | None:
    """Return the absolute http or https address that was typed, or None when none was."""
    url = _refuse_unshowable(str(url).strip(), _CONTROL)
    if not url:
        return None
    match = _WEB.fullmatch(url if _SCHEME.match(url) else f"https://{url}")
    if match and "." in match["host"]:
        url = f"{match['scheme'].lower()}://{match['host'].lower()}{match['rest']}"
        if _keeps(url):
            return url
    raise Unacceptable("This is not the address of a website. Try one such as https://example.org.")


def _admit(text: str) -> str:
    # str(): what is already Markup would escape what we join to it.
    text = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return _refuse_unshowable(text, _UNSHOWABLE)


def _refuse_unshowable(text: str, unshowable: re.Pattern[str]) -> str:
    if found := unshowable.search(text):
        raise Unacceptable(
            f"There is a character in this text that cannot be shown (U+{ord(found[0]):04X}). "
            "Please remove it, or type the text again instead of pasting it."
        )
    return text


def _over_long(text: str) -> Unacceptable:
    return Unacceptable(
        f"This text is too long: it has {len(text.encode()):,} bytes and may have "
        f"{MAX_BODY_BYTES:,}. Please shorten it."
    )


def _words(published: str) -> int:
    """The bytes of the words alone, without the markup around them."""
    return len(_unescaped(_ANY_TAG.sub("", published.replace("<br>", "\n"))).encode())


# ── As typed ──────────────────────────────────────────────────────────────────────────────────────


def _plain(text: str) -> str:
    """Publish a text exactly as typed: no tag in it is a tag."""
    return _LAST_WALL.clean(_Writer(math.inf).write([_Run((), (), [text])]))


def _is_plain(text: str) -> bool:
    """Whether `_plain` wrote this, which then must not be escaped a second time."""
    if not (text.startswith("<p>") and text.endswith("</p>")):
        return False
    typed = _OUR_LINK.sub(r"\1", text[3:-4]).replace("</p>\n<p>", "\n\n").replace("<br>", "\n")
    return "<" not in typed and ">" not in typed and _plain(_unescaped(typed)) == text


def _unescaped(text: str) -> str:
    """Undo the few escapes the last wall writes; `html.unescape` would take ten times as long."""
    for escape, character in (("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\xa0"), ("&amp;", "&")):
        text = text.replace(escape, character)
    return text


# ── With its markup ───────────────────────────────────────────────────────────────────────────────


def _rich(text: str) -> str | None:
    """Publish a text with the tags it may have; None if that is more than parsers should be given.

    Nothing in here can make a parser raise: bleach has failed on `&#` with 4,301 digits and on
    addresses `urlparse` refuses, and by now there is neither.
    """
    try:
        written = _Writer(MAX_HTML).write(_Reader().read(text))
    except _TooTangled:
        return None
    if written.count("<") + written.count("&") > MAX_MARKS:
        return None
    # A Cleaner for each call: it holds its parser's state, so threads cannot share one.
    cleaner = Cleaner(tags=_PUBLISHED, attributes=_bleach_allows, protocols=_SCHEMES)
    published = _LAST_WALL.clean(cleaner.clean(written))
    return published if _words(published) <= MAX_BODY_BYTES else None


class _Run(NamedTuple):
    """Words, and the elements they stand in: outside the paragraph and inside it."""

    blocks: tuple[_Element, ...]
    inlines: tuple[_Element, ...]
    words: list[str]


class _Reader:
    """Takes a text apart into runs. Never fails, and drops only what cannot be seen."""

    def __init__(self) -> None:
        self.runs: list[_Run] = []
        self.open: list[_Element] = []
        self.tags = 0
        self._stand()

    def read(self, text: str) -> list[_Run]:
        position = 0
        for tag in _TAG.finditer(text):
            self._say(_decoded(text[position : tag.start()]))
            position = tag.end()
            name = (tag["start"] or tag["end"] or tag["br"]).lower()
            if name in _STRUCTURE:
                self._say(_STRUCTURE[name])
                continue
            if tag["start"]:
                self._enter(_element(name, tag["attributes"]))
            elif not self._leave(name):
                self._say(tag[0])
            if name == "blockquote":
                self._say(_STRUCTURE["p"])
        self._say(_decoded(text[position:]))
        return self.runs

    def _enter(self, element: _Element) -> None:
        self.tags += 1
        if self.tags > MAX_MARKS or len(self.open) == MAX_DEPTH:
            raise _TooTangled
        if element.name == "a":  # links do not nest: as in HTML, a second one ends the first
            self.open = [_Element("a") if each.name == "a" else each for each in self.open]
        self.open.append(element)
        self._stand()

    def _leave(self, name: str) -> bool:
        # Only the named element: those opened after it go on, as they do in a browser.
        for element in reversed(self.open):
            if element.name == name:
                self.open.remove(element)
                self._stand()
                return True
        return False

    def _stand(self) -> None:
        shown = [element for element in self.open if element.start]
        self.blocks = tuple(each for each in shown if each.name == "blockquote")
        self.inlines = tuple(each for each in shown if each.name != "blockquote")

    def _say(self, words: str) -> None:
        # Joined with what stands in the same place, else `http:<b></b>//example.org` would be two
        # runs today and, its `<b>` gone, one run and a link the next time.
        if self.runs and self.runs[-1][:2] == (self.blocks, self.inlines):
            self.runs[-1].words.append(words)
        elif words:
            self.runs.append(_Run(self.blocks, self.inlines, [words]))


class _Writer:
    """Puts runs together as paragraphs.

    Space is held back until there are words after it, and then written where both its neighbours
    are. So paragraphs and elements are never empty and never end in a break.
    """

    def __init__(self, limit: float) -> None:
        self.out: list[str] = []
        self.room = limit
        self.path: tuple[_Element, ...] = ()
        self.paragraph = _Element("p")
        self.space = ""

    def write(self, runs: list[_Run]) -> str:
        for run in runs:
            names = {element.name for element in run.inlines}
            show = _escaped if names & {"a", "code"} else _linked
            for piece in _LINES.split("".join(run.words)):
                words = piece.strip()
                before, _, after = piece.partition(words) if words else (piece, "", "")
                self.space += before
                if words:
                    self._move(run.blocks, run.inlines)
                    self._put(show(words))
                    self.space = after
        self._put(*_ends(self.path))
        return "".join(self.out)

    def _move(self, blocks: tuple[_Element, ...], inlines: tuple[_Element, ...]) -> None:
        """Close, space and open what lies between the last words and the next."""
        path = (*blocks, self.paragraph, *inlines)
        shared = _shared(self.path, path)
        space = self.space.replace("\n", "<br>")
        # Blank lines inside one <code> are part of it, not the end of a paragraph.
        in_code = any(element.name == "code" for element in path[:shared])
        if shared <= len(blocks) or (self.space.count("\n") > 1 and not in_code):
            indent = self.space.rpartition("\n")[2]
            self.paragraph = _Element("p", f"<p>{indent}")
            path = (*blocks, self.paragraph, *inlines)
            shared = _shared(self.path, path)
            space = "\n" if self.out else ""
        self._put(*_ends(self.path[shared:]), space, *(each.start for each in path[shared:]))
        self.path, self.space = path, ""

    def _put(self, *parts: str) -> None:
        self.out.extend(parts)
        self.room -= sum(map(len, parts))
        if self.room < 0:
            raise _TooTangled


def _shared(one: tuple[_Element, ...], other: tuple[_Element, ...]) -> int:
    """How many elements two paths have in common, from the outside in."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] is pair[1], zip(one, other, strict=False)))


def _ends(path: tuple[_Element, ...]) -> list[str]:
    return [f"</{element.name}>" for element in reversed(path)]


def _element(name: str, attributes: str) -> _Element:
    given: dict[str, str] = {}
    for attribute in _ATTRIBUTE.finditer(attributes):
        value = _decoded((attribute[2] or "").strip("\"'"))
        given.setdefault(attribute[1].lower(), value)
    kept = {key: value for key in sorted(given) if (value := _allowed(name, key, given[key])) is not None}
    if name == "a" and not _keeps(kept.get("href", "")):
        return _Element(name)
    start = "".join(f' {key}="{_quoted(value)}"' for key, value in kept.items())
    return _Element(name, f"<{name}{start}>")


def _linked(words: str) -> str:
    """Escape words, and make links of the addresses among them."""
    out, position = [], 0
    for match in _BARE.finditer(words):
        shown = match[0].rstrip(_TRAILING)
        url = shown if _SCHEME.match(shown) else f"https://{shown}"
        if _keeps(url):
            out += _escaped(words[position : match.start()])
            out += f'<a href="{_quoted(url)}">', _escaped(shown), "</a>"
            position = match.start() + len(shown)
    return "".join([*out, _escaped(words[position:])])


def _decoded(text: str) -> str:
    """Resolve complete character references to what may be in a body; leave the rest as typed."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    character = html.unescape(reference[0])
    return reference[0] if _UNSHOWABLE.search(character) or not character else character


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _quoted(value: str) -> str:
    return _escaped(value).replace('"', "&quot;")


# ── The walls ─────────────────────────────────────────────────────────────────────────────────────


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value if it may stay. Both bleach and nh3 ask here.

    Neither is left to judge an address alone: bleach's list of schemes lets any `scheme:digits`
    and everything relative through, and nh3 does not look at `cite`.
    """
    if name not in _ATTRIBUTES.get(tag, ()):
        return None
    if name not in _ADDRESSES:
        return value
    value = value.strip(" \t\n")
    return value if _WEB.fullmatch(value) or _MAIL.fullmatch(value) else None


def _bleach_allows(tag: str, name: str, value: str) -> bool:
    # bleach hands over attributes as they were written, references and all.
    return _allowed(tag, name, html.unescape(value)) is not None


def _keeps(url: str) -> bool:
    """Whether a link to this address passes every wall, nh3's stricter view of hosts included."""
    link = f'<a href="{_quoted(url)}">'
    return _allowed("a", "href", url) is not None and _LAST_WALL.clean(link).startswith(link[:-1])


_LAST_WALL = nh3.Cleaner(
    tags=_PUBLISHED,
    attributes=_ATTRIBUTES,
    attribute_filter=_allowed,
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel=_REL,
)
