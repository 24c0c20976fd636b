"""An instant in the mission file: UTC, written as a TOML date-time with `Z`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator

FIRST, LAST = datetime(1968, 2, 1, tzinfo=UTC), datetime(2149, 12, 31, tzinfo=UTC)


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    if instant.utcoffset() != timedelta(0):
        raise ValueError("has another time zone; write it in UTC, with Z")
    if not FIRST <= instant <= LAST:
        raise ValueError("lies outside February 1968 to 2149, which the table of TAI−UTC and the DE440 ephemeris cover")
    return instant.astimezone(UTC)


Utc = Annotated[datetime, AfterValidator(_in_utc)]
"""A `datetime` in UTC: without a zone it is taken as UTC, because the key says so; another zone is refused."""


def write_utc(instant: datetime) -> str:
    """`2025-06-05T19:17:00Z`, with microseconds only where there are some."""
    return instant.isoformat().replace("+00:00", "Z")
