"""Invitations: asked by mail, accepted once, by the one who was asked."""

import re
from email.message import EmailMessage
from functools import partial
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests import parts
from tests.conftest import Backstage, Desk, whatever_the_database
from tests.mailroom import deliver_all, text_of
from tests.pages import OpenDesk, page, path_of, press, submit, token
from widget.db import db, now
from widget.models import Delivery, Entry, Membership, Role, Telling
from widget.moderation import people

PEOPLE = "/desk/sites/news/people"
INVITE = "/desk/sites/news/invitations"


def invite(desk: Desk, email: str, role: str = "moderator") -> TestResponse:
    """Fill in the form."""
    fields = {"email": email, "role": role}
    return desk.client.post(INVITE, data=fields | token(desk, PEOPLE))


def mails(app: Flask, inbox: parts.Inbox) -> list[EmailMessage]:
    """Deliver what is due; the new mails."""
    before = len(inbox.mails)
    deliver_all(app)
    return inbox.mails[before:]


def link_of(mail: EmailMessage) -> str:
    """Where the mail's link leads."""
    found = re.search(r"^http://comments\.example\.org(/desk/\S+)$", text_of(mail), re.MULTILINE)
    assert found, text_of(mail)
    return found[1]


def words(answer: TestResponse) -> str:
    """What the page says."""
    return " ".join(page(answer).find(".//main").text_content().split())


def fill_in(desk: Desk, link: str, **fields: str) -> TestResponse:
    """The form for a new account."""
    (form,) = page(desk.client.get(link)).xpath("//main//form")
    for name, value in fields.items():
        form.fields[name] = value
    return submit(desk, form)


def test_someone_new_makes_an_account_from_the_mail_and_the_link_works_once(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox, backstage: Backstage
) -> None:
    backstage.set(new_telling=Telling.daily)
    olga = desk("Olga")
    assert path_of(invite(olga, " Mia@Example.org ", "admin").location) == PEOPLE
    (mail,) = mails(app, inbox)
    assert mail["To"] == "mia@example.org"
    assert mail["Subject"] == "[Norwalk News] Please help us moderate"
    assert "Olga at Norwalk News would like you" in text_of(mail)
    assert "as an admin." in text_of(mail)
    link = link_of(mail)
    with app.app_context():
        (row,) = db.session.scalars(select(Delivery))
        assert link.rpartition("/")[2] not in str(row.payload), "no key lies in the outbox"

    mia = Desk(app.test_client())
    assert "at least 10 characters" in words(fill_in(mia, link, name="Mia", password="short"))
    assert "say your name" in words(fill_in(mia, link, name=" ", password="long enough 1"))
    with app.app_context():
        assert people.find("mia@example.org") is None
    password = "länger als genug"
    done = fill_in(mia, link, name="Mia", password=password)
    assert "You have a place at Norwalk News now." in words(mia.client.get(done.location))
    assert mia.client.get(PEOPLE).status_code == HTTPStatus.OK, "she is an admin"
    (chosen,) = page(mia.client.get("/desk/account/telling")).xpath(
        "//main//option[@selected]/@value"
    )[:1]
    assert chosen == "daily", "as the site tells whoever is new"

    another = Desk(app.test_client())
    assert another.sign_in("Mia", password).status_code == HTTPStatus.FOUND
    used = another.client.get(link)
    assert (used.status_code, "accepted already" in used.text) == (HTTPStatus.GONE, True)


def test_who_has_an_account_signs_in_and_accepts_and_nobody_else_can(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox
) -> None:
    invite(desk("Olga"), "nina@example.org", "viewer")
    link = link_of(mails(app, inbox)[0])

    max_ = desk("Max")
    shown = max_.client.get(link)
    assert "went to nina@example.org, and you are signed in as max@example.org" in words(shown)
    assert not page(shown).xpath("//main//form")
    refused = max_.client.post(link, data=token(max_, PEOPLE.replace("people", "charts")))
    assert refused.status_code == HTTPStatus.FORBIDDEN

    nina = Desk(app.test_client())
    (sign_in,) = page(nina.client.get(link)).xpath("//main//a[text()='Sign in']/@href")
    assert not page(nina.client.get(link)).xpath("//input[@type='password']")
    unsigned = nina.client.post(link, data=token(nina, "/desk/login"))
    assert path_of(unsigned.location) == sign_in
    (form,) = page(nina.client.get(sign_in)).xpath("//main//form")
    form.fields["email"], form.fields["password"] = "nina@example.org", "correct horse battery"
    assert path_of(submit(nina, form).location) == link
    done = press(nina, page(nina.client.get(link)), "Accept")

    assert path_of(done.location) == "/desk/pending/?site=news"
    with app.app_context():
        account = people.find("nina@example.org")
        assert account is not None
        places = {place.site.key: place.role.value for place in account.memberships}
        assert places == {"other": "owner", "news": "viewer"}


def test_who_accepts_twice_in_the_same_moment_gets_one_account_and_one_place(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox
) -> None:
    invite(desk("Olga"), "mia@example.org")
    link = link_of(mails(app, inbox)[0])
    fields = {"name": "Mia", "password": "long enough 1"}
    browsers = [Desk(app.test_client()) for _ in range(2)]
    forms = [fields | token(browser, link) for browser in browsers]

    answers = parts.at_once(
        *(
            partial(browser.client.post, link, data=form)
            for browser, form in zip(browsers, forms, strict=True)
        )
    )

    said = sorted(answer.status_code for answer in answers)
    assert said == [HTTPStatus.SEE_OTHER, HTTPStatus.GONE]


def test_of_two_invitations_in_the_same_moment_one_goes_out(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox
) -> None:
    olgas = [desk("Olga"), desk("Olga")]
    forms = [{"email": "mia@example.org", "role": "viewer"} | token(olga, PEOPLE) for olga in olgas]

    parts.at_once(
        *(
            partial(olga.client.post, INVITE, data=form)
            for olga, form in zip(olgas, forms, strict=True)
        )
    )

    assert len(mails(app, inbox)) == 1


@whatever_the_database
def test_an_invitation_is_sent_again_and_withdrawn(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox
) -> None:
    olga = desk("Olga")
    invite(olga, "mia@example.org")
    assert "invited already" in words(invite(olga, "mia@example.org"))
    (first,) = mails(app, inbox)

    with patch("widget.notify.accounts.now", lambda: now().replace(year=2090)):
        press(olga, page(olga.client.get(PEOPLE)), "Send again to mia@example.org")
    (second,) = mails(app, inbox)
    assert link_of(second).startswith("/desk/invitations/")
    invite(olga, "late@example.org")
    for email in ("mia@example.org", "late@example.org"):
        press(olga, page(olga.client.get(PEOPLE)), f"Withdraw the invitation of {email}")

    assert not mails(app, inbox), "the mail that had not gone out yet stays here"
    for mail in (first, second):
        gone = app.test_client().get(link_of(mail))
        assert (gone.status_code, "withdrawn" in gone.text) == (HTTPStatus.GONE, True)
    with app.app_context():
        lines = [(line.action, line.subject) for line in db.session.scalars(select(Entry))]
    assert lines == [
        ("person invited", "mia"),
        ("invitation sent again", "mia"),
        ("person invited", "late"),
        ("invitation withdrawn", "mia"),
        ("invitation withdrawn", "late"),
    ]


@whatever_the_database
def test_a_link_works_for_a_week_and_only_whole(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(desk("Olga"), "mia@example.org")
    link = link_of(mails(app, inbox)[0])
    reader = app.test_client()
    assert "not complete" in reader.get(link[:-1]).text

    moment = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda s: moment(s) + 6 * 86_400)
    assert reader.get(link).status_code == HTTPStatus.OK
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda s: moment(s) + 8 * 86_400)
    old = reader.get(link)
    assert (old.status_code, "older than a week" in old.text) == (HTTPStatus.GONE, True)


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("nobody", "“nobody” is not an e-mail address."),
        ("MAX@example.org", "Max is here already."),
    ],
)
@whatever_the_database
def test_who_cannot_be_invited_is_told_beside_the_field(
    desk: OpenDesk, app: Flask, email: str, why: str
) -> None:
    refused = invite(desk("Olga"), email)

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    (field,) = page(refused).xpath("//input[@name='email']")
    assert field.value == email
    assert page(refused).get_element_by_id(field.get("aria-describedby")).text == why


@whatever_the_database
def test_an_admin_invites_moderators_and_viewers_alone(
    desk: OpenDesk, app: Flask, promote: Any
) -> None:
    promote("max@example.org", "admin")
    max_ = desk("Max")

    (offered,) = page(max_.client.get(PEOPLE)).xpath("//select[@id='role']")
    assert offered.value_options == ["moderator", "viewer"]
    assert invite(max_, "a@example.org", "viewer").status_code == HTTPStatus.SEE_OTHER
    for role in ("owner", "admin"):
        assert invite(max_, "b@example.org", role).status_code == HTTPStatus.FORBIDDEN
    assert invite(max_, "b@example.org", "emperor").status_code == HTTPStatus.BAD_REQUEST


@pytest.fixture
def promote(app: Flask) -> Any:
    """Give someone another role at `news`."""

    def change(email: str, role: str) -> None:
        with app.app_context():
            account = people.find(email)
            assert account is not None
            place = db.session.scalars(
                select(Membership).where(Membership.moderator_id == account.id)
            ).one()
            place.role = Role(role)
            db.session.commit()

    return change
