"""Silence: whatever leaves this machine is seen at the socket, by whichever library it goes.

Every test is listened to (tests/conftest.py), and so can be the processes that one starts. To look
up a name is to leave as well.
"""

import atexit
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).parents[1]
_CONNECTIONS = {"socket.connect", "socket.sendto"}
_LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_PROGRAMS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"}
# All else that Python tells of (each file that is opened) is passed over at once.
_TOLD = frozenset(_CONNECTIONS | _LOOK_UPS | _PROGRAMS)
_NOTES = "SILENCE_NOTES"


class _Ear:
    """Hears what leaves, and, where it is to be kept from leaving, says no."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.forbids = False
        self.is_deaf = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.is_deaf:
            return
        if event not in _TOLD:
            return
        where = _leads_to(event, args)
        if where is None or (event in _PROGRAMS and not self.forbids):
            return
        self.heard.append(where)
        if notes := os.environ.get(_NOTES):
            with Path(notes).open("a") as file:
                file.write(f"{event} {where}\n")
        if self.forbids:
            raise OSError(f"{event} to {where}")


def _leads_to(event: str, args: tuple[Any, ...]) -> str | None:
    if event in _PROGRAMS:
        return "another program"
    if event in _CONNECTIONS:
        # All other kinds of addresses are of this machine.
        where = str(args[1][0]) if isinstance(args[1], tuple) else "localhost"
    else:
        where = str(args[0] or "localhost")
    return None if _is_here(where) else where


def _is_here(where: str) -> bool:
    try:
        address = ipaddress.ip_address(where)
    except ValueError:
        return where in {"localhost", socket.gethostname()} or where.startswith("/")
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or inner.is_unspecified


_ear = _Ear()


def listen() -> None:
    """From now on, until this process ends: there is no way to take such a hook off again."""
    sys.addaudithook(_ear)
    atexit.register(_deafen)  # it would be called even when this module is half gone


def _deafen() -> None:
    _ear.is_deaf = True


@contextmanager
def heard(*, forbids: bool = False) -> Iterator[list[str]]:
    """Whatever leaves this machine in this block; `forbids`: it is kept from doing so."""
    before = _ear.heard, _ear.forbids
    _ear.heard, _ear.forbids = [], forbids
    try:
        yield _ear.heard
    finally:
        _ear.heard, _ear.forbids = before


def among_children(folder: Path) -> tuple[dict[str, str], Path]:
    """What must be in the environment of our processes to be heard; where it is noted then."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("from tests import silence\nsilence.listen()\n")
    notes = folder / "left-this-machine"
    return {"PYTHONPATH": f"{folder}:{_PROJECT}", _NOTES: str(notes)}, notes
