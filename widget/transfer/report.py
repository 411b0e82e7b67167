"""What became of an export's comments, counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat

from widget.models import Kind, Status

_EXAMPLES = 5


@dataclass
class Report:
    """Counts, and the first few names of what was skipped."""

    threads_new: int = 0
    threads_known: int = 0
    threads_closed: int = 0
    threads_hidden: int = 0
    threads_uncovered: int = 0
    already_here: int = 0
    statuses: Counter[Status] = field(default_factory=Counter)
    kinds: Counter[Kind] = field(default_factory=Counter)
    elsewhere: Counter[str] = field(default_factory=Counter)  # threads by an origin not the site's
    repaired: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def arrived(self, status: Status, kind: Kind) -> None:
        """Count a comment that was taken."""
        self.statuses[status] += 1
        self.kinds[kind] += 1

    def skip(self, reason: str, label: str) -> None:
        """Count a comment that was not taken."""
        self.skipped[reason] += 1
        if len(self._examples[reason]) < _EXAMPLES:
            self._examples[reason].append(label)

    def lines(self) -> Iterator[str]:
        """The report in words."""
        yield from _block("Threads", self._threads())
        yield from _block("Comments", self._comments())
        yield from _block("Already here", [f"{self.already_here:,}"])
        yield from _block("Skipped", self._skipped())
        yield from _block("Repaired", [f"{n:,} {what}" for what, n in _by_size(self.repaired)])

    def _threads(self) -> Iterator[str]:
        yield f"{self.threads_new:,} new, {self.threads_known:,} known"
        if self.threads_closed:
            yield f"{self.threads_closed:,} of the new ones closed, as they were"
        if self.threads_hidden:
            yield (
                f"{self.threads_hidden:,} of the new ones hidden: not everyone could see the page "
                "(--with-protected shows them)"
            )
        if self.threads_uncovered:
            yield f"{self.threads_uncovered:,} that had been hidden can be read now"
        for origin, count in _by_size(self.elsewhere):
            yield f"{count:,} at {origin}, which is none of the site’s origins"

    def _comments(self) -> Iterator[str]:
        statuses = [f"{n:,} {status.value}" for status in Status if (n := self.statuses[status])]
        yield f"{self.statuses.total():,} new" + (": " if statuses else "") + ", ".join(statuses)
        if kinds := [
            f"{n:,} {kind.value}{'s' if n > 1 else ''}" for kind in Kind if (n := self.kinds[kind])
        ]:
            yield ", ".join(kinds)

    def _skipped(self) -> Iterator[str]:
        for reason, count in _by_size(self.skipped):
            more = ", …" if count > _EXAMPLES else ""
            yield f"{count:,} {reason} ({', '.join(self._examples[reason])}{more})"


def _block(name: str, lines: Iterable[str]) -> Iterator[str]:
    for label, line in zip(chain([name], repeat("")), list(lines) or ["none"], strict=False):
        # An export's own words stand in some lines; they shall not steer a terminal.
        yield f"{label:<14}{''.join(filter(str.isprintable, line))}"


def _by_size(counter: Counter[str]) -> list[tuple[str, int]]:
    found = [(name, count) for name, count in counter.items() if count]
    return sorted(found, key=lambda each: (-each[1], each[0]))
