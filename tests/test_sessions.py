"""Where an account is signed in: each browser is listed, and can be sent away from any other."""

from datetime import timedelta
from http import HTTPStatus

from flask import Flask
from lxml.html import HtmlElement
from sqlalchemy import select, update

from tests.conftest import PAGE, PASSWORD, Desk, Reader, whatever_the_database
from tests.pages import OpenDesk, page, press, submit, token
from widget.db import db, now, writing
from widget.models import DeskSession
from widget.moderation import people

ACCOUNT = "/desk/account/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)


def is_signed_in(desk: Desk) -> bool:
    """Does the desk still know this browser?"""
    return desk.client.get(ACCOUNT).status_code == HTTPStatus.OK


def listed(desk: Desk) -> list[HtmlElement]:
    """The browsers on the page of the account."""
    found: list[HtmlElement] = page(desk.client.get(ACCOUNT)).xpath(
        "//section[@aria-labelledby='sessions']//li"
    )
    return found


def grown_old(app: Flask, age: timedelta) -> None:
    """All browsers were seen last so long ago."""
    with app.app_context(), writing():
        db.session.execute(update(DeskSession).values(seen_at=now() - age))
        db.session.commit()


@whatever_the_database
def test_each_browser_is_listed_and_can_be_signed_out_from_any_other(app: Flask) -> None:
    here, phone, library = (Desk(app.test_client()) for _ in range(3))
    for desk, agent in ((here, FIREFOX), (phone, SAFARI), (library, "")):
        desk.client.environ_base["HTTP_USER_AGENT"] = agent
        assert desk.sign_in("Olga").status_code == HTTPStatus.FOUND

    names = [one.findtext(".//strong") for one in listed(here)]
    assert sorted(names) == ["Firefox on Linux", "Mobile Safari on iOS", "a browser"]
    (this,) = [one for one in listed(here) if "this browser" in one.text_content()]
    assert "Firefox" in this.text_content()
    assert not this.findall(".//button")

    (lost,) = [one for one in listed(here) if "Mobile Safari" in one.text_content()]
    submit(here, lost.find(".//form"))

    assert not is_signed_in(phone)
    assert is_signed_in(library)
    press(here, page(here.client.get(ACCOUNT)), "Sign out everywhere else")
    assert not is_signed_in(library)
    assert is_signed_in(here)
    assert len(listed(here)) == 1


def test_nobody_signs_out_somebody_else(desk: OpenDesk, app: Flask) -> None:
    olga, max_ = desk("Olga"), desk("Max")
    with app.app_context():
        (session_id,) = [
            row.id
            for row in db.session.scalars(select(DeskSession))
            if row.moderator_id == people.find("max@example.org").id  # type: ignore[union-attr]
        ]

    refused = olga.client.post(
        f"/desk/account/sessions/{session_id}/end", data=token(olga, ACCOUNT)
    )

    assert refused.status_code == HTTPStatus.NOT_FOUND
    assert is_signed_in(max_)


@whatever_the_database
def test_signing_out_ends_the_session_for_a_copy_of_its_cookie_too(
    desk: OpenDesk, app: Flask
) -> None:
    olga, thief = desk("Olga"), desk("Max")
    path = app.config["SESSION_COOKIE_PATH"]
    cookie = olga.client.get_cookie("moderator", path=path)
    assert cookie is not None
    thief.client.set_cookie("moderator", cookie.value, path=path)
    assert is_signed_in(thief)
    (form,) = page(olga.client.get(ACCOUNT)).xpath("//form[contains(@action, 'logout')]")

    submit(olga, form)

    assert not is_signed_in(thief)


@whatever_the_database
def test_to_stay_signed_in_needs_no_cookie_that_outlives_the_session(app: Flask) -> None:
    olga = Desk(app.test_client())
    fields = {"email": "olga@example.org", "password": PASSWORD, "remember": "y"}

    answer = olga.client.post("/desk/login", data=fields | token(olga, "/desk/login"))

    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("moderator=")
    assert "Expires=" in cookie
    another = Desk(app.test_client()).sign_in("Olga").headers.getlist("Set-Cookie")
    assert not any("Expires=" in cookie for cookie in another)
    (other,) = [one for one in listed(olga) if one.find(".//form") is not None]
    submit(olga, other.find(".//form"))
    assert len(listed(olga)) == 1


def test_a_browser_that_was_away_for_two_weeks_signs_in_anew(desk: OpenDesk, app: Flask) -> None:
    olga = desk("Olga")
    grown_old(app, timedelta(days=13))
    assert is_signed_in(olga), "it was seen in time"
    assert "seen just now" in listed(desk("Olga"))[1].text_content()

    grown_old(app, timedelta(days=15))

    assert not is_signed_in(olga)
    desk("Olga")
    with app.app_context():
        assert len(list(db.session.scalars(select(DeskSession)))) == 1, "what is over is forgotten"


def test_what_is_the_same_for_everyone_does_not_look_who_is_signed_in(
    desk: OpenDesk, app: Flask, ann: Reader
) -> None:
    olga, other = desk("Olga"), desk("Olga")
    grown_old(app, timedelta(hours=3))
    for address in ("/embed.js", "/healthz", f"/embed/news/thread?page={PAGE}", "/embed/news/feed"):
        answer = olga.client.get(address, buffered=True)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")
    away = [one for one in listed(other) if "this browser" not in one.text_content()]
    assert "seen 3 h" in " ".join(away[0].text_content().split())


def test_a_new_name_stands_where_the_old_one_did_and_must_be_one(desk: OpenDesk) -> None:
    olga = desk("Olga")

    def rename(name: str) -> HtmlElement:
        (form,) = page(olga.client.get(ACCOUNT)).xpath("//form[contains(@action, 'name')]")
        form.fields["name"] = name
        return page(olga.client.get(submit(olga, form).location))

    assert rename("  Olga   Nowak ").findtext(".//a[@class='me']") == "Olga Nowak"
    assert rename("   ").findtext(".//a[@class='me']") == "Olga Nowak"
    assert rename("\u202eOlga").findtext(".//a[@class='me']") == "Olga", "no disguise"
    no_name = {"name": "Ol\0ga"} | token(olga, ACCOUNT)
    refused = olga.client.post("/desk/account/name", data=no_name)
    assert refused.status_code == HTTPStatus.BAD_REQUEST
