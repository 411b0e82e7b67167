"""A page of a thread: fifty top-level comments with their replies, by two index range scans."""

import itertools
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select, text, update

from tests.conftest import HOST, Backstage, Reader, whatever_the_database
from tests.long_threads import BEGAN, grow, statements
from widget.db import db, writing
from widget.models import Comment, Order, Site, Thread, paths
from widget.publishing import pages
from widget.publishing.replies import BadCursor

# A later page also looks back for where the one before it begins.
SCANNED = (
    ("ix_comment_page_roots", "ix_comment_page"),
    ("ix_comment_page_roots", "ix_comment_page", "ix_comment_page_roots"),
)
LONG, SHORT = f"{HOST}/long", f"{HOST}/short"


@pytest.fixture
def write(app: Flask) -> Callable[..., None]:
    """Fill a thread quickly: `write(page, roots, replies)`, each root with so many replies."""

    def fill(page: str, roots: int, replies: int = 0) -> None:
        size = replies + 1
        places = range(roots * size)
        grow(
            app,
            page,
            [place - place % size if place % size else None for place in places],
            authors=[f"Reader {place // size}.{place % size}" for place in places],
        )

    return fill


def names(text: str) -> list[str]:
    """Who wrote the comments of a page, in order."""
    return re.findall(r"Reader (\d+\.\d+)</b>", text)


def cursor(text: str) -> str | None:
    found = re.search(r'class="comments-more-link"[^>]* data-after="(\w+)"', text)
    return found[1] if found else None


def leaf_through(reader: Reader, sort: str) -> list[list[str]]:
    """All pages of the thread, one after the other."""
    text = reader.read(sort=sort).text
    found = [names(text)]
    while after := cursor(text):
        text = reader.read(sort=sort, after=after).text
        found.append(names(text))
    return found


@whatever_the_database
def test_a_page_is_fifty_top_level_comments_with_their_replies(
    ann: Reader, write: Callable[..., None]
) -> None:
    ann.page = LONG
    write(LONG, roots=120, replies=1)

    def family(root: int) -> list[str]:
        return [f"{root}.{reply}" for reply in range(2)]

    def leaves(*pages: range) -> list[list[str]]:
        return [[name for root in page for name in family(root)] for page in pages]

    assert leaf_through(ann, "oldest") == leaves(range(50), range(50, 100), range(100, 120))
    assert leaf_through(ann, "newest") == leaves(
        range(119, 69, -1), range(69, 19, -1), range(19, -1, -1)
    )


@whatever_the_database
def test_a_page_is_full_sooner_where_its_comments_have_many_replies(
    ann: Reader, write: Callable[..., None]
) -> None:
    ann.page = LONG
    write(LONG, roots=30, replies=9)
    first = names(ann.read().text)
    assert first == [f"{root}.{reply}" for root in range(10) for reply in range(10)]
    assert sum(map(len, leaf_through(ann, "newest"))) == 300


@whatever_the_database
def test_a_full_last_page_leads_nowhere(ann: Reader, write: Callable[..., None]) -> None:
    ann.page = LONG
    write(LONG, roots=50)
    assert len(names(ann.read().text)) == 50
    assert cursor(ann.read().text) is None


@whatever_the_database
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
    with pytest.raises(BadCursor):
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
    # The site, its thread, what is pinned, the page's two scans, what is newest; and what is kept
    # asks the ORM nothing.
    assert counted == [(6, 0)] * 4


@pytest.mark.slow
def test_a_page_is_two_index_range_scans(
    app: Flask, backstage: Backstage, write: Callable[..., None]
) -> None:
    write(LONG, roots=4000, replies=1)
    write(SHORT, roots=1000, replies=1)
    if backstage.dialect == "sqlite":  # it may never have heard of ANALYZE
        prefer_the_wrong_index(app)
        see_that_pages_are_range_scans(app, backstage.dialect)
    with app.app_context(), writing():
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    see_that_pages_are_range_scans(app, backstage.dialect)


def prefer_the_wrong_index(app: Flask) -> None:
    """Of two that look alike, SQLite takes the one made last."""
    with app.app_context(), writing():
        made = text("SELECT sql FROM sqlite_master WHERE name = 'ix_comment_page'")
        again = db.session.scalars(made).one()
        db.session.execute(text("DROP INDEX ix_comment_page"))
        db.session.execute(text(again))
        db.session.commit()


def see_that_pages_are_range_scans(app: Flask, dialect: str) -> None:
    middle = paths.segment(BEGAN + timedelta(minutes=4000), 2**40).hex()
    with app.app_context():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        thread = db.session.scalars(select(Thread).where(Thread.page == LONG)).one()
        for order, after in itertools.product(Order, ("", middle)):
            with statements(app) as asked:
                page = pages.read(site, thread, order=order, after=after)
            assert len(page.nodes) == 50
            plans = [explain(dialect, *question) for question in asked]
            pinned, *scans, newest = plans
            for plan, index in zip(scans, SCANNED[bool(after)], strict=True):
                assert is_range_scan(plan, index), f"{order} {after}\n{plan}"
            assert "ix_comment_pinned" in pinned
            assert "ix_comment_thread_published" in newest


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
