"""Times as readers see them: “March 14, 2019 at 11:11 am”, in the site's zone."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask


def init_app(app: Flask) -> None:
    """Give templates the filters `moment` and `iso`."""
    app.add_template_filter(moment)
    app.add_template_filter(iso)


def moment(at: datetime, zone: str = "UTC") -> str:
    """The classic absolute form."""
    local = at.astimezone(zone_of(zone))
    hour = local.hour % 12 or 12
    half = "am" if local.hour < 12 else "pm"  # noqa: PLR2004
    return f"{local:%B} {local.day}, {local.year} at {hour}:{local:%M} {half}"


def iso(at: datetime) -> str:
    """For `<time datetime>`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def zone_of(name: str) -> tzinfo:
    """A site's zone; UTC for a name that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
