"""The one clock of a flight: seconds of barycentric dynamical time (TDB) from J2000, and UTC at the edges.

Assumptions and limitations: UTC from February 1968 on; until 1972 it ran 30 parts in 10⁹ slow of TAI and had no leap seconds, and ended with a jump
of 0.108 s; after the last entry of the table TAI−UTC is taken as constant, which holds until IERS announces another leap second; TDB−TT is the
usual annual sinusoid, within 30 µs of the full series. A `datetime` cannot hold the sixtieth second of a leap second, so that instant reads as
23:59:59.999999.
Sources: leap seconds, IERS Bulletin C (as listed in NAIF's naif0012.tls); TAI−UTC before 1972, US Naval Observatory's tai-utc.dat (as in SOFA's
iauDat); TDB−TT, Moyer 1981 as used by SPICE (DELTET constants of the same file).
"""

import math
import re
from datetime import UTC, datetime, timedelta

from perilune.base.errors import PeriluneError

TT_MINUS_TAI_S = 32.184
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

# First day (UTC, 00:00) on which TAI−UTC [s] holds; IERS Bulletin C. Bulletin C 72 (2026) announces no change up to the end of 2026.
LEAP_SECONDS: tuple[tuple[str, int], ...] = (
    ("1972-01-01", 10),
    ("1972-07-01", 11),
    ("1973-01-01", 12),
    ("1974-01-01", 13),
    ("1975-01-01", 14),
    ("1976-01-01", 15),
    ("1977-01-01", 16),
    ("1978-01-01", 17),
    ("1979-01-01", 18),
    ("1980-01-01", 19),
    ("1981-07-01", 20),
    ("1982-07-01", 21),
    ("1983-07-01", 22),
    ("1985-07-01", 23),
    ("1988-01-01", 24),
    ("1990-01-01", 25),
    ("1991-01-01", 26),
    ("1992-07-01", 27),
    ("1993-07-01", 28),
    ("1994-07-01", 29),
    ("1996-01-01", 30),
    ("1997-07-01", 31),
    ("1999-01-01", 32),
    ("2006-01-01", 33),
    ("2009-01-01", 34),
    ("2012-07-01", 35),
    ("2015-07-01", 36),
    ("2017-01-01", 37),
)
# From the first day below until 1972: TAI−UTC [s] on its first day, and its growth [s] a day of UTC.
SLOW_UTC_FROM, SLOW_UTC_FIRST_S, SLOW_UTC_RATE_S = datetime(1968, 2, 1, tzinfo=UTC), 4.2131700 + (39887 - 39126) * 0.002592, 0.002592
TOO_EARLY = "lies before February 1968, the beginning of the table of TAI−UTC"
_STEPS = tuple((datetime.fromisoformat(day).replace(tzinfo=UTC), offset) for day, offset in LEAP_SECONDS)


def tdb_from_utc(text: str | datetime) -> float:
    """TDB seconds past J2000 of a UTC instant, given as ISO-8601 text or a `datetime` (without a zone: UTC).

    Resolution 1 µs in, 0.12 µs in the result near 2025. Raises PeriluneError for unreadable text and for dates before February 1968.
    """
    instant, leap = _instant(text)
    tai_minus_utc = _tai_minus_utc(instant, str(text))
    utc_s = (instant - _J2000) // _MICROSECOND / 1.0e6
    tt = utc_s + leap + tai_minus_utc + TT_MINUS_TAI_S
    return tt + _tdb_minus_tt(tt)


def utc_from_tdb(tdb_s: float) -> datetime:
    """The UTC instant (with zone, rounded to 1 µs) of `tdb_s` seconds of TDB past J2000. Raises PeriluneError before February 1968."""
    if not math.isfinite(tdb_s):
        raise PeriluneError(f"time: {tdb_s} is not a time; give finite seconds of TDB past J2000")
    tt = tdb_s - _tdb_minus_tt(tdb_s)
    tai = tt - TT_MINUS_TAI_S
    for number, (start, offset) in reversed(list(enumerate(_STEPS))):
        since = tai - offset - (start - _J2000).total_seconds()
        if since >= -5.0e-7:
            return start + timedelta(microseconds=round(since * 1.0e6))
        if since >= -1.0 if number > 0 else since >= _slow_offset(start) - offset:
            return start - _MICROSECOND
    since = (tai - (SLOW_UTC_FROM - _J2000).total_seconds() - SLOW_UTC_FIRST_S) / (1.0 + SLOW_UTC_RATE_S / 86400.0)
    if since >= -5.0e-7:
        return SLOW_UTC_FROM + timedelta(microseconds=round(since * 1.0e6))
    raise PeriluneError(f"time: {tdb_s} s of TDB {TOO_EARLY}; give a later time")


def format_utc(tdb_s: float, digits: int = 3) -> str:
    """ISO-8601 text with Z of a TDB time, rounded to `digits` decimals of a second (0 to 6)."""
    step = 10 ** (6 - digits)
    instant = utc_from_tdb(tdb_s)
    microseconds = (instant - _J2000) // _MICROSECOND
    rounded = _J2000 + timedelta(microseconds=(microseconds + step // 2) // step * step)
    text = rounded.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rounded.microsecond:06d}"[: len(text) + (digits + 1 if digits else 0)] + "Z"


def _instant(text: str | datetime) -> tuple[datetime, float]:
    """The instant, and 1 s when the text names the sixtieth second of a leap second."""
    if isinstance(text, datetime):
        return (text.replace(tzinfo=UTC) if text.tzinfo is None else text.astimezone(UTC)), 0.0
    plain = re.sub(r"\s*UTC$", "Z", text.strip())
    leap = 0.0
    sixtieth = re.fullmatch(r"(\d{4}-\d{2}-\d{2}[T ]23:59):60((?:\.\d+)?Z?)", plain)
    if sixtieth:
        plain, leap = f"{sixtieth[1]}:59{sixtieth[2]}", 1.0
    try:
        instant = datetime.fromisoformat(plain)
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PeriluneError(f"time: {text!r} is not an ISO-8601 date and time; write it as 2025-06-05T19:17:00Z") from error
    if leap and (instant.date() + timedelta(days=1)).isoformat() not in dict(LEAP_SECONDS):
        raise PeriluneError(f"time: {text!r} names a leap second that did not happen; write a second from 0 to 59")
    return instant, leap


def _tai_minus_utc(instant: datetime, text: str) -> float:
    for start, offset in reversed(_STEPS):
        if instant >= start:
            return offset
    if instant >= SLOW_UTC_FROM:
        return _slow_offset(instant)
    raise PeriluneError(f"time: {text} {TOO_EARLY}; give a later date")


def _slow_offset(instant: datetime) -> float:
    """TAI−UTC [s] between February 1968 and 1972."""
    return SLOW_UTC_FIRST_S + (instant - SLOW_UTC_FROM).total_seconds() / 86400.0 * SLOW_UTC_RATE_S


def _tdb_minus_tt(tt: float) -> float:
    """TDB−TT [s], 1.657 ms times the sine of the Earth's eccentric anomaly; the argument may be TT or TDB past J2000."""
    mean_anomaly = 6.239996 + 1.99096871e-7 * tt
    return 1.657e-3 * math.sin(mean_anomaly + 1.671e-2 * math.sin(mean_anomaly))
