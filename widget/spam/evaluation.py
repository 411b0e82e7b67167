"""How well production would do: its checks and its classifier, on comments whose label is known.

What is asked was not learned from, and each comment is seen as it would be when it comes: with what
came before it, and nothing else. Where there are too few decisions to learn from, the checks are
measured alone, as they would be alone in production.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import fmean
from typing import Any

from widget.spam import classifier
from widget.spam.assessment import assess
from widget.spam.checks import Candidate, History
from widget.spam.classifier import Example, NotEnough, Opinion, Verdict
from widget.spam.labelled import Line, Malformed, Split
from widget.spam.measuring import Quality, Step, calibration, interval, mean, quality

# What a line does not tell counts as well: our form, sent by our script. Else all would be held.
_ARRIVAL = {"token": "fresh", "has_nonce": True}
_HOLD_LINKS = 2
LABELS = ("spam", "ham")
STEPS = (50, 100, 200, 500, 1000, 2000, 5000)
THRESHOLDS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)


@dataclass(frozen=True)
class Case:
    """A comment as the classifier sees it, what the checks scored, and what they cost."""

    example: Example
    risk: int = 0
    seconds: float = 0.0
    # Would the checks alone hold it?
    is_held: bool = False

    @property
    def is_spam(self) -> bool:
        """Its label."""
        return self.example.label == "spam"


@dataclass(frozen=True)
class Judged:
    """What production would make of a case."""

    case: Case
    probability: float
    verdict: Verdict

    @property
    def outcome(self) -> str:
        """Where it would go: a signal of the checks holds what the classifier would publish."""
        if self.verdict == "spam":
            return "spam"
        return "published" if self.verdict == "ham" and not self.case.is_held else "held"


@dataclass(frozen=True)
class Trial:
    """One round: some learned, others asked."""

    known: Sequence[Case]
    judged: list[Judged]
    learning_seconds: float
    judging_seconds: float
    model: "classifier.Model | None" = None
    model_bytes: int = 0
    not_enough: str = ""


@dataclass(frozen=True)
class Report:
    """All rounds. So many that follow each other, the parts of one heap, are measured as one."""

    trials: list[Trial]
    name: str = ""
    together: int = 1

    @property
    def quality(self) -> Quality:
        """The mean of all that were measured."""
        firsts = range(0, len(self.trials), self.together)
        return mean([_as_one(self.trials[at : at + self.together]) for at in firsts])

    @property
    def not_enough(self) -> str:
        """Why the checks were measured alone, where they were."""
        return next((trial.not_enough for trial in self.trials if trial.not_enough), "")

    def outcomes(self) -> dict[str, dict[str, int]]:
        """How many of either label would be called spam, held or published."""
        found = Counter(
            (label(one.case), one.outcome) for trial in self.trials for one in trial.judged
        )
        return {of: {to: found[of, to] for to in ("spam", "held", "published")} for of in LABELS}

    def thresholds(self) -> list[dict[str, Any]]:
        """What would be called spam from some probabilities on, and be right or wrong."""
        judged = [one for trial in self.trials for one in trial.judged]
        return [
            {
                "from": at,
                "spam": sum(one.case.is_spam and one.probability >= at for one in judged),
                "ham": sum(not one.case.is_spam and one.probability >= at for one in judged),
            }
            for at in THRESHOLDS
        ]

    def calibration(self) -> list[Step]:
        """How true the probabilities are, all rounds together."""
        judged = [one for trial in self.trials for one in trial.judged]
        return calibration(
            [one.probability for one in judged], [one.case.is_spam for one in judged]
        )

    def curve(self, prior: Sequence[Case] = ()) -> Iterator[tuple[int, "Report"]]:
        """The same questions when fewer had been learned."""
        fewest = min(len(each.known) for each in self.trials)
        for count in STEPS:
            if count < fewest:
                trials = [
                    trial(_first(each.known, count), [one.case for one in each.judged], prior)
                    for each in self.trials
                ]
                yield count, replace(self, trials=trials)
        yield round(fmean(len(each.known) for each in self.trials)), self

    def telling(self) -> dict[str, list[tuple[str, float]]]:
        """The words of what was asked that weighed most, in the last round."""
        latest = self.trials[-1]
        if latest.model is None:
            return {"spam": [], "ham": []}
        spam, ham = latest.model.telling(one.case.example for one in latest.judged)
        return {"spam": spam, "ham": ham}

    def rules(self) -> dict[str, dict[str, int]]:
        """How often each check spoke, by label."""
        found = Counter(
            (rule, label(one.case))
            for trial in self.trials
            for one in trial.judged
            for rule in one.case.example.signals
        )
        names = sorted({rule for rule, _ in found})
        return {rule: {of: found[rule, of] for of in LABELS} for rule in names}

    def held_by_checks(self) -> dict[str, int]:
        """What the checks would hold if there were no classifier."""
        found = Counter(
            label(one.case) for each in self.trials for one in each.judged if one.case.is_held
        )
        return {of: found[of] for of in LABELS}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        outcomes = self.outcomes()
        spam, ham = (sum(outcomes[of].values()) for of in LABELS)
        false = {
            "false_positives": _rate(outcomes["ham"]["spam"], ham),
            "false_negatives": _rate(outcomes["spam"]["published"], spam),
        }
        model = self.trials[-1].model
        asked = sum(len(trial.judged) for trial in self.trials)
        return {
            "name": self.name,
            "not_enough": self.not_enough or None,
            "rounds": len(self.trials),
            "learned": round(fmean(len(trial.known) for trial in self.trials)),
            "asked": {"spam": spam, "ham": ham},
            **asdict(self.quality),
            "spam_at": model.spam_at if model else None,
            "publish_at": model.publish_at if model else None,
            "outcomes": outcomes,
            **false,
            "thresholds": self.thresholds(),
            "calibration": [asdict(step) for step in self.calibration()],
            "checks": self.rules(),
            "held_by_checks": self.held_by_checks(),
            "training_seconds": fmean(trial.learning_seconds for trial in self.trials),
            "model_bytes": round(fmean(trial.model_bytes for trial in self.trials)),
            "microseconds_per_comment": 1e6 * _seconds(self.trials) / asked,
            "notes": list(model.notes) if model else [],
        }


def label(case: Case) -> str:
    """In the words of a file."""
    return "spam" if case.is_spam else "ham"


def cases(known: Iterable[Line], asked: Iterable[Line]) -> tuple[list[Case], list[Case]]:
    """Lines as the checks find them when they come one after the other, first those to learn."""
    before: Counter[str] = Counter()
    see = partial(_seen, before=before)
    return [see(line) for line in known], [see(line) for line in asked]


def on_lines(splits: Iterable[Split], prior: Sequence[Case] = ()) -> list[Trial]:
    """A round for each split; `prior` are decisions of other sites. Raises Malformed."""
    return [trial(*cases(known, asked), prior=prior) for known, asked in splits]


def trial(known: Sequence[Case], asked: Sequence[Case], prior: Sequence[Case] = ()) -> Trial:
    """Learn from some, ask about others. Raises Malformed where these are of one label alone."""
    for of in LABELS:
        if not any(label(case) == of for case in asked):
            raise Malformed(f"There is no {of} in what would be asked: nothing can be measured.")
    started = time.thread_time()
    model, not_enough = None, ""
    try:
        model = classifier.train(
            [case.example for case in known], [case.example for case in prior] or None
        )
    except NotEnough as why:
        not_enough = str(why)
    learned = time.thread_time()
    judged = [_judged(case, model) for case in asked]
    seconds = time.thread_time() - learned
    return Trial(
        known=known,
        judged=judged,
        learning_seconds=learned - started if model else 0.0,
        judging_seconds=seconds,
        model=model,
        model_bytes=len(model.to_bytes()) if model else 0,
        not_enough=not_enough,
    )


def _first(known: Sequence[Case], count: int) -> list[Case]:
    """The oldest, with as much spam as among all."""
    share = count / len(known)
    left = {of: round(share * sum(label(case) == of for case in known)) for of in LABELS}
    first = []
    for case in known:
        left[label(case)] -= 1
        if left[label(case)] >= 0:
            first.append(case)
    return first


def _as_one(trials: Sequence[Trial]) -> Quality:
    judged = [one for each in trials for one in each.judged]
    return quality([one.probability for one in judged], [one.case.is_spam for one in judged])


def _judged(case: Case, model: "classifier.Model | None") -> Judged:
    if model is None:
        return Judged(case, case.risk / 100, "unsure" if case.is_held else "ham")
    opinion: Opinion = model.judge(case.example)
    return Judged(case, opinion.probability, opinion.verdict)


def _seen(line: Line, before: Counter[str]) -> Case:
    candidate = Candidate(
        author=line.author,
        email="",
        website=line.url,
        body=line.text,
        body_html=line.body_html,
        arrival=_ARRIVAL,
        hold_links=_HOLD_LINKS,
        page=line.page,
    )
    history = History(same_body=before[line.text])
    before[line.text] += 1
    started = time.thread_time()
    assessment = assess(candidate, history)
    seconds = time.thread_time() - started
    return Case(
        Example(
            text=line.text,
            author=line.author,
            url=line.url,
            signals=tuple(dict.fromkeys(signal.rule for signal in assessment.signals)),
            page=line.page,
            at=line.at,
            label=line.label,
        ),
        assessment.risk,
        seconds,
        bool(assessment.holding),
    )


def _rate(times: int, of: int) -> dict[str, Any]:
    return {"count": times, "of": of, "rate": times / of, "interval": list(interval(times, of))}


def _seconds(trials: Sequence[Trial]) -> float:
    """What the checks and the classifier took together."""
    return sum(
        trial.judging_seconds + sum(one.case.seconds for one in trial.judged) for trial in trials
    )
