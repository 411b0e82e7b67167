"""Times as readers see them: “March 14, 2019 at 11:11 am”, in the site's zone."""

from datetime import UTC, datetime, tzinfo
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
    # Translators: a moment, such as “March 14, 2019 at 11:11 am”.
    return _("%(day)s at %(time)s", day=_day(local), time=_time(local))


def _day(local: datetime) -> str:
    spoken = language.voice().language
    if spoken == language.SOURCE:  # as Babel would say it, in a tenth of the time
        return f"{local:%B} {local.day}, {local.year}"
    if spoken == "ht":  # Babel would say it in French
        return f"{local.day} {_MONTHS_IN_CREOLE[local.month - 1]} {local.year}"
    day = format_date(local, "long", locale=language.locale())
    # The first of a month has its own form there, which Babel does not know.
    first = _FIRST.get(spoken)
    return f"{first}{day[1:]}" if first and local.day == 1 else day


def _time(local: datetime) -> str:
    if language.voice().language != language.SOURCE:
        return format_time(local, "short", locale=language.locale())
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004
    return f"{local.hour % 12 or 12}:{local:%M} {half}"


def iso(at: datetime) -> str:
    """For `<time datetime>`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(name: str) -> tzinfo:
    """A site's zone; UTC for a name that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
