"""One run of `widget import` after another: what each may change, and what never."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Backstage, Reader
from tests.wxr import LINK, Importing, authors, comment, export, post, thread
from widget.models import Delivery, Move, Status, Via
from widget.moderation import moves


@pytest.fixture
def importing(app: Flask, tmp_path: Path) -> Importing:
    """The command, on the app's database."""
    return Importing(app, tmp_path)


def test_a_rehearsal_tells_the_same_and_writes_nothing(importing: Importing) -> None:
    file = importing.file(
        export(post(comment(1), comment(2, parent=1), comment(3, approved="spam")))
    )
    before = importing.everything()
    rehearsed = importing.take(file, "--dry-run")
    assert importing.everything() == before
    assert rehearsed.endswith("Nothing was written.")
    assert rehearsed.removesuffix(" Nothing was written.") == importing.take(file)


def test_what_changed_here_stays_and_what_is_new_there_comes(
    importing: Importing, backstage: Backstage, client: FlaskClient
) -> None:
    importing.take(export(post(comment(1, "First."))))
    (first,) = importing.comments()
    backstage.move(first.id, Move.trash)
    reply = comment(2, "Second.", parent=1, author="Bob")
    report = importing.take(export(post(comment(1, "First."), reply)))
    assert "Comments 1 new: 1 approved" in report
    assert "Already here 1" in report
    assert backstage.comment(first.id).status is Status.trash
    assert importing.tree() == {"Ann": None, "Bob": "Ann"}
    page = thread(client, LINK)
    assert "This comment was removed." in page.text_content()
    assert authors(page) == ["Bob"]


def test_readers_and_the_past_share_a_thread(
    importing: Importing, backstage: Backstage, client: FlaskClient
) -> None:
    reader = Reader(client, name="Rita", page=LINK)
    backstage.approve(reader.say("I was here first."))
    report = importing.take(export(post(comment(1))))
    assert "0 new, 1 known" in report
    assert authors(thread(client, LINK)) == ["Ann", "Rita"]
    assert client.get(f"/embed/news/counts?page={LINK}").json == {LINK: 2}


def test_readers_see_an_import_at_once(importing: Importing, client: FlaskClient) -> None:
    importing.take(export(post(comment(1))))
    address = f"/embed/news/thread?page={LINK}"
    assert client.get(address).text.count("<article") == 1
    importing.take(export(post(comment(1), comment(2, "And more."))))
    assert client.get(address).text.count("<article") == 2


def test_nobody_is_mailed_and_nothing_waits_to_be_screened(
    importing: Importing, backstage: Backstage
) -> None:
    importing.take(export(post(comment(1), comment(2, approved="0"))))
    assert backstage.count(Delivery) == 0
    assert all(each.screened_at for each in importing.comments())


def test_neither_addresses_of_readers_nor_their_browsers_come_along(importing: Importing) -> None:
    importing.take(export(post(comment(1), comment(2, type="pingback"))))
    everything = str(importing.everything())
    assert "ann@example.org" in everything
    assert "203.0.113.77" not in everything
    assert "Mozilla" not in everything


def test_each_status_that_comes_along_leaves_a_decision(importing: Importing) -> None:
    importing.take(export(post(comment(1), comment(2, approved="trash"), comment(3, approved="0"))))
    decisions = importing.everything()["decision"]
    assert len(decisions) == 2
    assert {"Imported from WordPress", Via.transfer} <= set(decisions[0])


def test_a_moderator_can_restore_what_was_trash(importing: Importing, backstage: Backstage) -> None:
    importing.take(export(post(comment(1, approved="trash"))))
    (trash,) = importing.comments()
    backstage.move(trash.id, Move.restore)
    assert backstage.comment(trash.id).status is Status.pending


def test_two_blogs_and_a_blog_made_anew_do_not_mix(importing: Importing) -> None:
    importing.take(export(post(comment(1, "Of one blog."))))
    importing.take(export(post(comment(1, "Of another.")), blog="http://blog.example.org"))
    anew = comment(1, "Years later.", date_gmt="2019-05-05 05:05:05")
    importing.take(export(post(anew)))
    assert len(importing.comments()) == 3


def test_more_than_one_transaction_holds_and_deeper_than_any_page_shows(
    importing: Importing, client: FlaskClient
) -> None:
    chain = [comment(n, f"Level {n}.", author=f"R{n}", parent=n - 1) for n in range(600, 0, -1)]
    report = importing.take(export(post(*chain)))
    assert "600 new: 600 approved" in report
    tree = importing.tree()
    assert tree == {"R1": None, **{f"R{n}": f"R{n - 1}" for n in range(2, 601)}}
    page = thread(client, LINK)
    assert authors(page) == [f"R{n}" for n in range(1, 27)]
    assert "Show 574 more replies" in page.text_content()


def test_a_run_that_was_cut_short_is_finished_by_the_next(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = [comment(n, author=f"R{n}", parent=n - 1) for n in range(1, 601)]
    file = importing.file(export(post(*chain)))
    with monkeypatch.context() as patch:
        calls = iter([moves.admit])

        def admit(*what: Any) -> None:
            next(calls, cut_short)(*what)

        patch.setattr(moves, "admit", admit)
        assert importing.run(file).exit_code == 1
    first = importing.comments()
    assert 0 < len(first) < 600
    assert all(each.status is Status.approved and each.shown for each in first)
    assert f"Already here {len(first)}" in importing.take(file)
    assert importing.tree() == {"R1": None, **{f"R{n}": f"R{n - 1}" for n in range(2, 601)}}


def cut_short(*_what: Any) -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


def test_two_runs_at_once_end_in_a_sentence(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = importing.file(export(post(comment(1))))
    importing.take(file)
    # What the slower one sees: nothing was there when it looked.
    monkeypatch.setattr("widget.transfer.intake._Sitting._known", lambda *_: {})
    assert "Another import of the same comments is under way" in importing.refuse(file)
