"""The queue as a moderator sees it: what a card says, the views, their order and their counts."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from tests.conftest import PAGE, Backstage, Desk, Reader, opened, whatever_the_database
from tests.mailroom import deliver_all
from tests.pages import OpenDesk, card, cards, page, path_of, press
from widget.db import db, now, writing
from widget.models import Comment, Delivery, Move, Role, Site
from widget.moderation import people
from widget.moderation.listing import PAGE_SIZE


def test_a_card_says_who_wrote_what_where_and_why_it_is_held(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    backstage.set(hold_words="parking", hold_links=2, timezone="America/New_York")
    waits = ann.say(
        '<a href="https://minutes.example/">Page 14</a> on <em>parking</em>, www.minutes.example',
        website="https://www.ann.example/about",
    )
    backstage.screen(waits)

    shown = card(desk("Max"), waits)

    assert shown.xpath("string(.//h2)") == "Ann"
    assert shown.xpath("string(.//*[@class='body']//em)") == "parking"
    assert [link.text for link in shown.xpath(".//*[@class='website']")] == ["ann.example"]
    thread, article = shown.xpath(".//*[@class='where']//a")
    assert thread.text_content() == "The database"
    assert thread.get("href").startswith("/t/news?page=")
    assert thread.get("href").endswith(f"#comment-{waits}")
    assert (article.text_content(), article.get("href")) == ("Article", PAGE)
    assert shown.xpath(".//*[@class='when']/time/@datetime")
    chips = [chip.text_content() for chip in shown.xpath(".//*[@class='chips']/li")]
    assert chips == [
        "links 2 links 55",
        "hold words Contains “parking” 50",
        "bare link Hardly a word beside a link 50",
        "new link The first comment from this browser leads to minutes.example 30",
    ]
    assert shown.xpath(".//*[@class='body']//mark/text()") == ["parking"]


@whatever_the_database
def test_a_card_says_so_where_a_comment_is_held_without_any_signal(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waits = ann.say()
    assert "Not screened yet" in card(desk("Max"), waits).text_content()

    backstage.screen(waits)

    shown = card(desk("Max"), waits).text_content()
    assert "Not screened yet" not in shown
    assert "First comment from this browser" in shown


def test_a_reply_is_shown_with_what_it_answers(
    ann: Reader, bob: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    parent = ann.say("The minutes are <em>public</em>: page 14.")
    backstage.approve(parent)

    shown = card(desk("Max"), bob.say("Page 31 too.", parent=parent))

    answered = shown.xpath("string(.//*[@class='parent'])")
    assert "Ann" in answered
    assert "The minutes are public: page 14." in answered


@whatever_the_database
def test_the_desk_never_shows_readers_addresses_nor_runs_their_words(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    waits = ann.say(
        '<script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:x">y</a>',
        author='"><script>alert(3)</script>',
        title="<script>alert(4)</script>",
    )
    backstage.screen(waits)
    shown = desk("Max").client.get("/desk/pending/")

    assert "ann@example.org" not in shown.text
    scripts = page(shown).xpath("//script")
    assert [script.get("src") for script in scripts] == ["/static/desk.js"]
    assert not page(shown).xpath("//img | //*[@onerror] | //a[starts-with(@href, 'javascript:')]")


PAGES = (
    "/desk/login",
    "/desk/pending/",
    "/desk/approved/",
    "/desk/spam/",
    "/desk/mine/",
    "/desk/password",
    "/desk/decide/forged",
    "/desk/nothing/here",
)


@pytest.mark.parametrize("address", PAGES)
@whatever_the_database
def test_every_page_is_under_a_strict_policy_and_keeps_it(
    app: Flask, desk: OpenDesk, address: str
) -> None:
    browser = desk("Olga") if address != "/desk/login" else Desk(app.test_client())

    shown = browser.client.get(address, headers={"Accept": "text/html"})

    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert shown.headers["Cache-Control"] == "no-store"
    tree = page(shown)
    assert len(tree.xpath("//h1")) == 1
    assert len(tree.xpath("//main")) == 1
    inline = "//style | //*[@style] | //script[not(@src)] | //@*[starts-with(name(), 'on')]"
    assert not tree.xpath(inline)
    for form in tree.xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf_token']/@value"), form.action


@whatever_the_database
def test_views_and_title_carry_the_counts(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    ids = [ann.say(f"The report, part {number}.") for number in range(6)]
    backstage.move(ids[0], Move.approve)
    backstage.move(ids[1], Move.spam)
    backstage.move(ids[2], Move.trash)

    shown = page(desk("Max").client.get("/desk/trash/"))

    views = [
        " ".join(link.text_content().split())
        for link in shown.xpath("//nav[@aria-label='Views']/a")
    ]
    assert views == [
        *("Pending 3", "Reported 0", "Approved 1"),
        *("Spam 1", "Rejected 0", "Trash 1", "Mine 0"),
    ]
    assert (
        shown.xpath("//nav[@aria-label='Views']/a[@aria-current='page']/text()")[0].strip()
        == "Trash"
    )
    assert shown.findtext(".//title", "").startswith("(3) Trash")


@whatever_the_database
def test_the_empty_views_say_so(desk: OpenDesk) -> None:
    olga = desk("Olga")
    for view, words in (
        ("pending", "Nothing waits."),
        ("approved", "Nothing is approved yet."),
        ("spam", "No spam."),
        ("trash", "The trash is empty."),
        ("rejected", "Nothing is rejected."),
        ("reported", "Nothing is reported."),
        ("mine", "You have decided nothing yet."),
    ):
        assert words in olga.client.get(f"/desk/{view}/").text


def test_what_waits_comes_oldest_first_and_page_by_page(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    ids = [ann.say(f"The report, part {number}.") for number in range(PAGE_SIZE + 3)]
    write_at_once(backstage, ids)
    olga = desk("Olga")

    first = olga.client.get("/desk/pending/")
    (following,) = page(first).xpath("//a[@rel='next']/@href")
    second = olga.client.get(following)

    assert cards(first) + cards(second) == ids
    assert not page(second).xpath("//a[@rel='next']")


def test_what_was_decided_comes_newest_first_and_page_by_page(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    ids = [ann.say(f"The report, part {number}.") for number in range(PAGE_SIZE + 3)]
    write_at_once(backstage, ids)
    for comment_id in ids:
        backstage.move(comment_id, Move.spam)
    olga = desk("Olga")

    first = olga.client.get("/desk/spam/")
    (following,) = page(first).xpath("//a[@rel='next']/@href")

    assert cards(first) + cards(olga.client.get(following)) == ids[::-1]


def test_going_on_works_although_the_last_comment_was_decided_meanwhile(
    ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    ids = [ann.say(f"The report, part {number}.") for number in range(PAGE_SIZE + 3)]
    olga = desk("Olga")
    (following,) = page(olga.client.get("/desk/pending/")).xpath("//a[@rel='next']/@href")

    backstage.move(ids[PAGE_SIZE - 1], Move.approve)

    assert cards(olga.client.get(following)) == ids[PAGE_SIZE:]


def test_a_moderator_of_two_sites_sees_both_in_order_or_one_alone(
    app: Flask, ann: Reader, nell: Reader, desk: OpenDesk
) -> None:
    with app.app_context(), writing():
        other = db.session.scalars(select(Site).where(Site.key == "other")).one()
        people.add(other, email="max@example.org", password="", role=Role.moderator)
        db.session.commit()
    ids = [ann.say("One."), nell.say("Two."), ann.say("Three."), nell.say("Four.")]
    both = desk("Max")

    assert cards(both.client.get("/desk/pending/")) == ids
    assert cards(both.client.get("/desk/pending/?site=other")) == ids[1::2]
    assert "Other Paper" in card(both, ids[1]).text_content()
    pressed = press(both, card(both, ids[1], "/desk/pending/?site=other"), "Approve")
    assert path_of(pressed.location) == f"/desk/pending/?site=other#comment-{ids[3]}"


@pytest.fixture
def developing(settings: dict[str, Any], app: Flask) -> Iterator[Desk]:
    """Olga's desk, at the same service with `development` on."""
    with opened(**settings | {"development": True}) as developing:
        desk = Desk(developing.test_client())
        desk.sign_in("Olga")
        yield desk


@whatever_the_database
def test_mail_in_files_is_shown_in_development(
    app: Flask, developing: Desk, ann: Reader, backstage: Backstage
) -> None:
    assert "No mail yet." in developing.client.get("/desk/mail/").text
    backstage.screen(ann.say("<b>Page 14</b> & more."))
    deliver_all(app)

    shown = page(developing.client.get("/desk/mail/"))

    assert "/desk/mail/" in developing.client.get("/desk/pending/").text
    assert len(shown.xpath("//article")) == backstage.count(Delivery) == 2
    (text, *_) = shown.xpath("//pre")
    assert "<b>Page 14</b> & more." in text.text_content()
    assert any("/desk/decide/" in link for link in text.xpath(".//a/@href"))


@whatever_the_database
def test_mail_in_files_is_hidden_in_production(desk: OpenDesk) -> None:
    olga = desk("Olga")
    assert olga.client.get("/desk/mail/").status_code == HTTPStatus.NOT_FOUND
    assert "/desk/mail/" not in olga.client.get("/desk/pending/").text


def write_at_once(backstage: Backstage, ids: list[int]) -> None:
    """Give comments the same moment, as an import or a busy second would."""
    with backstage.app.app_context(), writing():
        moment = now() - timedelta(hours=1)
        db.session.execute(update(Comment).where(Comment.id.in_(ids)).values(created_at=moment))
        db.session.commit()
