"""`python -m bench.words`: what a long list of words costs, in one run.

A comment is looked up in lists of 0, 20 and 20,000 lines: plain words, and lines of which every
second has a wildcard or is a phrase. The figures are of this machine; the ratios hold on others.
"""

import math
import random
import time

from widget.spam.words import Words

_SEED = 20_000
_SIZES = (0, 20, 20_000)
_ROUNDS = 7
_COMMENTS = 200
_SYLLABLES = [a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "an", "er")]


def main() -> None:
    """Measure and print."""
    chance = random.Random(_SEED)
    comments = [_text(chance, words=120) for _ in range(_COMMENTS)]
    lists: dict[tuple[str, int], tuple[Words, float]] = {}
    for kind, line in (("plain", _plain), ("mixed", _mixed)):
        for size in _SIZES:
            listed = "\n".join(line(chance, number) for number in range(size))
            began = time.perf_counter()
            lists[kind, size] = Words(listed), (time.perf_counter() - began) * 1e3
    best = dict.fromkeys(lists, math.inf)
    for _ in range(_ROUNDS):  # in turns, so that a busy moment does not fall on one list
        for which, (known, _ready) in lists.items():
            best[which] = min(best[which], _each(known, comments))
    print(f"{_COMMENTS} comments of 120 words; microseconds for each, best of {_ROUNDS} rounds")
    for (kind, size), each in best.items():
        ratio = f"{each / best[kind, 20]:4.1f} x" if size else "     -"
        ready = f"made ready in {lists[kind, size][1]:.0f} ms"
        print(f"{kind:6} {size:7,} lines {each:8.1f} us {ratio}   {ready}")


def _each(known: Words, comments: list[str]) -> float:
    began = time.perf_counter()
    for text in comments:
        known.find(text)
    return (time.perf_counter() - began) / len(comments) * 1e6


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4)))


def _text(chance: random.Random, words: int) -> str:
    return " ".join(_word(chance) for _ in range(words))


def _plain(chance: random.Random, _number: int) -> str:
    # As long as a listed word is, and none that these comments hold: the whole list is looked at.
    return f"{_word(chance)}x{_word(chance)}"


def _mixed(chance: random.Random, number: int) -> str:
    word = _plain(chance, number)
    forms = (word, f"{word}*", word, f"*{word}*", word, f"{_word(chance)} {word}")
    return forms[number % len(forms)]


if __name__ == "__main__":
    main()
