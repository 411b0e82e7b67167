"""Ending it: with one click, from any mail, without a cookie; and what links cannot do."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import Backstage, Reader, whatever_the_database
from tests.mailroom import Post
from widget import jobs
from widget.db import db
from widget.models import Delivery, Subscription

# -------------------------------------------------------------------------------------- the end


def test_every_mail_can_be_ended_with_one_click_as_mail_programs_do_it(
    subscribed: int, ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    mine = ann.say("Also replies.", subscribe="replies")
    backstage.approve(mine, bob.say("Heard."))
    (news,) = post.brought()
    header = str(news["List-Unsubscribe"])
    link = header.strip("<>")
    assert header == f"<{post.follow(news, 'unsubscribe')}>"
    assert news["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"Norwalk News <thread-\d+\.news\.comments\.example\.org>", news["List-Id"])

    assert "Unsubscribe" in post.client.get(link).text
    assert backstage.count(Subscription) == 2, "looking at it ends nothing"
    ended = post.press(link, **{"List-Unsubscribe": "One-Click"})
    assert (ended.status_code, "Set-Cookie" in ended.headers) == (200, False)
    assert backstage.count(Subscription) == 0, "the whole list, replies included"
    assert "You are unsubscribed." in post.press(link).text
    assert "You are unsubscribed." in post.client.get(link).text

    backstage.approve(bob.say("Nobody hears.", parent=mine))
    assert post.brought() == []


@whatever_the_database
def test_who_comes_back_is_asked_again(
    subscribed: int, ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    backstage.approve(bob.say("Heard."))
    (news,) = post.brought()
    post.press(post.follow(news, "unsubscribe"))
    backstage.approve(ann.say("I miss it.", subscribe="thread"))
    (asked,) = post.brought()
    post.confirmed(asked)
    backstage.approve(bob.say("Welcome back."))
    assert [mail["To"] for mail in post.brought()] == ["ann@example.org"]


def test_a_mail_that_was_on_its_way_is_not_sent_after_the_end(
    subscribed: int, bob: Reader, app: Flask, backstage: Backstage, post: Post
) -> None:
    backstage.approve(bob.say("First."))
    (news,) = post.brought()
    backstage.approve(bob.say("Second."))
    with app.app_context():
        published = db.session.scalars(select(Delivery.id).order_by(Delivery.id.desc())).first()
        assert published is not None
        jobs.deliver(published)
    post.press(post.follow(news, "unsubscribe"))
    assert post.brought() == []


def test_one_page_shows_and_changes_all_subscriptions_of_an_address_at_the_site(
    subscribed: int, ann: Reader, bob: Reader, nell: Reader, post: Post
) -> None:
    backstage = Backstage(post.app)
    elsewhere = Reader(ann.client, page=f"{ann.origin}/parking")
    backstage.approve(elsewhere.say("Here too.", subscribe="replies", title="Parking"))
    backstage.approve(nell.say("A neighbour.", email="ann@example.org", subscribe="thread"))
    unproven = bob.say("Not Ann.", email="ann@example.org", subscribe="replies")
    backstage.screen(unproven)
    mails = post.brought()
    post.confirmed(mails[0])
    backstage.approve(bob.say("News."))
    (news,) = [mail for mail in post.brought() if "New comment" in mail["Subject"]]
    address = post.follow(news, "manage")

    shown = post.client.get(address).text
    assert "The database" in shown
    assert "Parking" in shown
    assert shown.count('name="subscription"') == 3, "two rows, and all of them; no neighbour's"
    assert "ann@example.org" not in shown

    row = re.findall(r'name="subscription" value="(\d+)"', shown)[0]
    changed = post.press(address, subscription=row, change="daily")
    assert (changed.status_code, changed.headers["Location"]) == (303, address.partition(".org")[2])
    assert "The whole discussion, in one mail a day" in post.client.get(address).text
    post.press(address, subscription="4711", change="unsubscribe")
    post.press(address, subscription=row, change="nonsense")
    assert "The database" in post.client.get(address).text
    post.press(address, subscription=row, change="unsubscribe")
    assert "The database" not in post.client.get(address).text
    post.press(address, subscription="all", change="unsubscribe")
    assert "There are none" in post.client.get(address).text
    assert backstage.count(Subscription) == 2, "the neighbour's, and the stranger's"


@pytest.mark.parametrize("purpose", ["confirm", "unsubscribe", "manage", "erase"])
@whatever_the_database
def test_a_link_for_one_thing_does_nothing_else_and_a_forged_one_nothing_at_all(
    subscribed: int, bob: Reader, backstage: Backstage, post: Post, purpose: str
) -> None:
    backstage.approve(bob.say("News."))
    (news,) = post.brought()
    other = "manage" if purpose == "unsubscribe" else "unsubscribe"
    right = post.follow(news, other)
    for wrong in (right.replace(f"/{other}/", f"/{purpose}/"), right[:-2], f"{right[:-9]}x"):
        for ask in (post.client.get, post.client.post):
            answer = ask(wrong)
            assert answer.status_code == 410
            assert "This link is not complete." in answer.text
    assert backstage.count(Subscription) == 1


@whatever_the_database
def test_no_link_and_no_log_holds_an_address(
    subscribed: int,
    bob: Reader,
    backstage: Backstage,
    post: Post,
    caplog: pytest.LogCaptureFixture,
) -> None:
    backstage.approve(bob.say("News."))
    mail = post.brought()[0].as_string()
    assert "ann" not in " ".join(re.findall(r"https?://\S+", mail)).lower()
    assert "@" not in caplog.text
