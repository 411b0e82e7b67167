"""The mail that asks a moderator, and deciding from it: a link asks, only its button acts."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from sqlalchemy import select

from tests.conftest import PASSWORD, Backstage, Reader, whatever_the_database
from tests.mailroom import deliver_all
from tests.pages import OpenDesk, card, page, press
from widget.config import Settings
from widget.db import db, now, writing
from widget.models import Decision, Membership, Moderator, Move, Role, Site, Status, Via
from widget.moderation import people
from widget.notify import links
from widget.notify.links import MailedMove

Mails = Callable[[], dict[str, EmailMessage]]
WORDS = "The minutes are public.\n\nApprove:\nhttps://evil.example/"
TARGETS = {"Approve": "approved", "Spam": "spam", "Trash": "trash"}


@pytest.fixture
def mails(app: Flask, settings: dict[str, Any]) -> Mails:
    """Deliver what is due; the mails by their recipient's name."""

    def deliver() -> dict[str, EmailMessage]:
        deliver_all(app)
        files = sorted(Path(settings["data"]).glob("mail/*.eml"))
        read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return {str(mail["To"]).partition("@")[0]: mail for mail in read}

    return deliver


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    """A browser where nobody is signed in."""
    return app.test_client()


# --------------------------------------------------------------------------------------- the mail


@whatever_the_database
def test_each_moderator_of_the_site_gets_one_mail_and_nobody_else(
    app: Flask, ann: Reader, backstage: Backstage, mails: Mails
) -> None:
    with app.app_context(), writing():
        news = db.session.scalars(select(Site).where(Site.key == "news")).one()
        people.add(news, email="vera@example.org", password=PASSWORD, role=Role.viewer)
        db.session.commit()

    waits = ann.say()
    backstage.screen(waits, waits)

    assert set(mails()) == {"olga", "max"}
    assert set(mails()) == {"olga", "max"}, "delivering again sends nothing"


@whatever_the_database
def test_the_mail_holds_what_a_decision_needs_and_no_address_of_the_reader(
    ann: Reader, bob: Reader, backstage: Backstage, mails: Mails
) -> None:
    parent = bob.say("Page 31 too.")
    backstage.approve(parent)
    mails()
    backstage.screen(
        ann.say(WORDS, website="https://ann.example/", parent=parent, title="The database")
    )

    mail = mails()["max"]

    assert mail["Subject"] == "[Norwalk News] Please moderate: “The database”"
    for part in ("plain", "html"):
        text = text_of(mail, part)
        for needed in (
            "Ann",
            "Norwalk News",
            "The database",
            ann.page,
            "The minutes are public.",
            "https://ann.example/",
            "In reply to: Bob",
            "First comment from this browser",
            "http://comments.example.org/desk/pending/",
        ):
            assert needed in text, (part, needed)
        assert "ann@example.org" not in text
        assert len(set(re.findall(r"http://comments\.example\.org/desk/decide/[\w.-]+", text))) == 3
    assert not re.search(r"<img|url\(|<link|<script", text_of(mail, "html"))


@whatever_the_database
def test_what_a_reader_wrote_cannot_pass_for_a_line_of_ours(
    ann: Reader, backstage: Backstage, mails: Mails
) -> None:
    backstage.screen(ann.say(f"{WORDS}\n<b>bold</b> & <a href='https://evil.example/'>Spam</a>"))

    mail = mails()["max"]

    lines = text_of(mail, "plain").splitlines()
    assert "> The minutes are public." in lines
    assert "> https://evil.example/" in lines
    ours = [line for line in lines if "evil" in line and not line.startswith("> ")]
    assert ours == [
        "Why it is held: 2 links; The first comment from this browser leads to evil.example"
    ]
    assert "evil" not in " ".join(re.findall(r'href="([^"]+)"', text_of(mail, "html")))
    assert "&lt;b&gt;bold&lt;/b&gt; &amp;" in text_of(mail, "html")


@whatever_the_database
def test_a_very_long_comment_is_cut_in_the_mail_and_whole_at_the_desk(
    ann: Reader, desk: OpenDesk, backstage: Backstage, mails: Mails
) -> None:
    waits = ann.say("word " * 10_000 + "the end")
    backstage.screen(waits)

    text = text_of(mails()["max"], "plain")

    assert "word […]" in text
    assert len(text) < 8_000
    assert "the end" in card(desk("Max"), waits).text_content()


# --------------------------------------------------------------------------------------- the links


@pytest.mark.parametrize("case", TARGETS.items(), ids="-".join)
@whatever_the_database
def test_a_link_asks_and_only_its_button_acts(
    ann: Reader, backstage: Backstage, mails: Mails, phone: FlaskClient, case: tuple[str, str]
) -> None:
    label, target = case
    waits = ann.say()
    backstage.screen(waits)
    link = links_of(mails()["max"])[label]

    for _ in range(2):
        assert phone.head(link).status_code == HTTPStatus.OK
        asked = phone.get(link)
        assert asked.status_code == HTTPStatus.OK
    assert "I read the whole report." in asked.text
    assert "You decide as Max" in asked.text
    assert backstage.comment(waits).status is Status.pending
    assert backstage.count(Decision) == 0

    (form,) = page(asked).xpath("//main//form")
    assert (form.method, form.action) == ("POST", None), "it is sent to the link itself"
    done = phone.post(link)

    assert done.status_code == HTTPStatus.OK
    assert "by Max by mail" in done.text
    assert backstage.comment(waits).status == target
    with backstage.app.app_context():
        decision = db.session.scalars(select(Decision)).one()
        assert decision.via is Via.mail
        assert decision.moderator is not None
        assert decision.moderator.name == "Max"


@whatever_the_database
def test_a_decided_comment_is_told_with_who_decided_and_left_alone(
    ann: Reader, desk: OpenDesk, backstage: Backstage, mails: Mails, phone: FlaskClient
) -> None:
    waits = ann.say()
    backstage.screen(waits)
    link = links_of(mails()["max"])["Spam"]
    olga = desk("Olga")
    press(olga, card(olga, waits), "Approve")

    asked, pressed = phone.get(link), phone.post(link)

    assert asked.status_code == HTTPStatus.OK
    assert pressed.status_code == HTTPStatus.CONFLICT
    for answer in (asked, pressed):
        assert "Approved by Olga just now." in answer.text
        assert not page(answer).xpath("//main//button")
    assert backstage.comment(waits).status is Status.approved
    assert backstage.count(Decision) == 1


def test_pressing_twice_decides_once(
    ann: Reader, backstage: Backstage, mails: Mails, phone: FlaskClient
) -> None:
    waits = ann.say()
    backstage.screen(waits)
    link = links_of(mails()["max"])["Approve"]

    answers = [phone.post(link).status_code for _ in range(2)]

    assert answers == [HTTPStatus.OK, HTTPStatus.CONFLICT]
    assert backstage.count(Decision) == 1


@whatever_the_database
def test_a_link_works_again_after_the_decision_was_undone(
    ann: Reader, desk: OpenDesk, backstage: Backstage, mails: Mails, phone: FlaskClient
) -> None:
    waits = ann.say()
    backstage.screen(waits)
    link = links_of(mails()["max"])["Spam"]
    olga = desk("Olga")
    press(olga, card(olga, waits), "Approve")
    press(olga, card(olga, waits, "/desk/approved/"), "Undo")

    assert phone.post(link).status_code == HTTPStatus.OK
    assert backstage.comment(waits).status is Status.spam


def test_a_link_expires_after_a_week(
    settings: dict[str, Any], ann: Reader, backstage: Backstage, phone: FlaskClient
) -> None:
    waits = ann.say()
    with backstage.app.app_context():
        max_id = db.session.scalars(select(Moderator.id).where(Moderator.name == "Max")).one()
    mailed = MailedMove(comment_id=waits, moderator_id=max_id, move=Move.approve)
    written = int(now().timestamp()) - links.VALID_SECONDS
    tokens = {}
    for name, moment in (("just too old", written - 60), ("just in time", written + 60)):
        with patch.object(TimestampSigner, "get_timestamp", return_value=moment):
            tokens[name] = links.sign(Settings(**settings), mailed)

    gone = [
        request(f"/desk/decide/{tokens['just too old']}") for request in (phone.get, phone.post)
    ]

    assert [answer.status_code for answer in gone] == [HTTPStatus.GONE] * 2
    assert "older than a week" in gone[0].text
    assert backstage.comment(waits).status is Status.pending
    assert phone.post(f"/desk/decide/{tokens['just in time']}").status_code == HTTPStatus.OK


@whatever_the_database
def test_a_forged_link_is_refused_in_words(
    settings: dict[str, Any], ann: Reader, backstage: Backstage, mails: Mails, phone: FlaskClient
) -> None:
    waits = ann.say()
    backstage.screen(waits)
    mailed = links_of(mails()["max"])
    payloads = {label: link.rpartition("/")[2].split(".") for label, link in mailed.items()}
    strangers = settings | {"secret_key": "a key that someone else made up for himself"}
    theirs = MailedMove(comment_id=waits, moderator_id=1, move=Move.approve)
    forged = {
        "cut": mailed["Approve"][:-1],
        "another move with this signature": ".".join(payloads["Spam"][:1] + payloads["Trash"][1:]),
        "another key": links.sign(Settings(**strangers), theirs),
        "nothing": "x",
    }

    for name, link in forged.items():
        address = link if link.startswith("http") else f"/desk/decide/{link}"
        for request in (phone.get, phone.post):
            answer = request(address)
            assert answer.status_code == HTTPStatus.GONE, name
            assert "This link is not complete." in answer.text, name
    assert backstage.comment(waits).status is Status.pending


@pytest.mark.parametrize("loss", ["closed account", "no longer at the site", "viewer now"])
def test_a_link_of_someone_who_may_no_longer_decide_is_refused(
    ann: Reader, backstage: Backstage, mails: Mails, phone: FlaskClient, loss: str
) -> None:
    waits = ann.say()
    backstage.screen(waits)
    link = links_of(mails()["max"])["Approve"]
    with backstage.app.app_context(), writing():
        max_ = db.session.scalars(select(Moderator).where(Moderator.name == "Max")).one()
        place = db.session.scalars(
            select(Membership).where(Membership.moderator_id == max_.id)
        ).one()
        if loss == "closed account":
            max_.active = False
        elif loss == "viewer now":
            place.role = Role.viewer
        else:
            db.session.delete(place)
        db.session.commit()

    assert phone.get(link).status_code == HTTPStatus.GONE
    assert phone.post(link).status_code == HTTPStatus.GONE
    assert backstage.comment(waits).status is Status.pending


# ------------------------------------------------------------------------------------------- hands


def text_of(mail: EmailMessage, part: str) -> str:
    """One of the two forms of a mail."""
    body = mail.get_body((part,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def links_of(mail: EmailMessage) -> dict[str, str]:
    """The links of a mail by what they offer, as a reader of its text finds them."""
    return dict(
        re.findall(r"^(\w+):\n(http\S+/desk/decide/\S+)$", text_of(mail, "plain"), re.MULTILINE)
    )
