"""What a review once found, so that it stays mended."""

import re
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select

from tests import parts
from tests.conftest import PASSWORD, Backstage, Desk, Reader, add_people, opened
from widget import jobs
from widget.cli import sites
from widget.db import db, writing
from widget.models import Delivery, Membership, Moderator, Site


def test_guessing_passwords_as_a_program_is_slowed_down_too(app: Flask) -> None:
    client = app.test_client()
    token = Desk(client).csrf("/desk/login")
    form = {"email": "olga@example.org", "password": "a guess", "csrf_token": token}
    json = {"Accept": "application/json"}
    answers = [client.post("/desk/login", data=form, headers=json).status_code for _ in range(11)]
    assert answers[-1] == 429, answers


def test_everyone_still_gets_in_after_the_secret_key_was_changed(
    settings: dict[str, Any],
) -> None:
    with opened(**settings) as old, old.app_context(), writing():
        add_people()
        db.session.commit()
    rotated = {"secret_key": "another secret, also long enough for it"}
    with opened(**settings | rotated | {"secret_key_fallbacks": [parts.SECRET]}) as new:
        assert Desk(new.test_client()).sign_in("Olga", PASSWORD).status_code == 302


def test_someone_who_decides_no_more_is_not_mailed_any_more(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    backstage.screen(ann.say())
    with app.app_context(), writing():
        olga = db.session.scalars(
            select(Moderator).where(Moderator.email == "olga@example.org")
        ).one()
        db.session.delete(
            db.session.scalars(select(Membership).where(Membership.moderator_id == olga.id)).one()
        )
        db.session.commit()
        ids = list(db.session.scalars(select(Delivery.id)))
        db.session.commit()
    with app.app_context():
        for delivery_id in ids:
            jobs.deliver(delivery_id)
    with app.app_context():
        rows = {row.recipient: row for row in db.session.scalars(select(Delivery))}
    assert rows["olga@example.org"].failed_at
    assert rows["max@example.org"].delivered_at


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example"),
        ("https://news.example:443", "https://news.example"),
        ("http://NEWS.example:8001/a/b", "http://news.example:8001"),
        ("https://user@news.example", None),
    ],
)
def test_an_origin_is_kept_as_browsers_name_it(app: Flask, typed: str, kept: str | None) -> None:
    done = CliRunner().invoke(
        sites.site,
        ["add", "new", "--name", "New", "--origin", typed],
        obj=ScriptInfo(create_app=lambda: app),
    )
    with app.app_context():
        added = db.session.scalar(select(Site).where(Site.key == "new"))
    if kept is None:
        assert done.exit_code != 0
        assert re.search(r"should look like", done.output)
    else:
        assert added
        assert added.origins == [kept]
