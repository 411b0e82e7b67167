"""What a site does with comments, in figures, for everybody; of nobody in particular."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select

from tests.conftest import PAGE, Backstage, WithoutScript, whatever_the_database
from tests.test_charts import decide, write
from widget.db import db, now, writing
from widget.models import Canned, CannedKind, Decision, Move, Status, Via
from widget.moderation import moves
from widget.web.desk import filters

ADDRESS = "/t/news/transparency"
DAY = timedelta(days=1)


def figures(client: FlaskClient, address: str = ADDRESS) -> dict[str, list[str]]:
    """The rows of all tables: what is counted, in the last 30 and the last 365 days."""
    answer = client.get(address)
    assert answer.status_code == HTTPStatus.OK
    rows: Any = html.document_fromstring(answer.text).xpath("//tbody/tr")
    return {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in rows}


@whatever_the_database
def test_only_a_site_that_wants_it_shows_its_figures(
    app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    cara = WithoutScript(app.test_client(), "Cara")
    assert client.get(ADDRESS).status_code == HTTPStatus.NOT_FOUND
    assert client.get("/t/nowhere/transparency").status_code == HTTPStatus.NOT_FOUND
    assert ADDRESS not in cara.read().text

    backstage.set(transparent=True)

    page: Any = html.document_fromstring(cara.read(page=PAGE).text)
    (link,) = page.xpath(f"//a[starts-with(@href, '{ADDRESS}')]/@href")
    assert client.get(link).status_code == HTTPStatus.OK
    backstage.set(transparent=False)
    assert client.get(ADDRESS).status_code == HTTPStatus.NOT_FOUND


def test_it_tells_what_became_of_comments_who_decided_how_soon_and_why(
    app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    backstage.set(transparent=True)
    lately, earlier = now() - 3 * DAY, now() - 100 * DAY
    held = write(
        app, [lately] * 6, status=Status.pending, rules=" links ", held_for="2 links", author="Zoe"
    )
    for number, comment_id in enumerate(held[:5], 1):
        decide(app, comment_id, Move.approve, timedelta(hours=number))
    decide(app, held[5], Move.reject, timedelta(hours=6))
    write(app, [earlier] * 3, status=Status.spam, rules=" honeypot ")
    write(app, [earlier], status=Status.spam, rules=" something-new ")
    # Not before the day is over.
    write(app, [now()], status=Status.trash)

    found = figures(client)

    assert found["Received"] == ["6", "10"]
    assert found["Published"] == ["5", "5"]
    assert found["Rejected"] == ["1", "1"]
    assert found["Taken for spam"] == ["0", "4"]
    assert found["Removed"] == ["0", "0"]
    assert found["Held until a moderator had read them"] == ["6", "6"]
    assert found["Decisions of moderators"] == ["6", "6"]
    assert found["Decisions of the site’s rules and its spam filter"] == ["0", "0"]
    assert found["Half of the comments that were held waited no longer than"] == ["3 hours"] * 2
    assert found["They had many links."] == ["6", "6"]
    few = ["0", "fewer than 5"]
    assert found["They looked as if a program had sent them."] == few
    assert found["Another check of the site had found something."] == few
    told = client.get(ADDRESS).text
    assert "Max" not in told
    assert "Zoe" not in told


def test_it_counts_why_moderators_rejected_by_the_titles_of_the_sites_reasons(
    app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    backstage.set(transparent=True)
    rejected = write(app, [now() - 3 * DAY] * 8, status=Status.pending)
    for comment_id in rejected:
        decide(app, comment_id, Move.reject, timedelta(hours=1))
    given = ["Please stay  on\nthe topic."] * 6 + ["Zoe, you know why.", ""]
    with app.app_context(), writing():
        decisions = db.session.scalars(select(Decision).order_by(Decision.id)).all()
        for decision, reason in zip(decisions, given, strict=True):
            decision.reason = " ".join(reason.split())
        db.session.add(
            Canned(
                site_id=decisions[0].site_id, kind=CannedKind.reason,
                title="Off topic", text=given[0],
            )
        )  # fmt: skip
        moves.undo(decisions[0], moves.By(via=Via.desk, moderator=decisions[0].moderator))
        db.session.commit()

    found = figures(client)

    assert found["Off topic"] == ["5", "5"], "what was taken back is not counted"
    assert found["Something else"] == ["fewer than 5"] * 2
    assert "Zoe" not in client.get(ADDRESS).text


def test_whatever_a_comment_can_be_held_for_is_told_in_words(
    app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    backstage.set(transparent=True)
    write(app, [now() - 3 * DAY], rules=f" {' '.join(filters.RULES)} ", held_for="All of it")
    found = figures(client)
    assert "So much spam was coming in that all comments were looked at beforehand." in found
    assert "Another check of the site had found something." not in found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_comment_counts_once_for_a_reason_however_many_checks_tell_it(
    app: Flask, client: FlaskClient, backstage: Backstage
) -> None:
    backstage.set(transparent=True)
    rules = " disguised-link hidden-link new-link odd-host shortener "
    write(app, [now() - 3 * DAY], rules=rules, held_for="Links")
    assert figures(client)["They had links such as spam has."] == ["fewer than 5"] * 2


@whatever_the_database
def test_it_is_the_same_for_all_and_can_be_kept(client: FlaskClient, backstage: Backstage) -> None:
    backstage.set(transparent=True)
    first = client.get(ADDRESS)
    assert first.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in first.headers
    assert "Cookie" not in first.headers.get("Vary", "")
    assert "script" not in first.headers["Content-Security-Policy"]
    again = client.get(ADDRESS, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == HTTPStatus.NOT_MODIFIED


def test_a_site_speaks_its_own_language(client: FlaskClient, backstage: Backstage) -> None:
    backstage.set(transparent=True, language="ar")
    page = html.document_fromstring(client.get(ADDRESS).text)
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    asked = html.document_fromstring(client.get(f"{ADDRESS}?lang=fr").text)
    assert asked.get("lang") == "fr"
