"""A moment as a whole number: microseconds since 1970, as pages, scripts and addresses pass it."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def stamp(at: datetime | None) -> int:
    """The number of a moment; 0 where there is none."""
    return (at - _EPOCH) // timedelta(microseconds=1) if at else 0


def moment(number: int) -> datetime:
    """The moment of a number; the end of all calendars for one beyond it."""
    try:
        return _EPOCH + timedelta(microseconds=number)
    except OverflowError:
        return _LAST
