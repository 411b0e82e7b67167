"""Column types that several models share."""

from enum import StrEnum

from sqlalchemy import Enum


def enum_column(kind: type[StrEnum]) -> Enum:
    """A VARCHAR that holds the members' values (SQLAlchemy's default is their NAMES)."""
    return Enum(
        kind,
        native_enum=False,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )
