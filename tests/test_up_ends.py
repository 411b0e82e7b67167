"""`widget up` outlives its parts, none of them outlives it, and what it cannot do it says."""

import asyncio
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests import parts
from tests.parts import free_port, until
from tests.starting import PATIENCE, READY, Up, ask, ended, is_free, write

pytestmark = pytest.mark.slow
only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="sees processes in /proc; only Linux ends orphans"
)


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


# ------------------------------------------------------------------------------- what it withstands


@only_linux
@pytest.mark.parametrize("part", ["widget web", "widget worker", "widget cron", "valkey-server"])
def test_a_part_that_dies_is_started_again(shared: Up, part: str) -> None:
    before = shared.child(part)
    assert before
    os.kill(before, signal.SIGKILL)
    until(lambda: shared.child(part) not in {None, before}, f"another {part}")
    name = part.removeprefix("widget ").removesuffix("-server")
    assert f"{name} ended (by SIGKILL)" in shared.text
    until(
        lambda: (
            parts.answers(shared.article)
            and parts.answers(f"{shared.service}/readyz")
            and '"redis":true' in ask(f"{shared.service}/readyz").text
        ),
        "all to answer again",
    )


# -------------------------------------------------------------------------------------- how it ends


@only_linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_it_ends_every_process_and_leaves_nothing(
    up: Up, how: signal.Signals
) -> None:
    up.start()
    until(lambda: len(up.kin()) >= 5, "a web server and its process, a worker, cron, Valkey")
    assert up.stop(how) == 0, up.text
    assert up.kin() == {}
    assert is_free(up.port)
    assert is_free(up.demo_port)
    assert not list(up.data.glob("*.sock"))
    assert "Traceback" not in up.text


@only_linux
def test_being_told_to_stop_while_it_starts_it_ends_every_process(up: Up) -> None:
    process = up.launch()
    until(lambda: process.poll() is not None or len(up.kin()) > 1, "the first parts to start")
    assert up.stop() == 0, up.text
    assert up.kin() == {}
    assert READY not in up.text
    assert "Traceback" not in up.text


@only_linux
def test_when_it_is_killed_no_part_outlives_it(up: Up) -> None:
    up.start()
    assert up.stop(signal.SIGKILL) == -signal.SIGKILL
    until(lambda: not up.kin(), "every part to be gone")
    assert up.start().stop() == 0


class SlowMail:
    """A mail server that takes its time: until `released`."""

    def __init__(self) -> None:
        self.busy, self.released = threading.Event(), threading.Event()
        self.taken = 0

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 (the name is aiosmtpd's)
        """Take a mail, when it may."""
        self.busy.set()
        await asyncio.to_thread(self.released.wait, PATIENCE)
        self.taken += 1
        return "250 taken"


@pytest.fixture
def slow_mail(up: Up) -> Iterator[SlowMail]:
    """`up` with such a mail server, in the middle of a mail."""
    server = SlowMail()
    controller = Controller(server, hostname="127.0.0.1", port=free_port())
    controller.start()
    up.settings["WIDGET_SMTP_URL"] = f"smtp://127.0.0.1:{controller.port}"
    up.start()
    assert write(up, "Someone must be told of this.").status == 202
    assert server.busy.wait(PATIENCE)
    yield server
    server.released.set()
    up.end()
    controller.stop()


@only_linux
def test_a_mail_under_way_is_sent_before_it_stops(up: Up, slow_mail: SlowMail) -> None:
    up.running[-1].terminate()
    until(lambda: up.child("widget cron") is None, "the worker's turn to be told to stop")
    slow_mail.released.set()
    assert up.running[-1].wait(PATIENCE) == 0
    assert slow_mail.taken == 1
    assert "was killed" not in up.text


@only_linux
def test_a_job_does_not_outlive_a_worker_that_was_killed(up: Up, slow_mail: SlowMail) -> None:
    worker = up.child("widget worker")
    assert worker
    forks = {pid for pid, command in up.kin().items() if "widget worker" in command} - {worker}
    assert len(forks) == 2, "the one that sends the mail, and the one that learns"
    os.kill(worker, signal.SIGKILL)
    until(lambda: not forks & up.kin().keys(), "the forks to be gone")
    with closing(sqlite3.connect(up.data / "widget.sqlite3")) as database:
        told = database.execute("SELECT claimed_until IS NULL FROM outbox").fetchall()
    assert told == [(0,)], "it never came to say how it went"


# ------------------------------------------------------------------------------- what it says no to


def test_a_second_one_on_the_folder_is_refused_and_the_first_goes_on(shared: Up) -> None:
    second = Up(shared.home, {"WIDGET_DATA": str(shared.data)})
    code, said = second.run("up")
    assert code == 1
    assert said.startswith("Error: `widget up` runs on ")
    assert f"(process {shared.running[-1].pid})" in said
    assert said.count("\n") == 1
    assert ask(f"{shared.service}/readyz").status == 200
    assert ask(shared.article).status == 200


@pytest.mark.parametrize("name", ["WIDGET_PORT", "WIDGET_DEMO_PORT"])
def test_a_taken_port_is_told_in_one_sentence(up: Up, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = up.run("up", **{name: str(port)})
    assert code == 1
    assert said == f"Error: Port {port} is taken: stop what listens there, or set {name}.\n"


def damaged_key(data: Path) -> None:
    data.mkdir()
    (data / "secret_key").write_text("too short\n")


def binary_key(data: Path) -> None:
    data.mkdir()
    (data / "secret_key").write_bytes(bytes(range(128, 228)))


def another_file(data: Path) -> None:
    data.mkdir()
    (data / "widget.sqlite3").write_text("no database, and long enough to be seen as none " * 9)


def file_in_the_way(data: Path) -> None:
    data.write_text("no folder")


def folder_in_the_way(data: Path) -> None:
    (data / "log" / "web.log").mkdir(parents=True)


def nothing(_data: Path) -> None:
    """Leave it bare."""


FAULTS: dict[str, tuple[Callable[[Path], None], dict[str, str], str]] = {
    "a folder under a file": (file_in_the_way, {}, "WIDGET_DATA"),
    "a folder nobody may make": (nothing, {"WIDGET_DATA": "/dev/null/x"}, "WIDGET_DATA"),
    "a folder where a log should be": (folder_in_the_way, {}, "web.log"),
    "a short key": (damaged_key, {}, "secret_key is damaged"),
    "a binary key": (binary_key, {}, "secret_key is damaged"),
    "a file that is no database": (another_file, {}, "file is not a database"),
    "a port that is a word": (nothing, {"WIDGET_PORT": "abc"}, "WIDGET_PORT"),
    "a port out of range": (nothing, {"WIDGET_PORT": "70000"}, "WIDGET_PORT"),
    "the same port twice": (
        nothing, {"WIDGET_PORT": "8123", "WIDGET_DEMO_PORT": "8123"}, "WIDGET_DEMO_PORT",
    ),
    "an address of another machine": (nothing, {"WIDGET_HOST": "203.0.113.9"}, "WIDGET_HOST"),
    "a setting that is none": (nothing, {"WIDGET_PROT": "1"}, "WIDGET_PROT is not a setting"),
    "a database nobody knows": (nothing, {"WIDGET_DATABASE_URL": "mysql://x"}, "postgresql://"),
    "a database that is away": (
        nothing, {"WIDGET_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "WIDGET_DATABASE_URL",
    ),
    "a queue nobody knows": (nothing, {"WIDGET_REDIS_URL": "nix"}, "WIDGET_REDIS_URL"),
    "a weak password": (nothing, {"WIDGET_OWNER_PASSWORD": "short"}, "WIDGET_OWNER_PASSWORD"),
    "an owner without address": (nothing, {"WIDGET_OWNER_EMAIL": "nix"}, "“nix” is not an e-mail"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mistake_is_told_in_one_sentence_and_leaves_nothing_running(up: Up, fault: str) -> None:
    prepare, settings, words = FAULTS[fault]
    prepare(up.data)
    code, said = up.run("up", **settings)
    assert code == 1, said
    assert said.startswith("Error: ")
    assert words in said
    assert said.count("\n") == 1
    assert is_free(up.port)
    assert is_free(up.demo_port)
    if sys.platform == "linux":
        assert up.kin() == {}
