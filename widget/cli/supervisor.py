"""Keeps child processes running, and stops every one of them.

Each child leads a session of its own, so that a terminal's Ctrl-C reaches only us and we stop the
children in order; and each is tied to us (see tether.py), so that none outlives us.
"""

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from widget.cli import tether

# Seconds: to answer for the first time, to stop before it is killed, and for its last words.
_TO_START, _TO_STOP, _TO_SPEAK = 60, 10, 2
_PAUSES = (1, 2, 5, 10, 30)
# A child that ran for so long did not fail to start: its next pause is the shortest again.
_RAN_WELL = 60
_LOG_BYTES = 5_000_000
_QUIET = re.compile(r"(DEBUG|INFO)\b")


class NotStartedError(Exception):
    """A child did not come up; the message holds its last lines."""


class Child:
    """One command that is kept running."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        logs: Path,
        say: Callable[[str], None],
        environment: Mapping[str, str],
        shown: bool = True,
    ) -> None:
        """`say` shows a line to the operator; `shown` says whether the child's warnings are."""
        self.name = name
        self._command = _tied(command)
        self._environment = environment
        self._say = say
        self._shown = shown
        self._log_file = logs / f"{name}.log"
        self._log = _log(self._log_file)
        self._last: deque[str] = deque(maxlen=12)
        self._process: Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, once."""
        # A pipe of our own: asyncio's would hide that the child ended while a grandchild holds it.
        ours, theirs = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=DEVNULL,
                stdout=theirs,
                stderr=STDOUT,
                start_new_session=True,
                env=self._environment,
            )
        finally:
            os.close(theirs)
            self._listening = asyncio.create_task(self._listen(ours))

    async def until(self, answers: Callable[[], Awaitable[bool]]) -> None:
        """Wait until it answers. Raises NotStartedError if it ends before that, or never does."""
        deadline = time.monotonic() + _TO_START
        while not await answers():
            if self._running().returncode is not None:
                await self._end()
                raise NotStartedError("\n".join([f"{self.name} did not start:", *self._last]))
            if time.monotonic() > deadline:
                raise NotStartedError(
                    f"{self.name} did not answer within {_TO_START} seconds: see {self._log_file}."
                )
            await asyncio.sleep(0.05)

    async def keep(self) -> None:
        """Start it again whenever it ends, until cancelled."""
        failures = 0
        while True:
            started = time.monotonic()
            code = await self._running().wait()
            await self._end()
            failures = 1 if time.monotonic() - started > _RAN_WELL else failures + 1
            pause = _PAUSES[min(failures, len(_PAUSES)) - 1]
            self._say(
                f"{self.name} ended ({_how(code)}) and is started again in {pause} s; see "
                f"{self._log_file}."
            )
            await asyncio.sleep(pause)
            await self.start()

    async def stop(self) -> None:
        """Ask it to stop; kill it and whatever it left behind if it does not."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _TO_STOP)
        except TimeoutError:
            self._say(f"{self.name} did not stop within {_TO_STOP} seconds and was killed.")
        await self._end()

    def kill(self) -> None:
        """End it at once, with all of its group."""
        if self._process is not None:
            # macOS says that a group of the dead may not be killed.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _end(self) -> None:
        """Clear away what the child left running, and hear its last words."""
        self.kill()
        await self._running().wait()
        if self._listening is not None:
            # A job that outlives its worker for a moment still holds the pipe.
            await asyncio.wait({self._listening}, timeout=_TO_SPEAK)

    def _running(self) -> Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    async def _listen(self, pipe: int) -> None:
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(pipe, "rb")
        )
        rest, shown = b"", self._shown
        while chunk := await stream.read(65_536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                shown = self._hear(line.decode(errors="replace"), before=shown)
        if rest:
            self._hear(rest.decode(errors="replace"), before=shown)
        transport.close()

    def _hear(self, line: str, *, before: bool) -> bool:
        """Keep a line, and show it if it is worth it; tells whether it was.

        Indented lines, such as a traceback's, belong to the line before them.
        """
        self._log.info(line)
        self._last.append(line)
        worth = before if line.startswith((" ", "\t")) else not _QUIET.match(line)
        if worth and self._shown and line:
            self._say(f"{self.name}: {line}")
        return worth


def _tied(command: Sequence[str]) -> list[str]:
    # -I and -S: it needs nothing but the standard library, and starts in milliseconds.
    return [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command]


def _log(file: Path) -> logging.Logger:
    handler = RotatingFileHandler(file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger(f"up.{file.stem}")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(handler)
    return log


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
