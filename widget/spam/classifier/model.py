"""A model: three tables of weights, a curve from scores to probabilities, and two thresholds."""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from widget.spam.classifier.calibration import Sigmoid, log_losses, probability
from widget.spam.classifier.example import Example, Opinion, UnknownVersion, Verdict
from widget.spam.classifier.explaining import Table, weigh
from widget.spam.classifier.features import FACTS, SCHEME, WIDTHS, Numbers, Traces, spell, trace
from widget.spam.words import fold

# How a model is kept, and what its parts mean.
VERSION = 1
_BROKEN = (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
Halves = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Block:
    """The numbers that a model knows; of each the weight, and how rare it is."""

    numbers: Numbers
    weights: Halves
    rarity: Halves


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """What was learned from a site's decisions.

    `spam_at` is the probability from which it calls a comment spam, `publish_at` that up to which
    it calls it ham; `metrics` were measured on decisions that the measured had not learned from;
    `notes` say in words what the thresholds rest on.
    """

    blocks: tuple[Block, ...]
    bias: float
    curve: Sigmoid
    spam_at: float
    publish_at: float
    counts: dict[str, int]
    metrics: dict[str, float]
    notes: tuple[str, ...]
    trained_at: datetime | None = None
    _tables: tuple[Table, Table, Table] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Lay the weights out so that each is found at once."""
        tables = tuple(map(_laid_out, self.blocks, WIDTHS))
        object.__setattr__(self, "_tables", tables)

    def judge(self, example: Example) -> Opinion:
        """How likely it is spam, what to call it, and why."""
        weighed = weigh(spell(example), self._tables)
        found = float(self._probabilities([weighed.score])[0])
        steepness = self.curve.rise if weighed.score + self.bias > 0 else self.curve.fall
        return Opinion(
            found,
            self.verdict(found),
            say_words=partial(weighed.words, steepness),
            say_facts=partial(weighed.facts, steepness),
        )

    def probabilities(self, examples: Iterable[Example | Traces]) -> NDArray[np.float64]:
        """How likely each is spam."""
        return self._probabilities([self._score(trace(example)) for example in examples])

    def verdict(self, found: float) -> Verdict:
        """What a comment of this probability is called."""
        if found >= self.spam_at:
            return "spam"
        return "ham" if found <= self.publish_at else "unsure"

    def telling(
        self, examples: Iterable[Example], most: int = 20
    ) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """The words of these comments that speak most for spam, and those most for ham.

        A word counts with its mean weight where it was said, if it was said more than once.
        """
        sums: dict[str, list[float]] = {}
        for example in examples:
            for word, part in self.judge(example).words:
                sums.setdefault(fold(word), []).append(part)
        ranked = sorted(
            (sum(parts) / (len(parts) + 1), word) for word, parts in sums.items() if len(parts) > 1
        )
        ham = [(word, round(part, 3)) for part, word in ranked[:most] if part < 0]
        spam = [(word, round(part, 3)) for part, word in reversed(ranked[-most:]) if part > 0]
        return spam, ham

    def to_bytes(self) -> bytes:
        """To be kept: arrays and JSON, so that bytes that somebody changed can never run."""
        header = {
            "version": VERSION,
            "scheme": SCHEME,
            "trained_at": self.trained_at.isoformat() if self.trained_at else None,
            "bias": self.bias,
            "curve": asdict(self.curve),
            "spam_at": self.spam_at,
            "publish_at": self.publish_at,
            "counts": self.counts,
            "metrics": self.metrics,
            "notes": self.notes,
        }
        arrays: dict[str, NDArray[Any]] = {
            "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), np.uint8)
        }
        for number, block in enumerate(self.blocks):
            arrays[f"steps{number}"] = np.diff(block.numbers, prepend=np.uint32(0))
            arrays[f"weights{number}"] = block.weights
            arrays[f"rarity{number}"] = block.rarity
        kept = io.BytesIO()
        np.savez_compressed(kept, allow_pickle=False, **arrays)
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Model":
        """What `to_bytes` gave. Raises UnknownVersion, or ValueError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                header = json.loads(arrays["header"].tobytes())
                if (header["version"], header["scheme"]) != (VERSION, SCHEME):
                    raise UnknownVersion(
                        "This model was made by another version of the classifier: relearn it."
                    )
                blocks = tuple(_read_block(arrays, number) for number in range(len(WIDTHS)))
            at = header["trained_at"]
            return cls(
                blocks=blocks,
                bias=float(header["bias"]),
                curve=Sigmoid(**header["curve"]),
                spam_at=float(header["spam_at"]),
                publish_at=float(header["publish_at"]),
                counts=header["counts"],
                metrics=header["metrics"],
                notes=tuple(header["notes"]),
                trained_at=datetime.fromisoformat(at) if at else None,
            )
        except _BROKEN as fault:
            raise ValueError("These bytes are not a model.") from fault

    def _score(self, traces: Traces) -> float:
        return sum(
            table.score(numbers, is_scaled=block != FACTS)
            for block, (table, numbers) in enumerate(zip(self._tables, traces.blocks, strict=True))
        )

    def _probabilities(self, scores: list[float]) -> NDArray[np.float64]:
        return probability(self.curve.log_odds(np.array(scores, np.float64) + self.bias))


def better_or_equal(new: Model, old: Model | None, heldout: Iterable[Example | Traces]) -> bool:
    """May a model take the place of the one in use? Ask with decisions that neither learned from.

    It may if it calls no more ham spam, and is surprised by the labels no more than chance allows.
    """
    known = [trace(example) for example in heldout if example.label]
    if old is None or not known:
        return True
    is_spam = np.array([one.label == "spam" for one in known], bool)
    found, before = new.probabilities(known), old.probabilities(known)
    if (found >= new.spam_at)[~is_spam].sum() > (before >= old.spam_at)[~is_spam].sum():
        return False
    worse = log_losses(found, is_spam) - log_losses(before, is_spam)
    return bool(worse.mean() <= worse.std() / worse.size**0.5)


def _laid_out(block: Block, width: int) -> Table:
    weights, squares = np.zeros(width, np.float32), np.zeros(width, np.float32)
    weights[block.numbers] = block.weights
    squares[block.numbers] = block.rarity.astype(np.float32) ** 2
    return Table(weights, squares)


def _read_block(arrays: Mapping[str, NDArray[np.generic]], number: int) -> Block:
    numbers = np.cumsum(arrays[f"steps{number}"], dtype=np.uint64)
    weights, rarity = arrays[f"weights{number}"], arrays[f"rarity{number}"]
    if not numbers.size == weights.size == rarity.size:
        raise ValueError("its tables differ in length")
    if numbers.size and numbers.max() >= WIDTHS[number]:
        raise ValueError("it has numbers that do not exist")
    return Block(numbers.astype(np.uint32), weights.astype(np.float16), rarity.astype(np.float16))
