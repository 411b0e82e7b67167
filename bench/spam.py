"""How well spam is told from ham on labelled texts, beside plain scikit-learn on the same.

The texts are no part of the project: where they are missing, that is said. Five parts of a file are
measured as one, a small file shuffled three times; where one group after the other is left out, and
all of the others is learned or so many labels of them, the mean is told. Each figure is marked:
better (+), equal (=) or worse (-) than the best of the baselines in the same run; those `given`
came with the texts. Baselines see the text alone; ours also what the checks find in it and that it
came before, as it does in production.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.baselines import Figures, given, measure
from tests.parts import PROJECT
from widget.spam.evaluation import Report, on_lines
from widget.spam.labelled import Line, Split, by_time, distinct, folds, leave_out, read

TEXTS = PROJECT.parent / "shared" / "data" / "spam"
LABELS = (50, 100, 200, 500, 1000)
# How often each step of the curve draws other comments, and a small file is shuffled.
DRAWS = 3
_LARGE = 3_000
_PARTS, _OLDEST = 5, 0.6
_DIGITS = 3
_JUDGED = ("accuracy", "roc_auc", "recall_at_fpr_01", "recall_at_fpr_1")
_HEAD = (
    f"{'':22}{'accuracy':>10}{'precision':>10}{'recall':>8}{'ROC-AUC':>10}{'R@0.1%':>9}"
    f"{'R@1%':>9}{'cal. err':>10}{'learn s':>9}{'KiB':>7}{'µs each':>9}"
)


@dataclass(frozen=True)
class Protocol:
    """A way to ask, and what came of it."""

    name: str
    report: Report
    ours: Figures
    baselines: list[Figures]
    given: list[Figures]

    def marks(self, others: Sequence[Figures] | None = None) -> dict[str, str]:
        """Ours beside the best of the others, figure by figure."""
        among = self.baselines if others is None else others
        return {
            name: _mark(getattr(self.ours, name), max(known))
            for name in _JUDGED
            if (known := [each for one in among if (each := getattr(one, name)) is not None])
        }


def evaluating(say: Callable[[str], None], folder: Path = TEXTS) -> list[Protocol]:
    """Every protocol on every file that is there."""
    readme = folder / "README.md"
    known = given(readme) if readme.exists() else {}
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        lines = read(file)
        for name, splits, together in _protocols(file.stem, lines):
            say(f"Spam: {name} …")
            found.append(_protocol(name, splits, known.get(name, []), together))
    return found


def as_text(found: Sequence[Protocol]) -> str:
    """For people."""
    if not found:
        return f"Spam was not measured: there are no labelled texts in {TEXTS}."
    lines = ["Spam told from ham, with all local checks, on one core (seconds are of its time)"]
    for one in found:
        lines += ["", one.name, _HEAD, _line(one.ours, one.marks())]
        lines += [_line(each) for each in (*one.baselines, *one.given)]
        lines += [f"  {said}" for said in _outcomes(one.report)]
    return "\n".join((*lines, "", *_summary(found)))


def as_json(found: Sequence[Protocol]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "name": one.name,
            "ours": one.report.as_dict(),
            "baselines": [asdict(each) for each in one.baselines],
            "given": [asdict(each) for each in one.given],
            "marks": one.marks(),
        }
        for one in found
    ]


def _protocols(stem: str, lines: Sequence[Line]) -> Iterator[tuple[str, list[Split], int]]:
    if all("group" in line.said for line in lines):
        left = list(leave_out(lines, "group"))
        yield f"{stem}, leave one video out", left, 1
        for labels in LABELS:
            yield f"{stem}, learning {labels}", list(_drawn(left, labels)), 1
    known = distinct(lines)
    shuffles = DRAWS if len(known) < _LARGE else 1
    dealt = [split for seed in range(shuffles) for split in folds(known, _PARTS, seed)]
    yield f"{stem}, 5-fold", dealt, _PARTS
    yield f"{stem}, by time {_OLDEST}", list(by_time(lines, _OLDEST)), 1


def _drawn(left: Sequence[Split], labels: int) -> Iterator[Split]:
    """So many labels of the other groups, half of them spam; what was not drawn is not used."""
    for draw in range(DRAWS):
        deck = random.Random(draw)
        for known, asked in left:
            drawn = [
                line
                for label in ("spam", "ham")
                for line in deck.sample(
                    [line for line in known if line.label == label], labels // 2
                )
            ]
            yield drawn, asked


def _protocol(name: str, splits: Sequence[Split], known: list[Figures], together: int) -> Protocol:
    report = Report(on_lines(splits), name, together)
    told = report.as_dict()
    ours = Figures.of(
        "ours",
        report.quality,
        training_seconds=told["training_seconds"],
        model_bytes=told["model_bytes"],
        microseconds=told["microseconds_per_comment"],
    )
    return Protocol(name, report, ours, measure(splits, together), known)


def _mark(ours: float, best: float) -> str:
    """As the figures are printed: what differs less is equal."""
    apart = round(ours, _DIGITS) - round(best, _DIGITS)
    return "=" if not apart else "+" if apart > 0 else "-"


def _line(one: Figures, marks: dict[str, str] | None = None) -> str:
    def share(name: str, width: int) -> str:
        value, mark = getattr(one, name), (marks or {}).get(name, " ")
        said = "" if value is None else f"{100 * value:.1f}"
        return f"{said} {mark}".rjust(width)

    def cost(value: float | None, form: str, width: int) -> str:
        return ("" if value is None else format(value, form)).rjust(width)

    area = f"{one.roc_auc:.3f} {(marks or {}).get('roc_auc', ' ')}".rjust(10)
    size = None if one.model_bytes is None else one.model_bytes / 1024
    return (
        f"  {one.model:20}{share('accuracy', 10)}{share('precision', 10)}{share('recall', 8)}"
        f"{area}{share('recall_at_fpr_01', 9)}{share('recall_at_fpr_1', 9)}"
        f"{cost(one.calibration_error, '.3f', 10)}{cost(one.training_seconds, '.2f', 9)}"
        f"{cost(size, ',.0f', 7)}{cost(one.microseconds, ',.0f', 9)}"
    ).rstrip()


def _outcomes(report: Report) -> Iterator[str]:
    """What would become of them."""
    for of, to in report.outcomes().items():
        total = sum(to.values())
        yield (
            f"of {total:,} {of}: {to['spam'] / total:.1%} called spam ({to['spam']:,}),"
            f" {to['held'] / total:.1%} held, {to['published'] / total:.1%} published"
            f" ({to['published']:,})"
        )
    yield "likely spam, and was: " + ", ".join(
        f"{step.expected:.1%} {step.spam / step.count:.1%} ({step.count:,})"
        for step in report.calibration()
    )
    held = report.held_by_checks()
    asked = report.as_dict()["asked"]
    alone = [f"{held[of] / asked[of]:.1%} of {of}" for of in held]
    yield f"without a classifier the checks would hold {' and '.join(alone)}"
    if report.not_enough:
        yield report.not_enough


def _summary(found: Sequence[Protocol]) -> Iterator[str]:
    for head, each in (
        ("the best baseline of this run", [one.marks() for one in found]),
        ("the best one given", [one.marks(one.given) for one in found]),
    ):
        said = [mark for marks in each for mark in marks.values()]
        yield (
            f"Beside {head}: {said.count('+')} figures better, {said.count('=')} equal,"
            f" {said.count('-')} worse."
        )
        for one, marks in zip(found, each, strict=True):
            if worse := [name for name, mark in marks.items() if mark == "-"]:
                yield f"  worse: {one.name} ({', '.join(worse)})"
    slowest = max(one.ours.microseconds or 0.0 for one in found)
    yield f"Slowest: {1e6 / slowest:,.0f} comments a second, checks and classifier, one by one."
