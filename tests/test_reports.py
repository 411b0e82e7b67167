"""Reports: readers say what is wrong with a comment; enough of them hold it again."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.conftest import Backstage, Reader, WithoutScript, whatever_the_database
from tests.mailroom import deliver_all
from tests.pages import OpenDesk, card, cards, page, press
from widget.db import db
from widget.models import Comment, Complaint, Decision, Delivery, Move, Report, Status, Via
from widget.notify.mail import mail_folder


def report(
    reader: Reader, comment_id: int, complaint: str = "abuse", **fields: Any
) -> TestResponse:
    """Send the form, as the script does."""
    data = {"complaint": complaint, "key": reader.key}
    data |= {} if "token" in fields else {"token": reader.token()}
    data |= fields
    return reader.client.post(
        f"/embed/{reader.site}/comments/{comment_id}/report",
        data={name: value for name, value in data.items() if value is not None},
        headers=reader.headers,
    )


def someone(app: Flask, number: int, network: int | None = None) -> Reader:
    """A reader with a key and a network of their own."""
    reader = Reader(app.test_client(), f"Reader {number}", key=f"the key of reader {number:05}")
    reader.client.environ_base["REMOTE_ADDR"] = f"198.51.{network or number}.{number}"
    return reader


@pytest.fixture
def said(ann: Reader, backstage: Backstage) -> int:
    """A public comment."""
    comment_id = ann.say("You are all fools.")
    backstage.approve(comment_id)
    return comment_id


def status(backstage: Backstage, comment_id: int) -> Status:
    return backstage.comment(comment_id).status


def test_three_readers_of_three_networks_hold_a_comment_and_say_why(
    app: Flask, ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    deliver_all(app)
    for number, complaint in ((1, "abuse"), (2, "spam")):
        answer = report(someone(app, number), said, complaint)
        assert answer.status_code == 200, answer.text
        assert "Thank you." in answer.text
    assert status(backstage, said) is Status.approved
    report(someone(app, 3), said, "abuse", note="He means\r\n  my <b>mother</b>.")

    held = backstage.comment(said)
    assert held.status is Status.pending
    assert held.held_for == "3 readers reported it: abuse, spam"
    (signal,) = held.signals
    assert " reported " in held.rules
    assert (signal["rule"], signal["reason"]) == ("reported", held.held_for)
    assert f'id="comment-{said}"' not in ann.read().text
    with app.app_context():
        decision = db.session.scalars(select(Decision).order_by(Decision.id.desc())).first()
        assert decision
        assert (decision.move, decision.via, decision.moderator_id) == (
            Move.hold, Via.reports, None,
        )  # fmt: skip
        assert decision.reason == held.held_for

    shown = card(desk("Max"), said)
    assert shown.xpath("//*[@class='reports']/li/b/text()") == ["abuse", "spam", "abuse"]
    assert shown.xpath("//*[@class='reports']//q/text()") == ["He means my <b>mother</b>."]
    assert shown.text_content().count("3 readers reported it") <= 2  # the chip and the decision


def test_moderators_get_another_mail_when_a_comment_is_held_again(
    app: Flask, said: int, backstage: Backstage
) -> None:
    deliver_all(app)
    backstage.set(hold_reports=1)
    report(someone(app, 1), said)
    with app.app_context():
        deliveries = db.session.scalars(select(Delivery).where(Delivery.delivered_at.is_(None)))
        assert {one.recipient for one in deliveries if not one.failed_at} == {
            "olga@example.org", "max@example.org",
        }  # fmt: skip
    deliver_all(app)
    settings = app.extensions["settings"]
    mails = [file.read_text() for file in mail_folder(settings).glob("*.eml")]
    assert sum("1 reader reported it: abuse" in mail for mail in mails) == 2

    backstage.move(said, Move.approve)
    report(someone(app, 2), said)
    assert status(backstage, said) is Status.pending
    with app.app_context():
        due = select(Delivery).where(Delivery.delivered_at.is_(None), Delivery.failed_at.is_(None))
        assert len(db.session.scalars(due).all()) == 2


def test_one_reader_and_one_network_count_once(app: Flask, said: int, backstage: Backstage) -> None:
    for number in range(1, 6):
        report(someone(app, number, network=7), said)
    for _ in range(3):
        answer = report(someone(app, 8), said, "spam")
        assert (answer.status_code, "Thank you." in answer.text) == (200, True)
    assert backstage.count(Report) == 6
    assert status(backstage, said) is Status.approved
    report(someone(app, 9), said)
    assert status(backstage, said) is Status.pending


@whatever_the_database
def test_after_a_decision_as_many_new_ones_are_needed_again(
    app: Flask, said: int, backstage: Backstage
) -> None:
    backstage.set(hold_reports=2)
    report(someone(app, 1), said)
    report(someone(app, 2), said)
    backstage.move(said, Move.approve)
    report(someone(app, 3), said)
    report(someone(app, 1), said)  # has said so before
    assert status(backstage, said) is Status.approved
    report(someone(app, 4), said)
    assert status(backstage, said) is Status.pending


@whatever_the_database
def test_a_site_may_never_hold_for_reports(app: Flask, said: int, backstage: Backstage) -> None:
    backstage.set(hold_reports=0)
    for number in range(1, 6):
        report(someone(app, number), said)
    assert status(backstage, said) is Status.approved
    assert backstage.count(Report) == 5


def test_what_is_reported_and_still_public_is_a_view_of_the_desk(
    app: Flask, ann: Reader, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    max_ = desk("Max")
    views = "//nav[@aria-label='Views']/a"

    def tabs() -> list[str]:
        links = page(max_.client.get("/desk/pending/")).xpath(views)
        return [" ".join(link.text_content().split()) for link in links]

    assert tabs()[:3] == ["Pending 0", "Reported 0", "Approved 1"]
    assert "Nothing is reported." in max_.client.get("/desk/reported/").text
    ids = [said, *(ann.say(f"Fools, part {number}.") for number in range(2))]
    backstage.approve(*ids)
    for number, comment_id in enumerate((ids[1], ids[0], ids[0], ids[2])):
        report(someone(app, number + 1), comment_id, note=f"Note {number}.")
    assert tabs()[:3] == ["Pending 0", "Reported 3", "Approved 3"]
    assert cards(max_.client.get("/desk/reported/")) == [ids[1], ids[0], ids[2]]
    assert cards(max_.client.get(f"/desk/reported/?after={ids[1]}")) == [ids[0], ids[2]]
    for view in ("reported", "approved"):
        for strange in (-1, -(10**30), 10**30):
            assert max_.client.get(f"/desk/{view}/?after={strange}").status_code == 200

    kept = press(max_, card(max_, ids[0], "/desk/reported/"), "Keep the comment")
    assert kept.location.startswith("/desk/reported/")
    press(max_, card(max_, ids[1], "/desk/reported/"), "Trash")
    assert cards(max_.client.get("/desk/reported/")) == [ids[2]]
    assert status(backstage, ids[0]) is Status.approved
    with app.app_context():
        opened = select(Report.comment_id).where(Report.handled_at.is_(None))
        assert list(db.session.scalars(opened)) == [ids[2]]


@whatever_the_database
def test_undoing_settles_reports_too(
    app: Flask, said: int, backstage: Backstage, desk: OpenDesk
) -> None:
    report(someone(app, 1), said)
    max_ = desk("Max")
    press(max_, card(max_, said, "/desk/approved/"), "Undo")
    assert status(backstage, said) is Status.pending
    with app.app_context():
        assert db.session.scalars(select(Report)).one().handled_at


def test_neighbours_see_nothing_of_it(
    app: Flask, nell: Reader, said: int, desk: OpenDesk, backstage: Backstage
) -> None:
    assert report(nell, said).status_code == 404
    report(someone(app, 1), said)
    nina = desk("Nina")
    assert cards(nina.client.get("/desk/reported/")) == []
    token = nina.csrf("/desk/password")
    kept = nina.client.post(f"/desk/comments/{said}/keep", data={"csrf_token": token})
    assert kept.status_code == 404
    assert backstage.count(Report) == 1


@whatever_the_database
def test_without_a_script_a_page_takes_the_report(
    app: Flask, said: int, backstage: Backstage
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    (link,) = page(cara.read()).xpath("//a[@class='comment-report']")
    assert link.get("aria-label") == "Report the comment by Ann"
    address = link.get("href").removeprefix("http://comments.example.org")
    shown = cara.client.get(address, headers=cara.headers)
    assert shown.status_code == 200
    assert "You are all fools." in shown.text
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    (form,) = page(shown).forms

    def send(**typed: str) -> TestResponse:
        data = {name: value for name, value in form.form_values() if value} | typed
        return cara.client.post(form.action, data=data, headers=cara.headers)

    faulty = send(note="So rude.")
    assert faulty.status_code == 422
    again = page(faulty)
    assert again.xpath("string(//*[@class='comment-fault'])") == "Please choose a reason."
    assert again.xpath("string(//textarea)").strip() == "So rude."
    assert backstage.count(Report) == 0

    thanks = send(complaint="abuse", note="So rude.")
    assert thanks.status_code == 200
    assert "Thank you." in thanks.text
    (back,) = page(thanks).xpath("//*[@class='page-back']/a/@href")
    assert back.endswith(f"#comment-{said}")
    with app.app_context():
        stored = db.session.scalars(select(Report)).one()
        assert (stored.complaint.value, stored.note) == ("abuse", "So rude.")


@whatever_the_database
def test_the_form_comes_as_a_fragment_in_the_readers_language(ann: Reader, said: int) -> None:
    asked = ann.client.get(f"/embed/news/comments/{said}/report?lang=de", headers=ann.headers)
    (form,) = page(asked).forms
    assert form.get("action").endswith(f"/embed/news/comments/{said}/report")
    assert form.xpath(".//input[@name='lang']/@value") == ["de"]
    assert [option.get("value") for option in form.iter("option")] == ["", *Complaint]
    assert asked.headers["Access-Control-Allow-Origin"] == ann.origin


WRONG: tuple[tuple[dict[str, Any], int], ...] = (
    ({"token": None}, 403),
    ({"token": "forged"}, 403),
    ({"complaint": "boredom"}, 422),
    ({"complaint": None}, 422),
    ({"note": "x" * 1001}, 422),
    ({"note": "a\0b"}, 422),
)


@whatever_the_database
def test_what_is_wrong_is_said_and_nothing_stored(
    bob: Reader, said: int, backstage: Backstage
) -> None:
    for fields, code in WRONG:
        answer = report(bob, said, **fields)
        assert (answer.status_code, "comment-fault" in answer.text) == (code, True), fields
    assert backstage.count(Report) == 0


def test_only_what_is_public_can_be_reported(
    ann: Reader, bob: Reader, said: int, backstage: Backstage
) -> None:
    backstage.move(said, Move.unapprove)
    for comment_id in (said, 4711, 2**70):
        answers = (
            report(bob, comment_id),
            bob.client.get(f"/embed/news/comments/{comment_id}/report", headers=bob.headers),
            bob.client.get(f"/t/news/report?comment={comment_id}"),
        )
        assert {answer.status_code for answer in answers} == {404}
    assert bob.client.get("/t/news/report?comment=x").status_code == 404
    assert backstage.count(Report) == 0


@whatever_the_database
def test_one_connection_cannot_report_without_end(app: Flask, bob: Reader, said: int) -> None:
    found = app.extensions["settings"]
    app.extensions["settings"] = found.model_copy(update={"report_limit": "2 per minute"})
    codes = [report(bob, said).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


@whatever_the_database
def test_the_author_is_not_told_who_reported(
    app: Flask, ann: Reader, said: int, backstage: Backstage
) -> None:
    backstage.set(hold_reports=1)
    report(someone(app, 1), said, note="It is me, your neighbour.")
    mine = ann.mine().text
    assert "neighbour" not in mine
    with app.app_context():
        assert db.session.scalars(select(Comment)).one().status is Status.pending
