"""What plain scikit-learn makes of the same texts: what the filter has to be as good as.

Text alone. LR is a logistic regression and SVC a linear support vector machine on TF-IDF of words,
pairs of words and two to five letters; CNB is complement naive Bayes on words and pairs of words.
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.naive_bayes import ComplementNB  # type: ignore[import-untyped]
from sklearn.svm import LinearSVC  # type: ignore[import-untyped]

from widget.spam.labelled import Line, Split
from widget.spam.measuring import Quality, mean, quality

# The fewest figures of a row: accuracy, ROC-AUC, recall at 0.1 %; some have recall at 1 %.
_GIVEN = 3
_CELL = re.compile(r"\s*\|\s*")


@dataclass(frozen=True)
class Figures:
    """What one way reached under one protocol; empty where nothing is known."""

    model: str
    accuracy: float
    roc_auc: float
    recall_at_fpr_01: float
    recall_at_fpr_1: float | None = None
    precision: float | None = None
    recall: float | None = None
    calibration_error: float | None = None
    training_seconds: float | None = None
    model_bytes: float | None = None
    microseconds: float | None = None

    @classmethod
    def of(cls, model: str, of: Quality, **cost: float) -> "Figures":
        """Of what was measured."""
        return cls(
            model=model,
            accuracy=of.accuracy,
            roc_auc=of.roc_auc,
            recall_at_fpr_01=of.recall_at_fpr_01,
            recall_at_fpr_1=of.recall_at_fpr_1,
            precision=of.precision,
            recall=of.recall,
            calibration_error=of.calibration_error,
            **cost,
        )


@dataclass
class _Way:
    """A learner, and what it sees of a text."""

    model: Any
    letters: bool = True
    rounds: list[tuple[list[float], list[bool]]] = field(default_factory=list)
    learning: float = 0.0
    asking: float = 0.0


def measure(splits: Sequence[Split], together: int = 1) -> list[Figures]:
    """All three, by the same parts; so many that follow each other are measured as one."""
    ways = {
        "LR": _Way(LogisticRegression(C=10, solver="liblinear")),
        "SVC": _Way(LinearSVC()),
        "CNB": _Way(ComplementNB(alpha=0.3), letters=False),
    }
    for known, test in splits:
        for way, (learned, questions), seconds in _seen(ways, known, test):
            _ask(way, learned, questions, known, test)
            way.learning += seconds[0]
            way.asking += seconds[1]
    asked = sum(len(test) for _, test in splits)
    found = [
        Figures.of(
            name,
            mean(
                [
                    _as_one(way.rounds[at : at + together])
                    for at in range(0, len(way.rounds), together)
                ]
            ),
            training_seconds=way.learning / len(splits),
            microseconds=1e6 * way.asking / asked,
        )
        for name, way in ways.items()
    ]
    # A distance is no probability: there is nothing to be calibrated.
    return [replace(one, calibration_error=None) if one.model == "SVC" else one for one in found]


def given(readme: Path) -> dict[str, list[Figures]]:
    """The figures that came with the texts, by the name of their protocol; curves step by step."""
    found: dict[str, list[Figures]] = {}
    name = ""
    for row in readme.read_text().splitlines():
        cells = _CELL.split(row.strip())[1:-1]
        try:
            values = [[float(part) for part in cell.split("/")] for cell in cells[2:] if cell]
        except ValueError:  # a heading, or a row of words
            continue
        if len(values) < _GIVEN:
            continue
        name = cells[0] or name
        protocol, _, steps = name.partition(" curve ")
        for place, step in enumerate(re.findall(r"\d+", steps) or [""]):
            accuracy, area, *recalls = (each[place] for each in values[: _GIVEN + 1])
            figures = Figures(
                f"{cells[1]}, given", accuracy / 100, area, *(x / 100 for x in recalls)
            )
            found.setdefault(f"{protocol} {step}".strip(), []).append(figures)
    return found


def _seen(
    ways: dict[str, _Way], known: Sequence[Line], test: Sequence[Line]
) -> Iterator[tuple[_Way, tuple[Any, Any], tuple[float, float]]]:
    """Each way with what it sees of the texts, and how long it took to see it (twice for two)."""
    started = time.thread_time()
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    few = words.fit_transform([line.text for line in known])
    learned = time.thread_time()
    few_asked = words.transform([line.text for line in test])
    asked = time.thread_time()
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    more = letters.fit_transform([line.text for line in known])
    learned_more = time.thread_time()
    more_asked = letters.transform([line.text for line in test])
    asked_more = time.thread_time()
    seconds = (learned - started, asked - learned)
    both = (seconds[0] + learned_more - asked, seconds[1] + asked_more - learned_more)
    full = sparse.hstack([few, more]).tocsr(), sparse.hstack([few_asked, more_asked]).tocsr()
    for way in ways.values():
        yield (way, full, both) if way.letters else (way, (few, few_asked), seconds)


def _ask(
    way: _Way, learned: Any, questions: Any, known: Sequence[Line], test: Sequence[Line]
) -> None:
    started = time.thread_time()
    way.model.fit(learned, [line.label == "spam" for line in known])
    fitted = time.thread_time()
    if hasattr(way.model, "predict_proba"):
        found = way.model.predict_proba(questions)[:, 1]
    else:  # a distance: no probability, but above one half where it is above 0
        found = 1 / (1 + np.exp(-way.model.decision_function(questions)))
    way.asking += time.thread_time() - fitted
    way.learning += fitted - started
    way.rounds.append((found.tolist(), [line.label == "spam" for line in test]))


def _as_one(rounds: Sequence[tuple[list[float], list[bool]]]) -> Quality:
    found, is_spam = zip(*rounds, strict=True)
    return quality(list(chain(*found)), list(chain(*is_spam)))
