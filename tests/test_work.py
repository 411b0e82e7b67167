"""Work that browsers are asked for: when, what it is worth, and that nobody is refused for it."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import altcha
import pytest
from flask import Flask
from sqlalchemy import event

from tests import parts
from tests.conftest import HOST, Backstage, Program, Reader, WithoutScript, opened, told
from widget.comments import haste
from widget.comments.authorship import Author
from widget.db import db
from widget.models import Comment, Hold, Shields, Status
from widget.spam import work

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def solved(challenge: dict[str, Any]) -> str:
    """What a browser would send back."""
    given = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(given)
    assert solution
    return altcha.Payload(given, solution).to_base64()


def asked(reader: Reader, **fields: Any) -> dict[str, Any]:
    """Post as a browser that can be asked; returns what it is asked for."""
    response = reader.post(work="", **fields)
    assert response.status_code == 428, response.text
    assert response.headers["Cache-Control"] == "no-store"
    challenge: dict[str, Any] = told(response)["work"]
    return challenge


def found(backstage: Backstage, comment_id: int) -> list[tuple[str, str]]:
    """Rule and span of what screening found."""
    backstage.screen(comment_id)
    comment = backstage.comment(comment_id)
    assert comment.status is (Status.pending if comment.signals else Status.approved)
    return [(signal["rule"], signal["span"]) for signal in comment.signals]


@pytest.fixture(autouse=True)
def _holds_nothing_else(backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is found holds a comment here; and work is short."""
    backstage.set(hold=Hold.none)
    for name, less in {"_COST": 10, "_HARD": 40, "_MOST": 8}.items():
        monkeypatch.setattr(work, name, less)


@pytest.fixture
def pressed(backstage: Backstage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two posts of one network are many."""
    monkeypatch.setattr(haste, "MANY", 2)


# ------------------------------------------------------------------------------------ when


@on_sqlite
def test_an_honest_post_is_never_asked(ann: Reader, backstage: Backstage) -> None:
    assert found(backstage, ann.say(work="")) == []


@on_sqlite
@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "me"},
        {"token": None},
        {"token": "forged"},
        {"nonce": None},
        {"took": "900"},
        {"body": "http://a.example.org http://b.example.org"},
    ],
    ids=["honeypot", "no token", "forged token", "no nonce", "filled in too fast", "links"],
)
def test_a_suspicious_post_is_asked_and_nothing_is_stored_before(
    fields: dict[str, Any], ann: Reader, backstage: Backstage
) -> None:
    asked(ann, **fields)
    assert backstage.count(Comment) == 0
    solution = solved(asked(ann, **fields))
    found_then = found_of(backstage, ann.say(work=solution, **fields))
    assert "work" not in [signal["rule"] for signal in found_then]


def test_where_much_comes_from_one_network_browsers_are_asked_and_nobody_is_held(
    ann: Reader, bob: Reader, app: Flask, backstage: Backstage, pressed: None
) -> None:
    for words in ("One.", "Two."):
        ann.say(words, work="")
    solution = solved(asked(bob, nonce="n"))
    assert found(backstage, bob.say(work=solution, nonce="n")) == []
    cara = WithoutScript(app.test_client(), "Cara").post(nonce="c")
    assert cara.status_code == 303
    elsewhere = Reader(app.test_client(), "Dan", "a key that only Dan's browser holds")
    elsewhere.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    elsewhere.say("Four.", work="")


def test_an_index_tells_how_much_came_from_a_network(app: Flask, backstage: Backstage) -> None:
    by = Author(key_hash=None, address_hash=None, network_hash="f" * 64)
    asked: list[tuple[str, Any]] = []
    with app.app_context():
        connection = db.session.connection()

        def note(_c: object, _cursor: object, said: str, values: Any, *_: object) -> None:
            asked.append((said, values))

        event.listen(connection, "before_cursor_execute", note)
        assert not haste.is_in_haste(1, by)
        event.remove(connection, "before_cursor_execute", note)
        ((said, values),) = asked
        is_postgresql = backstage.dialect == "postgresql"
        if is_postgresql:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
        explained = "\n".join(map(str, connection.exec_driver_sql(plan + said, values)))
    assert "ix_comment_network" in explained
    assert "Sort" not in explained
    assert "TEMP B-TREE" not in explained


@on_sqlite
def test_while_shields_are_up_everybody_is_asked_for_more(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    usual = told(ann.client.get("/embed/news/work"))["parameters"]["cost"]
    backstage.set(shields=Shields.up)
    challenge = asked(ann)
    assert usual < challenge["parameters"]["cost"] <= 10 * usual
    nell.say(work="")

    comment_id = ann.say(work=solved(challenge))
    backstage.screen(comment_id)
    assert backstage.comment(comment_id).signals == []
    assert backstage.comment(comment_id).status is Status.pending


# --------------------------------------------------------------------------- who does not do it


@on_sqlite
@pytest.mark.parametrize("sent", ["none", "e30=", "\u20ac", "A" * 100_000, "WzFd"])
def test_a_post_whose_work_was_not_done_is_taken_and_held(
    sent: str, ann: Reader, backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    comment_id = ann.say(work=sent)
    assert found(backstage, comment_id) == [("work", "missing")]
    (signal,) = backstage.comment(comment_id).signals
    assert signal["reason"] == "The browser did not do the work that it was asked for"


@on_sqlite
def test_whoever_has_no_script_is_not_asked_but_held(
    ann: Reader, app: Flask, backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    cara = WithoutScript(app.test_client(), "Cara").post("Mine.", nonce="c")
    assert cara.status_code == 303
    assert found(backstage, 1) == [("work", "impossible")]
    assert found(backstage, ann.say("Another.")) == [("work", "impossible")], "an older script"
    strange = Program(app.test_client(), "Prog").say("I had no form.", token=None)
    assert "work" not in dict(found(backstage, strange)), "what is told already is told once"


@on_sqlite
def test_nobody_is_held_for_being_quick_where_work_cannot_be_done(
    ann: Reader, backstage: Backstage
) -> None:
    comment_id = ann.say(took="900")
    assert [signal["rule"] for signal in found_of(backstage, comment_id)] == ["fast"]
    assert backstage.comment(comment_id).status is Status.approved


@on_sqlite
@pytest.mark.parametrize("changed", ["counter", "cost", "derivedKey", "signature"])
def test_no_work_is_believed_that_is_not_what_was_asked_for(
    changed: str, ann: Reader, backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    payload = altcha.Payload.from_base64(solved(asked(ann)))
    match changed:
        case "counter":  # the key alone is proof, and found only by looking
            payload.solution.derived_key = "00" * 32
        case "cost":
            payload.challenge.parameters.cost = 1
        case "derivedKey":
            payload.solution.derived_key = payload.challenge.parameters.key_prefix + "00" * 16
        case "signature":
            payload.challenge.signature = None
    assert found(backstage, ann.say(work=payload.to_base64())) == [("work", "wrong")]


@on_sqlite
def test_work_for_one_site_is_none_for_its_neighbour(
    ann: Reader, nell: Reader, backstage: Backstage
) -> None:
    for site in ("news", "other"):
        backstage.set(site, shields=Shields.up, hold=Hold.none)
    solution = solved(asked(ann))
    assert found(backstage, nell.say(work=solution)) == [("work", "wrong")]


@on_sqlite
def test_work_that_comes_too_late_is_asked_for_anew(
    ann: Reader, backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.set(shields=Shields.up)
    solution = solved(asked(ann))
    later = time.time() + work.SECONDS + 2
    monkeypatch.setattr("altcha.v2.time.time", lambda: later)
    assert ann.post(work=solution).status_code == 428


@on_sqlite
def test_easy_work_that_was_gathered_before_does_not_pass_the_shields(
    ann: Reader, backstage: Backstage
) -> None:
    gathered = solved(told(ann.client.get("/embed/news/work")))
    backstage.set(shields=Shields.up)
    again = ann.post(work=gathered)
    assert again.status_code == 428
    assert found_of(backstage, ann.say(work=solved(told(again)["work"]))) == []


# ------------------------------------------------------------------------------ it counts once


@on_sqlite
def test_work_counts_for_one_comment(ann: Reader, bob: Reader, backstage: Backstage) -> None:
    backstage.set(shields=Shields.up)
    solution = solved(asked(ann))
    first = ann.say("One.", work=solution, nonce="n-1")
    assert found_of(backstage, first) == []
    assert ann.say("One.", work=solution, nonce="n-1") == first, "the first answer was lost"
    otherwise_written = json.dumps(json.loads(base64.b64decode(solution)), indent=1)
    for again in (solution, base64.b64encode(otherwise_written.encode()).decode()):
        second = bob.say(f"Two: {len(again)}", work=again)
        assert found(backstage, second) == [("work", "wrong")]


def found_of(backstage: Backstage, comment_id: int) -> list[Any]:
    """What screening found, whatever became of it."""
    backstage.screen(comment_id)
    return list(backstage.comment(comment_id).signals)


@on_sqlite
def test_without_a_nonce_it_counts_once_as_well(ann: Reader, backstage: Backstage) -> None:
    solution = solved(asked(ann, nonce=None))
    for words, rules in (("One.", {"nonce"}), ("Two.", {"nonce", "work"})):
        comment_id = ann.say(words, nonce=None, work=solution)
        assert dict(found(backstage, comment_id)).keys() == rules


@on_sqlite
def test_while_redis_is_away_it_is_held_and_says_so(
    ann: Reader, settings: dict[str, Any], app: Flask, backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    solution = solved(asked(ann))
    nowhere = f"redis://127.0.0.1:{parts.free_port()}/0"
    with opened(**settings | {"redis_url": nowhere}) as without:
        comment_id = Reader(without.test_client()).say(work=solution)
    assert found(backstage, comment_id) == [("work", "unchecked")]


@pytest.fixture
def limited(settings: dict[str, Any], app: Flask) -> Iterator[Reader]:
    """Ann, where two posts a minute are enough."""
    with opened(**settings | {"post_limit": "2 per minute"}) as strict:
        yield Reader(strict.test_client())


@on_sqlite
def test_whoever_is_asked_for_work_has_posted_once(limited: Reader, backstage: Backstage) -> None:
    backstage.set(shields=Shields.up)
    for words in ("One.", "Two."):
        limited.say(words, work=solved(asked(limited)))
    refused = limited.post("Three.", work="")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 61


@on_sqlite
def test_nobody_has_us_make_up_work_without_end(limited: Reader, backstage: Backstage) -> None:
    backstage.set(shields=Shields.up)
    asked(limited)
    assert limited.client.get("/embed/news/work").status_code == 200
    for more in (limited.post(work=""), limited.client.get("/embed/news/work")):
        assert more.status_code == 429
    limited.say("Whoever brings none may still say something.")


# ------------------------------------------------------------------------------- who may read it


@on_sqlite
def test_a_program_may_bring_it_along_at_once(app: Flask, backstage: Backstage) -> None:
    backstage.set(shields=Shields.up)
    program = Program(app.test_client(), "Prog")
    offered = program.client.get("/embed/news/work", headers={"Origin": HOST})
    assert offered.headers["Access-Control-Allow-Origin"] == HOST
    assert offered.headers["Cache-Control"] == "no-store"
    comment_id = program.say(work=solved(told(offered)), token=Reader(program.client).token())
    assert found_of(backstage, comment_id) == []


@on_sqlite
def test_the_sites_own_pages_can_read_what_they_are_asked(
    ann: Reader, backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    response = ann.post(work="")
    assert response.headers["Access-Control-Allow-Origin"] == HOST
    assert "Set-Cookie" not in response.headers


@on_sqlite
def test_a_secret_key_may_be_changed_meanwhile(
    ann: Reader, settings: dict[str, Any], backstage: Backstage
) -> None:
    backstage.set(shields=Shields.up)
    solution = solved(asked(ann))
    changed = {"secret_key": "y" * 40, "secret_key_fallbacks": [parts.SECRET]}
    with opened(**settings | changed) as later:
        comment_id = Reader(later.test_client()).say(work=solution)
    assert found_of(backstage, comment_id) == []
