"""UTC and TDB against SPICE, against astropy's full series, and at the edges of a leap second."""

from datetime import UTC, datetime

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.environment.time import LEAP_SECONDS, format_utc, tdb_from_utc, utc_from_tdb

RANDOM = np.random.default_rng(11)
INSTANTS = [datetime.fromtimestamp(s, UTC) for s in RANDOM.uniform(63072001.0, 1830297600.0, 200).round(6)]  # 1972 to 2027


@pytest.fixture(scope="module")
def spice(tmp_path_factory):
    spiceypy = pytest.importorskip("spiceypy")
    import erfa

    months = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
    leaps = ", ".join(f"{row['tai_utc']:.0f}, @{row['year']}-{months[row['month'] - 1]}-1" for row in erfa.leap_seconds.get() if row["year"] >= 1972)
    constants = "DELTET/DELTA_T_A = 32.184\nDELTET/K = 1.657D-3\nDELTET/EB = 1.671D-2\nDELTET/M = ( 6.239996D0 1.99096871D-7 )"
    kernel = tmp_path_factory.mktemp("spice") / "leap.tls"
    kernel.write_text(f"KPL/LSK\n\\begindata\n{constants}\nDELTET/DELTA_AT = ( {leaps.replace(', ', chr(10))} )\n\\begintext\n")
    spiceypy.furnsh(str(kernel))
    yield spiceypy
    spiceypy.unload(str(kernel))


def test_leap_seconds_are_those_that_iers_lists():
    erfa = pytest.importorskip("erfa")
    listed = [(f"{row['year']}-{row['month']:02d}-01", int(row["tai_utc"])) for row in erfa.leap_seconds.get() if row["year"] >= 1972]
    assert list(LEAP_SECONDS) == listed


def test_tdb_is_that_of_spice(spice):
    worst = max(abs(tdb_from_utc(i) - spice.str2et(i.strftime("%Y-%m-%dT%H:%M:%S.%f"))) for i in INSTANTS)
    assert worst < 1.0e-6


def test_tdb_is_within_forty_microseconds_of_the_full_series():
    time = pytest.importorskip("astropy.time")
    full = time.Time([i.replace(tzinfo=None) for i in INSTANTS], scale="utc").tdb
    seconds = ((full.jd1 - 2451545.0) + full.jd2) * 86400.0
    assert np.abs(seconds - [tdb_from_utc(i) for i in INSTANTS]).max() < 4.0e-5


def test_utc_comes_back_from_tdb():
    assert all(utc_from_tdb(tdb_from_utc(i)) == i for i in INSTANTS)


def test_a_leap_second_lasts_a_second():
    before, within, after = (tdb_from_utc(t) for t in ("2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"))
    assert within - before == pytest.approx(1.0, abs=1e-6) and after - within == pytest.approx(1.0, abs=1e-6)
    assert utc_from_tdb(after) == datetime(2017, 1, 1, tzinfo=UTC)
    assert utc_from_tdb(within + 0.5) == datetime(2016, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_utc_of_the_apollo_years_is_that_of_sofa():
    erfa = pytest.importorskip("erfa")
    for day in (datetime(1968, 2, 1), datetime(1969, 7, 20, 20, 17, 40), datetime(1971, 12, 31, 23, 59, 59)):
        fraction = (day - datetime(day.year, day.month, day.day)).total_seconds() / 86400.0
        offset = tdb_from_utc(day) - (day - datetime(2000, 1, 1, 12)).total_seconds() - 32.184
        assert offset == pytest.approx(float(erfa.dat(day.year, day.month, day.day, fraction)), abs=0.0018)  # TDB − TT is within 1.7 ms
        assert utc_from_tdb(tdb_from_utc(day)) == day.replace(tzinfo=UTC)


def test_slow_utc_ends_with_a_jump_of_a_tenth_of_a_second():
    before, after = tdb_from_utc("1971-12-31T23:59:59.999999Z"), tdb_from_utc("1972-01-01T00:00:00Z")
    assert after - before == pytest.approx(0.107758, abs=2e-6)
    assert utc_from_tdb(0.5 * (before + after)) == datetime(1971, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_zones_and_writings_of_one_instant_agree():
    writings = ["2025-06-05T19:17:00Z", "2025-06-05 19:17:00 UTC", "2025-06-05T19:17", "2025-06-06T04:17:00+09:00", "2025-06-05T19:17:00.000000Z"]
    assert {tdb_from_utc(text) for text in writings} == {tdb_from_utc(datetime(2025, 6, 5, 19, 17))}


@pytest.mark.parametrize(
    ("text", "digits", "shown"),
    [
        ("2025-06-05T19:16:59.999600Z", 3, "2025-06-05T19:17:00.000Z"),
        ("2025-06-05T19:16:59.999400Z", 3, "2025-06-05T19:16:59.999Z"),
        ("2025-06-05T19:16:59.500000Z", 0, "2025-06-05T19:17:00Z"),
        ("2025-06-05T19:16:59.123456Z", 6, "2025-06-05T19:16:59.123456Z"),
    ],
)
def test_text_is_rounded_and_not_cut(text, digits, shown):
    assert format_utc(tdb_from_utc(text), digits) == shown


@pytest.mark.parametrize("bad", ["1968-01-31T23:59:59Z", "1869-07-20T20:17:40Z", "yesterday", "", "2025-06-31T00:00:00Z", "2025-12-31T23:59:60Z"])
def test_refuses_what_is_no_utc_instant(bad):
    with pytest.raises(PeriluneError):
        tdb_from_utc(bad)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.1e9])
def test_refuses_tdb_that_has_no_utc(bad):
    with pytest.raises(PeriluneError):
        utc_from_tdb(bad)
