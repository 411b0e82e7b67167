"""Coming in to the desk: sign-in, sign-out, passwords, and a session that readers never meet."""

from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Desk, opened
from tests.pages import ELSEWHERE, OpenDesk, page, path_of, stays_here, submit, token


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


def test_a_wrong_password_and_an_unknown_account_are_told_in_the_same_words(app: Flask) -> None:
    desk = Desk(app.test_client())
    wrong, unknown = desk.sign_in("Olga", "not her password"), desk.sign_in("Nobody")

    words = [page(answer).xpath("string(//*[@role='alert'])") for answer in (wrong, unknown)]

    assert words == ["The e-mail address or the password is wrong."] * 2
    assert "not her password" not in wrong.text
    assert desk.client.get("/desk/pending/").status_code == HTTPStatus.FOUND


def test_guessing_passwords_is_slowed_down(app: Flask) -> None:
    desk = Desk(app.test_client())
    for _ in range(10):
        assert desk.sign_in("Olga", "a guess").status_code == HTTPStatus.OK

    refused = desk.sign_in("Olga")

    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert int(refused.headers["Retry-After"]) > 0


def test_right_passwords_are_not_counted_because_an_office_shares_an_address(
    app: Flask,
) -> None:
    for _ in range(12):
        assert Desk(app.test_client()).sign_in("Olga").status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_session_is_a_cookie_of_the_desk_alone(settings: dict[str, Any], scheme: str) -> None:
    with opened(**settings | {"public_url": f"{scheme}://comments.example.org"}) as app:
        answer = app.test_client().get("/desk/login")

    (cookie,) = answer.headers.getlist("Set-Cookie")
    said = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Path=/desk", "HttpOnly", "SameSite=Lax"} <= said
    assert ("Secure" in said) is (scheme == "https")


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
