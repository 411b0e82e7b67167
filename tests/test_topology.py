"""Beyond one machine: docker-compose.yml checked, and rehearsed with its own commands."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from tests.conftest import HOST, PAGE
from tests.conftest import _create_database as create_database
from tests.parts import PROJECT, Inbox, free_port, until
from tests.rehearsal import COMPOSE, OPERATOR, Rehearsal, compose

# From the range that is nobody's, as a proxy that ends TLS would pass it on.
READER = "203.0.113.77"


@pytest.fixture
def rehearsal(_postgres: str, mail: tuple[str, Inbox], tmp_path: Path) -> Iterator[Rehearsal]:
    """The services, and an empty database; the test starts what it needs."""
    name = f"rehearsal_{tmp_path.name}"
    create_database(_postgres, name)
    rehearsal = Rehearsal(tmp_path, _postgres.format(database=name), mail[0])
    yield rehearsal
    rehearsal.stop()


@pytest.mark.slow
def test_the_journey_through_nginx_two_webs_and_two_workers(
    rehearsal: Rehearsal, mail: tuple[str, Inbox]
) -> None:
    rehearsal.start_data()
    rehearsal.start_behind()
    rehearsal.start_front()
    front = f"http://127.0.0.1:{rehearsal.front}"
    everywhere = [front, *(f"http://127.0.0.1:{port}" for port in rehearsal.webs)]
    assert len(everywhere) == 3, "two web processes behind one nginx"

    # A reader posts; nobody sees it; one of the workers screens it and a mail asks Olga.
    before = [read(base) for base in everywhere]
    assert post(front, "Who searched the camera database?", nonce="1").status == 202
    link = until(lambda: approve_link(mail[1], "Who searched"), "the moderator's mail")
    assert link.startswith(front)
    assert all("Who searched" not in read(base).text for base in everywhere)

    # She decides by the link. The very next read shows it, whoever answers, old validator or not.
    follow(link)
    for base, earlier in zip(everywhere, before, strict=True):
        answers = [read(base, etag=earlier.headers["ETag"]) for _ in range(4)]
        assert [answer.status for answer in answers] == [200] * 4
        assert all("Who searched" in answer.text for answer in answers)
    etags = {read(base).headers["ETag"] for base in everywhere}
    assert len(etags) == 1, "a validator from one web process is good at the other"
    assert read(front, etag=etags.pop()).status == 304

    # The same browser is known now.
    post(front, "The audit names forty searches.", nonce="2")
    until(lambda: "forty searches" in read(front).text, "the known author's comment")
    assert len(mail[1].mails) == 1, "nobody was asked"

    # One web and one worker die; readers and writers notice nothing.
    rehearsal.running["web"][0].kill()
    rehearsal.running["worker"][0].kill()
    assert all("forty searches" in read(front).text for _ in range(6))
    assert post(front, "And none of them had a warrant.", nonce="3").status == 202
    until(lambda: "a warrant" in read(front).text, "the comment screened by the other worker")

    # None of the logs, nor nginx's, says who was there, or holds a key from a mail.
    for place in ("invitations", "forgot"):
        ask(f"{front}/desk/{place}/{link.rpartition('/')[2]}")
    logs = {log.name: log.read_text() for log in rehearsal.folder.glob("*.log")}
    assert "/embed/news/comments 202" in logs["access.log"]
    told = {name for name, text in logs.items() if READER in text or "the-database" in text}
    assert told == set()
    assert link.rpartition("/")[2] not in logs["access.log"], "a mail's link is a key"


@pytest.mark.slow
def test_health_checks_tell_the_living_from_the_dead(rehearsal: Rehearsal) -> None:
    rehearsal.start_data()
    for service in ("worker", "cron"):
        check = rehearsal.services[service]["healthcheck"]["test"]
        assert check[:2] == ["CMD", "widget"]
        process = rehearsal.start(service)
        until(lambda check=check: rehearsal.passes(*check[2:]), f"the {service}")  # type: ignore[misc]
        process.stop()
        rehearsal.run(*check[2:], service=service, expect=1)
    check = rehearsal.services["web"]["healthcheck"]["test"]
    assert check[:2] == ["CMD", "python"]
    port = rehearsal.webs[0]
    rehearsal.start("web", port).answers(f"http://127.0.0.1:{port}/readyz")
    for asked, is_well in ((port, True), (free_port(), False)):
        here = [sys.executable, *(word.replace(":8000", f":{asked}") for word in check[2:])]
        done = subprocess.run(here, check=False, capture_output=True)
        assert (done.returncode == 0) == is_well


@pytest.mark.slow
def test_the_microcache_answers_while_the_service_allows_it(rehearsal: Rehearsal) -> None:
    rehearsal.start_data()
    rehearsal.start_front(microcache=True)
    front = f"http://127.0.0.1:{rehearsal.front}"
    first = read(front)
    assert first.status == 200
    for process in rehearsal.running["web"]:
        process.kill()
    again = read(front)
    assert (again.status, again.text) == (200, first.text), "no web process was needed"
    assert read(front, etag=first.headers["ETag"]).status == 304
    assert read(front, origin="https://elsewhere.example").status == 502, "varies by origin"
    assert post(front, "Is anyone there?", nonce="9").status == 502, "a post is never cached"


def test_compose_finds_no_fault_in_the_file(tmp_path: Path) -> None:
    command = compose_command()
    if command is None:
        pytest.skip("Compose is not installed: neither `docker compose` nor docker-compose runs")
    checked = subprocess.run(
        [*command, "--file", COMPOSE, "config", "--quiet"],
        env={**os.environ, **OPERATOR},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    unset = subprocess.run(
        [*command, "--file", COMPOSE, "--env-file", "/dev/null", "config", "--quiet"],
        env={name: value for name, value in os.environ.items() if name not in OPERATOR},
        capture_output=True,
        text=True,
        check=False,
    )
    assert unset.returncode != 0, "what only the operator knows must be given"


def test_only_nginx_is_published_and_every_part_is_locked_down() -> None:
    services = compose(OPERATOR)["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"nginx"}
    for name, service in services.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "restart" in service, name
        assert "healthcheck" in service, name
        assert re.search(r":\d+\.\d+|:\d+-", service["image"]), f"{name}'s image has a version"
        users = {"widget:0.1.0": "USER 10001"}.get(service["image"])
        assert users is None or users in (PROJECT / "Dockerfile").read_text()
        assert users or service["user"] not in {"root", "0"}, name


def test_no_secret_is_in_the_file_and_each_is_made_once(tmp_path: Path) -> None:
    known = compose(OPERATOR)
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run([PROJECT / "deploy/secrets.sh", folder], check=True)
    made = {file.name: file.read_text() for file in folder.iterdir()}
    assert set(made) == set(known["secrets"])
    assert folder.stat().st_mode & 0o777 == 0o700, "nobody else on the machine may enter"
    assert made["postgres_password"] in made["widget_database_url"], "a second run keeps all"
    assert len(made["widget_secret_key"]) == 64
    given = {
        name for service in known["services"].values() for name in service.get("environment", {})
    }
    secret = re.compile(r"SECRET_KEY|DATABASE_URL|SMTP_URL|PASSWORD$")
    assert not {name for name in given if secret.search(name)}
    assert "secrets/" in (PROJECT / ".gitignore").read_text()


def compose_command() -> list[str] | None:
    """How Compose is called here, if it is here."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) is None:
            continue
        if subprocess.run([*command, "version"], capture_output=True, check=False).returncode == 0:
            return command
    return None


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str


def ask(
    url: str,
    form: dict[str, str] | None = None,
    *,
    headers: dict[str, str] | None = None,
    jar: CookieJar | None = None,
) -> Answer:
    """GET, or POST a form."""
    opener = build_opener(HTTPCookieProcessor(jar))
    given = {name: value for name, value in (headers or {}).items() if value}
    request = Request(url, urlencode(form).encode() if form else None, given)
    try:
        with opener.open(request, timeout=10) as response:
            return Answer(response.status, response.headers, response.read().decode())
    except HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode())


def read(base: str, *, etag: str = "", origin: str = HOST) -> Answer:
    """Read the thread as the script does."""
    query = urlencode({"page": PAGE})
    headers = {"Origin": origin, "Sec-Fetch-Mode": "cors", "If-None-Match": etag}
    return ask(f"{base}/embed/news/thread?{query}", headers=headers)


def post(base: str, body: str, *, nonce: str) -> Answer:
    """Write as the script does; always the same browser."""
    token = re.search(r'name="token" value="([^"]+)"', read(base).text)
    form = {
        "page": PAGE,
        "author": "Ann",
        "email": "ann@example.org",
        "body": body,
        "nonce": nonce,
        "key": "the key that only this browser holds",
        "token": token[1] if token else "",
    }
    headers = {"Origin": HOST, "Sec-Fetch-Mode": "cors", "X-Forwarded-For": READER}
    return ask(f"{base}/embed/news/comments", form, headers=headers)


def approve_link(inbox: Inbox, words: str) -> str:
    """The link that approves, in the mail about these words; empty while there is none."""
    for number, mail in enumerate(inbox.mails):
        found = re.search(r"[Aa]pprove\D*?(https?://\S+)", inbox.text(number))
        if found and words in str(mail):
            return found[1]
    return ""


def follow(link: str) -> None:
    """Open a link from a mail in a browser, and press the button."""
    jar = CookieJar()
    page = ask(link, jar=jar)
    assert page.status == 200
    form = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    assert ask(link, form or {"approve": ""}, jar=jar, headers={"Referer": link}).status == 200
