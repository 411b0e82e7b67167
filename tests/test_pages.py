"""A page of a thread: fifty top-level comments with their replies, by two index range scans."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import event, insert, select, text, update

from tests.conftest import HOST, Backstage, Reader
from widget.db import db, now, writing
from widget.models import Comment, Order, Site, Status, Thread, paths
from widget.publishing import pages

LONG, SHORT = f"{HOST}/long", f"{HOST}/short"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def write(app: Flask) -> Callable[..., None]:
    """Fill a thread quickly: `write(page, roots, replies)`, each root with so many replies."""

    def fill(page: str, roots: int, replies: int = 0) -> None:
        with app.app_context(), writing():
            site = db.session.scalars(select(Site).where(Site.key == "news")).one()
            thread = Thread(site_id=site.id, page=page, approved_count=roots * (1 + replies))
            db.session.add(thread)
            db.session.flush()
            first = thread.id * 1_000_000  # out of the way of what is written by others
            db.session.execute(
                insert(Comment), list(rows(site.id, thread.id, first, roots, replies))
            )
            db.session.commit()

    return fill


def rows(
    site: int, thread: int, first: int, roots: int, replies: int
) -> Iterator[dict[str, object]]:
    for root in range(roots):
        root_id = first + root * (replies + 1)
        root_path = paths.segment(BEGAN + timedelta(minutes=root), root_id)
        for reply in range(replies + 1):
            comment_id = root_id + reply
            at = BEGAN + timedelta(minutes=root, seconds=reply)
            yield {
                "id": comment_id, "site_id": site, "thread_id": thread, "created_at": at,
                "parent_id": root_id if reply else None, "depth": min(reply, 1),
                "path": root_path + (paths.segment(at, comment_id) if reply else b""),
                "status": Status.approved, "shown": True, "author": f"Reader {root}.{reply}",
                "body": "x", "body_html": "<p>x</p>", "sanitizer_version": 1,
                "body_hash": "x", "screened_at": now(),
            }  # fmt: skip


def names(text: str) -> list[str]:
    """Who wrote the comments of a page, in order."""
    return re.findall(r"Reader (\d+\.\d+)</b>", text)


def cursor(text: str) -> str | None:
    found = re.search(r'data-after="(\w+)"', text)
    return found[1] if found else None


def leaf_through(reader: Reader, sort: str) -> list[list[str]]:
    """All pages of the thread, one after the other."""
    text = reader.read(sort=sort).text
    found = [names(text)]
    while after := cursor(text):
        text = reader.read(sort=sort, after=after).text
        found.append(names(text))
    return found


def test_a_page_is_fifty_top_level_comments_with_their_replies(
    ann: Reader, write: Callable[..., None]
) -> None:
    ann.page = LONG
    write(LONG, roots=120, replies=2)

    def family(root: int) -> list[str]:
        return [f"{root}.{reply}" for reply in range(3)]

    def leaves(*pages: range) -> list[list[str]]:
        return [[name for root in page for name in family(root)] for page in pages]

    assert leaf_through(ann, "oldest") == leaves(range(50), range(50, 100), range(100, 120))
    assert leaf_through(ann, "newest") == leaves(
        range(119, 69, -1), range(69, 19, -1), range(19, -1, -1)
    )


def test_a_full_last_page_leads_nowhere(ann: Reader, write: Callable[..., None]) -> None:
    ann.page = LONG
    write(LONG, roots=50)
    assert len(names(ann.read().text)) == 50
    assert cursor(ann.read().text) is None


def test_the_size_of_a_page_is_the_sites_choice(
    ann: Reader, write: Callable[..., None], backstage: Backstage
) -> None:
    ann.page = LONG
    write(LONG, roots=5, replies=1)
    backstage.set("news", page_size=2)
    assert [len(page) for page in leaf_through(ann, "oldest")] == [4, 4, 2]


def test_what_is_said_meanwhile_moves_no_page(
    ann: Reader, write: Callable[..., None], backstage: Backstage
) -> None:
    ann.page = LONG
    write(LONG, roots=5)
    backstage.set("news", page_size=2, hold="none")
    first = ann.read(sort="newest").text
    backstage.screen(ann.say("I am new here."))
    second = ann.read(sort="newest", after=str(cursor(first))).text
    assert [names(first), names(second)] == [["4.0", "3.0"], ["2.0", "1.0"]]


@pytest.mark.parametrize("after", ["x", "zz" * 16, "00", "00" * 15, "00" * 32, "0" * 31, "\0", "é"])
def test_a_cursor_that_we_did_not_give_out_is_refused(after: str) -> None:
    with pytest.raises(pages.BadCursor):
        pages._cursor(after)


def test_a_reply_whose_parent_was_purged_is_not_put_under_someone_else(
    ann: Reader, app: Flask, write: Callable[..., None]
) -> None:
    ann.page = LONG
    write(LONG, roots=3, replies=1)
    with app.app_context(), writing():
        root = db.session.scalars(select(Comment).where(Comment.author == "Reader 1.0")).one()
        db.session.execute(
            update(Comment).where(Comment.parent_id == root.id).values(parent_id=None)
        )
        db.session.delete(root)
        db.session.commit()

    tree = html.fromstring(ann.read().text)
    levels = [1 + sum(1 for _ in item.iterancestors("article")) for item in tree.iter("article")]
    assert names(ann.read().text) == ["0.0", "0.1", "1.1", "2.0", "2.1"]
    assert levels == [1, 2, 1, 1, 2]


# ------------------------------------------------------------------------- what it costs


@contextmanager
def statements(app: Flask) -> Iterator[list[tuple[str, object]]]:
    """What the database is asked in this block."""
    asked: list[tuple[str, object]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append((statement, parameters))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", listen)
    yield asked
    event.remove(engine, "before_cursor_execute", listen)


def test_a_page_costs_the_same_at_ten_comments_and_at_thousands(
    ann: Reader, app: Flask, write: Callable[..., None]
) -> None:
    write(SHORT, roots=5, replies=1)
    write(LONG, roots=2000, replies=1)
    counted = []
    for ann.page in (SHORT, LONG):
        for query in ({}, {"sort": "newest"}):
            with statements(app) as cold:
                ann.read(**query)
            with statements(app) as warm:
                ann.read(**query)
            counted.append((len(cold), len(warm)))
    # The site, its thread, then the page's two scans; and what is kept asks the ORM nothing.
    assert counted == [(4, 0)] * 4


@pytest.mark.slow
def test_a_page_is_two_index_range_scans(
    app: Flask, backstage: Backstage, write: Callable[..., None]
) -> None:
    write(LONG, roots=4000, replies=2)
    write(SHORT, roots=1000, replies=2)
    if backstage.dialect == "sqlite":  # it may never have heard of ANALYZE
        see_that_pages_are_range_scans(app, backstage.dialect)
    with app.app_context(), writing():
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    see_that_pages_are_range_scans(app, backstage.dialect)


def see_that_pages_are_range_scans(app: Flask, dialect: str) -> None:
    middle = paths.segment(BEGAN + timedelta(minutes=2000), 2**40).hex()
    with app.app_context():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        thread = db.session.scalars(select(Thread).where(Thread.page == LONG)).one()
        for order, after in itertools.product(Order, (None, middle)):
            with statements(app) as asked:
                page = pages.read(site, thread, order=order, after=after)
            assert len(page.nodes) == 50
            plans = [explain(dialect, *question) for question in asked]
            indices = ("ix_comment_page_roots", "ix_comment_page")
            for plan, index in zip(plans, indices, strict=True):
                assert is_range_scan(plan, index), f"{order} {after}\n{plan}"


def explain(dialect: str, statement: str, parameters: object) -> str:
    """How the database answers a statement."""
    how = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN (ANALYZE, COSTS OFF)"
    found = db.session.connection().exec_driver_sql(f"{how} {statement}", parameters)  # type: ignore[arg-type]
    return "\n".join(str(row[-1]) for row in found)


def is_range_scan(plan: str, index: str) -> bool:
    """One index is read in its own order, and no row in vain."""
    if "Execution Time" not in plan:
        return (
            re.fullmatch(
                rf"SEARCH comment USING INDEX {index} \(thread_id=\?( AND path[<>]\?)*\)", plan
            )
            is not None
        )
    read = re.search(r"Index Scan (?:Backward )?using (\w+) on comment", plan)
    return (
        read is not None
        and read[1] == index
        and re.search(r"Index Cond: \(+thread_id = ", plan) is not None
        and "Rows Removed by Filter" not in plan
        and "Sort" not in plan
    )
