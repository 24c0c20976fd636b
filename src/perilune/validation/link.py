"""The link to Earth against strangers: the Earth's turn, light time, a station's sky, a published budget, and an even march to the horizon."""

import numpy as np

from perilune.downlink.link_budget import bit_energy_to_noise_db, carrier_to_noise_db_hz, decibels, free_space_loss_db
from perilune.environment.earth_orientation import rotation_earth_from_icrf
from perilune.environment.ephemeris import EPHEMERIS_MD5, barycentric_position, lunar_data_file
from perilune.environment.horizon import is_sky_free
from perilune.environment.light_time import ways_to
from perilune.environment.relief import ReliefDraw
from perilune.environment.relief_detail import ReliefChoice
from perilune.environment.relief_site import RADIUS_M, build_relief, ground_heights, site_from_me
from perilune.environment.stations import SPEED_OF_LIGHT_M_S, STATIONS, station_position_icrf
from perilune.environment.time import tdb_from_utc
from perilune.validation import strangers
from perilune.validation.rows import Check, Measured

LANDINGS = ("2023-04-25T16:40:00", "2025-03-02T08:34:00", "2025-06-05T19:17:00")
SITE = (60.5, -4.6)


def rotation_error() -> Measured:
    """Largest way [m] on the equator between the Earth's turn here and the full model's, UT1 taken as UTC in both, 1969 to 2026."""
    import erfa
    from astropy.time import Time

    worst = 0.0
    for day in np.linspace(0.0, 57.0 * 365.25, 200):
        t = Time(2440423.0 + day, format="jd", scale="utc")
        tdb = np.array([tdb_from_utc(f"{t.isot}Z")])
        worst = max(worst, float(np.abs(rotation_earth_from_icrf(tdb)[0] - erfa.c2t06a(t.tt.jd1, t.tt.jd2, t.jd1, t.jd2, 0.0, 0.0)).max()))
    return worst * 6378137.0


def station_error() -> Measured:
    """Largest distance [m] of a station from where the measured orientation of the Earth puts it, at three landings."""
    from astropy.coordinates import EarthLocation
    from astropy.time import Time
    from astropy.utils import iers

    worst = 0.0
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        for instant in LANDINGS:
            for place in STATIONS.values():
                there = EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.height_m)
                theirs = there.get_gcrs_posvel(Time(instant, scale="utc"))[0].xyz.to_value("m")
                ours = station_position_icrf(place, np.array([tdb_from_utc(f"{instant}Z")]))[0]
                worst = max(worst, float(np.linalg.norm(ours - theirs)))
    return worst


def light_time_error() -> Measured:
    """Largest difference [s] of the light time from the Moon's centre to the Earth's, transmission case, over 2000 to 2047."""
    s = strangers.spice()
    worst = 0.0
    for t in np.random.default_rng(1).uniform(0.0, 1.5e9, 100):
        own, moon = 1.3, barycentric_position("moon", np.array([t]))[0]
        for _ in range(4):
            own = float(np.linalg.norm(barycentric_position("earth", np.array([t + own]))[0] - moon)) / SPEED_OF_LIGHT_M_S
        worst = max(worst, abs(own - s.spkpos("399", t, "J2000", "XCN", "301")[1]))
    return worst


def elevation_error() -> Measured:
    """Largest difference [°] of the Moon's elevation at every station, at three landings; astropy's holds aberration, 0.006°."""
    from astropy.coordinates import AltAz, EarthLocation, get_body, solar_system_ephemeris
    from astropy.time import Time
    from astropy.utils import iers

    worst = 0.0
    with (
        iers.conf.set_temp("auto_download", False),
        iers.conf.set_temp("auto_max_age", None),
        solar_system_ephemeris.set(str(lunar_data_file("de440s.bsp", EPHEMERIS_MD5))),
    ):
        for instant in LANDINGS:
            t, sent = Time(instant, scale="utc"), np.array([tdb_from_utc(f"{instant}Z") - 1.3])
            for place in STATIONS.values():
                there = EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.height_m)
                seen = get_body("moon", t, there).transform_to(AltAz(obstime=t, location=there)).alt.deg
                ours = np.degrees(ways_to((place,), np.zeros((1, 3)), sent)[0].station_elevation_rad[0])
                worst = max(worst, abs(float(ours - seen)))
    return worst


def free_space_error() -> Measured:
    """Difference [dB] from Voyager's path loss, 8.415 GHz over 15e9 km, as published."""
    return abs(float(free_space_loss_db(15e12, 8.415e9)) - 314.47)


def budget_error() -> Measured:
    """Largest difference [dB] from the three sums of a published S-band downlink."""
    carrier = carrier_to_noise_db_hz(8.3, 172.2, 38.2 - decibels(130.0))
    bits = bit_energy_to_noise_db(carrier, 3.4e6)
    return float(max(abs(carrier - 81.8), abs(bits - 16.5), abs(bits - 13.0 - 3.5)))


def horizon_mismatches() -> Measured:
    """How many of 150 rays low over Mare Frigoris an even march of half a metre judges otherwise; nearer misses than 1 m are left out."""
    relief = build_relief(ReliefChoice(seed=2), *SITE)
    axes, draws, n = site_from_me(*SITE), np.random.default_rng(7), 150
    e, a = np.radians(draws.uniform(-1.0, 6.0, n)), np.radians(draws.uniform(0.0, 360.0, n))
    directions = np.stack([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)], axis=1) @ axes
    unit = axes[2] * RADIUS_M + draws.uniform(-2e4, 2e4, (n, 2)) @ axes[:2]
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    positions = unit * (RADIUS_M + ground_heights(relief, ReliefDraw(), unit) + draws.choice([3.0, 30.0, 300.0], n))[:, None]
    ways = np.concatenate([np.arange(0.0, 2e3, 0.5), np.arange(2e3, 2e4, 5.0), np.arange(2e4, 2.6e5, 50.0)])
    clearance = np.empty(n)
    for i in range(n):
        points = positions[i] + ways[:, None] * directions[i]
        clearance[i] = (np.linalg.norm(points, axis=1) - RADIUS_M - ground_heights(relief, ReliefDraw(), points)).min()
    decided = np.abs(clearance) > 1.0
    free = is_sky_free(relief, ReliefDraw(), positions, directions)
    return float((free != (clearance > 0.0))[decided].sum()), f"{int(decided.sum())} decided, {int((~free).sum())} hidden"


ERFA, ASTROPY = ("erfa", "astropy.time"), ("astropy.coordinates", "astropy.time")
VOYAGER, EURASIP = "Princeton Satellite Systems, Voyager link budget: 314.47 dB", "EURASIP J. Wirel. Comm. Netw. 2020, s13638-020-01674-9, table 1"
CHECKS = [
    Check("link: the Earth's turn", "200 instants 1969 to 2026, on the equator, UT1 taken as UTC", "ERFA, c2t06a", 1.5, "m", rotation_error, ERFA),
    Check(
        "link: stations",
        "inertial places of all stations at three landings",
        "astropy with the IERS's orientation",
        60.0,
        "m",
        station_error,
        ASTROPY,
    ),
    Check("link: light time", "Moon to Earth, 100 instants 2000–2047", "SPICE, spkpos with XCN", 1e-9, "s", light_time_error, ("spiceypy",)),
    Check("link: elevation", "the Moon over all stations at three landings", "astropy, AltAz on DE440", 0.01, "deg", elevation_error, ASTROPY),
    Check("link: free space", "loss over 15e9 km at 8.415 GHz", VOYAGER, 0.01, "dB", free_space_error),
    Check("link: budget", "C/N0, Eb/N0 and margin of an S-band downlink", EURASIP, 0.1, "dB", budget_error),
    Check(
        "link: horizon", "150 rays low over Mare Frigoris that differ", "an even march of 0.5 m over the same ground", 0.0, "rays", horizon_mismatches
    ),
]
