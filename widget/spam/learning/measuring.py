"""How well a site's filter does: on its own newest decisions, by what was learned from the rest.

Measured when it learns, for it takes as long as learning; a page only shows it.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

from widget.models import Decision, Site, SpamExample
from widget.spam import classifier
from widget.spam.classifier import Example
from widget.spam.decided import Decided, decisions
from widget.spam.evaluation import LABELS, Case, Judged, Report, Trial, trial
from widget.spam.labelled import Line, Malformed, by_time
from widget.spam.learning.keeping import kept

if TYPE_CHECKING:
    from widget.spam.classifier import Model, Traces

    Learnable = Sequence[Example | Traces]

# The oldest of either label are learned, the rest are asked.
LEARNED = 0.6
# Others give a hint where a site's own moderators have decided little.
_ELSEWHERE = 2_000
# Measured again when there are so many more decisions than the last time.
_GROWTH = 1.1


def report(site: Site, share: float = LEARNED) -> tuple[Report, list[Case]]:
    """What the filter makes of a site's newest decisions, and what it knew of other sites then.

    Raises Malformed where there is too little of either label to ask about.
    """
    found, prior = _report(
        decisions(Decision.site_id == site.id),
        kept(SpamExample.site_id == site.id),
        elsewhere(site),
        share,
    )
    name = f"{site.key}, by time: the oldest {share:.0%} of either label learned"
    return Report([_as_set(each, site) for each in found.trials], name), prior


def _as_set(found: Trial, site: Site) -> Trial:
    """By the site's own threshold, if it has one, as moderation.filtering."""
    at = site.spam_from
    if at is None or found.model is None:
        return found
    low = found.model.publish_at
    judged = [
        Judged(
            one.case,
            one.probability,
            "spam"
            if 100 * one.probability >= at
            else "ham"
            if one.probability <= low
            else "unsure",
        )
        for one in found.judged
    ]
    return replace(found, judged=judged)


def elsewhere(site: Site) -> "list[Traces]":
    """What moderators of the other sites of this installation decided lately, purged or not."""
    there = decisions(Decision.site_id != site.id, most=_ELSEWHERE)
    purged = kept(SpamExample.site_id != site.id, most=_ELSEWHERE)
    # Once for all: each round of measuring learns them.
    return [*(classifier.trace(one.case.example) for one in there), *purged]


def measured(
    own: Sequence[Decided], purged: "Sequence[Traces]", others: "Learnable", before: dict[str, Any]
) -> dict[str, Any]:
    """The evaluation and the learning curve, as plain JSON.

    As it was measured `before`, if little has come since; nothing with too few decisions.
    """
    if before.get("of") and before["of"] <= len(own) < _GROWTH * before["of"]:
        return {name: before[name] for name in ("of", "report", "curve")}
    try:
        found, prior = _report(own, purged, others, LEARNED)
    except Malformed:
        return {}
    return {
        "of": len(own),
        "report": found.as_dict(),
        "curve": [
            {"learned": count, "not_enough": step.not_enough or None, **asdict(step.quality)}
            for count, step in found.curve(prior)
        ],
    }


def counted(model: "Model", asked: "Learnable") -> dict[str, int]:
    """What a model would have done to these."""
    said = [model.verdict(float(one)) for one in model.probabilities(asked)]
    pairs = [(one.label, verdict) for one, verdict in zip(asked, said, strict=True)]
    return {
        **{label: sum(one == label for one, _ in pairs) for label in LABELS},
        "spam_called_spam": pairs.count(("spam", "spam")),
        "ham_called_spam": pairs.count(("ham", "spam")),
        "spam_published": pairs.count(("spam", "ham")),
    }


def _report(
    own: Sequence[Decided], purged: "Sequence[Traces]", others: "Learnable", share: float
) -> tuple[Report, list[Case]]:
    known, asked = _parted([one.case for one in own], share)
    if {case.example.label for case in asked} != set(LABELS):
        spam = sum(one.case.is_spam for one in own)
        raise Malformed(
            f"{spam} spam and {len(own) - spam} ham. To measure anything, it takes some of either."
        )
    since = min(case.example.at for case in asked if case.example.at)
    prior = [_case(one) for one in others if one.at and one.at < since]
    learned = sorted([*map(_case, purged), *known], key=_moment)
    return Report([trial(learned, asked, prior)]), prior


def _parted(among: Sequence[Case], share: float) -> tuple[list[Case], list[Case]]:
    """The oldest of either label, and the rest."""
    lines = [
        Line(case.example.text, case.example.label, at=case.example.at, said={"place": place})
        for place, case in enumerate(among)
        if case.example.label
    ]
    known, asked = (
        [among[line.said["place"]] for line in part] for part in next(by_time(lines, share))
    )
    return known, asked


def _case(one: "Example | Traces") -> Case:
    # Whose words are gone can be learned as well as others, only not be asked about.
    return Case(cast("Example", one))


def _moment(case: Case) -> float:
    return case.example.at.timestamp() if case.example.at else 0.0
