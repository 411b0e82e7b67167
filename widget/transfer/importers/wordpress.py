"""WordPress's export (WXR): RSS with its posts as items and their comments inside these.

Read as a stream, one post at a time. Its namespace has carried three versions; the tags that
matter here are the same in all of them.
"""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from lxml import etree

from widget.db import now
from widget.models import Kind, Status
from widget.transfer import files
from widget.transfer.files import Unreadable
from widget.transfer.records import Contribution, Page

NAME = "WordPress"
_NAMESPACE = re.compile(r"""xmlns:\w+\s*=\s*["']https?://wordpress\.org/export/[0-9.]+/["']""")
_OURS = re.compile(r"\{https?://wordpress\.org/export/[0-9.]+/\}")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_AMPERSAND = re.compile("&(?:amp|#0*38);")
_KINDS = {"": Kind.comment, **{kind.value: kind for kind in Kind}}
_STATUSES = {
    "1": Status.approved,
    "approve": Status.approved,
    "approved": Status.approved,
    "0": Status.pending,
    "hold": Status.pending,
    "spam": Status.spam,
    "trash": Status.trash,
    "post-trashed": Status.trash,
}
# An attachment inherits its post's status, which an export does not repeat.
_PUBLIC = {"", "publish", "inherit", "closed"}

# Together under the 255 characters of Comment.source_id.
_MAX_WHERE, _MAX_NUMBER = 170, 20

Fields = dict[str, str]
Element = etree._Element  # noqa: SLF001 (lxml's only name for it)


def read(
    path: Path, repaired: Counter[str], progress: Callable[[int], object] = lambda _bytes: None
) -> Iterator[Page]:
    """Yield each post that has comments. Raises Unreadable, naming the line where it can."""
    with files.opened(path, repaired, progress) as document:
        _refuse_others(document.root)
        posts = _Posts()
        try:
            for piece in document.pieces:
                posts.feed(piece)
                yield from posts.complete()
            posts.close()
            yield from posts.complete()
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"{path.name} is not well-formed: {error.msg}.") from error


def _refuse_others(root: str) -> None:
    name = re.split(r"[\s/>]", root[1:])[0]
    if name != "rss":
        raise Unreadable(f"This is not a WordPress export: it begins with <{name}>, not <rss>.")
    if not _NAMESPACE.search(root):
        raise Unreadable(
            "This is a feed, not a WordPress export: make one in WordPress under Tools, Export."
        )


class _Posts:
    """Takes a document in pieces and gives back its posts, as soon as each is complete."""

    def __init__(self) -> None:
        # huge_tree lifts the limit of 10 MB for one text (posts hold pictures). What it also lifts
        # guards against entities, and files.py lets no document through that could declare any.
        self._parser = etree.XMLPullParser(
            events=("end",),
            tag=("item", "{*}comment"),
            encoding="utf-8",
            # None can be declared, and one that is not declared should be an error.
            resolve_entities="internal",  # type: ignore[arg-type]  # its stubs are older
            load_dtd=False,
            no_network=True,
            huge_tree=True,
        )
        self._blog: str | None = None
        self._comments: list[Fields] = []

    def feed(self, piece: bytes) -> None:
        """Parse a piece. Raises XMLSyntaxError."""
        self._parser.feed(piece)

    def close(self) -> None:
        """Parse what is left. Raises XMLSyntaxError where the document ends too soon."""
        self._parser.close()

    def complete(self) -> Iterator[Page]:
        """Yield the posts with comments that have ended by now."""
        for _, each in self._parser.read_events():
            element = cast("Element", each)
            if element.tag == "item":
                if self._blog is None:
                    self._blog = _blog(element)
                if self._comments:
                    yield _page(self._blog, _fields(element), self._comments)
                self._comments = []
                _forget(element)
            elif _OURS.match(element.tag):
                self._comments.append(_fields(element))
                element.clear()


def _fields(element: Element) -> Fields:
    """The texts of an element's children by name: RSS's own and WordPress's."""
    return {
        child.tag.rpartition("}")[2]: (child.text or "").strip()
        for child in element
        if not callable(child.tag) and (child.tag[0] != "{" or _OURS.match(child.tag))
    }


def _forget(item: Element) -> None:
    """Free a post and all that came before it."""
    item.clear()
    while (earlier := item.getprevious()) is not None:
        cast("Element", item.getparent()).remove(earlier)


def _blog(item: Element) -> str:
    """The blog's address without its scheme: comments are numbered by blog."""
    fields = _fields(cast("Element", item.getparent()))
    return _place(fields.get("base_blog_url") or fields.get("link", ""))


def _place(url: str) -> str:
    return re.sub(r"^\w+://", "", url).rstrip("/").lower()


def _page(blog: str, post: Fields, comments: list[Fields]) -> Page:
    link = post.get("link", "")
    # Without the blog's address or the post's number, the post's address does as well.
    number = post.get("post_id") or _digest(link)
    where = f"{blog or _place(link).partition('/')[0]}#{number}"
    where = where if len(where) <= _MAX_WHERE else _digest(where)
    names = list(_names(where, comments))
    by_number = {
        fields.get("comment_id", ""): name
        for name, fields in reversed(list(zip(names, comments, strict=True)))
    }
    return Page(
        url=link,
        title=html.unescape(_MARKUP.sub("", post.get("title", ""))),
        is_closed=post.get("comment_status") == "closed",
        is_public=not post.get("post_password") and post.get("status", "") in _PUBLIC,
        contributions=[
            _contribution(name, _parent(fields, by_number), post, fields)
            for name, fields in zip(names, comments, strict=True)
        ],
    )


def _names(where: str, comments: list[Fields]) -> Iterator[str]:
    """A name for each comment: its number and date, and more where another has the same ones.

    The date, because a blog that was set up anew at its old address numbers from 1 again.
    """
    first: dict[str, Fields] = {}
    for fields in comments:
        number = fields.get("comment_id", "")[:_MAX_NUMBER]
        date = re.sub(
            "[^0-9]", "", fields.get("comment_date_gmt") or fields.get("comment_date", "")
        )
        name = f"{where}:{number}@{date[:_MAX_NUMBER]}"
        if not number or first.setdefault(name, fields) != fields:
            name += "~" + _digest(
                fields.get("comment_author", ""), fields.get("comment_content", "")
            )
        yield name


def _parent(fields: Fields, by_number: Mapping[str, str]) -> str | None:
    number = fields.get("comment_parent", "").lstrip("0")
    # A parent that is not in the file keeps a name, so that it will be missed.
    return by_number.get(number, f"?{number}") if number else None


def _contribution(name: str, parent: str | None, post: Fields, fields: Fields) -> Contribution:
    kind = _KINDS.get(fields.get("comment_type", ""))
    status = _STATUSES.get(fields.get("comment_approved", ""))
    created_at = _moment(fields, "comment_date_gmt")
    repaired = []
    if status is None:
        repaired.append("of unknown status, held for a moderator")
    if created_at is None:
        repaired.append("without a date in UTC, dated by what else is known")
        created_at = _moment(fields, "comment_date") or _moment(post, "post_date_gmt") or now()
    return Contribution(
        source_id=name,
        label=fields.get("comment_id", "")[:_MAX_NUMBER] or "one without a number",
        parent=parent,
        author=html.unescape(fields.get("comment_author", "")),
        email=fields.get("comment_author_email", ""),
        website=_AMPERSAND.sub("&", fields.get("comment_author_url", "")),
        body=fields.get("comment_content", ""),
        created_at=created_at,
        status=status or Status.pending,
        kind=kind or Kind.comment,
        skip="" if kind else f"of type “{fields['comment_type'][:40]}”, no reader’s comment",
        repaired=tuple(repaired),
    )


def _moment(fields: Fields, name: str) -> datetime | None:
    """A time in UTC. WordPress writes 0000-00-00 00:00:00 where it has none."""
    try:
        return datetime.strptime(fields.get(name, ""), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:24]
