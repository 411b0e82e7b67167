"""How the page of the spam filter puts its figures: in percent, in sentences, in pictures."""

from functools import partial

from widget.models import Shields, Site
from widget.moderation import learned, shields
from widget.moderation.reckoning import Evidence, Share
from widget.spam.learning import State
from widget.web.dates import zone_of
from widget.web.desk import drawing
from widget.web.desk.charts import Chart
from widget.web.desk.drawing import Series

_PERCENT = 100
# Beyond this, one digit after the point would round to certainty.
_NEARLY = 99.9
_FLATTERED = " It has learned from these decisions: on new ones it does less well."
# So many dots make a line.
_LINE = 2


def percent(rate: float) -> str:
    """A rate as one says it; what is not quite all never says 100."""
    value = _PERCENT * rate
    digits = 2 if _NEARLY < value < _PERCENT or 0 < value < 1 else 1
    said = f"{value:.{digits}f}".rstrip("0").rstrip(".") or "0"
    if value < _PERCENT and said == str(_PERCENT):
        said = "99.99"
    return f"{said}\u00a0%"


def share(of: Share) -> str:
    """So many of so many, the rate, and how sure that is."""
    if not of.of:
        return "none so far"
    low, high = of.bounds
    return f"{of.times:,} of {of.of:,}: {percent(of.rate)} ({percent(low)} to {percent(high)})"


def shields_words(site: Site) -> str:
    """How the shields are now, and why."""
    if site.shields is Shields.up:
        return "Up, by hand: every comment is held."
    if site.shields is Shields.down:
        return "Down, by hand: not even a flood raises them."
    if not shields.are_up(site) or site.flooded_until is None:
        return "Down. A flood raises them by itself."
    zone = zone_of(site.timezone)
    until = site.flooded_until.astimezone(zone)
    since = (site.flooded_at or site.flooded_until).astimezone(zone)
    begun = f"{since:%H:%M}"
    if since.date() != until.date():
        begun = f"{since:%b} {since.day}, {begun}"
    return f"Raised by a flood since {begun}, until {until:%H:%M} at least. Every comment is held."


def calibration(evidence: Evidence, state: State) -> Chart:
    """Do probabilities mean what they say?"""
    bins = learned.bins(evidence, state)
    steps = [f"{each.low * _PERCENT:.0f}–{each.high * _PERCENT:.0f} %" for each in bins]
    said = [round(each.mean * _PERCENT, 1) for each in bins]
    true = [round(each.share.rate * _PERCENT, 1) for each in bins]
    off = sum(each.count * abs(each.mean - each.share.rate) for each in bins)
    total = sum(each.count for each in bins)
    mean = off / total if total else 0.0
    return Chart(
        name="calibration",
        title="Does it mean what it says?",
        summary=f"On average, what it said and what moderators decided are {percent(mean)} apart."
        + (_FLATTERED if learned.is_flattering(evidence, state) else ""),
        hint="Of the comments that it finds spam with 90 %, nine in ten should be. The nearer the"
        " two lines, the more a percentage can be trusted.",
        columns=("it said", "comments", "on average", "were spam", "between"),
        rows=[
            (
                step,
                f"{each.count:,}",
                percent(each.mean),
                f"{each.spam:,}: {percent(each.share.rate)}",
                " and ".join(map(percent, each.share.bounds)),
            )
            for step, each in zip(steps, bins, strict=True)
        ],
        legend=["it said", "were spam"],
        draw=partial(
            drawing.lines,
            steps,
            [Series("it said", drawing.SOFT, said), Series("were spam", drawing.ACCENT, true)],
            unit="%",
        ),
        is_empty=not bins,
    )


def curve(_evidence: Evidence, state: State) -> Chart:
    """What more decisions taught it."""
    steps = learned.curve(state)
    caught = [round(rate * _PERCENT, 1) for _, rate in steps]
    return Chart(
        name="curve",
        title="What it learned from your decisions",
        summary="Spam caught with "
        + "; with ".join(f"{count:,} decisions: {percent(rate)}" for count, rate in steps),
        hint="How much of the spam it would catch while it mistakes one in a hundred good comments"
        " for it, had it learned from fewer. Asked were decisions that it did not know.",
        columns=("decisions", "spam caught"),
        rows=[(f"{count:,}", percent(rate)) for count, rate in steps],
        draw=partial(
            drawing.lines,
            [f"{count:,}" for count, _ in steps],
            [Series("spam caught", drawing.ACCENT, caught)],
            unit="%",
        ),
        is_empty=len(steps) < _LINE,
    )


CHARTS = {"calibration": calibration, "curve": curve}
