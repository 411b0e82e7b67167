"""`widget up` as a newcomer meets it, and as a browser sees it, for the tests."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from tests.parts import PROJECT, free_port, until

READY = "Ctrl-C stops everything"
# A machine that does much else at once may need a while to start six processes.
PATIENCE = 90.0


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
        until(
            lambda: process.poll() is not None or READY in self.text,
            "`widget up` to be ready",
            PATIENCE,
        )
        assert process.poll() is None, self.text
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop; the exit code."""
        self.running[-1].send_signal(how)
        return self.running[-1].wait(PATIENCE)

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

    def end(self) -> None:
        """Stop whatever still runs, so that no test leaves anything to the next."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE)

    def run(self, command: str, **more: str) -> tuple[int, str]:
        """Run a command of ours to its end: its exit code, and what it said."""
        log = self.home / "command.log"
        code = self.call(command, log, **more).wait(PATIENCE)
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


@contextmanager
def ended(up: Up) -> Iterator[Up]:
    """Lend it out, and see that nothing of it is left running."""
    try:
        yield up
    finally:
        up.end()


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
