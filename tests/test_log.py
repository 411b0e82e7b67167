"""The log: who did what, from what to what, why and when; and nothing of it goes."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from tests.conftest import Backstage, Desk, Reader, whatever_the_database
from tests.long_threads import statements
from tests.pages import OpenDesk, page
from tests.test_pages import explain
from widget.db import db, writing
from widget.models import Comment, Decision, Entry, Moderator, Move, Site, Status, Via
from widget.moderation import log, moves
from widget.web.desk import log as log_page

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


def note(app: Flask, action: str, subject: str = "", *, key: str = "news", **more: Any) -> int:
    """Olga changes something beside comments."""
    at = more.pop("at", NOON)
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == key)).one()
        olga = db.session.scalars(
            select(Moderator).where(Moderator.email == "olga@example.org")
        ).one()
        entry = log.write(site.id, more.pop("who", olga), action, subject, **more)
        entry.created_at = at
        db.session.commit()
        return entry.id


def decide(
    app: Flask, comment_id: int, what: Move, *, at: datetime = NOON, reason: str = ""
) -> int:
    """Max decides at the desk."""
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, comment_id)
        max_ = db.session.scalars(
            select(Moderator).where(Moderator.email == "max@example.org")
        ).one()
        decision = moves.move(comment, what, moves.By(via=Via.desk, moderator=max_, reason=reason))
        decision.created_at = at
        db.session.commit()
        return decision.id


def lines(desk: Desk, **query: object) -> list[HtmlElement]:
    """The lines on a page of the log."""
    answer = desk.client.get("/desk/log", query_string=query)
    assert answer.status_code == 200, answer.text
    found: list[HtmlElement] = page(answer).xpath("//ol[@class='log']/li")
    return found


def told(desk: Desk, **query: object) -> list[str]:
    """What each line says was done."""
    return [str(line.xpath("string(.//b)")) for line in lines(desk, **query)]


# ------------------------------------------------------------------------------------- what it says


@whatever_the_database
def test_a_decision_says_who_what_from_where_to_where_why_and_when(
    app: Flask, ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(timezone="America/New_York")
    waits = ann.say()
    decide(app, waits, Move.reject, reason="Off topic.")

    (line,) = lines(desk("Max"))

    said = " ".join(line.text_content().split())
    assert "Mar 14, 2026, 8:00 am EDT" in said
    assert line.xpath("string(.//*[@class='log-who'])") == "Max"
    assert f"rejected · comment {waits} by Ann" in said
    assert "pending → rejected" in said
    assert "Off topic." in said
    (queue,) = [link for link in line.xpath(".//a") if link.text == "in the queue"]
    shown = desk("Max").client.get(queue.get("href"))
    assert f'id="comment-{waits}"' in shown.text


@whatever_the_database
def test_what_the_machine_decides_is_not_put_down_to_a_person(
    ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    backstage.set(hold="none")
    backstage.screen(ann.say())
    (line,) = lines(desk("Max"))
    assert line.xpath("string(.//*[@class='log-who'])") == "House rules and filter"


@whatever_the_database
def test_a_change_says_only_what_differs(app: Flask, desk: OpenDesk) -> None:
    note(
        app, "rules changed", "Norwalk News", reason="Too many links",
        before={"hold_links": 2, "votes": "up"}, after={"hold_links": 5, "votes": "up"},
    )  # fmt: skip
    (line,) = lines(desk("Max"))
    said = " ".join(line.text_content().split())
    assert "Olga" in said
    assert "rules changed · Norwalk News" in said
    assert "hold links: 2 → 5" in said
    assert "Too many links" in said
    assert "votes" not in said


def test_a_purged_comments_decisions_stay_and_say_so(
    app: Flask, ann: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    gone = ann.say()
    decide(app, gone, Move.trash)
    with app.app_context(), writing():
        db.session.execute(delete(Comment).where(Comment.id == gone))
        db.session.commit()
    (line,) = lines(desk("Max"))
    assert f"comment {gone} (purged)" in " ".join(line.text_content().split())


def test_a_neighbours_log_is_not_there(app: Flask, ann: Reader, desk: OpenDesk) -> None:
    note(app, "rule added", "a secret of news")
    decide(app, ann.say(), Move.spam)
    nina = desk("Nina")
    assert lines(nina) == []
    assert nina.client.get("/desk/log?site=news").status_code == 404
    assert nina.client.get("/desk/log.csv?site=news").status_code == 404
    assert len(nina.client.get("/desk/log.csv").text.splitlines()) == 1
    assert app.test_client().get("/desk/log").status_code == 302


# -------------------------------------------------------------------------------------- the filters


@pytest.fixture
def story(app: Flask, ann: Reader, bob: Reader) -> dict[str, int]:
    """Three decisions and two changes, a day apart, the oldest first."""
    first, second = ann.say(), bob.say("Page 31 too.")
    day = timedelta(days=1)
    decide(app, first, Move.approve, at=NOON)
    note(app, "rule added", "links to spam.example", at=NOON + day)
    decide(app, second, Move.spam, at=NOON + 2 * day)
    note(app, "rule ended", "links to spam.example", at=NOON + 3 * day, who=None)
    decide(app, second, Move.restore, at=NOON + 4 * day)
    return {"first": first, "second": second}


ALL = ["restored", "rule ended", "marked as spam", "rule added", "approved"]


FILTERED: list[tuple[dict[str, str], list[str]]] = [
    ({}, ALL),
    ({"site": "news"}, ALL),
    ({"what": "decisions"}, [ALL[0], ALL[2], ALL[4]]),
    ({"what": "changes"}, [ALL[1], ALL[3]]),
    ({"what": "spam"}, ["marked as spam"]),
    ({"what": "rule ended"}, ["rule ended"]),
    ({"who": "machine"}, ["rule ended"]),
    ({"who": "Max"}, [ALL[0], ALL[2], ALL[4]]),
    ({"who": "Olga"}, ["rule added"]),
    ({"from": "spam"}, ["restored"]),
    ({"to": "approved"}, ["approved"]),
    ({"via": "desk"}, [ALL[0], ALL[2], ALL[4]]),
    ({"via": "mail"}, []),
    ({"since": "2026-03-15", "until": "2026-03-16"}, ["marked as spam", "rule added"]),
    ({"comment": "second"}, ["restored", "marked as spam"]),
    ({"what": "changes", "comment": "second"}, []),
]


def test_each_filter_leaves_what_it_says(app: Flask, desk: OpenDesk, story: dict[str, int]) -> None:
    with app.app_context():
        ids = dict(db.session.execute(select(Moderator.name, Moderator.id)).all())
    known = {**ids, **story}
    olga = desk("Olga")
    for query, expected in FILTERED:
        asked = {name: str(known.get(value, value)) for name, value in query.items()}
        assert told(olga, **asked) == expected, query
        file = olga.client.get("/desk/log.csv", query_string=asked).text
        assert [row[4] for row in csv.reader(io.StringIO(file))][1:] == expected, query


MISREAD = [
    {"since": "yesterday"}, {"until": "9999-12-31"}, {"to": "gone"}, {"via": "pigeon"},
    {"who": "Max"}, {"comment": "-1"}, {"comment": "9" * 40}, {"after": "x"},
    {"after": f"{10**30}-0-1"}, {"after": "1-7-1"}, {"after": "1-0"},
]  # fmt: skip


@whatever_the_database
def test_what_cannot_be_understood_is_said_and_stays(desk: OpenDesk) -> None:
    max_ = desk("Max")
    for query in MISREAD:
        answer = max_.client.get("/desk/log", query_string=query)
        assert answer.status_code == 200, query
        assert page(answer).xpath("//*[@role='alert' and @class='fault']"), query
        for name in {"since", "until", "comment"} & query.keys():
            assert page(answer).get_element_by_id(name).get("value") == query[name]
        if "after" not in query:
            assert max_.client.get("/desk/log.csv", query_string=query).status_code == 400


def test_days_are_those_of_the_sites_zone(app: Flask, backstage: Backstage, desk: OpenDesk) -> None:
    backstage.set(timezone="America/New_York")
    note(app, "late in the evening", at=datetime(2026, 3, 15, 3, 59, tzinfo=UTC))
    note(app, "early in the morning", at=datetime(2026, 3, 15, 4, 1, tzinfo=UTC))
    assert told(desk("Max"), until="2026-03-14") == ["late in the evening"]
    assert told(desk("Max"), since="2026-03-15") == ["early in the morning"]


def test_whatever_is_filtered_every_line_is_met_once(
    app: Flask, ann: Reader, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = ann.say()
    for number in range(4):  # of two kinds, in the same moment
        at = NOON + timedelta(hours=number // 2)
        note(app, f"change {number}", at=at)
        decide(app, comment, (Move.spam, Move.restore)[number % 2], at=at)
    max_ = desk("Max")
    monkeypatch.setattr("widget.web.desk.log.log.read", small_pages(log.read))
    whole = [
        "restored", "marked as spam", "change 3", "change 2",
        "restored", "marked as spam", "change 1", "change 0",
    ]  # fmt: skip
    assert walked(max_, {}) == whole
    # Where few lines match, a page looks through only so many, says so, and goes on.
    monkeypatch.setattr(log, "LOOKED_THROUGH", 2)
    assert walked(max_, {"to": "spam"}) == ["marked as spam", "marked as spam"]
    first = max_.client.get("/desk/log?what=change+0").text
    assert "Nothing among these lines." in first
    assert "Look further back" in first
    assert walked(max_, {"what": "change 0"}) == ["change 0"]


def small_pages(read: Any) -> Any:
    return lambda wanted, after=None: read(wanted, after, 3)


def walked(desk: Desk, query: dict[str, str]) -> list[str]:
    """What all pages say, one after the other."""
    found: list[str] = []
    address = "/desk/log"
    for _ in range(20):
        shown = page(desk.client.get(address, query_string=query if "?" not in address else None))
        found += [str(line.xpath("string(.//b)")) for line in shown.xpath("//ol[@class='log']/li")]
        following = shown.xpath("//a[@class='next']/@href")
        if not following:
            return found
        address = following[0]
    raise AssertionError("the log never ends")


# ----------------------------------------------------------------------------------------- the file


def test_the_file_holds_every_line_and_no_readers_address(
    app: Flask, ann: Reader, desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment = ann.say(email="ann.private@example.org")
    decide(app, comment, Move.reject, at=NOON, reason="Off, topic\nand “rude”.")
    for number in range(7):
        note(app, f"change {number}", after={"hold": "all"}, at=NOON + timedelta(hours=number + 1))
    monkeypatch.setattr(log_page, "STEP", 3)

    answer = desk("Max").client.get("/desk/log.csv")

    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert header == [
        "when", "site", "who", "by way of", "what", "about", "from", "to", "why",
    ]  # fmt: skip
    assert [row[4] for row in rows] == [*(f"change {n}" for n in range(6, -1, -1)), "rejected"]
    assert rows[-1] == [
        "2026-03-14T12:00:00+00:00", "Norwalk News", "Max", "desk", "rejected",
        f"comment {comment}", "pending", "rejected", "Off, topic\nand “rude”.",
    ]  # fmt: skip
    assert rows[0][7] == '{"hold": "all"}'
    assert "private" not in answer.text


@whatever_the_database
def test_no_cell_of_the_file_is_a_formula(app: Flask, desk: OpenDesk) -> None:
    evil = [f'{start}HYPERLINK("https://evil.example/","x")' for start in "=+-@\t\r\n\uff1d"]
    for each in evil:
        note(app, "rule added", each, reason=each)
    file = desk("Max").client.get("/desk/log.csv").data.decode("utf-8-sig")
    _, *rows = csv.reader(io.StringIO(file, newline=""))
    assert {row[5] for row in rows} == {row[8] for row in rows} == {f"'{each}" for each in evil}


# ------------------------------------------------------------------------------- nothing of it goes


def test_the_database_itself_refuses_to_change_the_log(app: Flask, ann: Reader) -> None:
    decide(app, ann.say(), Move.spam)
    note(app, "rule added")
    for refused in (
        update(Entry).values(reason="nothing"),
        delete(Entry),
        update(Decision).values(status_to=Status.approved),
        update(Decision).values(moderator_id=None),
        delete(Decision),
    ):
        with app.app_context(), writing():
            with pytest.raises(DBAPIError):
                db.session.execute(refused)
            db.session.rollback()
    with app.app_context():
        assert db.session.scalars(select(Entry.reason)).one() == ""
        assert db.session.scalars(select(Decision.status_to)).one() is Status.spam


# ------------------------------------------------------------------------------------ what it costs


def test_a_page_is_index_range_scans(app: Flask, backstage: Backstage, desk: OpenDesk) -> None:
    max_ = desk("Max")
    with app.app_context(), writing():
        fill(3000)
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    middle = f"{int((NOON + timedelta(minutes=2000)).timestamp() * 1_000_000)}-1-2000"
    for query in ({}, {"what": "decisions"}, {"to": "spam"}, {"who": "1"}):
        with statements(app) as asked:
            assert len(lines(max_, after=middle, **query)) == log.PAGE_SIZE
        with app.app_context():
            plans = [
                explain(backstage.dialect, *question)
                for question in asked
                if re.search(r"FROM decision.*ORDER BY decision.created_at", question[0], re.DOTALL)
            ]
        assert plans, query
        for plan in plans:
            assert is_range_scan(plan), f"{query}\n{plan}"


def is_range_scan(plan: str) -> bool:
    """Of a site's decisions, only those after a position are read, in the order of the index."""
    if "Execution Time" not in plan:
        read = re.findall(r"(?:SEARCH|SCAN) decision\b.*", plan)
        scan = r"SEARCH decision USING (COVERING )?INDEX ix_decision_site \(site_id=\? AND .*"
        return bool(read) and all(re.fullmatch(scan, each) for each in read)
    return (
        re.search(r"Index (Only )?Scan Backward using ix_decision_site on decision", plan)
        is not None
        and re.search(r"Index Cond: \(\(site_id = 1\) AND \(ROW\(created_at", plan) is not None
        and "Seq Scan on decision" not in plan
    )


def fill(number: int) -> None:
    """Many decisions of news, a minute apart."""
    site = db.session.scalars(select(Site).where(Site.key == "news")).one()
    db.session.execute(
        db.insert(Decision),
        [
            {
                "site_id": site.id, "comment_id": n, "moderator_id": 1, "via": Via.desk,
                "move": Move.spam, "status_from": Status.pending, "status_to": Status.spam,
                "created_at": NOON + timedelta(minutes=n),
            }
            for n in range(1, number + 1)
        ],
    )  # fmt: skip
