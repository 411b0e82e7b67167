"""Coming in to the desk: sign-in, sign-out, passwords, and a session that readers never meet."""

import re
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import parts
from tests.conftest import PASSWORD, Desk, opened, whatever_the_database
from tests.mailroom import deliver_all, text_of
from tests.pages import ELSEWHERE, OpenDesk, page, path_of, stays_here, submit, token


@whatever_the_database
def test_the_desk_asks_to_sign_in_and_then_leads_where_one_wanted(app: Flask) -> None:
    desk = Desk(app.test_client())
    asked = desk.client.get("/desk/spam/?site=news")
    assert asked.status_code == HTTPStatus.FOUND
    form = page(desk.client.get(asked.location)).forms[0]
    form.fields["email"], form.fields["password"] = "olga@example.org", PASSWORD

    signed_in = submit(desk, form)

    assert path_of(signed_in.location) == "/desk/spam/?site=news"
    assert desk.client.get("/desk/spam/").status_code == HTTPStatus.OK


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # nothing of it is stored
@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_never_leads_to_another_website(app: Flask, elsewhere: str) -> None:
    desk = Desk(app.test_client())
    fields = {"email": "olga@example.org", "password": PASSWORD, "next": elsewhere}

    answer = desk.client.post(
        "/desk/login", query_string={"next": elsewhere}, data=fields | token(desk, "/desk/login")
    )

    assert stays_here(answer)


@whatever_the_database
def test_a_wrong_password_and_an_unknown_account_are_told_in_the_same_words(app: Flask) -> None:
    desk = Desk(app.test_client())
    wrong, unknown = desk.sign_in("Olga", "not her password"), desk.sign_in("Nobody")

    words = [page(answer).xpath("string(//*[@role='alert'])") for answer in (wrong, unknown)]

    assert words == ["The e-mail address or the password is wrong."] * 2
    assert "not her password" not in wrong.text
    assert desk.client.get("/desk/pending/").status_code == HTTPStatus.FOUND


@whatever_the_database
def test_guessing_passwords_is_slowed_down(app: Flask) -> None:
    desk = Desk(app.test_client())
    for _ in range(10):
        assert desk.sign_in("Olga", "a guess").status_code == HTTPStatus.OK

    refused = desk.sign_in("Olga")

    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert int(refused.headers["Retry-After"]) > 0


@whatever_the_database
def test_right_passwords_are_not_counted_because_an_office_shares_an_address(
    app: Flask,
) -> None:
    for _ in range(12):
        assert Desk(app.test_client()).sign_in("Olga").status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_session_is_a_cookie_that_no_script_reads_and_no_other_site_sends(
    settings: dict[str, Any], scheme: str
) -> None:
    with opened(**settings | {"public_url": f"{scheme}://comments.example.org"}) as app:
        answer = app.test_client().get("/desk/login")

    (cookie,) = answer.headers.getlist("Set-Cookie")
    said = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= said
    assert ("Secure" in said) is (scheme == "https")


@whatever_the_database
def test_signing_out_ends_the_session_and_only_by_a_button(desk: OpenDesk) -> None:
    olga = desk("Olga")
    assert olga.client.get("/desk/logout").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    (form,) = page(olga.client.get("/desk/pending/")).xpath("//form[contains(@action, 'logout')]")

    assert path_of(submit(olga, form).location) == "/desk/login"
    assert olga.client.get("/desk/pending/").status_code == HTTPStatus.FOUND


def test_a_changed_password_signs_other_browsers_out(desk: OpenDesk, app: Flask) -> None:
    here, elsewhere = desk("Olga"), desk("Olga")
    fresh = "battery staple correct"

    mistaken = change_password(here, "not it", fresh)
    assert "This is not your password." in mistaken.text
    changed = change_password(here, PASSWORD, fresh)

    assert path_of(changed.location) == "/desk/"
    shown = here.client.get(changed.location, follow_redirects=True)
    assert "Your password is changed." in shown.text
    assert elsewhere.client.get("/desk/pending/").status_code == HTTPStatus.FOUND
    assert Desk(app.test_client()).sign_in("Olga").status_code == HTTPStatus.OK
    assert Desk(app.test_client()).sign_in("Olga", fresh).status_code == HTTPStatus.FOUND


def test_a_new_password_must_be_long_and_typed_twice(desk: OpenDesk) -> None:
    olga = desk("Olga")

    short = change_password(olga, PASSWORD, "too short")
    (field,) = page(short).xpath("//input[@name='new_password']")
    assert field.get("aria-invalid") == "true"
    assert "10 characters" in page(short).get_element_by_id(field.get("aria-describedby")).text
    assert "do not match" in change_password(olga, PASSWORD, "long enough1", "long enough2").text


def change_password(desk: Desk, old: str, new: str, again: str | None = None) -> TestResponse:
    """Fill in the form for a new password."""
    (form,) = page(desk.client.get("/desk/password")).xpath("//main//form")
    form.fields["password"] = old
    form.fields["new_password"] = new
    form.fields["new_password_confirm"] = new if again is None else again
    return submit(desk, form)


# ------------------------------------------------------------------------------ forgotten passwords


def forget_password(app: Flask, email: str) -> TestResponse:
    """Ask for a link, in a browser that knows nobody."""
    stranger = Desk(app.test_client())
    (form,) = page(stranger.client.get("/desk/forgot")).xpath("//main//form")
    form.fields["email"] = email
    return submit(stranger, form)


def link_of(mail: EmailMessage) -> str:
    """Where the link of a mail leads."""
    found = re.search(r"^http://comments\.example\.org(/desk/\S+)$", text_of(mail), re.MULTILINE)
    assert found, text_of(mail)
    return found[1]


def set_password(app: Flask, link: str, new: str) -> TestResponse:
    """Follow the link, fill in the form."""
    browser = Desk(app.test_client())
    (form,) = page(browser.client.get(link)).xpath("//main//form")
    form.fields["password"] = form.fields["password_confirm"] = new
    answer = submit(browser, form)
    return browser.client.get(answer.location) if answer.location else answer


def test_a_forgotten_password_is_set_anew_by_a_mail_whose_link_works_once(
    desk: OpenDesk, app: Flask, inbox: parts.Inbox
) -> None:
    signed_in = desk("Olga")
    fresh = "battery staple correct"
    for _ in range(2):
        forget_password(app, "Olga@example.org")
    deliver_all(app)
    (mail,) = inbox.mails
    assert mail["To"] == "olga@example.org"
    assert "It works for 2 hours, and once." in text_of(mail)

    link = link_of(mail)
    assert "at least 10 characters" in set_password(app, link, "too short").text
    assert "Your new password is set." in set_password(app, link, fresh).text

    assert signed_in.client.get("/desk/account/").status_code == HTTPStatus.FOUND
    assert Desk(app.test_client()).sign_in("Olga").status_code == HTTPStatus.OK
    assert Desk(app.test_client()).sign_in("Olga", fresh).status_code == HTTPStatus.FOUND
    used = app.test_client().get(link, follow_redirects=True)
    assert "This link was used already, or is not complete." in used.text
    deliver_all(app)
    assert inbox.mails[-1]["Subject"] == "Your password for the comments desk was changed"
    assert len(inbox.mails) == 2


@whatever_the_database
def test_nobody_learns_who_has_an_account_by_asking_for_a_new_password(
    app: Flask, inbox: parts.Inbox
) -> None:
    answers = [
        forget_password(app, email) for email in ("olga@example.org", "nobody@example.org", "x")
    ]

    said = {page(answer).xpath("string(//*[@role='status'])").strip() for answer in answers}
    assert said == {"If there is an account with this address, a mail with a link is on its way."}
    assert {answer.status_code for answer in answers} == {HTTPStatus.OK}
    deliver_all(app)
    assert [mail["To"] for mail in inbox.mails] == ["olga@example.org"]
    # Nor by the time it takes: the link costs one hash, and an unknown address costs the same one.
    assert app.config["SECURITY_HASHING_SCHEMES"] == [app.config["SECURITY_PASSWORD_HASH"]]


def test_nobody_fills_a_mailbox_by_asking_again_and_again(app: Flask) -> None:
    for _ in range(5):
        assert forget_password(app, "olga@example.org").status_code == HTTPStatus.OK

    assert forget_password(app, "olga@example.org").status_code == HTTPStatus.TOO_MANY_REQUESTS
