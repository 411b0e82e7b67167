"""Times as readers see them: “March 14, 2019 at 11:11 am”, in the site's zone."""

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time
from flask import Flask

from widget import language
from widget.language import gettext as _

_FIRST = {"fr": "1er", "it": "1º", "pt": "1º"}
_MONTHS_IN_CREOLE = (
    "janvye", "fevriye", "mas", "avril", "me", "jen",
    "jiyè", "out", "septanm", "oktòb", "novanm", "desanm",
)  # fmt: skip


def init_app(app: Flask) -> None:
    """Give templates the filters `moment` and `iso`."""
    app.add_template_filter(moment)
    app.add_template_filter(iso)


def moment(at: datetime, zone: str = "UTC") -> str:
    """The classic absolute form; in other languages, their own."""
    local = at.astimezone(zone_of(zone))
    spoken = language.voice().language
    # Translators: a moment, such as “March 14, 2019 at 11:11 am”.
    return _(
        "%(day)s at %(time)s",
        day=_day(local.date(), spoken),
        time=_time(local.hour, local.minute, spoken),
    )


# Babel reads its patterns anew each time; a thread is of few days, and a day has few minutes.


@lru_cache(maxsize=4096)
def _day(day: date, spoken: str) -> str:
    if spoken == language.SOURCE:
        return f"{day:%B} {day.day}, {day.year}"
    if spoken == "ht":  # Babel would say it in French
        return f"{day.day} {_MONTHS_IN_CREOLE[day.month - 1]} {day.year}"
    said = format_date(day, "long", locale=spoken)
    # The first of a month has its own form there, which Babel does not know.
    first = _FIRST.get(spoken)
    return f"{first}{said[1:]}" if first and day.day == 1 else said


@lru_cache(maxsize=24 * 60 * len(language.LANGUAGES))
def _time(hour: int, minute: int, spoken: str) -> str:
    if spoken != language.SOURCE:
        return format_time(time(hour, minute), "short", locale=spoken)
    half = "am" if hour < 12 else "pm"  # noqa: PLR2004
    return f"{hour % 12 or 12}:{minute:02} {half}"


def iso(at: datetime) -> str:
    """For `<time datetime>`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(name: str) -> tzinfo:
    """A site's zone; UTC for a name that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
