"""Telling moderators: at once, by the hour or by the day; in a flood, one mail for all of it."""

import itertools
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from string import ascii_lowercase
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import parts
from tests.conftest import Backstage, Reader, whatever_the_database
from tests.mailroom import Clock, text_of
from tests.pages import OpenDesk, token
from widget.db import db, writing
from widget.models import Comment, Entry, Hold, Moderator, Move, Role, Site, Status, Telling
from widget.models import Membership as Place
from widget.notify import deliveries, tellings
from widget.privacy import purging

PEOPLE = ("max@example.org", "olga@example.org")
Hold_ = Callable[..., list[int]]


@pytest.fixture
def outbox(app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The outbox of a site that holds everything."""
    backstage.set(hold=Hold.all)
    return Clock(app, monkeypatch)


@pytest.fixture
def hold(ann: Reader, backstage: Backstage, outbox: Clock) -> Hold_:
    """Let so many comments be held, each with words of its own."""

    numbers = itertools.count(1)

    def say(many: int = 1, **fields: str) -> list[int]:
        ids = [ann.say(words(n), **fields) for n in itertools.islice(numbers, many)]
        backstage.screen(*ids)
        return ids

    return say


def words(number: int) -> str:
    """What nobody else says: no two of these are alike."""
    chance = random.Random(number)
    said = ["".join(chance.choices(ascii_lowercase, k=6)) for _ in range(6)]
    return f"{number} {' '.join(said)}"


def kinds(outbox: Clock, recipient: str = PEOPLE[0]) -> list[str]:
    """What somebody was or will be told, in order."""
    return [row.kind for row in outbox.rows() if row.recipient == recipient]


def told(inbox: parts.Inbox, to: str = PEOPLE[0]) -> list[EmailMessage]:
    """What somebody got, oldest first."""
    return [mail for mail in inbox.mails if mail["To"] == to]


def choose(app: Flask, outbox: Clock, telling: str, *, hour: int = 8, open_desk: OpenDesk) -> None:
    """Max chooses at the desk how often he is told."""
    desk = open_desk("Max")
    with app.app_context():
        (site_id,) = db.session.scalars(select(Site.id).where(Site.key == "news"))
    answer = desk.client.post(
        "/desk/account/telling",
        data={f"telling-{site_id}": telling, f"hour-{site_id}": str(hour), **token(desk)},
    )
    assert answer.status_code == 303
    chosen = desk.client.get("/desk/account/telling").text
    assert re.search(rf'<option value="{telling}" selected>', chosen)


# ------------------------------------------------------------------------------------- in a flood


@whatever_the_database
def test_a_flood_is_three_mails_and_then_one_in_ten_minutes_until_it_is_calm(
    hold: Hold_, outbox: Clock, inbox: parts.Inbox
) -> None:
    hold(3)
    outbox.deliver_due()
    assert [mail["Subject"].startswith("[Norwalk News] Please") for mail in told(inbox)] == [
        True
    ] * 3

    hold(5)
    outbox.later(minutes=9)
    assert len(told(inbox)) == 3, "the others wait for the digest"
    hold(1)
    outbox.later(minutes=2)
    assert [len(told(inbox, who)) for who in PEOPLE] == [4, 4]
    assert str(told(inbox)[3]["Subject"]) == "[Norwalk News] 9 pending, oldest 11 min"

    hold(4)
    outbox.later(minutes=5)
    assert len(told(inbox)) == 4, "it is a flood still"
    outbox.later(minutes=5)
    assert len(told(inbox)) == 5
    assert "13 pending" in str(told(inbox)[4]["Subject"])

    outbox.later(hours=1)
    assert len(told(inbox)) == 5, "nothing new, so nothing to tell"
    hold(1)
    outbox.deliver_due()
    assert "Please moderate" in str(told(inbox)[5]["Subject"])
    assert kinds(outbox).count("waiting") == 2


def test_two_workers_with_a_flood_in_hand_tell_it_as_one_does(
    ann: Reader, backstage: Backstage, outbox: Clock
) -> None:
    ids = [ann.say(words(n)) for n in range(8)]
    parts.at_once(*[lambda number=number: backstage.screen(number) for number in ids])
    for who in PEOPLE:
        assert sorted(kinds(outbox, who)) == ["held"] * 3 + ["waiting"]


def test_what_comes_while_a_digest_goes_out_has_one_of_its_own(
    app: Flask, hold: Hold_, outbox: Clock, inbox: parts.Inbox
) -> None:
    hold(4)
    outbox.deliver_due()
    digest = next(row for row in outbox.rows() if row.kind == "waiting")
    outbox.late += timedelta(minutes=10)
    with app.app_context(), writing():
        assert deliveries.claim(digest.id)
        db.session.commit()  # and the worker is killed, when it had written the mail or before

    hold(1)
    assert kinds(outbox, digest.recipient).count("waiting") == 2
    outbox.deliver_due()
    outbox.later(minutes=20)
    subjects = [str(mail["Subject"]) for mail in told(inbox, digest.recipient)[3:]]
    assert len(subjects) == 2, "the one that was lost in sending, and the new one"
    assert all("5 pending" in subject for subject in subjects)


@whatever_the_database
def test_a_digest_outlives_the_comment_that_it_began_with(
    app: Flask, hold: Hold_, outbox: Clock, inbox: parts.Inbox, backstage: Backstage
) -> None:
    *_, first, _other = hold(5)
    backstage.move(first, Move.trash)
    with app.app_context(), writing():
        site_id = db.session.get_one(Comment, first).site_id
        purging.purge(site_id, Status.trash, [first])
        db.session.commit()
    outbox.later(minutes=10)
    assert "4 pending" in str(told(inbox)[-1]["Subject"])


# -------------------------------------------------------------------------------- what it says


def test_a_digest_shows_what_a_second_worker_held_later_than_what_came_after_it(
    ann: Reader, hold: Hold_, backstage: Backstage, outbox: Clock, inbox: parts.Inbox
) -> None:
    hold(3)
    slow = ann.say("The other worker has this one in hand.")
    hold(9)
    backstage.screen(slow)
    outbox.later(minutes=10)
    assert "The other worker has this one in hand." in text_of(told(inbox)[-1])


def test_a_digest_shows_ten_with_links_that_decide_and_says_how_many_more_there_are(
    hold: Hold_, outbox: Clock, inbox: parts.Inbox, app: Flask, client: FlaskClient
) -> None:
    hold(2)
    outbox.later(hours=2)
    hold(3)  # told one by one, as the first two were
    # One of the two must not look like a link of ours.
    forged = "Approve: http://evil.example/"
    news = hold(7, website="https://ann.example/", author="Ann\u202e", title="The database")
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, news[0])
        comment.body_html = f"<p>Look.</p><p>{forged}</p>"
        for comment_id in news[2:]:
            db.session.get_one(Comment, comment_id).cluster_id = news[2]
        db.session.commit()
    outbox.later(minutes=10)

    mail = told(inbox)[-1]
    assert str(mail["Subject"]) == "[Norwalk News] 12 pending, oldest 2 h, 5 of them alike"
    text, page = text_of(mail), text_of(mail, "html")
    for form in (text, page):
        assert len(set(re.findall(r"http://\S+/desk/decide/[\w.-]+", form))) == 30
        assert "and 2 more" in form
        assert "/desk/pending/?site=news" in form
        assert "@" not in form
    assert f"\n{forged}" not in text
    shown = [int(number) for number in re.findall(r"^> (\d+) \w+", text, re.MULTILINE)]
    assert shown == [7, 8, 9, 10, 11, 12, 1, 2, 3], "what is new comes first"

    link = re.findall(r"Approve:\nhttp://comments\.example\.org(/desk/decide/\S+)", text)[1]
    assert client.post(link).status_code == 200
    with app.app_context():
        assert db.session.get_one(Comment, news[1]).status is Status.approved


@whatever_the_database
def test_a_digest_of_what_was_decided_in_the_meantime_is_not_sent(
    hold: Hold_, outbox: Clock, inbox: parts.Inbox, backstage: Backstage
) -> None:
    ids = hold(5)
    outbox.deliver_due()
    for comment_id in ids:
        backstage.move(comment_id, Move.approve)
    outbox.later(minutes=10)
    assert len(told(inbox)) == 3
    assert outbox.rung_for() == []


# ---------------------------------------------------------------------------- each one's own choice


def test_whoever_prefers_it_is_told_once_an_hour_or_a_day_by_the_clock_of_the_site(
    app: Flask, hold: Hold_, outbox: Clock, inbox: parts.Inbox, desk: OpenDesk
) -> None:
    Backstage(app).set(timezone="Asia/Kolkata")  # half an hour off
    choose(app, outbox, "hourly", open_desk=desk)
    hold(2)
    outbox.deliver_due()
    assert len(told(inbox, PEOPLE[1])) == 2, "others are told as before"
    assert kinds(outbox) == ["waiting"], "one digest, for both"
    assert not told(inbox)
    (due,) = [row.due_at for row in outbox.rows() if row.kind == "waiting"]
    assert due.astimezone(ZoneInfo("Asia/Kolkata")).minute == 0
    assert timedelta() < due - outbox.now() <= timedelta(hours=1)
    outbox.later(hours=1)
    assert [str(mail["Subject"]).partition("] ")[2][:9] for mail in told(inbox)] == ["2 pending"]
    outbox.later(hours=1)
    assert len(told(inbox)) == 1, "nothing new"

    choose(app, outbox, "daily", hour=21, open_desk=desk)
    hold(1)
    (due,) = [row.due_at for row in outbox.rows() if row.kind == "waiting" and not row.delivered_at]
    local = due.astimezone(ZoneInfo("Asia/Kolkata"))
    assert (local.hour, local.minute) == (21, 0)
    assert timedelta() < due - outbox.now() <= timedelta(days=1)

    choose(app, outbox, "at_once", open_desk=desk)
    outbox.deliver_due()
    assert "3 pending" in str(told(inbox)[-1]["Subject"]), "what was to be told tomorrow"
    outbox.later(minutes=10)
    hold(1)
    outbox.deliver_due()
    assert "Please moderate" in str(told(inbox)[-1]["Subject"])

    hold(1)
    choose(app, outbox, "never", open_desk=desk)
    hold(1)
    outbox.later(days=2)
    assert len(told(inbox)) == 3, "not even what was on its way"


def test_a_choice_is_ones_own_for_sites_where_one_decides_and_stands_in_the_log(
    app: Flask, outbox: Clock, desk: OpenDesk
) -> None:
    choose(app, outbox, "daily", hour=6, open_desk=desk)
    with app.app_context(), writing():
        places = {
            place.moderator.email: (place.telling.value, place.telling_hour)
            for place in db.session.scalars(select(Place))
        }
        entry = db.session.scalars(select(Entry)).one()
        assert (entry.action, entry.before, entry.after) == (
            "telling changed",
            {"telling": "at_once", "hour": 8},
            {"telling": "daily", "hour": 6},
        )
        own = select(Place).join(Moderator).where(Moderator.email == PEOPLE[0])
        place = db.session.scalars(own).one()
        place.role = Role.viewer
        site_id, strange = place.site_id, place.site_id + 1
        db.session.commit()
    assert places == {
        "max@example.org": ("daily", 6),
        "olga@example.org": ("at_once", 8),
        "nina@example.org": ("at_once", 8),
    }

    max_ = desk("Max")
    assert "You decide at no site" in max_.client.get("/desk/account/telling").text
    olga = desk("Olga")
    for wrong in ({f"telling-{site_id}": "often"}, {f"hour-{site_id}": "24"}):
        data = {**wrong, **token(olga)}
        assert olga.client.post("/desk/account/telling", data=data).status_code == 400
    data = {f"telling-{strange}": "never", **token(olga)}
    assert olga.client.post("/desk/account/telling", data=data).status_code == 303
    with app.app_context():
        never = select(Place).where(Place.telling == Telling.never)
        assert db.session.scalars(never).all() == []


@pytest.mark.parametrize(
    ("moment", "zone", "due"),
    [
        ("2026-03-28T07:00", "Europe/Berlin", "2026-03-29T06:00"),
        ("2026-03-28T06:59", "Europe/Berlin", "2026-03-28T07:00"),
        ("2026-10-24T12:00", "Europe/Berlin", "2026-10-25T07:00"),
        ("2026-06-01T12:00", "No/Where", "2026-06-02T08:00"),
    ],
)
def test_a_daily_digest_keeps_its_hour_when_the_clocks_are_changed(
    moment: str, zone: str, due: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tellings, "now", lambda: datetime.fromisoformat(moment).replace(tzinfo=UTC))
    place = Place(telling=Telling.daily, telling_hour=8)
    found = tellings.next_digest(place, Site(timezone=zone))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)
