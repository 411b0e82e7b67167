"""A thread moves to another page, or is merged into another one; nobody and nothing gets lost."""

import threading

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import HOST, PAGE, Backstage, Desk, Reader
from tests.mailroom import Post
from tests.pages import OpenDesk, page, path_of, press, token
from widget.db import db
from widget.models import Comment, Entry, Move, Subscription, Thread

NEW = f"{HOST}/2020/the-database-again"


def move(desk: Desk, thread_id: int, to: str) -> TestResponse:
    return desk.client.post(f"/desk/threads/{thread_id}/move", data={"page": to, **token(desk)})


def thread_id_of(backstage: Backstage, comment_id: int) -> int:
    return backstage.comment(comment_id).thread_id


def on(reader: Reader, address: str) -> Reader:
    """The same reader, on another page."""
    return Reader(reader.client, reader.name, reader.key, reader.site, address, reader.origin)


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment of Ann's."""
    comment_id = ann.say()
    backstage.approve(comment_id)
    return comment_id


def test_a_moved_thread_is_read_and_written_in_under_both_pages(
    ann: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    olga = desk("Olga")
    thread_id = thread_id_of(backstage, said)
    before = on(ann, NEW).read().headers["ETag"]
    assert move(olga, thread_id, NEW + "/?utm_source=mail").status_code == 303
    assert on(ann, NEW).read().headers["ETag"] != before
    for address in (PAGE, NEW):
        assert f'id="comment-{said}"' in on(ann, address).read().text
        counted = ann.client.get(
            "/embed/news/counts", query_string={"page": address}, headers=ann.headers
        )
        assert counted.get_json()[address] == 1
    late = ann.say("From an old page of some cache.")
    assert thread_id_of(backstage, late) == thread_id
    vote = {"page": PAGE, "value": "1", "key": "some other browser's key", "token": ann.token()}
    voted = ann.client.post(f"/embed/news/comments/{said}/vote", data=vote, headers=ann.headers)
    assert voted.status_code == 200
    with backstage.app.app_context():
        (entry,) = db.session.scalars(select(Entry)).all()
        assert (entry.before, entry.after) == ({"page": PAGE}, {"page": NEW})


def test_a_move_is_taken_back_by_its_undo_any_number_of_times(
    ann: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    olga = desk("Olga")
    thread_id = thread_id_of(backstage, said)
    move(olga, thread_id, NEW)
    for where in (PAGE, NEW, PAGE):
        shown = page(olga.client.get(f"/desk/threads/{thread_id}"))
        assert press(olga, shown, "Undo").status_code == 303
        with backstage.app.app_context():
            assert db.session.get_one(Thread, thread_id).page == where
        assert f'id="comment-{said}"' in on(ann, NEW).read().text
        assert f'id="comment-{said}"' in ann.read().text


def test_a_page_that_has_comments_asks_to_merge_and_all_of_them_stand_together_then(
    ann: Reader, bob: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    there = on(bob, NEW)
    other = there.say("Bob was there first.")
    backstage.approve(other)
    reply = ann.say("A reply.", parent=said)
    backstage.approve(reply)
    olga = desk("Olga")
    asked = move(olga, thread_id_of(backstage, said), NEW)
    assert "cannot be taken back" in asked.text
    merged = press(olga, page(asked), "Merge them")
    assert path_of(merged.location) == f"/desk/threads/{thread_id_of(backstage, other)}"
    for address in (PAGE, NEW):
        text = on(ann, address).read().text
        assert all(f'id="comment-{each}"' in text for each in (said, reply, other))
        assert "3 comments" in text
    backstage.move(said, Move.trash)
    assert "2 comments" in there.read().text


def test_whoever_followed_a_merged_thread_still_does_and_old_links_in_mails_still_work(
    ann: Reader,
    bob: Reader,
    *,
    subscribed: int,
    desk: OpenDesk,
    backstage: Backstage,
    post: Post,
) -> None:
    there = on(bob, NEW)
    other = there.say("Bob was there first.")
    backstage.approve(other)
    news = bob.say("Under the old page.")
    backstage.approve(news)
    (mail,) = [each for each in post.brought() if each["To"] == "ann@example.org"]
    olga = desk("Olga")
    press(olga, page(move(olga, thread_id_of(backstage, subscribed), NEW)), "Merge them")
    backstage.approve(there.say("After the merge."))
    assert [each["To"] for each in post.brought()] == ["ann@example.org"]
    unsubscribe = mail["List-Unsubscribe"].strip("<>").split(">")[0]
    answer = ann.client.post(path_of(unsubscribe), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert backstage.count(Subscription) == 0


def test_a_comment_that_came_during_the_merge_follows_when_it_is_screened(
    ann: Reader, bob: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    other = on(bob, NEW).say("Bob was there first.")
    backstage.approve(other)
    old, new = thread_id_of(backstage, said), thread_id_of(backstage, other)
    late = ann.say("Sent before, stored after.")
    olga = desk("Olga")
    press(olga, page(move(olga, old, NEW)), "Merge them")
    with backstage.app.app_context():
        # As its transaction would have written it, had it found the thread before the merge.
        db.session.get_one(Comment, late).thread_id = old
        db.session.commit()
    backstage.approve(late)
    assert thread_id_of(backstage, late) == new
    assert f'id="comment-{late}"' in ann.read().text
    assert "3 comments" in ann.read().text


@pytest.mark.parametrize(
    ("typed", "status", "words"),
    [
        ("", 422, "which page"),
        ("x" * 1001, 422, "1,000 characters"),
        ("https://elsewhere.example.net/a", 422, "does not belong to Norwalk News"),
        (PAGE, 409, "stands under now"),
    ],
)
def test_a_page_that_will_not_do_is_refused_in_words_and_stays_typed(
    said: int, desk: OpenDesk, backstage: Backstage, *, typed: str, status: int, words: str
) -> None:
    answer = move(desk("Olga"), thread_id_of(backstage, said), typed)
    assert answer.status_code == status
    shown = page(answer)
    assert words in shown.get_element_by_id("page-fault").text_content()
    assert shown.get_element_by_id("page").get("value") == typed


def test_only_an_admin_moves_a_thread_and_nobody_into_another_site(
    said: int, nell: Reader, desk: OpenDesk, backstage: Backstage
) -> None:
    thread_id = thread_id_of(backstage, said)
    elsewhere = nell.say("Another paper's.")
    backstage.approve(elsewhere)
    max_, nina, olga = desk("Max"), desk("Nina"), desk("Olga")
    assert move(max_, thread_id, NEW).status_code == 403
    assert "Where it stands" not in [
        each.text_content()
        for each in page(max_.client.get(f"/desk/threads/{thread_id}")).iter("h2")
    ]
    assert move(nina, thread_id, NEW).status_code == 404
    into = {"into": str(thread_id_of(backstage, elsewhere)), **token(olga)}
    assert olga.client.post(f"/desk/threads/{thread_id}/merge", data=into).status_code == 404


def test_comments_written_while_two_threads_are_merged_are_all_in_one_of_them(
    app: Flask, ann: Reader, bob: Reader, *, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    other = on(bob, NEW).say("Bob was there first.")
    backstage.approve(other)
    olga = desk("Olga")
    asked = page(move(olga, thread_id_of(backstage, said), NEW))
    written: list[int] = []

    def write(number: int) -> None:
        someone = Reader(
            app.test_client(), name=f"Reader{number}", key=f"the key of browser number {number}"
        )
        written.append(someone.say(f"Number {number}."))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    press(olga, asked, "Merge them")
    for writer in writers:
        writer.join()
    backstage.approve(*written)
    assert len(written) == 6
    assert {thread_id_of(backstage, each) for each in written} == {thread_id_of(backstage, other)}
    assert "8 comments" in ann.read().text
