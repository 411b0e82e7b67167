"""A site in figures: charts drawn on the server, the numbers behind them, and what they cost."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from lxml import etree
from lxml.html import HtmlElement
from sqlalchemy import select

from tests.conftest import Backstage, Desk, whatever_the_database
from tests.long_threads import statements
from tests.pages import OpenDesk, page
from widget.db import db, now, writing
from widget.models import Comment, Moderator, Move, Site, Status, Thread, Via
from widget.moderation import moves
from widget.web.desk.charts import lasting

NAMES = ("received", "waits", "work", "reasons")
ADDRESS = "/desk/sites/news/charts"


def write(app: Flask, moments: Iterable[datetime], **columns: Any) -> list[int]:
    """Comments of news that came in at these moments."""
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        thread = db.session.scalars(select(Thread).where(Thread.site_id == site.id)).first()
        thread = thread or Thread(site_id=site.id, page="http://news.example.org/figures")
        db.session.add(thread)
        db.session.flush()
        rows = [
            Comment(
                **{
                    "site_id": site.id, "thread_id": thread.id, "author": "Ann", "body": "A",
                    "body_html": "<p>A</p>", "sanitizer_version": 1, "body_hash": "a",
                    "created_at": at, "screened_at": at, **columns,
                }
            )
            for at in moments
        ]  # fmt: skip
        db.session.add_all(rows)
        db.session.commit()
        return [row.id for row in rows]


def decide(app: Flask, comment_id: int, what: Move, after: timedelta, name: str = "Max") -> None:
    """Someone decides so long after the comment came in."""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        who = db.session.scalars(select(Moderator).where(Moderator.name == name)).one()
        decision = moves.move(comment, what, moves.By(via=Via.desk, moderator=who))
        decision.created_at = comment.created_at + after
        db.session.commit()


def shown(desk: Desk, name: str, days: int = 30) -> HtmlElement:
    """One chart on the page."""
    answer = desk.client.get(ADDRESS, query_string={"days": days})
    assert answer.status_code == 200
    (found,) = page(answer).xpath(f"//section[@aria-labelledby='{name}']")
    return found


def numbers(desk: Desk, name: str, days: int = 30) -> list[list[str]]:
    """The table behind a chart."""
    rows = shown(desk, name, days).xpath(".//tbody/tr")
    return [[cell.text_content() for cell in row] for row in rows]


def said(desk: Desk, name: str, days: int = 30) -> str:
    """What a chart's picture says to whoever does not see it."""
    return str(shown(desk, name, days).xpath("string(.//img/@alt)"))


@whatever_the_database
def test_a_site_without_comments_says_so(desk: OpenDesk) -> None:
    max_ = desk("Max")
    for name in NAMES:
        assert "nothing to show" in shown(max_, name).text_content()
        picture = max_.client.get(f"{ADDRESS}/{name}.svg")
        assert etree.fromstring(picture.data).tag.endswith("svg")


def test_comments_are_counted_by_the_sites_days_and_what_became_of_them(
    app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(timezone="Asia/Kathmandu")  # where a day begins at 18:15 UTC
    midnight = (now() - timedelta(days=3)).replace(hour=18, minute=15, second=0, microsecond=0)
    minute = timedelta(minutes=1)
    write(app, [midnight - minute], status=Status.approved)
    write(app, [midnight, midnight + minute], status=Status.spam)
    write(app, [midnight], status=Status.pending)
    write(app, [midnight - timedelta(days=400)], status=Status.approved)
    gone, _ = write(app, [midnight] * 2, status=Status.pending)
    decide(app, gone, Move.trash, timedelta(hours=1))
    with app.app_context(), writing():
        db.session.delete(db.session.get_one(Comment, gone))
        db.session.commit()

    rows = {row[0]: row[1:] for row in numbers(desk("Max"), "received")}

    first = str(midnight.date())
    second = str((midnight + timedelta(days=1)).date())
    assert rows[first] == ["1", "1", "0", "0", "0", "0"]
    assert rows[second] == ["5", "0", "2", "0", "2", "1"]
    assert len(rows) == 30
    assert said(desk("Max"), "received").startswith("6 comments came in: 1 approved, 2 waiting")
    assert len(numbers(desk("Max"), "received", 365)) == 53


def test_waiting_is_told_by_its_median_and_ninth_decile(app: Flask, desk: OpenDesk) -> None:
    came = write(app, [now() - timedelta(days=2)] * 10, status=Status.pending)
    for minutes, comment_id in enumerate(came, 1):
        decide(app, comment_id, Move.spam, timedelta(minutes=10 * minutes))
    # Not the first decision on its comment; not a person's; and what was imported waited elsewhere.
    decide(app, came[0], Move.restore, timedelta(hours=40))
    write(app, [now() - timedelta(days=300)], status=Status.pending, source="disqus")
    assert said(desk("Max"), "waits") == (
        "10 comments waited for a person. Half of them were decided within 50 min,"
        " nine in ten within 1 h 30 min."
    )
    weeks = numbers(desk("Max"), "waits")
    assert weeks[-1][1:] == ["10", "50 min", "1 h 30 min"]
    assert all(week[1:] == ["0", "–", "–"] for week in weeks[:-1])


@whatever_the_database
def test_work_is_told_by_weekday_hour_and_person(
    app: Flask, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(timezone="Asia/Tokyo")
    sunday = now() - timedelta(days=(now().weekday() + 1) % 7 + 7)
    at = sunday.replace(hour=22, minute=30)  # Monday, 7:30 in Tokyo
    one, two, three = write(app, [at] * 3, status=Status.pending)
    for comment_id, name, minutes in ((one, "Max", 1), (two, "Max", 1), (three, "Olga", 61)):
        decide(app, comment_id, Move.approve, timedelta(minutes=minutes), name)
    chart = shown(desk("Max"), "work")
    assert [item.text_content() for item in chart.xpath(".//*[@class='shares']/li")] == [
        "Everybody 3",
        "Max 2",
        "Olga 1",
    ]
    rows = numbers(desk("Max"), "work")
    assert rows[7] == ["7:00", "2", *["0"] * 6, "2", "0"]
    assert rows[8] == ["8:00", "1", *["0"] * 6, "0", "1"]
    assert rows[-1] == ["in all", "3", *["0"] * 6, "2", "1"]
    assert sum(int(cell) for row in rows[:-1] for cell in row[1:8]) == 3
    (link,) = chart.xpath(".//li[starts-with(., 'Olga')]/a/@href")
    olgas = page(desk("Max").client.get(link))
    (its,) = olgas.xpath("//section[@aria-labelledby='work']")
    assert its.xpath("string(.//img/@alt)").startswith(
        "Olga took 1 decision. The busiest hour was Monday, from 8:00"
    )
    assert [row[1].text_content() for row in its.xpath(".//tbody/tr")[7:9]] == ["0", "1"]
    drawn = desk("Max").client.get(its.xpath("string(.//img/@src)"))
    assert drawn.data != desk("Max").client.get(f"{ADDRESS}/work.svg").data
    assert "Monday, from 7:00 to 8:00" in chart.xpath("string(.//img/@alt)")


def test_why_comments_were_held_is_told_by_rule(app: Flask, desk: OpenDesk) -> None:
    at = now() - timedelta(days=1)
    write(app, [at] * 3, rules=" links near-duplicate ", held_for="2 links")
    write(app, [at], rules=" links ", held_for="2 links")
    write(app, [at], rules=" first ", held_for="First comment from this browser")
    write(app, [at], held_for="First comment from this browser")  # before that was told
    write(app, [at] * 5)
    write(app, [at], rules=" held-rule rule-1 rule-12 ", held_for="This network is held")
    write(app, [at], rules=" rule-7 ")  # a rule that trusts
    assert numbers(desk("Max"), "reasons") == [
        ["links", "4"], ["near duplicate", "3"], ["held by the house rules alone", "2"],
        ["held rule", "1"],
    ]  # fmt: skip


def test_a_scale_is_marked_in_whole_numbers_each_once(app: Flask, desk: OpenDesk) -> None:
    (first, _other) = write(app, [now(), now()])
    decide(app, first, Move.approve, timedelta(seconds=20))
    max_ = desk("Max")
    for name, marks in (("received", ["0", "1", "2"]), ("waits", ["0", "1"])):
        drawn = etree.fromstring(max_.client.get(f"{ADDRESS}/{name}.svg").data)
        scale = drawn.xpath("//*[contains(@class, 'axis y')]//*[local-name()='text']/text()")
        assert isinstance(scale, list)
        assert sorted(map(str, scale)) == marks


def test_pictures_run_nothing_load_nothing_and_know_the_dark(app: Flask, desk: OpenDesk) -> None:
    came = write(app, [now() - timedelta(days=1)], rules=" links ", held_for="<script>")
    decide(app, came[0], Move.approve, timedelta(minutes=5))
    max_ = desk("Max")
    for name in NAMES:
        for query in ("", "?days=90", "?days=365&narrow=1", "?days=nonsense"):
            answer = max_.client.get(f"{ADDRESS}/{name}.svg{query}")
            assert answer.mimetype == "image/svg+xml"
            policy = answer.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
            assert "script" not in policy
            tree = etree.fromstring(answer.data)
            assert not tree.xpath(
                "//*[local-name()='script' or local-name()='image'] | //comment()"
            )
            assert not re.search(rb"@import|url\(|href=", answer.data)
            assert b"prefers-color-scheme:dark" in answer.data
    assert max_.client.get(f"{ADDRESS}/nothing.svg").status_code == 404


def test_a_neighbours_figures_are_not_there(desk: OpenDesk) -> None:
    nina = desk("Nina")
    for address in (ADDRESS, *(f"{ADDRESS}/{name}.svg" for name in NAMES)):
        assert nina.client.get(address).status_code == 404


def test_charts_cost_as_many_questions_whatever_there_is(app: Flask, desk: OpenDesk) -> None:
    max_ = desk("Max")
    asked = []
    for number in (1, 40):
        came = write(app, [now() - timedelta(days=n % 25) for n in range(number)])
        for comment_id in came:
            decide(app, comment_id, Move.spam, timedelta(minutes=5))
        with statements(app) as found:
            assert max_.client.get(ADDRESS).status_code == 200
        asked.append(len(found))
    assert asked[0] == asked[1]


def test_a_length_of_time_is_told_as_one_says_it() -> None:
    told = {0: "a minute", 240: "4 min", 3600: "1 h", 12_000: "3 h 20 min", 90_000: "1 day 1 h"}
    assert {seconds: lasting(seconds) for seconds in told} == told
    assert lasting(2 * 86_400) == "2 days"
