"""Times as readers see them: “March 14, 2019 at 11:11 am”, in the site's zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_time
from flask import Flask

from widget import language

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
    if language.voice().language != language.SOURCE:
        return _elsewhere(local)
    hour = local.hour % 12 or 12
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004
    return f"{local:%B} {local.day}, {local.year} at {hour}:{local:%M} {half}"


def _elsewhere(local: datetime) -> str:
    locale = language.locale()
    day = format_date(local, "long", locale=locale)
    if language.voice().language == "ht":  # Babel would say it in French
        day = f"{local.day} {_MONTHS_IN_CREOLE[local.month - 1]} {local.year}"
    time = format_time(local, "short", locale=locale)
    return str(locale.datetime_formats["long"]).format(time, day)


def iso(at: datetime) -> str:
    """For `<time datetime>`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(name: str) -> tzinfo:
    """A site's zone; UTC for a name that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
