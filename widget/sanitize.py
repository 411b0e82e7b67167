"""What is published of what strangers type. Only here is bleach imported and `Markup` made.

A body meets four walls. `clean` refuses control characters, surrogates and too many bytes. `_read`
and `_write` make paragraphs and links of it, and words of every `<` that opens no allowed tag: out
comes balanced HTML, in linear time. bleach parses that and asks `_allowed` about each attribute.
nh3 parses it again by the same list, because bleach gets no more releases, security included.

Cleaning twice changes nothing: what is written depends only on words and on the elements around
them, and both are found again in it. So bounds are on what is written, and links are kept links.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from html import escape, unescape
from itertools import groupby, takewhile
from operator import is_, itemgetter

import nh3
from bleach.sanitizer import Cleaner
from markupsafe import Markup

from widget.language import gettext as _

VERSION = 1  # stored beside each cleaned body; raise it with every change of what is published
MAX_BODY_BYTES = 65_525  # WordPress's limit

# bleach takes up to 40 µs for a `<` or `&`, and for open elements the square of their number:
# `<ul><li>` repeated, 40 s at 100 kB. So what is more than this is published as typed. nh3 is
# linear, and what does not nest may go to it alone.
_MAX_MARKS, _MAX_DEPTH, _MAX_PARSED = 1_500, 20, 4 * MAX_BODY_BYTES
_MAX_HTML = 12 * MAX_BODY_BYTES  # only a `title` begun anew in each paragraph could reach this
_MARK = re.compile("[<&\xa0]")  # nh3 writes a no-break space with an `&`
_NESTING = re.compile(r"<(?!/?(?:p|br|a)\b)")
_POLICY = """a[href,title] abbr[title] acronym[title] b blockquote[cite] cite code del[datetime]
    em i q[cite] s strike strong"""
_ALLOWED = {tag: names.split(",") for tag, names in re.findall(r"(\w+)(?:\[(.+?)])?", _POLICY)}
_NEWLINES = {"p": "\n\n", "br": "\n"}  # the tags we make, and what they mean if they are typed
_TAGS, _PROTOCOLS = {*_ALLOWED, *_NEWLINES}, {"http", "https", "mailto"}

# Only a complete tag is one. There is no `<` in it, so a failed attempt ends at the next `<`, and
# nothing is tried twice (`++`): the search is linear. Only <br> may have the slash of XHTML.
_ATTRIBUTE = re.compile(
    r"""[ \t\n]++([^ \t\n"'<>/=]++)"""
    r"""(?:[ \t\n]*+=[ \t\n]*+(?:"([^"<]*+)"|'([^'<]*+)'|([^ \t\n"'<>`]++)))?+"""
)
_NAMES = "|".join([*_ALLOWED, "p"])
_TAG = re.compile(
    rf"<(?:/(?P<end>{_NAMES})|(?P<br>br)[ \t\n]*/?"
    rf"|(?P<start>{_NAMES})(?P<attributes>(?:{_ATTRIBUTE.pattern})*+))[ \t\n]*>",
    re.ASCII | re.IGNORECASE,
)
# Seven digits are enough for any character; at 4,301 `int` raises, in bleach as in `html`.
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = (  # characters without a shape, and those that turn the direction of reading
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff"
)
_JOINED = r"\u0620-\u1cff\u2190-\u2bff\U0001f000-\U0001faff"  # scripts and emoji that need joiners
_STRAY_JOINER = re.compile(rf"(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])")
# The scheme is spelled out and a host must follow at once: `javascript:123`, `tel:1`, `//evil`,
# `/rel`, `http:evil`, `\\evil` and `user@evil` all fail here, whatever a parser makes of them.
_NEVER = rf"\s<>\"`\\\u200c\u200d{_INVISIBLE}"
_LABEL = rf"[^{_NEVER}\x00-\x2c./:-@\[-^{{-\x7f]+"
_WEB = re.compile(rf"((?ai:https?)://{_LABEL}(?:\.{_LABEL})*)((?::[0-9]*)?(?:[/?#][^{_NEVER}]*)?)")
_ORDINARY = re.compile(rf"(?ai:https?://(?:[a-z0-9]+\.)+[a-z]+)(?:[/?#][^{_NEVER}]*)?")
_MAIL = re.compile(rf"(?ai:mailto:[\w.!#$%&'*+/=?^~;-]+@[\w-]+(?:\.[\w-]+)+)(?:\?[^{_NEVER}]*)?")
# A bare address ends before a bracket without its pair: `(see https://example.org/a_(b))`.
_BARE = re.compile(
    r"((?:(?<!\w)(?ai:https?://)|(?<![\w./@:=-])(?ai:www\.)(?=[\w-]+\.))"
    rf"(?:[^{_NEVER}()]|\([^{_NEVER}()]*\))++)"
)
_LINES = re.compile(r"(?<!\s)(\s*\n\s*)")  # each space is tried once: linear
_TRAILING = ".,;:!?'*_~|[]{}…\u2019\u201d»"  # may be in an address, but does not end one
_escaped = partial(escape, quote=False)


class Unacceptable(ValueError):
    """What was typed cannot be taken; the message says what to change."""


class _TooTangled(Exception):
    """More than a parser should be given."""


def clean(text: str, typed: str = "") -> Markup:
    """Return what is published of a body: nothing, if there is nothing in it.

    It is longer than what was typed, and the same when it comes again: over the limit, it is taken
    if it is, byte for byte, our own. Made of what was `typed`, it is bounded by that, or replaced.
    """
    text, typed = (re.sub("\r\n?", "\n", str(each)) for each in (text, typed or text))
    _refuse_control(f"{text}{typed}".replace("\n", "").replace("\t", ""))
    is_long = (size := len(typed.encode())) > MAX_BODY_BYTES
    published = "" if is_long and not _may_be_ours(text) else _published(text, typed)
    if is_long and published != text:
        asked = {"size": size, "limit": MAX_BODY_BYTES}
        raise Unacceptable(_("Please shorten this from %(size)s to %(limit)s bytes.", **asked))
    return Markup(published)


def stored(body_html: str, marked: str = "") -> Markup:
    """Return what `clean` made and the database kept; `marked` if only marks tell it from that."""
    return Markup(marked if re.sub("</?mark>", "", marked) == body_html else body_html)


def plain(text: str) -> str:
    """Return a text of one line, such as a name, without what could disguise it. It is not HTML."""
    _refuse_control(text := str(text))
    text = re.sub(f"[{_INVISIBLE}]", "", unicodedata.normalize("NFC", text))
    text = _STRAY_JOINER.sub("", unicodedata.normalize("NFC", text))
    return " ".join(text.split())


def website(url: str) -> str | None:
    """Return the http or https address that was typed, or None if none was."""
    _refuse_control(url := str(url).strip())
    if not url:
        return None
    address = _WEB.fullmatch(url if "://" in url else f"https://{url}")
    if address and "." in address[1] and _keeps(url := address[1].lower() + address[2]):
        return url
    raise Unacceptable(_("This is not the address of a website, such as https://example.org."))


def _refuse_control(text: str) -> None:
    if found := _CONTROL.search(text):
        words = _("Please remove the control character %(name)s from this.")
        raise Unacceptable(words % {"name": f"U+{ord(found[0]):04X}"})


def _may_be_ours(text: str) -> bool:
    """Whether, had we published this, what was typed would have been within the limit."""
    words = re.sub("<[^<>&]*>", "", re.sub("<br>|&[a-z]+;", "_", text))
    return len(text) <= _MAX_HTML and len(words.encode()) <= MAX_BODY_BYTES


def _published(text: str, typed: str) -> str:
    try:
        return _parsed(_write(_read(text), _MAX_HTML))
    except _TooTangled:  # so all of it is words, and whoever pasted code loses nothing
        return _LAST_WALL.clean(_write([((_PARAGRAPH,), typed)]))


def _parsed(written: str) -> str:
    """Take it through both libraries. Not even a wrong reference or address is left to raise."""
    if len(written) <= _MAX_PARSED and len(_MARK.findall(written)) <= _MAX_MARKS:
        # A Cleaner keeps its parser's state, so threads cannot share one.
        written = Cleaner(_TAGS, _allowed, _PROTOCOLS).clean(written)
    elif _NESTING.search(written):
        raise _TooTangled
    published = _LAST_WALL.clean(written)
    if len(published.encode()) > _MAX_HTML:
        raise _TooTangled
    return published


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """One element that was opened. Two are never the same, however alike."""

    name: str
    start: str = ""  # its tag; none for a link that leads nowhere, of which the words are shown


_PARAGRAPH = _Element("p", "<p>")
_Path = tuple[_Element, ...]  # around some words: blockquotes, their paragraph, what is inside it


def _read(text: str) -> Iterator[tuple[_Path, str]]:
    """Take a text apart into words and what is around them. What can be seen is never dropped."""
    opened: list[_Element] = []
    path: _Path = (_PARAGRAPH,)
    position, crowded = 0, len(_MARK.findall(text)) > _MAX_MARKS
    for tag in _TAG.finditer(text):
        yield path, _resolved(text[position : tag.start()])
        position = tag.end()
        name = (tag["start"] or tag["end"] or tag["br"]).lower()
        if name in _NEWLINES or (tag["end"] and name not in [each.name for each in opened]):
            yield path, _NEWLINES.get(name, tag[0])
            continue
        if tag["end"]:  # what was opened inside goes on after it, as in a browser
            opened.remove([each for each in opened if each.name == name][-1])
        else:
            if len(opened) >= _MAX_DEPTH + (name == "a") or (crowded and name != "a"):
                raise _TooTangled
            if name == "a":  # links do not nest: in HTML, too, the second ends the first
                opened = [_Element("a") if each.name == "a" else each for each in opened]
            opened.append(_element(name, tag["attributes"]))
        shown = [_PARAGRAPH, *(each for each in opened if each.start)]
        path = tuple(sorted(shown, key=lambda each: each.name != "blockquote"))
        if name == "blockquote":
            yield path, _NEWLINES["p"]
    yield path, _resolved(text[position:])


def _element(name: str, attributes: str) -> _Element:
    typed: dict[str, str] = {}
    for key, *values in _ATTRIBUTE.findall(attributes):
        typed.setdefault(key.lower(), _resolved("".join(values)).strip(" \t\n"))
    if name == "a" and not _keeps(typed.get("href", "")):
        return _Element(name)
    kept = (key for key in _ALLOWED[name] if key in typed and _allowed(name, key, typed[key]))
    start = [name, *(f'{key}="{escape(typed[key])}"' for key in kept)]
    return _Element(name, f"<{' '.join(start)}>")


def _resolved(text: str) -> str:
    """Resolve references to one character that may be in a body; the rest stays as typed."""
    return _REFERENCE.sub(_resolve, text)


def _resolve(reference: re.Match[str]) -> str:
    character = unescape(reference[0])
    sound = len(character) == 1 and character != "\ufffd" and not _CONTROL.match(character)
    return character if sound else reference[0]


def _write(runs: Iterable[tuple[_Path, str]], room: float = math.inf) -> str:
    """Put words together as paragraphs. Space waits until words follow, so nothing ends with it."""
    out: list[str] = []
    path: _Path = ()
    space = ""
    # Joined where the same is around them: `http:<b></b>//example.org` would else be two runs
    # today, and one with a link in it the next time, when the empty <b> is gone.
    for around, group in groupby(filter(itemgetter(1), runs), key=itemgetter(0)):
        text = "".join(words for _, words in group)
        words = text.strip()
        before, _, after = text.partition(words) if words else (text, "", "")
        space += before
        if words:
            linkless = any(each.name in ("a", "code") for each in around)
            parts = _LINES.split(_escaped(words) if linkless else _linked(words))
            first, way = _way(path, around, space), cache(partial(_way, around, around))
            room -= len(first) + sum(map(len, parts[::2])) + len(parts) // 2 * len(way("\n\n"))
            if room < 0:
                raise _TooTangled
            parts[1::2] = map(way, parts[1::2])  # the space between words
            out += first, *parts
            path, space = around, after
    return "".join(out) + _ends(path)


def _way(path: _Path, ahead: _Path, space: str) -> str:
    """Return what to write between the last words and the next."""
    level = ahead.index(_PARAGRAPH)
    shared = sum(takewhile(bool, map(is_, path, ahead)))
    in_code = any(each.name == "code" for each in path[:shared])
    indent, between = "", space.replace("\n", "<br>")
    if shared <= level or (between.count("<br>") > 1 and not in_code):
        indent, between = space.rpartition("\n")[2], "\n" if path else ""
        shared = min(shared, level)
    starts = "".join([each.start for each in ahead[shared:]]).replace("<p>", "<p>" + indent)
    return _ends(path[shared:]) + between + starts


def _ends(path: _Path) -> str:
    return "".join([f"</{each.name}>" for each in reversed(path)])


def _linked(words: str) -> str:
    """Escape words, and link the addresses among them."""
    out: list[str] = []
    for number, part in enumerate(_BARE.split(words)):  # words, address, words, address, words
        shown = part.rstrip(_TRAILING)
        url = shown if shown[:1] in "hH" else f"https://{shown}"
        if number % 2 and _keeps(url):
            out.append(f'<a href="{escape(url)}">{_escaped(shown)}</a>')
            out.append(_escaped(part[len(shown) :]))
        else:
            out.append(_escaped(part))
    return "".join(out)


def _allowed(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay."""
    # Neither library could judge an address: bleach's list of schemes passes any `scheme:digits`
    # and all that is relative, its linkify ignores the list, and nh3 does not look at `cite`.
    lawful = name not in ("href", "cite") or _WEB.fullmatch(value) or _MAIL.fullmatch(value)
    return bool(lawful) and name in _ALLOWED.get(tag, ())


def _keeps(url: str) -> bool:
    """Whether a link to this passes all walls. nh3 is stricter about hosts than `_WEB` can be."""
    if _ORDINARY.fullmatch(url):
        return True
    return _allowed("a", "href", url) and " href=" in _LAST_WALL.clean(f'<a href="{escape(url)}">')


_LAST_WALL = nh3.Cleaner(
    tags=_TAGS,
    attributes={tag: set(names) for tag, names in _ALLOWED.items()},
    url_schemes=_PROTOCOLS,
    url_relative="deny",
    link_rel="nofollow ugc noopener",
)
