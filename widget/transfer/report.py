"""What became of an export's comments, counted."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

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
    repaired: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def new(self) -> int:
        """How many comments came in."""
        return self.statuses.total()

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

    def _comments(self) -> Iterator[str]:
        yield f"{self.new:,} new" + _listed(self.statuses)
        if self.kinds:
            yield _listed(self.kinds, plural=True).removeprefix(": ")

    def _skipped(self) -> Iterator[str]:
        for reason, count in _by_size(self.skipped):
            more = ", …" if count > _EXAMPLES else ""
            yield f"{count:,} {reason} ({', '.join(self._examples[reason])}{more})"


def _block(name: str, lines: Iterator[str] | list[str]) -> Iterator[str]:
    for line in lines or ["none"]:
        yield f"{name:<14}{line}"
        name = ""
    if name:
        yield f"{name:<14}none"


def _by_size(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda each: (-each[1], each[0]))


def _listed(counter: Counter[Status] | Counter[Kind], *, plural: bool = False) -> str:
    kinds: type[Status | Kind] = type(next(iter(counter))) if counter else Status
    found = [
        f"{counter[each]:,} {each.value}{'s' if plural and counter[each] != 1 else ''}"  # type: ignore[index]
        for each in kinds
        if counter[each]  # type: ignore[index]
    ]
    return ": " + ", ".join(found) if found else ""
