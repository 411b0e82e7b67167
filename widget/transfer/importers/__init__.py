"""One file a system. An importer is a function of an open document that yields pages."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from widget.transfer.importers import wordpress
from widget.transfer.records import Page


class Importer(Protocol):
    """What a module of this folder offers."""

    NAME: str

    def read(
        self,
        path: Path,
        repaired: Counter[str],
        progress: Callable[[int], object] = ...,
    ) -> Iterator[Page]:
        """Yield the export's pages that have comments. Raises Unreadable."""
        ...


IMPORTERS: dict[str, Importer] = {"wordpress": wordpress}
