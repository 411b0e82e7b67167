"""The data folder of `widget up`: one `up` at a time, its secret key, and what it has in force.

What `up` decided is written down, so that every other command run beside it (`widget doctor`,
`widget moderator password`, …) works on the same database, key and queue without being told.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from widget import config
from widget.config import MIN_SECRET, PREFIX, ConfigError, Settings

_LOCK, _KEY, _DECIDED = "lock", "secret_key", "up.json"
# Only `up` itself needs the owner; the folder and the key are found without being written down.
_NOT_WRITTEN_DOWN = {"data", "owner_email", "owner_password", "secret_key"}


class FolderError(Exception):
    """The folder cannot be used; the message says why and what to do."""


@contextmanager
def claimed(data: Path) -> Iterator[None]:
    """Make the folder and hold it for this process alone. Raises FolderError."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (data / _LOCK).open("a+")
    except OSError as error:
        raise FolderError(_unusable(data, error)) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FolderError(
                f"`widget up` runs on {data} already (process {_holder(data)}): "
                "stop that one first, or set WIDGET_DATA to another folder."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def running(data: Path) -> str | None:
    """The process of the `up` that holds the folder, if any does."""
    try:
        with (data / _LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(data)
    except OSError:
        return None  # there is no such folder, or it is not ours
    return None


def secret_key(data: Path) -> str:
    """The folder's own secret key, made at the first start. Raises FolderError."""
    file = data / _KEY
    try:
        if not file.exists():
            _write(file, secrets.token_urlsafe(48) + "\n")
        return _read_key(file)
    except OSError as error:
        raise FolderError(_unusable(data, error)) from error


def write_down(settings: Settings) -> None:
    """Keep what is in force for the other commands. Raises FolderError."""
    known = settings.model_fields_set - _NOT_WRITTEN_DOWN
    try:
        _write(
            settings.data / _DECIDED, json.dumps(settings.model_dump(mode="json", include=known))
        )
    except OSError as error:
        raise FolderError(_unusable(settings.data, error)) from error


def decided(data: Path) -> dict[str, Any]:
    """What the last `up` on this folder had in force; empty if there was none."""
    file = data / _DECIDED
    try:
        known = dict(json.loads(file.read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, TypeError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read ({error}): delete it and start anew") from error
    return {name: value for name, value in known.items() if name in Settings.model_fields}


def in_force() -> Settings:
    """The settings; where one is not set, what `widget up` decided for the folder.

    Raises ConfigError.
    """
    settings = config.load()
    known = decided(settings.data)
    if known and (settings.data / _KEY).exists():
        try:
            known["secret_key"] = secret_key(settings.data)
        except FolderError as error:
            raise ConfigError(str(error)) from error
    return config.load(
        **{name: value for name, value in known.items() if name not in settings.model_fields_set}
    )


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a child process reads them."""
    known = settings.model_dump(mode="json", include=settings.model_fields_set)
    return {
        f"{PREFIX}{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in known.items()
    }


def _holder(data: Path) -> str:
    return (data / _LOCK).read_text().strip() or "unknown"


def _read_key(file: Path) -> str:
    key = file.read_bytes().decode("ascii", errors="replace").strip()
    if len(key) < MIN_SECRET or not key.isprintable() or not key.isascii():
        raise FolderError(
            f"{file} is damaged: put it back from a backup, or delete it to get a new one (then "
            "everyone is signed out and needs a new password: `widget moderator password EMAIL`)."
        )
    return key


def _write(file: Path, text: str) -> None:
    # Whole or not at all, and never readable by others, not even for a moment.
    partial = file.with_name(f"{file.name}.part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)


def _unusable(data: Path, error: OSError) -> str:
    return (
        f"The data folder {data} cannot be used ({error.strerror}): "
        "set WIDGET_DATA to a folder you may write to."
    )
