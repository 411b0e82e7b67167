"""Unless a provider is switched on, nothing of a comment leaves this machine."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests import silence
from tests.conftest import Backstage, Reader
from tests.filtering import taught
from tests.mailroom import deliver_all
from tests.pages import OpenDesk, card, press
from tests.parts import PROJECT
from tests.providers import KEY
from tests.test_providers import QUESTION
from widget import config, jobs
from widget.config import load
from widget.db import db
from widget.models import Comment, Hold, Move, Status
from widget.spam.providers import InMemory, about, consult, switched_on

SPAM = (
    'Cheap pills at <a href="https://pills.example.net/buy">our shop</a> '
    "https://bit.example/x http://xn--e1awd7f.example and www.watches.example, write to a@b.example"
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("mail")
def test_no_request_leaves_the_machine_unless_a_provider_is_switched_on(
    app: Flask, ann: Reader, bob: Reader, backstage: Backstage, desk: OpenDesk
) -> None:
    """From post to desk, with learning and mail; all other tests are listened to as well."""
    backstage.set("news", hold=Hold.none)
    with silence.heard(forbids=True) as left:
        held = ann.say(SPAM, website="https://pills.example.net", subject="filled in")
        public = bob.say("The report names the database on page 12.")
        backstage.screen(held, public)
        deliver_all(app)
        backstage.move(held, Move.spam)
        taught(app, 30)
        max_ = desk("Max")
        press(max_, card(max_, held, "/desk/spam/"), "Not spam")
        for page in ("/desk/pending/", "/desk/sites/news/filter", f"/t/news?page={ann.page}"):
            assert max_.client.get(page).status_code == 200
        with app.app_context():
            jobs.sweep()
            assert switched_on(config.current()) == ()
            question = about(db.session.get_one(Comment, held), public_url="http://c.example.org")
            heard = consult((), question, ledger=InMemory(), seconds=1)
    assert left == []
    assert heard.signals == ()
    assert heard.again_at is None
    assert backstage.comment(held).status is Status.pending
    assert backstage.comment(public).screened_at is not None


@pytest.mark.parametrize(
    ("setting", "host"),
    [
        ({"akismet_key": KEY}, "rest.akismet.com"),
        (
            {"stopforumspam_url": "https://europe.stopforumspam.org/api"},
            "europe.stopforumspam.org",
        ),
        ({"rspamd_url": "http://rspamd.example:11333"}, "rspamd.example"),
        ({"verdict_url": "https://news.example/v", "verdict_secret": "a" * 32}, "news.example"),
    ],
)
def test_each_provider_speaks_only_to_its_own_server_and_is_noticed(
    setting: dict[str, Any], host: str
) -> None:
    (provider,) = switched_on(load(**setting))
    with silence.heard(forbids=True) as left:
        consult([provider], QUESTION, ledger=InMemory(), seconds=5, wait=lambda _: None)
    assert left
    assert set(left) == {host}
    assert host in provider.sends or provider.name == "akismet"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_question_tells_what_was_written_and_where_and_no_network_address(
    app: Flask, ann: Reader, backstage: Backstage
) -> None:
    first = ann.say("One.", website="https://ann.example.org", subject="x")
    backstage.approve(first)
    backstage.approve(second := ann.say("Two.", parent=str(first)))
    third = ann.say("Three.", page="an-article")
    with app.app_context():
        asked, reply, other = (
            about(db.session.get_one(Comment, number), public_url="http://c.example.org")
            for number in (first, second, third)
        )
    assert (asked.site, asked.blog) == ("news", "http://news.example.org")
    assert (asked.permalink, asked.kind) == (ann.page, "comment")
    assert (asked.author, asked.website, asked.body) == ("Ann", "https://ann.example.org", "One.")
    assert asked.written_at.utcoffset() is not None
    assert {"honeypot"} <= {signal.rule for signal in asked.signals}
    assert reply.kind == "reply"
    assert other.permalink == "http://c.example.org/t/news?page=an-article"
    assert "127.0.0.1" not in repr(asked)


def imports(source: str) -> Iterator[str]:
    """What a module imports; how a status is called is no way to reach anyone."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_one_module_of_the_filter_alone_speaks_to_others() -> None:
    reaching_out = {"http", "socket", "ssl", "urllib3", "requests", "smtplib", "asyncio", "httpx"}
    reaching_out |= {"aiohttp", "ftplib", "subprocess"}
    found = {
        file.name
        for file in (PROJECT / "widget" / "spam").rglob("*.py")
        for name in imports(file.read_text())
        if (name.split(".")[0] in reaching_out or name.startswith("urllib.request"))
        and name != "http.HTTPStatus"
    }
    assert found == {"wire.py"}
