"""The command line: what each command does, and how it says no."""

import base64
import hashlib
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click import Command
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import parts
from tests.conftest import HOST, PASSWORD, Desk
from tests.parts import Service, free_port, until
from widget.cli.moderators import moderator
from widget.cli.sites import site
from widget.db import db
from widget.models import Hold, Moderator, Site

Command_ = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Command_:
    """Run a command on the app's database: `run(site, "list")`."""

    def invoke(command: Command, *words: str) -> Result:
        return CliRunner().invoke(command, words, obj=ScriptInfo(create_app=lambda: app))

    return invoke


def row(app: Flask, key: str) -> Site:
    """A site as it is now."""
    with app.app_context():
        return db.session.scalars(select(Site).where(Site.key == key)).one()


# -------------------------------------------------------------------------------------------- sites


def test_a_new_site_is_listed_and_its_tag_is_told(run: Command_) -> None:
    added = run(
        site, "add", "gazette", "--name", "The Gazette", "--origin", "https://Gazette.test/"
    )
    assert added.exit_code == 0, added.output
    tag = '<script async src="http://comments.example.org/embed.js" data-site="gazette"></script>'
    assert tag in added.output
    assert "gazette\tThe Gazette\thttps://gazette.test\n" in run(site, "list").output


def test_a_pinned_tag_names_these_very_bytes(run: Command_, client: FlaskClient) -> None:
    told = run(site, "tag", "news", "--pinned").output
    source, integrity = re.findall(r'(?:src|integrity)="([^"]+)"', told)
    answer = client.get(source.removeprefix("http://comments.example.org"))
    assert "immutable" in answer.cache_control
    digest = base64.b64encode(hashlib.sha384(answer.data).digest()).decode()
    assert integrity == f"sha384-{digest}"
    assert 'crossorigin="anonymous"' in told, "or no browser compares"
    assert 'src="http://comments.example.org/embed.js" data' in run(site, "tag", "news").output
    assert "no site “nobody”" in run(site, "tag", "nobody").output


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["news", "--name", "x", "--origin", HOST], "There is a site “news” already."),
        (["No Key", "--name", "x", "--origin", HOST], "small letters, digits and hyphens"),
        (["fine", "--name", "x", "--origin", "gazette.test"], "https://news.example.org"),
        (["fine", "--name", "x"], "--origin"),
    ],
)
def test_a_site_that_cannot_be_added_is_told_why(run: Command_, words: list[str], why: str) -> None:
    refused = run(site, "add", *words)
    assert refused.exit_code != 0
    assert why in refused.output


def test_setting_a_rule_changes_that_rule_alone(run: Command_, app: Flask) -> None:
    before = row(app, "news")
    assert run(site, "set", "news", "--hold", "all", "--depth", "3").exit_code == 0
    after = row(app, "news")
    assert (after.hold, after.depth) == (Hold.all, 3)
    assert (after.name, after.origins, after.page_size) == (
        before.name,
        before.origins,
        before.page_size,
    )
    assert after.version > before.version, "readers must see the change"


def test_words_to_hold_come_from_a_file(run: Command_, app: Flask, tmp_path: Path) -> None:
    words = tmp_path / "words"
    words.write_text("viagra\ncasino\n")
    assert run(site, "set", "news", "--hold-words", str(words)).exit_code == 0
    assert row(app, "news").hold_words == "viagra\ncasino\n"


@pytest.mark.parametrize(
    "words",
    [
        ["nosuch", "--depth", "3"],
        ["news", "--depth", "0"],
        ["news", "--hold", "sometimes"],
        ["news", "--timezone", "Mars/Olympus"],
        ["news", "--origin", "nowhere"],
    ],
)
def test_a_rule_that_cannot_be_is_refused_and_nothing_changes(
    run: Command_, app: Flask, words: list[str]
) -> None:
    before = row(app, "news").version
    assert run(site, "set", *words).exit_code != 0
    assert row(app, "news").version == before


# --------------------------------------------------------------------------------------- moderators


def test_a_new_moderator_is_shown_a_password_that_opens_the_desk(run: Command_, app: Flask) -> None:
    added = run(moderator, "add", "Mia@example.org", "--site", "news")
    shown = re.search(r"Password \(shown only now\): (\S+)", added.output)
    assert shown, added.output
    assert Desk(app.test_client()).sign_in("Mia", shown[1]).status_code == 302
    assert "mia@example.org\tnews\tmoderator\n" in run(moderator, "list").output


def test_someone_who_has_an_account_keeps_its_password_at_another_site(
    run: Command_, app: Flask
) -> None:
    added = run(moderator, "add", "nina@example.org", "--site", "news", "--role", "viewer")
    assert "Password" not in added.output
    assert Desk(app.test_client()).sign_in("Nina").status_code == 302
    assert "nina@example.org\tnews\tviewer\n" in run(moderator, "list").output


@pytest.mark.parametrize(
    "words",
    [
        ["nobody", "--site", "news"],
        ["mia@example.org", "--site", "nosuch"],
        ["mia@example.org", "--site", "news", "--password", "short"],
        ["mia@example.org", "--site", "news", "--role", "king"],
    ],
)
def test_a_moderator_who_cannot_be_added_is_not(
    run: Command_, app: Flask, words: list[str]
) -> None:
    with app.app_context():
        before = len(db.session.scalars(select(Moderator)).all())
    refused = run(moderator, "add", *words)
    assert refused.exit_code != 0
    assert "Traceback" not in refused.output
    with app.app_context():
        assert len(db.session.scalars(select(Moderator)).all()) == before


def test_a_new_password_replaces_the_old_and_signs_everyone_out(
    run: Command_, app: Flask, desk: Callable[[str], Desk]
) -> None:
    signed_in = desk("Olga")
    assert signed_in.client.get("/desk/pending/").status_code == 200
    shown = run(moderator, "password", "Olga@example.org").output.split()[-1]
    assert signed_in.client.get("/desk/pending/").status_code == 302
    assert Desk(app.test_client()).sign_in("Olga", PASSWORD).status_code == 200
    assert Desk(app.test_client()).sign_in("Olga", shown).status_code == 302


def test_a_password_for_nobody_is_refused(run: Command_) -> None:
    refused = run(moderator, "password", "nobody@example.org")
    assert refused.exit_code == 1
    assert "There is no moderator “nobody@example.org”" in refused.output


# ------------------------------------------------------------------ parts that run, each on its own


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Our commands, with a Redis that is not there yet."""
    one = Service(tmp_path, {"WIDGET_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"})
    yield one
    one.stop()


def redis_port(service: Service) -> int:
    """Where that Redis will be."""
    return int(re.findall(r":(\d+)/", service.settings["WIDGET_REDIS_URL"])[0])


def refused(service: Service, command: str, **settings: str) -> str:
    """What a command says that ends with 1."""
    process = service.start(*command.split(), **settings)
    assert process.popen.wait(parts.PATIENCE) == 1
    said = process.log.read_text()
    assert "Traceback" not in said
    return said


@pytest.mark.slow
@pytest.mark.parametrize("part", ["worker", "cron"])
def test_a_part_waits_for_redis_and_outlives_its_absence(service: Service, part: str) -> None:
    service.run("db", "upgrade")
    process = service.start(part)
    until(lambda: "waits for Redis" in process.log.read_text(), "a word about the absence")
    for visit in ("first", "second"):
        folder = service.folder / visit
        folder.mkdir()
        with parts.valkey(folder, port=redis_port(service)) as server:
            until(lambda: alive(service, part), f"the {part} to find the {visit} Redis")
            server.terminate()
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(parts.PATIENCE) == 0
    assert "Traceback" not in process.log.read_text()


def alive(service: Service, part: str) -> bool:
    """Does `widget alive` say so?"""
    return service.start("alive", part).popen.wait(parts.PATIENCE) == 0


@pytest.mark.slow
@pytest.mark.parametrize("part", ["web", "worker"])
def test_a_part_without_a_secret_key_does_not_start(service: Service, part: str) -> None:
    assert "WIDGET_SECRET_KEY is not set" in refused(service, part, WIDGET_SECRET_KEY="")


@pytest.mark.slow
def test_a_web_server_on_a_taken_port_says_so(service: Service) -> None:
    first = service.start_web()
    said = refused(service, "web")
    assert (
        said
        == f"Error: Port {service.port} is taken: stop what listens there, or set WIDGET_PORT.\n"
    )
    first.popen.send_signal(signal.SIGTERM)
    assert first.popen.wait(parts.PATIENCE) == 0


@pytest.mark.slow
def test_several_web_processes_share_one_database(service: Service) -> None:
    service.settings["WIDGET_WEB_WORKERS"] = "2"
    service.run("db", "upgrade")
    service.run("site", "add", "news", "--name", "News", "--origin", HOST)
    process = service.start_web()
    log = process.log
    until(lambda: "Started worker-2" in log.read_text(), "both processes")
    for _ in range(20):
        assert parts.answers(f"{service.url}/embed/news/thread?page=a")
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(parts.PATIENCE) == 0


# ------------------------------------------------------------------------------------------- doctor


@pytest.mark.slow
def test_the_doctor_names_what_is_in_force_and_keeps_secrets(
    service: Service,
) -> None:
    service.settings["WIDGET_SMTP_URL"] = "smtp://me:hush@mail.example.org"
    said = refused(service, "doctor")
    assert f"WIDGET_PORT={service.port}\n" in said
    assert "WIDGET_WEB_WORKERS=1  (default)\n" in said
    assert "WIDGET_SECRET_KEY=(set)\n" in said
    assert "hush" not in said
    assert parts.SECRET not in said


@pytest.mark.slow
def test_the_doctor_names_what_is_wrong_and_in_the_end_nothing(service: Service) -> None:
    faults = [line for line in refused(service, "doctor").splitlines() if line.startswith("✗")]
    assert faults == [
        f"✗ WIDGET_SMTP_URL is not set: nobody gets mail, it goes to {service.folder}/mail.",
        "✗ WIDGET_PUBLIC_URL is not https: moderators’ cookies can be overheard.",
        "✗ The database is not at this version: run `widget db upgrade`.",
        "✗ Redis does not answer: comments wait unscreened until it does.",
    ]
    service.settings["WIDGET_SMTP_URL"] = "smtp://mail.example.org"
    service.settings["WIDGET_PUBLIC_URL"] = "https://comments.example.org"
    service.run("db", "upgrade")
    with parts.valkey(service.folder, port=redis_port(service)):
        assert "✓ Nothing is wrong." in service.run("doctor")
