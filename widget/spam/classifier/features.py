"""From a comment to numbers: hashed, so that learning needs no dictionary and keeps no words.

Three blocks, each a set of numbers below its width: words and pairs of neighbours; pieces of words
(two to five signs, so that another spelling still meets); facts, which are the words of the name,
the hosts linked to, the signals of the checks and the text's shape. How often something is said
does not count, only that it is.

What is hashed and how is the SCHEME: a change makes another one, and old models are relearned.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from widget.spam.classifier.example import Example, Label, UnknownVersion
from widget.spam.classifier.reading import Reading, read

SCHEME = 1
WORDS, PIECES, FACTS = range(3)
WIDTHS = (1 << 18, 1 << 19, 1 << 16)
_SHORTEST, _LONGEST = 2, 5
_BLANK = 32
_USUAL = 30
_SEVEN_BITS, _MORE = 0x7F, 0x80
_FACTOR = np.uint32(0x01000193)
_SPREAD = np.uint32(0x9E3779B1)
_ASIDE = np.uint32(0x200000)
_SALTS = np.arange(_LONGEST + 1, dtype=np.uint32) * np.uint32(0x85EBCA6B)

Numbers = NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Traces:
    """What is left of an example when its words are gone: enough to learn from."""

    blocks: tuple[Numbers, Numbers, Numbers]
    label: Label | None = None
    at: datetime | None = None


@dataclass(frozen=True, eq=False)
class Spelled:
    """An example's features in the order of the text, repeated ones as well."""

    reading: Reading
    words: Numbers
    pairs: Numbers
    pieces: Numbers
    owners: NDArray[np.intp]
    facts: Numbers


def spell(example: Example) -> Spelled:
    """Every feature with its place: `owners` are the words that the pieces belong to."""
    reading = read(example)
    words = _hashed(reading.tokens)
    pairs = (words[:-1] * _FACTOR) ^ words[1:]
    pieces, owners = _pieces(reading)
    return Spelled(
        reading,
        _fold(words, WORDS),
        _fold(pairs, WORDS),
        pieces,
        owners,
        _fold(_hashed(reading.facts), FACTS),
    )


def trace(example: Example | Traces) -> Traces:
    """An example's features."""
    if isinstance(example, Traces):
        return example
    spelled = spell(example)
    return Traces(
        (
            np.unique(np.concatenate((spelled.words, spelled.pairs))),
            np.unique(spelled.pieces),
            np.unique(spelled.facts),
        ),
        example.label,
        example.at,
    )


def pack(example: Example | Traces) -> bytes:
    """What a model learns from an example, without its words: one to three kilobytes.

    The numbers cannot be read back: other words have the same ones. Who guesses a text can still
    see whether the guess fits, so what is packed is kept as the comment was, for moderators only.
    """
    lines = [bytes([SCHEME])]
    for block in trace(example).blocks:
        lines += [_varints(np.array([block.size], np.uint32)), _varints(np.diff(block, prepend=0))]
    return b"".join(lines)


def unpack(packed: bytes, *, label: Label | None = None, at: datetime | None = None) -> Traces:
    """What `pack` kept, with its label, to learn from."""
    if packed[:1] != bytes([SCHEME]):
        raise UnknownVersion("These features were made by another version of the classifier.")
    numbers = _from_varints(packed[1:])
    blocks = []
    for width in WIDTHS:
        if not numbers.size or numbers[0] >= numbers.size:
            raise ValueError("These features are cut off.")
        count = int(numbers[0])
        block = np.cumsum(numbers[1 : count + 1], dtype=np.uint64)
        if count and block[-1] >= width:
            raise ValueError("These features have numbers that do not exist.")
        blocks.append(block.astype(np.uint32))
        numbers = numbers[count + 1 :]
    return Traces((blocks[WORDS], blocks[PIECES], blocks[FACTS]), label, at)


def _hashed(tokens: Sequence[str]) -> Numbers:
    return np.array(
        [_known(token) if len(token) <= _USUAL else _number(token) for token in tokens], np.uint32
    )


def _number(token: str) -> int:
    return zlib.crc32(token.encode())


# Most words of a comment were in those before it; longer ones do not come again.
_known = lru_cache(maxsize=16_384)(_number)


def _fold(numbers: Numbers, block: int) -> Numbers:
    shift = np.uint32(32 - (WIDTHS[block].bit_length() - 1))
    folded: Numbers = (numbers * _SPREAD) >> shift
    return folded


def _pieces(reading: Reading) -> tuple[Numbers, NDArray[np.intp]]:
    """Every piece within a word with a blank at either end, and the number of that word.

    All pieces of a length are hashed at once: piece by piece would take ten times as long. What
    stands aside has signs of its own, so that a word of the text is not one of a name.
    """
    text = " ".join(("", *reading.folded, ""))
    signs = np.frombuffer(f"{text}{reading.aside} ".encode("utf-32-le"), np.uint32)
    blank = signs == _BLANK
    owner = np.cumsum(blank) - 1
    signs = signs + _ASIDE * (np.arange(signs.size) >= len(text))
    rolling, whole = signs, ~blank
    pieces, owners = [], []
    for length in range(_SHORTEST, min(_LONGEST, signs.size) + 1):
        rolling = rolling[:-1] * _FACTOR + signs[length - 1 :]
        whole = (
            ~(blank[:-1] & blank[1:])
            if length == _SHORTEST
            else whole[:-1] & ~blank[length - 2 : -1]
        )
        pieces.append(rolling[whole] ^ _SALTS[length])
        owners.append(owner[: whole.size][whole])
    return _fold(np.concatenate(pieces), PIECES), np.concatenate(owners)


def _varints(numbers: NDArray[np.integer]) -> bytes:
    """Seven bits a byte; the highest says that more follow."""
    packed = bytearray()
    for number in numbers.tolist():
        rest = number
        while rest > _SEVEN_BITS:
            packed.append(rest & _SEVEN_BITS | _MORE)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _from_varints(packed: bytes) -> Numbers:
    numbers, number, shift = [], 0, 0
    for byte in packed:
        number |= (byte & _SEVEN_BITS) << shift
        shift += 7
        if byte < _MORE:
            numbers.append(min(number, 0xFFFFFFFF))
            number, shift = 0, 0
    return np.array(numbers, np.uint32)
