"""A second factor: an app's codes, recovery codes for a lost phone, and the way back by command."""

import re
import time
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from lxml.html import HtmlElement
from passlib.totp import TOTP  # type: ignore[import-untyped]
from werkzeug.test import TestResponse

from tests.conftest import PASSWORD, Desk, opened, whatever_the_database
from tests.pages import OpenDesk, page, path_of, press, submit
from widget.cli.moderators import moderator
from widget.moderation import people

ACCOUNT = "/desk/account/"


class Phone:
    """An app that shows codes. Each code is good once, so it waits for none: it looks ahead."""

    def __init__(self, key: str) -> None:
        self.totp = TOTP(key=key, format="base32")
        self.shown: set[str] = set()

    def code(self) -> str:
        """A code that fits now and was not shown before."""
        for seconds in (0, 30, -30):
            shown: str = self.totp.generate(time=int(time.time()) + seconds).token
            if shown not in self.shown:
                self.shown.add(shown)
                return shown
        raise AssertionError("three codes fit at a time")


def set_up(desk: Desk) -> tuple[Phone, TestResponse]:
    """Scan the key, type a code."""
    asked = page(press(desk, page(desk.client.get("/desk/second")), "Set it up"))
    (picture,) = asked.xpath("//img[@class='qr']/@src")
    assert picture.startswith("data:image/svg+xml;base64,")
    phone = Phone(asked.findtext(".//p[@class='key']/code").replace("-", "").replace(" ", ""))
    (form,) = asked.xpath("//main//form")
    form.fields["code"] = phone.code()
    return phone, submit(desk, form)


def asked_for_code(app: Flask, name: str = "Olga") -> Desk:
    """A browser after the right password."""
    desk = Desk(app.test_client())
    answer = desk.sign_in(name)
    assert path_of(answer.location).startswith("/desk/second/code")
    return desk


def enter(desk: Desk, code: str, address: str = "/desk/second/code") -> TestResponse:
    """Type a code into a page."""
    (form,) = page(desk.client.get(address)).xpath("//main//form")
    form.fields["code"] = code
    return submit(desk, form)


def is_in(desk: Desk) -> bool:
    """Is this browser signed in?"""
    return desk.client.get(ACCOUNT).status_code == HTTPStatus.OK


def new_codes(desk: Desk) -> list[str]:
    """Have recovery codes made; what the page shows."""
    made = page(press(desk, page(desk.client.get("/desk/recovery-codes")), "Make new codes"))
    return [str(code.text) for code in made.xpath("//ul[@class='codes']//code")]


def alert(answer: TestResponse) -> str:
    """The fault beside the field."""
    said: HtmlElement = page(answer).xpath("//*[@class='fault']")[0]
    return str(said.text_content())


def test_a_code_is_asked_for_after_the_password_and_is_good_once(
    desk: OpenDesk, app: Flask
) -> None:
    phone, done = set_up(desk("Olga"))
    assert path_of(done.location) == ACCOUNT

    olga = asked_for_code(app)
    assert not is_in(olga)
    assert "does not fit" in alert(enter(olga, "000000"))
    code = phone.code()
    answer = enter(olga, code)
    assert path_of(answer.location) == "/desk/"
    assert is_in(olga)

    over_the_shoulder = asked_for_code(app)
    assert "does not fit" in alert(enter(over_the_shoulder, code))
    assert not is_in(over_the_shoulder)


@whatever_the_database
def test_the_second_factor_is_kept_encrypted_and_survives_a_new_key(
    settings: dict[str, Any], desk: OpenDesk, app: Flask
) -> None:
    phone, _ = set_up(desk("Olga"))
    with app.app_context():
        olga = people.find("olga@example.org")
        assert olga is not None
        assert phone.totp.base32_key not in str(olga.tf_totp_secret)

    changed = {"secret_key": "n" * 40, "secret_key_fallbacks": [settings["secret_key"]]}
    with opened(**settings | changed) as later:
        browser = asked_for_code(later)
        enter(browser, phone.code())
        assert is_in(browser)


@whatever_the_database
def test_it_can_be_turned_off_again(desk: OpenDesk, app: Flask) -> None:
    olga = desk("Olga")
    set_up(olga)

    press(olga, page(olga.client.get("/desk/second")), "Turn it off")

    assert path_of(Desk(app.test_client()).sign_in("Olga").location) == "/desk/"


def test_recovery_codes_are_shown_once_kept_as_hashes_and_each_used_once(
    desk: OpenDesk, app: Flask
) -> None:
    here = desk("Olga")
    set_up(here)
    codes = new_codes(here)
    assert len(set(codes)) == 10
    shown_again = here.client.get("/desk/recovery-codes?show_codes=1").text
    assert not any(code in shown_again for code in codes)
    assert "10 codes left" in shown_again
    with app.app_context():
        kept = str(people.find("olga@example.org").mf_recovery_codes)  # type: ignore[union-attr]
        assert not any(code in kept or code.replace("-", "") in kept for code in codes)

    olga = asked_for_code(app)
    lost = olga.client.get("/desk/second/lost")
    assert path_of(lost.location) == "/desk/recovery"
    assert "none of yours" in alert(enter(olga, "0000-0000-0000", "/desk/recovery"))
    typed = f" {codes[3].upper().replace('-', ' ')} "
    assert enter(olga, typed, "/desk/recovery").status_code == HTTPStatus.FOUND
    assert is_in(olga)

    again = asked_for_code(app)
    assert "used already" in alert(enter(again, codes[3], "/desk/recovery"))
    assert enter(again, codes[4], "/desk/recovery").status_code == HTTPStatus.FOUND
    assert "8 left" in again.client.get(ACCOUNT).text
    assert not set(new_codes(again)) & set(codes)
    assert "used already" in alert(enter(asked_for_code(app), codes[5], "/desk/recovery"))


@whatever_the_database
def test_guessing_codes_is_slowed_down_wherever_it_comes_from(desk: OpenDesk, app: Flask) -> None:
    set_up(desk("Olga"))
    olga = asked_for_code(app)

    def guess(number: int) -> int:
        return olga.client.post(
            "/desk/second/code",
            data={"code": f"{number:06}", "csrf_token": csrf},
            environ_base={"REMOTE_ADDR": f"203.0.113.{number}"},
        ).status_code

    csrf = olga.csrf("/desk/second/code")
    assert {guess(number) for number in range(10)} == {HTTPStatus.OK}
    assert guess(10) == HTTPStatus.TOO_MANY_REQUESTS


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "address",
    [
        *("/desk/second", "/desk/recovery-codes", "/desk/passkeys", "/desk/passkeys/remove"),
        "/desk/sites/news/people",
    ],
)
def test_what_decides_who_can_sign_in_asks_for_the_password_once_more(
    desk: OpenDesk, address: str
) -> None:
    olga = desk("Olga")
    with olga.client.session_transaction(path="/desk") as session:
        session["fs_paa"] -= 3600

    asked = olga.client.get(address)
    assert path_of(asked.location).startswith("/desk/verify?next=")
    (form,) = page(olga.client.get(asked.location)).xpath("//main//form")
    form.fields["password"] = "not hers"
    assert "This is not your password." in submit(olga, form).text
    form.fields["password"] = PASSWORD
    assert path_of(submit(olga, form).location) == address
    assert olga.client.get(address, follow_redirects=True).status_code == HTTPStatus.OK


def test_a_lost_phone_is_helped_by_a_command(desk: OpenDesk, app: Flask) -> None:
    here = desk("Olga")
    set_up(here)
    new_codes(here)

    told = app.test_cli_runner().invoke(moderator, ["reset-second-factor", "Olga@Example.org"])

    assert told.exit_code == 0, told.output
    assert not is_in(here)
    anew = Desk(app.test_client())
    assert path_of(anew.sign_in("Olga").location) == "/desk/"
    assert "none: the password is enough" in anew.client.get(ACCOUNT).text
    unknown = app.test_cli_runner().invoke(moderator, ["reset-second-factor", "x@y.example"])
    assert unknown.exit_code == 1
    assert "There is no moderator" in unknown.output


@whatever_the_database
def test_only_forms_are_read_and_nothing_hands_out_keys_to_programs(app: Flask) -> None:
    desk = Desk(app.test_client())
    csrf = desk.csrf("/desk/login")
    fields = {"email": "olga@example.org", "password": PASSWORD, "csrf_token": csrf}

    as_json = desk.client.post(
        "/desk/login?include_auth_token", json=fields, headers={"X-CSRFToken": csrf}
    )
    assert as_json.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    as_form = desk.client.post(
        "/desk/login?include_auth_token", data=fields, headers={"Accept": "application/json"}
    )
    assert not re.search("authentication_token", as_form.text)
    assert as_form.status_code == HTTPStatus.FOUND
