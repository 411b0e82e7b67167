"""Processor time and places: what a server's processes used, and on which core they run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
# Fields of /proc/PID/stat behind the name's closing parenthesis.
_PARENT, _USER, _SYSTEM = 1, 11, 12


def cpu_seconds(roots: list[int]) -> float | None:
    """What these processes and all below them have used so far; None where /proc is missing."""
    if not (_PROC / "self/stat").exists():
        return None
    stats = dict(_stats())
    family = set(roots)
    grew = True
    while grew:
        below = {pid for pid, stat in stats.items() if int(stat[_PARENT]) in family}
        grew = not below <= family
        family |= below
    ticks = (int(stats[pid][_USER]) + int(stats[pid][_SYSTEM]) for pid in family & set(stats))
    return sum(ticks) / _TICK


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in _PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            text = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        yield int(folder.name), text.rpartition(")")[2].split()


def cores() -> tuple[set[int], set[int]] | None:
    """One core for the servers and another for the client; None where they cannot be told apart."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return ({allowed[0]}, {allowed[1]}) if len(allowed) > 1 else None


@contextmanager
def on(core: set[int] | None) -> Iterator[None]:
    """Processes started in this block stay on this core, and so does this one until it ends."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
