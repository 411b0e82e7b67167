"""Which comment answers which: parents first, whatever order and loops an export has."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from widget.transfer.records import Contribution

LOOP = "answering each other in a circle, the oldest put first"


def parents_first(
    contributions: Sequence[Contribution], repaired: Counter[str]
) -> list[Contribution]:
    """Sort by level, then by time. A circle is cut: its oldest comment answers nobody."""
    by_id: dict[str, Contribution] = {}
    again = [each for each in contributions if by_id.setdefault(each.source_id, each) is not each]
    levels: dict[str, int] = {}
    for source_id in list(by_id):
        _climb(source_id, by_id, levels, repaired)
    return sorted(
        [*by_id.values(), *again], key=lambda each: (levels[each.source_id], each.created_at)
    )


def _climb(
    source_id: str,
    by_id: dict[str, Contribution],
    levels: dict[str, int],
    repaired: Counter[str],
) -> None:
    """Find the level of a comment and of all above it."""
    trail: dict[str, None] = {}
    at: str | None = source_id
    while at in by_id and at not in levels:
        if at in trail:
            names = list(trail)
            loop = names[names.index(at) :]
            oldest = min(loop, key=lambda name: by_id[name].created_at)
            by_id[oldest] = replace(by_id[oldest], parent=None)
            repaired[LOOP] += 1
            trail, at = {}, source_id
            continue
        trail[at] = None
        at = by_id[at].parent
    above = levels.get(at, -1) if at is not None else -1
    levels.update({name: level for level, name in enumerate(reversed(trail), above + 1)})
