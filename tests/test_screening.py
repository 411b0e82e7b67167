"""Screening: each comment once, by every check, and nothing unscreened is ever published."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from tests import parts
from tests.conftest import Backstage, Reader
from tests.pages import OpenDesk, cards
from widget import jobs, sanitize
from widget.db import db, now, writing
from widget.models import Comment, Decision, Delivery, Hold, Move, Status, Via
from widget.moderation import moves, screening
from widget.notify import outbox
from widget.publishing import form_token
from widget.spam import assess, assessment, tongues

PostgreSQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def known(ann: Reader, backstage: Backstage) -> Reader:
    """Ann, whose key has an approved comment: only a signal can hold what she says."""
    backstage.approve(ann.say("My first."))
    return ann


def screened(backstage: Backstage, comment_id: int) -> Comment:
    backstage.screen(comment_id)
    return backstage.comment(comment_id)


def rules(comment: Comment) -> list[str]:
    """What was found against it."""
    return [signal["rule"] for signal in comment.signals if not signal.get("trust")]


def test_nothing_is_public_before_it_is_screened(known: Reader, backstage: Backstage) -> None:
    backstage.set("news", hold=Hold.none)
    comment_id = known.say("Not yet.")
    assert "Not yet." not in known.read().text

    assert screened(backstage, comment_id).status is Status.approved
    assert "Not yet." in known.read().text


SUSPICIOUS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "honeypot": ({"subject": "Cheap watches"}, ["honeypot"]),
    "no token": ({"token": None}, ["form-token"]),
    "forged token": ({"token": "1-99.c2lnbmF0dXJl"}, ["form-token"]),
    "no nonce": ({"nonce": None}, ["nonce"]),
    "links": ({"body": "I read it at http://a.example.org and http://b.example.org"}, ["links"]),
    "listed word": ({"body": "At the zebra."}, ["hold-words"]),
    "listed name": ({"author": "Zebra"}, ["hold-words"]),
    "much of it": ({"subject": "x", "token": None, "body": "zebra"},
                   ["honeypot", "form-token", "hold-words"]),
}  # fmt: skip


@pytest.mark.parametrize("hold", [Hold.first, Hold.none])
def test_any_signal_holds_and_every_signal_is_stored(
    known: Reader, backstage: Backstage, hold: Hold
) -> None:
    backstage.set("news", hold=hold, hold_words="zebra")
    for name, (fields, expected) in SUSPICIOUS.items():
        comment = screened(backstage, known.say(**{"body": f"About {name}.", **fields}))

        assert comment.status is Status.pending, name
        assert rules(comment) == expected, name
        assert all(signal["reason"] in comment.held_for for signal in comment.signals), name
    clean = screened(backstage, known.say("Nothing wrong with this."))
    assert (clean.status, clean.signals) == (Status.approved, [])


def test_a_form_that_was_open_for_days_holds_and_one_for_a_day_does_not(
    known: Reader, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = known.token()
    today = form_token.epoch()
    monkeypatch.setattr(form_token, "epoch", lambda: today + 5)
    fresh = screened(backstage, known.say("Open over night.", token=token))
    monkeypatch.setattr(form_token, "epoch", lambda: today + 9)
    stale = screened(backstage, known.say("Open over days.", token=token))

    assert fresh.status is Status.approved
    assert rules(stale) == ["form-token"]


def test_the_neighbours_token_is_forged_here(
    known: Reader, nell: Reader, backstage: Backstage
) -> None:
    comment = screened(backstage, known.say(token=nell.token()))
    assert rules(comment) == ["form-token"]


def test_the_same_words_on_the_site_lately_hold(
    known: Reader, bob: Reader, nell: Reader, app: Flask, backstage: Backstage
) -> None:
    nell.say("Great article! Visit me.")
    first = known.say("Great article! Visit me.", page="a")
    assert screened(backstage, first).signals == [], "the neighbour's comments are no matter here"
    second = screened(backstage, bob.say(" GREAT article!\nVisit me.", page="b"))
    assert rules(second) == ["duplicate"]

    with app.app_context(), writing():
        db.session.execute(update(Comment).values(created_at=now() - timedelta(days=31)))
        db.session.commit()
    assert screened(backstage, bob.say("Great article! Visit me.", page="c")).signals == []


@pytest.mark.parametrize(
    ("hold", "first", "second"),
    [
        (Hold.first, Status.pending, Status.approved),
        (Hold.all, Status.pending, Status.pending),
        (Hold.none, Status.approved, Status.approved),
    ],
)
def test_the_sites_choice(
    ann: Reader, backstage: Backstage, hold: Hold, first: Status, second: Status
) -> None:
    backstage.set("news", hold=hold)
    one = ann.say("My first.")
    assert screened(backstage, one).status is first
    if first is Status.pending:
        backstage.move(one, Move.approve)
    assert screened(backstage, ann.say("My second.")).status is second


def test_what_is_held_without_a_signal_can_be_looked_for_by_why(
    app: Flask, ann: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    client = desk("Max").client
    own = ann.say("Under another article.", page="http://news.example.org/own")
    with app.app_context(), writing():
        db.session.get_one(Comment, own).thread.hold = Hold.all
        db.session.commit()
    backstage.screen(own)
    first = ann.say("My first.")
    backstage.screen(first)
    backstage.set("news", hold=Hold.all)
    other = ann.say("My second.")
    backstage.screen(other)

    for rule, held, words in (
        ("first", first, "the first from its browser"),
        ("all", other, "on a site that holds all"),
        ("thread-all", own, "under an article that holds all"),
    ):
        shown = client.get(f"/desk/pending/?rule={rule}")
        assert cards(shown) == cards(client.get(f"/desk/pending/?q=rule:{rule}")) == [held]
        assert f"<bdi>held for being {words}</bdi>" in shown.text


def test_only_what_is_still_approved_makes_a_key_known(
    known: Reader, app: Flask, backstage: Backstage
) -> None:
    with app.app_context():
        first = db.session.scalars(select(Comment.id)).one()
    for away in (Move.unapprove, Move.spam):
        backstage.move(first, away)
        assert screened(backstage, known.say(f"After {away}.")).status is Status.pending


def test_what_the_machine_publishes_leaves_a_decision(
    known: Reader, app: Flask, backstage: Backstage
) -> None:
    comment_id = known.say("Known.")
    backstage.screen(comment_id)
    with app.app_context():
        decision = db.session.scalars(
            select(Decision).where(Decision.comment_id == comment_id)
        ).one()
        assert (decision.via, decision.moderator) == (Via.policy, None)
        assert decision.reason == "This browser has an approved comment"


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("I read the whole report, and it says nothing new.", "en"),
        ("Das ist doch alles nicht wahr, was hier steht!", "de"),
        ("Привіт, як справи? Це дуже добре.", "uk"),
        ("<b>これは日本語です。</b> https://example.org/in-english-words-only", "ja"),
        # Too little to tell.
        ("Nice!", ""),
        ("lol lol lol lol", ""),
        ("https://example.org/this-is-english-for-sure", ""),
        ("😂😂😂😂😂😂😂😂😂😂", ""),
    ],
)
def test_the_language_is_told_where_it_is_no_guess(body: str, language: str) -> None:
    assert tongues.language_of(sanitize.clean(body).striptags()) == language


def test_what_it_is_like_and_where_it_stands_is_found_with_the_screening(
    known: Reader, bob: Reader, backstage: Backstage
) -> None:
    text = "Only today, the very best watches of all are to be had in my little shop"
    first, second = known.say(f"{text}, no. 1.", page="a"), bob.say(f"{text}, no. 2!", page="b")
    backstage.screen(first, second)
    one, other = backstage.comment(first), backstage.comment(second)
    assert one.cluster_id == other.cluster_id == first
    assert one.written_in == other.written_in == "en"
    assert one.priority_at <= one.created_at


def test_near_duplicates_are_held_and_the_more_there_are_the_worse(
    known: Reader, bob: Reader, backstage: Backstage
) -> None:
    backstage.set("news", hold=Hold.none)
    text = "Only today, the very best watches of all are to be had in my little shop"
    found = [
        screened(backstage, known.say(f"{text}{'!' * number}, dear {name}.", page=str(number)))
        for number, name in enumerate(("Ann", "Bob", "Eve"))
    ]
    assert [each.status for each in found] == [Status.approved, Status.pending, Status.pending]
    assert [rules(each) for each in found] == [[], ["near-duplicate"], ["near-duplicate"]]
    assert "1 other comment lately" in found[1].held_for
    assert "2 other comments lately" in found[2].held_for
    assert 0 < found[1].risk < found[2].risk

    asked = bob.say("Does anybody know for how long the archive has been closed to visitors?")
    backstage.screen(asked)
    quoted = "<q>Does anybody know for how long the archive has been closed to visitors?</q> No."
    assert rules(screened(backstage, bob.say(quoted, parent=asked))) == [], "an answer may quote"
    for short in ("Well said!", "Well said"):
        assert rules(screened(backstage, bob.say(short))) == []


# --------------------------------------------------------------------------- fail closed


def test_a_check_that_raises_holds_the_comment(
    known: Reader, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_candidate: object, _history: object) -> None:
        raise RuntimeError("the list cannot be read")

    monkeypatch.setattr(assessment.assess, "__defaults__", ((broken,),))
    comment = screened(backstage, known.say("Clean."))

    assert comment.status is Status.pending
    assert rules(comment) == ["unchecked"]
    assert "broken" in comment.held_for
    assert backstage.count(Delivery) == 4, "and both moderators are told, as of her first"


def test_a_screening_that_breaks_leaves_the_comment_for_the_next_try(
    ann: Reader, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = ann.say()
    with monkeypatch.context() as patch:

        def breaks(*_held: Any) -> list[Delivery]:
            raise RuntimeError("in the middle of it")

        patch.setattr(outbox, "tell_of_all_held", breaks)
        with pytest.raises(RuntimeError):
            backstage.screen(comment_id)

    left = backstage.comment(comment_id)
    assert (left.status, left.screened_at, left.signals) == (Status.pending, None, [])
    assert (left.held_for, backstage.count(Delivery)) == ("", 0)
    assert screened(backstage, comment_id).screened_at
    assert backstage.count(Delivery) == 2


# ----------------------------------------------------------------------------- only once


def test_a_comment_is_screened_once(ann: Reader, backstage: Backstage) -> None:
    comment_id = ann.say()
    first = screened(backstage, comment_id)
    second = screened(backstage, comment_id)

    assert first.screened_at == second.screened_at
    assert backstage.count(Delivery) == 2, "one for each moderator of the site"


def test_of_two_workers_at_once_one_screens(ann: Reader, app: Flask, backstage: Backstage) -> None:
    comment_id = ann.say()

    def work() -> int:
        with app.app_context(), writing():
            found = len(screening.screen(comment_id).due)
            db.session.commit()
            return found

    assert sorted(parts.at_once(work, work)) == [0, 2]
    assert backstage.count(Delivery) == 2


def test_a_comment_that_is_gone_is_no_fault(app: Flask) -> None:
    with app.app_context():
        jobs.screen(4711)


def test_a_moderator_may_be_quicker_than_the_worker(ann: Reader, backstage: Backstage) -> None:
    for move, status in ((Move.approve, Status.approved), (Move.spam, Status.spam)):
        comment_id = ann.say(f"To {move}.", subject="trap")
        backstage.move(comment_id, move)
        comment = screened(backstage, comment_id)

        assert comment.status is status, "a person's decision stands"
        assert rules(comment) == ["honeypot"], "and what the checks found is shown all the same"
    assert backstage.count(Delivery) == 0, "nobody is asked what is decided"


@PostgreSQL
def test_a_moderator_and_the_worker_never_wait_for_each_other(
    ann: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both write the comment and its thread. (SQLite has only one writer at a time.)"""
    backstage.set("news", hold=Hold.none)
    comment_id = ann.say("Both of us are at it.")
    inside = Event()

    def slowly(*args: Any) -> Any:
        inside.set()
        parts.until(lambda: waiting(app), "the moderator to wait for the worker")
        return assess(*args)

    def decide() -> type[Exception] | None:
        inside.wait(parts.PATIENCE)
        with app.app_context(), writing():
            comment = db.session.get_one(Comment, comment_id)
            try:
                moves.move(comment, Move.approve, moves.By(via=Via.desk), expected=Status.pending)
                db.session.commit()
            except moves.IllegalMove as error:
                return type(error)
            return None

    monkeypatch.setattr(screening, "assess", slowly)
    jobs_done: list[Callable[[], Any]] = [lambda: backstage.screen(comment_id), decide]
    _, outcome = parts.at_once(*jobs_done)

    assert outcome is moves.Overtaken
    assert backstage.comment(comment_id).status is Status.approved
    assert backstage.count(Decision) == 1


def waiting(app: Flask) -> bool:
    with app.app_context():
        return bool(
            db.session.scalar(
                text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            )
        )
