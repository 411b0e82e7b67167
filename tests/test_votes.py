"""Votes: one a voter and comment, taken without an account, and seen by readers a little later."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from lxml import html
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Reader, WithoutScript
from tests.pages import page
from widget import jobs
from widget.comments import authorship, voting
from widget.comments.threading import find_thread
from widget.db import db, now, writing
from widget.models import Move, Site, Thread, Vote, Votes

UP, DOWN, NONE = 1, -1, 0


def vote(reader: Reader, comment_id: int, value: int = UP, **fields: Any) -> TestResponse:
    """Press a button, as the script (or the browser without it) does."""
    data = {"page": reader.page, "value": value, "key": reader.key}
    data |= {} if "token" in fields else {"token": reader.token()}
    data |= fields
    return reader.client.post(
        f"/embed/{reader.site}/comments/{comment_id}/vote",
        data={name: given for name, given in data.items() if given is not None},
        headers=reader.headers,
    )


def counts(backstage: Backstage, comment_id: int) -> tuple[int, int]:
    comment = backstage.comment(comment_id)
    return comment.votes_up, comment.votes_down


def version(backstage: Backstage) -> int:
    with backstage.app.app_context():
        return db.session.scalars(select(Thread.version)).one()


def at(reader: Reader, address: str) -> Reader:
    """The same reader, behind another network."""
    reader.client.environ_base["REMOTE_ADDR"] = address
    return reader


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's, where votes go up and down."""
    comment_id = ann.say()
    backstage.approve(comment_id)
    backstage.set(votes=Votes.both)
    return comment_id


def test_a_vote_is_counted_changed_and_taken_back(
    bob: Reader, said: int, backstage: Backstage
) -> None:
    for value, counted in (
        (UP, (1, 0)), (UP, (1, 0)), (DOWN, (0, 1)), (NONE, (0, 0)), (NONE, (0, 0)), (DOWN, (0, 1)),
    ):  # fmt: skip
        answer = vote(bob, said, value)
        assert answer.status_code == 200, answer.text
        assert counts(backstage, said) == counted
        shown = html.fragment_fromstring(answer.text)
        assert shown.get("class") == "comment-voting"
        pressed = {int(b.get("value")): b.get("aria-pressed") for b in shown.iter("button")}
        assert pressed == {UP: str(value == UP).lower(), DOWN: str(value == DOWN).lower()}
        numbers = [each.text or "0" for each in shown.xpath(".//*[@class='comment-votes']")]
        assert numbers == [str(number) for number in counted]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Access-Control-Allow-Origin"] == HOST
    assert backstage.count(Vote) == 1


def test_the_thread_offers_what_the_site_counts(
    ann: Reader, bob: Reader, said: int, backstage: Backstage
) -> None:
    def offered() -> list[tuple[str | None, str | None]]:
        tree = html.fragment_fromstring(ann.read().text)
        buttons = tree.xpath("//button[contains(@class, 'comment-vote')]")
        address = f"http://comments.example.org/embed/news/comments/{said}/vote"
        assert all(button.get("formaction") == address for button in buttons)
        assert all(tree.xpath(f"//form[@id='{button.get('form')}']") for button in buttons)
        return [(button.get("value"), button.get("aria-label")) for button in buttons]

    up, down = ("1", "Vote up the comment by Ann"), ("-1", "Vote down the comment by Ann")
    assert offered() == [up, down]
    backstage.set(votes=Votes.up)
    assert offered() == [up]
    assert vote(bob, said, DOWN).status_code == 403
    assert vote(bob, said, UP).status_code == 200
    backstage.set(votes=Votes.none)
    assert offered() == []
    assert vote(bob, said).status_code == 403
    assert counts(backstage, said) == (1, 0)


def test_without_a_script_a_button_leads_back_to_the_comment_and_a_second_press_takes_back(
    app: Flask, said: int, backstage: Backstage
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    answer = vote(cara, said)
    assert answer.status_code == 303
    assert answer.location.startswith("/t/news?")
    assert answer.location.endswith(f"#comment-{said}")
    back = cara.client.get(answer.location, headers=cara.headers)
    shown = page(back).get_element_by_id(f"comment-{said}")
    assert shown.xpath("string(.//*[@class='comment-votes'])") == "1"  # this page is never cached

    assert vote(cara, said).status_code == 303
    assert counts(backstage, said) == (1, 0)  # a double click is one vote
    with app.app_context(), writing():
        db.session.execute(update(Vote).values(created_at=now() - timedelta(minutes=1)))
        db.session.commit()
    vote(cara, said)
    assert counts(backstage, said) == (0, 0)


def test_a_browser_without_a_key_has_one_vote_an_address(
    app: Flask, said: int, backstage: Backstage
) -> None:
    for name, address in (("Cara", "203.0.113.7"), ("Carl", "203.0.113.7"), ("Dan", "203.0.113.8")):
        without_key = Reader(app.test_client(), name, key=None)
        assert vote(at(without_key, address), said).status_code == 200
    assert counts(backstage, said) == (2, 0)


def test_one_network_cannot_outvote_the_rest(app: Flask, said: int, backstage: Backstage) -> None:
    def script(number: int, address: str) -> Reader:
        return at(Reader(app.test_client(), key=f"made up key number {number}"), address)

    answers = [vote(script(n, f"203.0.113.{n}"), said, DOWN) for n in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert "your network" in answers[-1].text
    assert counts(backstage, said) == (0, 5)
    assert vote(script(8, "198.51.100.1"), said).status_code == 200
    # Who has a vote may still change it, or make room.
    assert vote(script(0, "203.0.113.0"), said, UP).status_code == 200
    assert vote(script(0, "203.0.113.0"), said, NONE).status_code == 200
    assert vote(script(6, "203.0.113.6"), said, DOWN).status_code == 200
    assert counts(backstage, said) == (1, 5)


def test_nobody_votes_on_their_own_comment(
    ann: Reader, app: Flask, said: int, backstage: Backstage
) -> None:
    answer = vote(ann, said)
    assert (answer.status_code, counts(backstage, said)) == (403, (0, 0))
    assert "your own comment" in answer.text

    cara = WithoutScript(app.test_client(), "Cara")
    at(cara, "203.0.113.9")
    posted = cara.post("I have no script.")
    own = int(posted.location.rpartition("-")[2])
    backstage.approve(own)
    assert vote(cara, own).status_code == 403


def test_a_form_that_is_not_ours_is_refused_in_words(
    bob: Reader, said: int, backstage: Backstage
) -> None:
    for token in (None, "", "forged", "1-1.forged"):
        answer = vote(bob, said, token=token)
        assert (answer.status_code, counts(backstage, said)) == (403, (0, 0))
        assert "reload the page" in answer.text


def test_another_sites_token_or_page_does_not_count(
    bob: Reader, nell: Reader, said: int, backstage: Backstage
) -> None:
    assert vote(bob, said, token=nell.token()).status_code == 403
    assert bob.client.post(
        f"/embed/news/comments/{said}/vote",
        data={"page": PAGE, "value": UP, "token": bob.token(), "key": bob.key},
        headers={**bob.headers, "Origin": nell.origin},
    ).status_code == 403  # fmt: skip
    assert vote(nell, said).status_code == 404
    assert counts(backstage, said) == (0, 0)


def test_only_what_is_public_on_this_page_can_be_voted_on(
    ann: Reader, bob: Reader, said: int, backstage: Backstage
) -> None:
    waits = ann.say("This one waits.")
    backstage.screen(waits)
    backstage.move(waits, Move.unapprove)
    for comment_id, elsewhere in (
        (waits, PAGE), (said, f"{HOST}/elsewhere"), (4711, PAGE), (2**70, PAGE),
    ):  # fmt: skip
        answer = vote(bob, comment_id, page=elsewhere)
        assert answer.status_code in {400, 404}, answer.text
    for value in ("", "2", "many", None):
        assert vote(bob, said, value=value).status_code in {400, 403}  # type: ignore[arg-type]
    assert backstage.count(Vote) == 0


def test_votes_make_cached_pages_old_at_most_once_in_half_a_minute(
    app: Flask, bob: Reader, said: int, backstage: Backstage
) -> None:
    def sweep(later: timedelta) -> None:
        with app.app_context(), writing():
            marked = update(Thread).where(Thread.voted_at.is_not(None))
            db.session.execute(marked.values(voted_at=now() - later))
            db.session.commit()
            jobs.sweep()

    before, etag = version(backstage), bob.read().headers["ETag"]
    vote(bob, said)
    sweep(voting.PAUSE - timedelta(seconds=5))
    assert (version(backstage), bob.read().headers["ETag"]) == (before, etag)

    for reader in range(3):
        vote(Reader(app.test_client(), key=f"the key of reader number {reader}"), said)
    sweep(voting.PAUSE + timedelta(seconds=1))
    assert version(backstage) == before + 1
    shown = html.fragment_fromstring(bob.read().text)
    assert shown.xpath("//*[@class='comment-votes']/text()") == ["4"]

    sweep(voting.PAUSE * 2)
    assert version(backstage) == before + 1  # nobody voted since


def test_my_votes_are_known_by_my_key_alone(
    app: Flask, ann: Reader, bob: Reader, said: int, backstage: Backstage
) -> None:
    other = ann.say("Another one.")
    backstage.approve(other)
    vote(bob, said, UP)
    vote(bob, other, DOWN)

    def of(*keys: str | None, page: str = PAGE) -> tuple[list[int], list[int]]:
        with app.app_context():
            site = db.session.scalars(select(Site).where(Site.key == "news")).one()
            secret = app.extensions["settings"].secret_key
            hashes = [authorship.hash_key(secret, site_id=site.id, key=key) for key in keys]
            voted = voting.of(find_thread(site, page), hashes)
            return voted.up, voted.down

    assert of(bob.key) == of(None, ann.key, bob.key) == ([said], [other])
    assert of(ann.key) == of() == of(None) == of(bob.key, page=f"{HOST}/none") == ([], [])
    mine = bob.mine().text
    assert f'data-up="{said}"' in mine
    assert f'data-down="{other}"' in mine


def test_votes_at_the_same_moment_are_all_counted_and_one_voters_once(
    app: Flask, bob: Reader, said: int, backstage: Backstage
) -> None:
    token = bob.token()
    voters = [bob] * 4 + [
        at(Reader(app.test_client(), key=f"the key of reader number {n}"), f"198.51.{n}.1")
        for n in range(4)
    ]
    start = threading.Barrier(len(voters))
    answers: list[int] = []

    def press(reader: Reader) -> None:
        client = Reader(app.test_client(), key=reader.key)
        client.client.environ_base.update(reader.client.environ_base)
        start.wait()
        answers.append(vote(client, said, token=token).status_code)

    threads = [threading.Thread(target=press, args=(reader,)) for reader in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * len(voters)
    assert counts(backstage, said) == (5, 0)
    assert backstage.count(Vote) == 5


def test_one_connection_cannot_vote_without_end(app: Flask, bob: Reader, said: int) -> None:
    found = app.extensions["settings"]
    app.extensions["settings"] = found.model_copy(update={"vote_limit": "2 per minute"})
    answers = [vote(bob, said, value) for value in (UP, DOWN, UP)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert "too quickly" in answers[-1].text
    assert bob.post().status_code == 202  # writing is counted apart
