"""How well spam is told from ham: on a site's own decisions, or on labelled files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask.cli import ScriptInfo

from widget.cli.finding import site_or_fail
from widget.db import db, reading, writing
from widget.models import Site, SpamModel
from widget.moderation import log
from widget.spam import learning
from widget.spam.classifier import NotEnough
from widget.spam.evaluation import Case, Report, cases, on_lines
from widget.spam.labelled import (
    Malformed,
    Split,
    by_time,
    distinct,
    folds,
    leave_out,
    read,
)
from widget.spam.measuring import Quality

_FILE = click.Path(path_type=Path)
_TOLD = 12
_OLDEST = "by time: the oldest {:.0%} of either label learned"


Steps = Sequence[tuple[int, Report]]


@click.group()
def spam() -> None:
    """Let a site's spam filter learn, and see how well spam is told from ham."""


@spam.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--train", type=_FILE, help="Learn from this file …")
@click.option("--test", type=_FILE, help="… and ask about this one.")
@click.option("--prior", type=_FILE, multiple=True, help="Decisions of another site; any number.")
@click.option(
    "--by-time",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Learn from this share of FILE, the oldest of either label; ask about the rest.",
)
@click.option("--folds", "parts", type=click.IntRange(2, 50), help="Ask each of N parts in turn.")
@click.option("--leave-out", metavar="KEY", help="Ask about each value of KEY in turn.")
@click.option("--site", "site_key", help="Its moderators' own decisions, by time.")
@click.option("--curve", is_flag=True, help="Also what fewer decisions would have taught.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def evaluate(context: click.Context, /, *, as_json: bool, curve: bool, **asked: Any) -> None:
    """Measure the checks and the classifier of production on comments whose label is known.

    FILE has a JSON object on each line: `text`, `label` (spam or ham), and where known `author`,
    `url`, `page` and `date`. Nothing is written, nothing is sent.
    """
    try:
        if asked["site_key"]:
            report, prior = _on_site(context, asked)
        else:
            name, splits = _splits(asked)
            prior, _ = cases([line for file in asked["prior"] for line in read(file)], [])
            report = Report(on_lines(splits, prior), name, together=asked["parts"] or 1)
    except Malformed as fault:
        raise _Unusable(str(fault)) from fault
    steps = list(report.curve(prior)) if curve else []
    if as_json:
        found = {**report.as_dict(), "telling": report.telling(), "curve": _plain(steps)}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(report, steps)))


@spam.command()
@click.option("--site", "site_key", required=True, help="Whose decisions.")
@click.option("--forget", is_flag=True, help="First forget all that was learned.")
@click.pass_context
def learn(context: click.Context, /, *, site_key: str, forget: bool) -> None:
    """Let the spam filter of a site learn now; by itself it does so once there is enough new."""
    with context.ensure_object(ScriptInfo).load_app().app_context():
        if forget:
            with writing():
                _forget(site_or_fail(site_key))
        with reading():
            lesson = learning.study(site_or_fail(site_key))
            db.session.rollback()
        try:
            learned = learning.work_out(lesson)
        except NotEnough as why:
            raise click.ClickException(str(why)) from why
        with writing():
            version = learning.store(learned)
            told = _version(version) if version else "It was forgotten while it learned."
            db.session.commit()
    click.echo(told)


def _version(row: SpamModel) -> str:
    remark = row.remark or "It is in use."
    return f"Version {row.version}, of {row.decisions:,} decisions. {remark}"


def _forget(site: Site) -> None:
    learning.forget(site)
    log.write(site.id, None, "filter forgotten", site.name)
    db.session.commit()


class _Unusable(click.ClickException):
    """A file that cannot be used is a wrong argument."""

    exit_code = 2


def _on_site(context: click.Context, asked: dict[str, Any]) -> tuple[Report, list[Case]]:
    if [name for name, value in asked.items() if value and name not in {"site_key", "by_time"}]:
        raise click.UsageError("--site asks about its own decisions: name no files beside it.")
    share = asked["by_time"] or learning.LEARNED
    with context.ensure_object(ScriptInfo).load_app().app_context():
        site = site_or_fail(asked["site_key"])
        try:
            return learning.report(site, share)
        except Malformed as fault:
            raise click.ClickException(f"Not enough decisions yet: {fault}") from fault


def _splits(asked: dict[str, Any]) -> tuple[str, Iterator[Split]]:
    """Which lines are learned and which asked about, and how that is called."""
    ways = [way for way in ("by_time", "parts", "leave_out") if asked[way]]
    one, test = asked["file"] or asked["train"], asked["test"]
    if test and asked["train"] and not asked["file"] and not ways:
        name = f"{asked['train'].name} learned, {test.name} asked"
        return name, iter([(read(asked["train"]), read(test))])
    if test or not one or len(ways) != 1 or (asked["file"] and asked["train"]):
        raise click.UsageError(
            "Name --train and --test; or one FILE with --by-time, --folds or --leave-out;"
            " or a --site."
        )
    lines, value = read(one), asked[ways[0]]
    match ways[0]:
        case "by_time":
            return f"{one.name}, {_OLDEST.format(value)}", by_time(lines, value)
        case "parts":
            return f"{one.name}, {value} parts, each text once", folds(distinct(lines), value)
        case _:
            return f"{one.name}, each “{value}” asked of the others", leave_out(lines, value)


def _plain(steps: Steps) -> list[dict[str, Any]]:
    return [
        {"learned": count, "not_enough": step.not_enough or None, **asdict(step.quality)}
        for count, step in steps
    ]


def _lines(report: Report, steps: Steps) -> Iterator[str]:
    """For people."""
    found = report.as_dict()
    yield report.name
    yield ""
    for head, said in _rows(report, found):
        yield f"{head:18}{said}"
    for label, words in report.telling().items():
        if words:
            yield f"{f'words of {label}':18}{', '.join(word for word, _ in words[:_TOLD])}"
    for count, step in steps:
        told = step.quality
        yield (
            f"{f'of {count:,} learned':18}"
            f"{step.not_enough or f'accuracy {told.accuracy:.1%}, {_ranked(told)}'}"
        )
    for note in found["notes"]:
        yield ""
        yield note


def _rows(report: Report, found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    how = "taken together" if report.together > 1 else "the mean of all"
    rounds = f" in each of {found['rounds']} rounds, {how}" if found["rounds"] > 1 else ""
    yield "learned", f"{found['learned']:,} comments{rounds}"
    yield "asked", f"{found['asked']['spam']:,} spam, {found['asked']['ham']:,} ham"
    if report.not_enough:
        yield "the checks alone", report.not_enough
    told = report.quality
    yield (
        "at even odds",
        f"accuracy {told.accuracy:.1%}, precision {told.precision:.1%}, recall {told.recall:.1%}",
    )
    yield "ranked", _ranked(told)
    yield "calibration", f"error {told.calibration_error:.3f}, Brier {told.brier:.4f}"
    for step in report.calibration():
        yield (
            f"likely {step.expected:.1%}",
            f"{step.count:,} comments; {step.spam / step.count:.1%} of them were spam",
        )
    for of, to in found["outcomes"].items():
        shares = [f"{count / found['asked'][of]:.1%} {name}" for name, count in to.items()]
        yield f"{of} would be", ", ".join(shares).replace(" spam", " called spam")
    yield "ham called spam", _told(found["false_positives"])
    yield "spam published", _told(found["false_negatives"])
    held = [
        f"{count / found['asked'][of]:.1%} of {of}" for of, count in found["held_by_checks"].items()
    ]
    yield "checks would hold", ", ".join(held)
    for rule, times in found["checks"].items():
        yield f"check {rule}", f"{times['spam']:,} spam, {times['ham']:,} ham"
    cost = (
        f"{found['training_seconds']:.1f} s to learn, {found['model_bytes'] / 1024:,.0f} KiB,"
        f" {found['microseconds_per_comment']:,.0f} µs a comment"
    )
    yield "cost", cost


def _ranked(told: Quality) -> str:
    return (
        f"ROC-AUC {told.roc_auc:.4f}; of spam, {told.recall_at_fpr_01:.1%} above all but 0.1 %"
        f" of ham, {told.recall_at_fpr_1:.1%} above all but 1 %"
    )


def _told(rate: dict[str, Any]) -> str:
    low, high = rate["interval"]
    return (
        f"{rate['count']:,} of {rate['of']:,} ({rate['rate']:.2%};"
        f" 95 % sure: {low:.2%} to {high:.2%})"
    )
