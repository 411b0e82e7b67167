"""Ties a process to its parent, so that none is left behind when the parent is killed.

Run as a script, `tether.py PARENT COMMAND…`, it ties itself and becomes the command: a forked
Python with threads around it must not run code of its own (subprocess's preexec_fn), an exec may.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie(parent: int, ending: signal.Signals) -> None:
    """Have the kernel send us `ending` when `parent` dies. Only Linux can do that."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(ending), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl refused to tie this process to its parent")
    if os.getppid() != parent:  # it died before we asked
        os.kill(os.getpid(), ending)


if __name__ == "__main__":
    # SIGTERM, not SIGKILL: each command then takes its own children with it, and Valkey saves.
    tie(int(sys.argv[1]), signal.SIGTERM)
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 (the supervisor's own command, no shell)
