"""Many examples as sparse matrices, weighed as the model will weigh them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]

from widget.spam.classifier.calibration import Bools, Floats
from widget.spam.classifier.example import Example
from widget.spam.classifier.features import FACTS, WIDTHS, Numbers, Traces, pack, trace

# A fact is as good as that: more, and short texts are judged by their shape alone.
FACT_WEIGHT = 0.2
# With that many examples what only one of them says is left out: it tells nothing of others.
_MANY = 1_000
# What was decided a year ago counts half, and never less than a quarter.
_HALF_LIFE = 365 * 86_400
_LEAST = 0.25
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Scales:
    """Which numbers of a block are known, and how rare each is."""

    numbers: Numbers
    rarity: Floats


@dataclass(frozen=True, eq=False)
class Corpus:
    """Examples in the order of their time; `rows` has all blocks side by side, scaled."""

    rows: sparse.csr_matrix
    is_spam: Bools
    recency: Floats
    digests: list[bytes]

    def part(self, which: Bools) -> "Corpus":
        """Some of the examples."""
        return Corpus(
            self.rows[which],
            self.is_spam[which],
            self.recency[which],
            [digest for digest, wanted in zip(self.digests, which, strict=True) if wanted],
        )


def ordered(examples: Iterable[Example | Traces]) -> list[tuple[bytes, Traces]]:
    """The labelled ones by time, then by what they say: in one order, however they came."""
    traces = [trace(example) for example in examples if example.label]
    keyed = ((_digest(one), one) for one in traces)
    return sorted(keyed, key=lambda pair: (_seconds(pair[1]), pair[0], pair[1].label == "spam"))


def scales(traces: Sequence[Traces]) -> list[Scales]:
    """What these examples say in all, block by block."""
    found = []
    for block in range(len(WIDTHS)):
        said = np.concatenate([one.blocks[block] for one in traces])
        numbers, times = np.unique(said, return_counts=True)
        if block == FACTS:
            rarity = np.full(numbers.size, FACT_WEIGHT)
        else:
            rarity = np.log((1 + len(traces)) / (1 + times)) + 1
            if len(traces) >= _MANY:
                numbers, rarity = numbers[times > 1], rarity[times > 1]
        found.append(Scales(numbers, rarity.astype(np.float16).astype(np.float64)))
    return found


def corpus(keyed: Sequence[tuple[bytes, Traces]], scaled: Sequence[Scales]) -> Corpus:
    """These examples as rows of numbers."""
    traces = [one for _, one in keyed]
    blocks = [_scaled(traces, block, scale) for block, scale in enumerate(scaled)]
    seconds = np.array([_seconds(one) for one in traces])
    age = np.where(seconds > 0, seconds.max(initial=0) - seconds, 0)
    return Corpus(
        sparse.hstack(blocks).tocsr(),
        np.array([one.label == "spam" for one in traces], bool),
        _LEAST + (1 - _LEAST) * 0.5 ** (age / _HALF_LIFE),
        [digest for digest, _ in keyed],
    )


def _digest(one: Traces) -> bytes:
    return hashlib.blake2b(pack(one), digest_size=16).digest()


def _seconds(one: Traces) -> float:
    if one.at is None:
        return 0.0
    at = one.at if one.at.tzinfo else one.at.replace(tzinfo=UTC)
    return max((at - _BEGINNING).total_seconds(), 1.0)


def _scaled(traces: Sequence[Traces], block: int, scale: Scales) -> sparse.csr_matrix:
    """Rows of length one, as text of any length counts the same; facts stay as they are."""
    said = np.concatenate([one.blocks[block] for one in traces])
    starts = np.concatenate(([0], np.cumsum([one.blocks[block].size for one in traces])))
    columns = np.searchsorted(scale.numbers, said)
    columns[columns == scale.numbers.size] = 0
    known = scale.numbers[columns] == said if scale.numbers.size else np.zeros(said.size, bool)
    row = np.repeat(np.arange(len(traces)), np.diff(starts))[known]
    values = scale.rarity[columns[known]]
    if block != FACTS:
        length = np.sqrt(np.bincount(row, values**2, len(traces)))
        values = values / length[row]
    shape = (len(traces), scale.numbers.size)
    return sparse.csr_matrix((values, (row, columns[known])), shape)
