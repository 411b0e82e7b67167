"""A site in figures: what came in, how long it waited, who worked when, and why it was held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_security import auth_required

from widget.db import now
from widget.models import Site, Status
from widget.moderation import figures
from widget.moderation.figures import Span
from widget.web.dates import zone_of
from widget.web.desk import drawing, gate
from widget.web.desk.drawing import Series
from widget.web.desk.words import name_of

bp = Blueprint("charts", __name__)

RANGES = (30, 90, 365)
# Past so many days, a bar for each would be a hair.
_BY_THE_DAY = 90
_WEEK = 7
_UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60))
# A scale goes to this many of a unit at least, or it would be marked in fractions.
_FULL_SCALE = 5
# Pictures are of this origin and hold their own style; nothing else may happen in them.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_OUTCOMES = {
    Status.approved: ("approved", drawing.GOOD),
    Status.pending: ("waiting", drawing.WARM),
    Status.rejected: ("rejected", drawing.DARK),
    Status.spam: ("spam", drawing.BAD),
    Status.trash: ("trash", drawing.SOFT),
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WITHOUT_FINDING = "held by the house rules alone"


@dataclass(frozen=True)
class Share:
    """A person's part of a chart's numbers, which can be shown alone (`?who=`); None: everybody."""

    name: str
    count: str
    who: int | None


@dataclass(frozen=True)
class Chart:
    """A picture, what it says in a sentence, and the table behind it."""

    name: str
    title: str
    summary: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    draw: Callable[..., bytes]
    hint: str = ""
    # Names in the picture's colours (desk-charts.css), and what else is to be said beside it.
    legend: Sequence[str] = ()
    more: list[Share] = field(default_factory=list)
    who: int | None = None
    is_empty: bool = False


@bp.get("/sites/<key>/charts")
@auth_required("session")
def page(key: str) -> str:
    """All charts of a site, over 30, 90 or 365 days."""
    site, span = gate.site(key), _days()
    return render_template(
        "desk/charts.html",
        site=site,
        days=span,
        ranges=RANGES,
        charts=[make(site, _span(site, span)) for make in _CHARTS.values()],
        source=partial(url_for, "charts.picture", key=site.key, days=span),
    )


@bp.get("/sites/<key>/charts/<name>.svg")
@auth_required("session")
def picture(key: str, name: str) -> Response:
    """One chart; `?narrow=1` is for phones."""
    site = gate.site(key)
    make = _CHARTS.get(name) or abort(HTTPStatus.NOT_FOUND)
    return drawn(make(site, _span(site, _days())))


def drawn(chart: Chart) -> Response:
    """The picture that this request is for."""
    picture = chart.draw(narrow=bool(request.args.get("narrow")))
    response = Response(picture, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = _CSP
    return response


def _days() -> int:
    asked = request.args.get("days", RANGES[0], type=int)
    return asked if asked in RANGES else RANGES[0]


def _span(site: Site, days: int) -> Span:
    return Span.until(now(), days, zone_of(site.timezone))


def _received(site: Site, span: Span) -> Chart:
    by_day = figures.received(site, span)
    parts = span.in_parts(1 if span.days <= _BY_THE_DAY else _WEEK)
    counts = [
        {status: sum(by_day[day][status] for day in part) for status in Status} for part in parts
    ]
    totals = {status: sum(count[status] for count in counts) for status in Status}
    series = [
        Series(name, colour, [count[status] for count in counts])
        for status, (name, colour) in _OUTCOMES.items()
    ]
    said = ", ".join(f"{totals[status]:,} {name}" for status, (name, _) in _OUTCOMES.items())
    every = "day" if span.days <= _BY_THE_DAY else "week"
    return Chart(
        name="received",
        title=f"Comments by {every}",
        summary=f"{sum(totals.values()):,} comments came in: {said}.",
        hint="By when they came in, and what has become of them. Those purged since count on the"
        " day of their last decision.",
        columns=(every, "received", *(name for name, _ in _OUTCOMES.values())),
        rows=[
            (
                str(part.first),
                f"{sum(count.values()):,}",
                *(f"{count[status]:,}" for status in _OUTCOMES),
            )
            for part, count in zip(parts, counts, strict=True)
        ],
        legend=[name for name, _ in _OUTCOMES.values()],
        draw=partial(drawing.bars, [_short(part) for part in parts], series),
        is_empty=not any(totals.values()),
    )


def _waits(site: Site, span: Span) -> Chart:
    weeks = figures.waits(site, span.in_parts(_WEEK))
    (whole,) = figures.waits(site, [span])
    unit, size = _unit_for(max(week.p90 for week in weeks))
    series = [
        Series("half within", drawing.ACCENT, _counted([w.median for w in weeks], weeks, size)),
        Series("nine in ten within", drawing.WARM, _counted([w.p90 for w in weeks], weeks, size)),
    ]
    return Chart(
        name="waits",
        title="Time to a decision",
        summary=f"{whole.count:,.0f} comments waited for a person. Half of them were decided within"
        f" {lasting(whole.median)}, nine in ten within {lasting(whole.p90)}.",
        hint="By week, from a comment’s arrival to its first decision, where a person took it.",
        columns=("week from", "decided", "half within", "nine in ten within"),
        rows=[
            (str(week.span.first), f"{week.count:,.0f}")
            + ((lasting(week.median), lasting(week.p90)) if week.count else ("–", "–"))
            for week in weeks
        ],
        legend=[each.name for each in series],
        draw=partial(drawing.lines, [_short(week.span) for week in weeks], series, unit=unit),
        is_empty=not whole.count,
    )


def _work(site: Site, span: Span) -> Chart:
    found = figures.work(site, span)
    people = figures.named(found.people)
    asked = request.args.get("who", type=int)
    who = asked if asked in found.people else None
    grid = found.grid(who)
    shown = next((name_of(person) for person, _ in people if person.id == who), "People")
    return Chart(
        name="work",
        title="Who works when",
        summary=f"{shown} took {_busiest(grid)}.",
        hint=f"By weekday and hour, in the time zone {site.timezone}.",
        columns=("hour", *_WEEKDAYS, *(name_of(person) for person, _ in people)),
        rows=_by_hour(found, grid, [person.id for person, _ in people]),
        more=[
            Share("Everybody", f"{sum(found.people.values()):,}", None),
            *(Share(name_of(person), f"{each:,}", person.id) for person, each in people),
        ],
        who=who,
        draw=partial(
            drawing.dots,
            [str(hour) for hour in range(figures.HOURS_OF_A_DAY)],
            [Series(name, drawing.ACCENT, row) for name, row in zip(_WEEKDAYS, grid, strict=True)],
            every=3,
        ),
        is_empty=not found.people,
    )


def _busiest(grid: list[list[int]]) -> str:
    total = sum(map(sum, grid))
    _count, day, hour = max(
        (count, day, hour) for day, row in enumerate(grid) for hour, count in enumerate(row)
    )
    return (
        f"{total:,} decision{'' if total == 1 else 's'}. The busiest hour was {_WEEKDAYS[day]},"
        f" from {hour}:00 to {hour + 1}:00"
    )


def _by_hour(
    found: figures.Work, grid: list[list[int]], people: list[int]
) -> list[tuple[str, ...]]:
    """The hours by weekday, as in the picture, and by person; then what that is in all."""
    by_person = [[sum(hours) for hours in zip(*found.grid(who), strict=True)] for who in people]
    columns = [*grid, *by_person]
    hours = [
        (f"{hour}:00", *(f"{column[hour]:,}" for column in columns))
        for hour in range(figures.HOURS_OF_A_DAY)
    ]
    return [*hours, ("in all", *(f"{sum(column):,}" for column in columns))]


def _reasons(site: Site, span: Span) -> Chart:
    found = [
        (name.replace("-", " ") or WITHOUT_FINDING, count)
        for name, count in figures.reasons(site, span).most_common()
    ]
    return Chart(
        name="reasons",
        title="Why comments were held",
        summary="; ".join(f"{name}: {count:,}" for name, count in found),
        hint="What the checks and rules found in the comments that came in; one comment may have"
        " several findings.",
        columns=("finding", "comments"),
        rows=[(name, f"{count:,}") for name, count in found],
        draw=partial(
            drawing.rows,
            [name for name, _ in found],
            Series("comments", drawing.ACCENT, [count for _, count in found]),
        ),
        is_empty=not found,
    )


_CHARTS: dict[str, Callable[[Site, Span], Chart]] = {
    "received": _received,
    "waits": _waits,
    "work": _work,
    "reasons": _reasons,
}


def _unit_for(seconds: float) -> tuple[str, int]:
    """What a scale up to so many seconds is best told in, and how many seconds that is."""
    return next(
        (unit for unit in _UNITS if seconds >= _FULL_SCALE * unit[1]),
        _UNITS[-1],
    )


def _counted(seconds: list[float], weeks: list[figures.Waits], size: int) -> list[float | None]:
    return [
        round(each / size, 2) if week.count else None
        for each, week in zip(seconds, weeks, strict=True)
    ]


def _short(part: Span) -> str:
    return f"{part.first:%b} {part.first.day}"


def lasting(seconds: float) -> str:
    """A length of time, as one says it: “40 min”, “3 h 20 min”, “2 days 4 h”."""
    minutes = round(seconds / 60)
    hours, days = minutes // 60, minutes // 1440
    if not minutes:
        return "a minute"
    if not hours:
        return f"{minutes} min"
    if not days:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    said = f"{days} day{'' if days == 1 else 's'}"
    return f"{said} {hours % 24} h" if hours % 24 else said
