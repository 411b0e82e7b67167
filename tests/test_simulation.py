"""What would become of the latest comments under other rules: as policy would say, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from tests.conftest import Backstage, Reader
from widget.db import db, writing
from widget.models import Comment as Row
from widget.models import Complaint, Effect, Hold, Match, Move, Report, Rule, Site, Status
from widget.moderation import simulation
from widget.moderation.simulation import Result, simulate


def tried(app: Flask, **changed: Any) -> Result:
    with app.app_context():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        return simulate(news, changed)


def moved(result: Result) -> dict[int, tuple[Status, Status | None]]:
    return {change.comment.id: (change.before, change.after) for change in result.changes}


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the database is asked in this block."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    with app.app_context():
        event.remove(db.engine, "before_cursor_execute", note)


def test_each_rule_moves_what_it_finds_whoever_decided_meanwhile(
    ann: Reader, bob: Reader, nell: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none, hold_links=0)
    casino = ann.say("We met at the Casino.")
    linked = bob.say("I read that at http://a.example.org and http://b.example.org")
    odd = bob.say("This came without our form.", token="")
    backstage.screen(casino, linked, odd, nell.say("The neighbour's casino."))
    backstage.move(casino, Move.spam)

    held, public = Status.pending, Status.approved
    result = tried(app, hold_words="casino")
    assert moved(result) == {casino: (public, held)}
    assert result.looked_at == 3, "the neighbour's are not looked at"
    assert "Casino" in result.changes[0].why
    assert result.against_people == 0, "a moderator thought so, too"
    assert moved(tried(app, spam_words="casin*")) == {casino: (public, Status.spam)}
    linking = tried(app, hold_links=2)
    assert moved(linking) == {linked: (public, held)}
    assert linking.against_people == 1
    all_held = tried(app, hold=Hold.all)
    assert moved(all_held) == {casino: (public, held), linked: (public, held)}
    assert all_held.ways == [(public, held, 2)]
    assert moved(tried(app, page_size=10, trash_days=3)) == {}
    assert backstage.comment(casino).status is Status.spam, "nothing was moved"

    backstage.set(hold_words="casino")
    assert moved(tried(app, hold_words="")) == {casino: (held, public)}


def test_what_the_filter_calls_spam_is_spam_where_the_site_lets_it_decide(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    called = ann.say("We met at the Casino.")
    backstage.screen(called)
    with app.app_context(), writing():
        opinion = {"rule": "filter", "reason": "Looks like spam", "score": 0.99}
        db.session.get_one(Row, called).signals = [opinion]
        db.session.commit()
    assert moved(tried(app, spam_words="casino")) == {}
    backstage.set(filter_decides=False)
    assert moved(tried(app, spam_words="casino")) == {called: (Status.pending, Status.spam)}


def test_first_timers_a_threads_own_choice_and_the_trusted_are_seen_as_at_the_time(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none)
    first, second = ann.say("My first."), ann.say("My second.")
    bobs = bob.say("From Bob, whom all trust.")
    backstage.screen(first, second, bobs)
    with app.app_context(), writing():
        comment = db.session.get_one(Row, bobs)
        db.session.add(
            Rule(
                site_id=comment.site_id, match=Match.key, pattern=comment.key_hash,
                effect=Effect.trust,
            )
        )  # fmt: skip
        db.session.commit()
    assert moved(tried(app, hold=Hold.first)) == {first: (Status.approved, Status.pending)}
    assert set(moved(tried(app, hold=Hold.all))) == {first, second}
    with app.app_context(), writing():
        db.session.get_one(Row, first).thread.hold = Hold.none
        db.session.commit()
    assert moved(tried(app, hold=Hold.all)) == {}


def test_reports_count_once_a_network_and_required_addresses_turn_away(
    ann: Reader, bob: Reader, nell: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(hold=Hold.none, hold_reports=3, require_email=False)
    doubted, fine = ann.say("Surely not."), bob.say("No address.", email="")
    backstage.screen(doubted, fine)
    with app.app_context(), writing():
        for reporter, network in (("one", "a"), ("two", "a"), ("three", "b")):
            report = Report(
                site_id=backstage.comment(doubted).site_id, comment_id=doubted,
                reporter_hash=reporter, network_hash=network, complaint=Complaint.abuse,
            )  # fmt: skip
            db.session.add(report)
        db.session.commit()
    reported = tried(app, hold_reports=2, depth=2)
    assert moved(reported) == {doubted: (Status.approved, Status.pending)}
    assert reported.changes[0].why == "2 readers reported it: abuse"
    assert reported.untried == ["depth"]
    assert moved(tried(app, hold_reports=4)) == {}, "as few as now"

    refused = tried(app, require_email=True)
    assert [(each.comment.id, each.after) for each in refused.changes] == [(fine, None)]
    assert refused.against_people == 1
    backstage.set(require_email=True)
    turned_off = tried(app, require_email=False)
    assert (turned_off.untried, turned_off.is_tried) == (["require_email"], False)


def test_it_asks_the_same_few_questions_however_many_comments_there_are(
    ann: Reader, app: Flask, backstage: Backstage, monkeypatch: Any
) -> None:
    backstage.set(hold=Hold.none)
    backstage.screen(ann.say("One casino."))
    with statements(app) as few:
        tried(app, hold_words="casino")
    backstage.screen(*(ann.say(f"Casino {number}.") for number in range(4)))
    with statements(app) as many:
        assert tried(app, hold_words="casino").looked_at == 5
    assert len(many) == len(few)
    monkeypatch.setattr(simulation, "LATEST", 3)
    latest = tried(app, hold_words="casino")
    assert latest.looked_at == len(latest.changes) == 3
    ids = [change.comment.id for change in latest.changes]
    assert ids == sorted(ids, reverse=True), "the latest, the newest first"
