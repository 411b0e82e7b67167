"""What is known around a comment when it is screened, and that knowing it costs little."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, text

from tests.conftest import Backstage, Reader
from tests.long_threads import statements
from tests.test_pages import explain
from widget.db import db, now, writing
from widget.models import Comment, Hold, LinkedHost, Move, Site, Status
from widget.moderation import history
from widget.spam import History, clustering

OTHERS, TWINS = 6_000, 1_500
WATCHES = "Only today, the very best watches of all are to be had in my little shop"


@pytest.fixture(autouse=True)
def open_to_all(backstage: Backstage) -> None:
    for site in ("news", "other"):
        backstage.set(site, hold=Hold.none)


def known(app: Flask, *ids: int) -> list[History]:
    with app.app_context():
        comments = [db.session.get_one(Comment, each) for each in ids]
        found = history.gather(comments)
        db.session.rollback()
    return [found[each] for each in ids]


def share(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = app.extensions["settings"].model_copy(update={"shared_history": True})
    monkeypatch.setitem(app.extensions, "settings", shared)


def test_of_the_same_words_and_nearly_the_same_the_others_are_counted(
    ann: Reader, bob: Reader, nell: Reader, app: Flask, backstage: Backstage
) -> None:
    said = [
        ann.say(WATCHES, page="a"),
        bob.say(WATCHES, page="b"),
        bob.say(f"{WATCHES}, dear Eve", page="c"),
        nell.say(WATCHES),
        ann.say("Something else altogether, and long enough to be told apart", page="d"),
    ]
    backstage.screen(*said)
    same, again, nearly, neighbour, other = (known(app, each)[0] for each in said)
    assert [each.same_body for each in (same, again, nearly, neighbour, other)] == [1, 1, 0, 0, 0]
    assert [each.alike for each in (same, again, nearly, neighbour, other)] == [1, 1, 2, 0, 0]
    assert same.by_text == (2, 2)


def test_an_author_and_a_network_have_a_record(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    anns = [ann.say(f"Number {number} of what I say.") for number in range(3)]
    bobs = bob.say("What Bob says.")
    backstage.screen(*anns, bobs)
    backstage.move(anns[0], Move.spam)
    newest = ann.say("And now this.")
    (of_ann,) = known(app, newest)
    assert (of_ann.key.approved, of_ann.key.spam) == (2, 1)
    assert (of_ann.network.approved, of_ann.network.spam) == (3, 1)
    assert of_ann.by_key == (4, 4)
    assert of_ann.by_network == (5, 5)
    assert of_ann.key.age >= timedelta()


def test_links_have_a_record_but_those_to_the_site_itself(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    spam = ann.say("All of it is at https://www.evil.example/1 and nowhere else")
    fine = bob.say("The minutes of March stand on https://good.example/1, page three", page="b")
    backstage.screen(spam, fine)
    backstage.move(spam, Move.spam)
    with app.app_context():
        own = db.session.scalars(select(Site.origins).where(Site.key == "news")).one()[0]
    newest = bob.say(f"I saw https://evil.example/2 and https://good.example and {own}/2019")
    (found,) = known(app, newest)
    assert found.hosts["evil.example"].spam == 1
    assert found.hosts["good.example"].approved == 1
    assert len(found.hosts) == 2


def test_what_is_answered_and_how_a_thread_is_written(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage
) -> None:
    first = ann.say("Das ist die erste Antwort auf diesen Artikel, und sie ist deutsch.")
    backstage.screen(first)
    reply = bob.say("I do not agree with you.", parent=first)
    assert known(app, reply)[0].parent.startswith("Das ist die erste")
    assert known(app, reply)[0].languages == frozenset(), "one comment tells nothing"
    more = [
        ann.say(said)
        for said in (
            "Hier schreiben alle auf deutsch, und das ist auch gut so.",
            "Die Brücke war schon im letzten Jahr gesperrt.",
            "Wer soll das alles bezahlen, frage ich mich.",
            "Morgen ist die Sitzung, da gehe ich hin.",
        )
    ]
    backstage.screen(*more)
    assert known(app, reply)[0].languages == frozenset({"de"})


def test_other_sites_count_only_where_the_operator_allows_it(
    ann: Reader, nell: Reader, app: Flask, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = nell.say(f"{WATCHES}: https://evil.example/1")
    backstage.screen(elsewhere)
    backstage.move(elsewhere, Move.spam)
    here = ann.say(f"{WATCHES}, dear Eve: https://evil.example/1")
    with app.app_context(), writing():
        clustering.join(db.session.get_one(Comment, here))
        db.session.commit()
    (alone,) = known(app, here)
    assert (alone.alike_elsewhere, alone.hosts["evil.example"].spam) == (0, 0)
    share(app, monkeypatch)
    (shared,) = known(app, here)
    assert (shared.alike_elsewhere, shared.hosts["evil.example"].spam) == (1, 1)
    assert shared.same_body == shared.alike == 0, "its words are no matter here"


@pytest.fixture
def flood(app: Flask, ann: Reader) -> list[int]:
    """The newest of many twins by one browser with one link, among many that differ in all."""
    first = ann.say(f"{WATCHES} https://evil.example/")
    with app.app_context(), writing():
        one = db.session.get_one(Comment, first)
        kept = {name: getattr(one, name) for name in Comment.__mapper__.column_attrs.keys()}  # noqa: SIM118 (no dict)
        rows = [
            {
                **kept,
                "id": first + number,
                "path": (first + number).to_bytes(12, "big"),
                "nonce": None,
                "cluster_id": first,
                "screened_at": now(),
                "status": list(Status)[number % 3],
            }
            for number in range(1, OTHERS + TWINS)
        ]
        for number, row in enumerate(rows[:OTHERS]):
            row.update(dict.fromkeys(("key_hash", "network_hash", "body_hash"), f"{number:064x}"))
            row["cluster_id"] = row["id"]
        db.session.execute(insert(Comment), rows)
        linked = [
            {
                "site_id": one.site_id,
                "comment_id": row["id"],
                "host": f"{number}.example" if number < OTHERS else "evil.example",
            }
            for number, row in enumerate(rows)
        ]
        db.session.execute(insert(LinkedHost), linked)
        if db.engine.dialect.name == "postgresql":  # which does so by itself, in time
            db.session.execute(text("ANALYZE"))
        db.session.commit()
    return [row["id"] for row in rows[-20:]]


def test_a_batch_in_a_flood_is_a_few_short_ranges_of_indexes(
    app: Flask, flood: Sequence[int], backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    share(app, monkeypatch)
    asked = []
    for ids in (flood[:1], flood):
        with app.app_context():
            comments = db.session.scalars(select(Comment).where(Comment.id.in_(ids))).all()
            assert comments[0].site.key
            with statements(app) as seen:
                found = history.gather(comments)
            asked.append(len(seen))
            plans = [explain(backstage.dialect, *each) for each in seen]
            db.session.rollback()
        assert all(each.by_text == (501, 501) for each in found.values())
        for plan in plans:
            assert "Seq Scan on comment" not in plan, plan
            assert "Seq Scan on linked_host" not in plan, plan
            assert "SCAN comment" not in plan, plan
            assert "SCAN linked_host" not in plan, plan
    assert asked[0] == asked[1] <= 8
