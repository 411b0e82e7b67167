"""Storing what importers yield: each comment once, under its parent, with its status.

A page is stored in batches, parents first, so that whatever was committed makes sense by itself
and a second run goes on where the first one ended. A comment that is here already is not touched.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import load_only

from widget import sanitize
from widget.addresses import origin_of
from widget.comments.submission import body_digest
from widget.comments.threading import open_thread, page_identity, place
from widget.db import db, now
from widget.models import Comment, Site, Status, Thread, Via
from widget.models.comment import MAX_AUTHOR, MAX_EMAIL, MAX_WEBSITE
from widget.models.thread import MAX_PAGE, of_page
from widget.moderation import moves
from widget.transfer.lineage import parents_first
from widget.transfer.records import Contribution, Page
from widget.transfer.reduction import reduce
from widget.transfer.report import Report

# One transaction: short, because on SQLite nobody else can write meanwhile.
_BATCH = 250
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WEB = re.compile(r"https?://[^/\s]+", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NOBODY = "Anonymous"


class _Skipped(Exception):
    """A comment is not taken; says why."""


@dataclass(kw_only=True)
class Intake:
    """Takes pages into a site. A rehearsal does all but write."""

    site: Site
    source: str  # as Comment.source has it
    system: str  # in words
    is_rehearsal: bool = False
    with_spam: bool = False
    with_protected: bool = False
    report: Report = field(default_factory=Report)
    _pending: int = 0  # comments looked at since the last commit

    def take(self, page: Page) -> Iterator[None]:
        """Store a page's comments; yields when it is time to commit what was stored till then."""
        if fault := _fault(page):
            for contribution in page.contributions:
                self.report.skip(fault, contribution.label)
            return
        sitting = _Sitting(self, page)
        ordered = parents_first(page.contributions, self.report.repaired)
        for begin in range(0, len(ordered), _BATCH):
            batch = ordered[begin : begin + _BATCH]
            sitting.take(batch)
            self._pending += len(batch)
            if self._pending >= _BATCH or self.is_rehearsal:
                yield
                self._pending = 0


def _fault(page: Page) -> str:
    if not _WEB.match(page.url):
        return "on a page without a web address"
    if len(page_identity(page.url)) > MAX_PAGE:
        return f"on a page whose address is longer than {MAX_PAGE:,} characters"
    return ""


class _Sitting:
    """The intake of one page."""

    def __init__(self, intake: Intake, page: Page) -> None:
        self._intake = intake
        self._report = intake.report
        self._page = page
        self._is_public = page.is_public or intake.with_protected
        self._thread: Thread | None = None
        self._is_counted = False
        self._seen: set[str] = set()  # source ids in this file, and those of them that came in
        self._taken: set[str] = set()
        self._stand_ins: dict[str, str | None] = {}  # for a skipped comment: what it answered

    def take(self, batch: Sequence[Contribution]) -> None:
        """Store some of the page's comments; what they answer came in this batch or before."""
        self._thread = self._find_thread()
        known = self._known(batch)
        fresh: list[tuple[Comment, Contribution, str | None]] = []
        for each in batch:
            if each.source_id in self._seen:
                self._report.skip("twice in the file", each.label)
                continue
            self._seen.add(each.source_id)
            if each.source_id in known:
                self._report.already_here += 1
            elif comment := self._comment(each):
                parent = self._parent(each, known)
                if parent != each.parent:
                    self._report.repaired["moved up, because what they answered is not here"] += 1
                self._taken.add(each.source_id)
                fresh.append((comment, each, parent))
            else:
                self._stand_ins[each.source_id] = self._parent(each, known)
        self._count_thread(is_new=bool(fresh))
        if fresh and not self._intake.is_rehearsal:
            self._store(fresh, known)

    def _known(self, batch: Sequence[Contribution]) -> dict[str, Comment]:
        """Those of these comments, and of what they answer, that are here."""
        wanted = {each.source_id for each in batch}
        wanted |= {parent for each in batch if (parent := self._stand_in(each.parent))}
        rows = db.session.scalars(
            select(Comment)
            .options(load_only(Comment.source_id, Comment.thread_id, Comment.path))
            .where(
                Comment.site_id == self._intake.site.id,
                Comment.source == self._intake.source,
                Comment.source_id.in_(wanted),
            )
        )
        return {str(row.source_id): row for row in rows}

    def _stand_in(self, parent: str | None) -> str | None:
        while parent in self._stand_ins:
            parent = self._stand_ins[parent]
        return parent

    def _parent(self, each: Contribution, known: Mapping[str, Comment]) -> str | None:
        """The nearest comment above this one that is here, on this page."""
        parent = self._stand_in(each.parent)
        if parent is None or parent in self._taken:
            return parent
        row = known.get(parent)
        return parent if row and self._thread and row.thread_id == self._thread.id else None

    # ------------------------------------------------------------------------------- the comment

    def _comment(self, each: Contribution) -> Comment | None:
        """The comment as it will be stored, pending; None where it is skipped."""
        body = _CONTROL.sub("", each.body)
        try:
            self._refuse(each)
            body_html = _published(body, self._page.url)
        except _Skipped as reason:
            self._report.skip(str(reason), each.label)
            return None
        self._report.arrived(each.status, each.kind)
        self._report.repaired.update(each.repaired)
        is_pending = each.status is Status.pending
        return Comment(
            site_id=self._intake.site.id,
            kind=each.kind,
            author=self._author(each.author),
            email=self._email(each.email),
            website=self._website(each.website),
            body=body,
            body_html=body_html,
            sanitizer_version=sanitize.VERSION,
            body_hash=body_digest(body),
            created_at=each.created_at,
            screened_at=now(),  # as it came, nobody screens it or is mailed about it
            arrival={"imported_from": self._intake.source},
            held_for=f"It was waiting in {self._intake.system}" if is_pending else "",
            source=self._intake.source,
            source_id=each.source_id,
        )

    def _refuse(self, each: Contribution) -> None:
        if each.skip:
            raise _Skipped(each.skip)
        if each.status is Status.spam and not self._intake.with_spam:
            raise _Skipped("marked as spam (--with-spam brings them)")
        if not self._is_public and self._thread and not self._thread.hidden_at:
            raise _Skipped("on a page that not everyone could see, whose thread is public here")

    def _author(self, typed: str) -> str:
        author = sanitize.plain(_CONTROL.sub(" ", typed))
        if not author:
            self._report.repaired[f"without a name, called {_NOBODY}"] += 1
        if len(author) > MAX_AUTHOR:
            self._report.repaired[f"names cut to {MAX_AUTHOR} characters"] += 1
        return author[:MAX_AUTHOR] or _NOBODY

    def _email(self, typed: str) -> str:
        email = typed.strip()
        if email and (len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email)):
            self._report.repaired["e-mail addresses left out that are none"] += 1
            return ""
        return email

    def _website(self, typed: str) -> str:
        if typed.strip() in {"", "http://", "https://"}:  # what old forms came with
            return ""
        try:
            website = sanitize.website(typed) or ""
        except sanitize.Unacceptable:
            website = ""
        if not website or len(website) > MAX_WEBSITE:
            self._report.repaired["websites left out that cannot be linked to"] += 1
            return ""
        return website

    # -------------------------------------------------------------------------------- the thread

    def _find_thread(self) -> Thread | None:
        return db.session.scalar(of_page(self._intake.site.id, page_identity(self._page.url)))

    def _count_thread(self, *, is_new: bool) -> None:
        if self._is_counted or not (self._thread or is_new):
            return
        self._is_counted = True
        origin = origin_of(self._page.url)
        self._report.elsewhere[origin] += origin not in self._intake.site.origins
        if self._thread is None:
            self._report.threads_new += 1
            self._report.threads_closed += self._page.is_closed
            self._report.threads_hidden += not self._is_public
            return
        self._report.threads_known += 1
        if self._thread.hidden_at and self._is_public:
            self._report.threads_uncovered += 1
            if not self._intake.is_rehearsal:
                self._uncover(self._thread)

    def _uncover(self, thread: Thread) -> None:
        thread.hidden_at = None
        if not self._page.is_closed:
            thread.closed_at = None
        thread.version += 1

    def _open_thread(self) -> Thread:
        title = sanitize.plain(_CONTROL.sub(" ", self._page.title))
        thread = open_thread(
            self._intake.site, page=self._page.url, url=self._page.url, title=title
        )
        if not self._is_public:
            thread.hidden_at = now()
        if self._page.is_closed or not self._is_public:
            thread.closed_at = now()
        return thread

    def _store(
        self,
        fresh: Sequence[tuple[Comment, Contribution, str | None]],
        known: Mapping[str, Comment],
    ) -> None:
        thread = self._thread or self._open_thread()
        # A thread closes so many days after its first comment, wherever that was written.
        thread.created_at = min(thread.created_at, *(comment.created_at for comment, _, _ in fresh))
        for comment, _, _ in fresh:
            comment.thread_id = thread.id
            db.session.add(comment)
        db.session.flush()
        here = {**known, **{each.source_id: comment for comment, each, _ in fresh}}
        for comment, _, parent in fresh:
            place(comment, here[parent] if parent else None)
        moves.admit(
            thread,
            [(comment, each.status) for comment, each, _ in fresh],
            moves.By(via=Via.transfer, reason=f"Imported from {self._intake.system}"),
        )


def _published(body: str, base: str) -> str:
    """What readers see of a body; as it was typed, where only that is short enough."""
    for text in (reduce(body, base), body):
        try:
            return str(sanitize.clean(text))
        except sanitize.Unacceptable:
            continue
    raise _Skipped(f"longer than {sanitize.MAX_BODY_BYTES:,} bytes")
