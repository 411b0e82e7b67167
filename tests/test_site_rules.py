"""The rules of a site's readers: `widget site set` takes them, and what cannot be is refused."""

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select

from tests.conftest import whatever_the_database
from widget.cli.sites import site
from widget.db import db
from widget.models import Site, Votes
from widget.models.site import Order


def set_rule(app: Flask, *words: str) -> tuple[int, Site]:
    """The exit code of `widget site set news …`, and the site as it is then."""
    told = CliRunner().invoke(site, ["set", "news", *words], obj=ScriptInfo(create_app=lambda: app))
    with app.app_context():
        return told.exit_code, db.session.scalars(select(Site).where(Site.key == "news")).one()


@whatever_the_database
def test_a_new_site_is_as_most_want_it(app: Flask) -> None:
    words = ["add", "times", "--name", "The Times", "--origin", "https://times.example"]
    assert CliRunner().invoke(site, words, obj=ScriptInfo(create_app=lambda: app)).exit_code == 0
    with app.app_context():
        row = db.session.scalars(select(Site).where(Site.key == "times")).one()
        assert (row.votes, row.hold_reports, row.edit_minutes) == (Votes.up, 3, 15)
        assert (row.order, row.page_size, row.close_after_days) == (Order.oldest, 50, 0)
        assert not row.markdown
        assert not row.infinite_scroll


def test_every_rule_can_be_set_and_taken_back(app: Flask) -> None:
    for words, name, value in (
        (["--language", "ht"], "language", "ht"),
        (["--votes", "both"], "votes", Votes.both),
        (["--votes", "none"], "votes", Votes.none),
        (["--hold-reports", "5"], "hold_reports", 5),
        (["--hold-reports", "0"], "hold_reports", 0),
        (["--edit-minutes", "0"], "edit_minutes", 0),
        (["--close-after-days", "14"], "close_after_days", 14),
        (["--close-after-days", "0"], "close_after_days", 0),
        (["--markdown"], "markdown", True),
        (["--no-markdown"], "markdown", False),
        (["--infinite-scroll"], "infinite_scroll", True),
        (["--no-infinite-scroll"], "infinite_scroll", False),
    ):  # fmt: skip
        code, row = set_rule(app, *words)
        assert (code, getattr(row, name)) == (0, value), words


@pytest.mark.parametrize(
    "words",
    [
        ["--language", "tlh"],
        ["--votes", "sideways"],
        ["--hold-reports", "-1"],
        ["--edit-minutes", "1000000000"],
        ["--close-after-days", "1000000000"],
    ],
)
def test_a_rule_that_cannot_be_is_refused(app: Flask, words: list[str]) -> None:
    code, row = set_rule(app, *words)
    assert (code, row.version) == (2, 1)
