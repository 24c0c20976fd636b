"""The ground stations that listen to a lander: where they stand, how large their dishes are and how noisy they receive.

Assumptions and limitations: heights and places as published, without plate motion (below 3 m since the lists were made); no refraction (below 0.1°
at 10° elevation); a dish is a circular aperture with one efficiency a band, a clear sky without rain; its noise is that of the zenith, the air's
beyond it at lower elevations and that of the Moon's disk, which a dish that follows a lander looks at: a Gaussian beam centred on the disk.
Sources: ESTRACK and Goonhilly, latitudes and longitudes of ESA's frame kernel estrack_v04.tf (2021), heights of ESA's station pages and of NAIF's
malargue.tf, else recalled; SSC's stations, NASA's directory of station locations of 2019 as in NAIF's ndosl_190716_v02.tf; Deep Space Network,
geocentric coordinates of iau-comm4.jpl.nasa.gov/plan-eph-data/stations27oct2008.html, converted. Diameters: the same and wikimili.com/en/ESTRACK.
Efficiency and noise temperatures are assumed; together they give a 35 m dish 50 dB/K at X band on a cold sky, which is what such dishes are said to
have.
"""

from dataclasses import dataclass

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.environment.earth_orientation import rotation_earth_from_icrf

SPEED_OF_LIGHT_M_S = 299792458.0
BOLTZMANN_J_K = 1.380649e-23
EQUATOR_M, FLATTENING = 6378137.0, 1.0 / 298.257223563  # WGS 84
AIR_K = 275.0  # assumed: mean temperature of the air that absorbs
MOON_K = 230.0  # assumed: brightness of the whole disk at 2 to 9 GHz, where measurements scatter from 210 to 250 K
MOON_RADIUS_M = 1737400.0
BEAM_WIDTH = (
    1.18  # 3 dB width of a dish [rad] times its diameter in wavelengths; assumed: 1.22 of the disk's zero against 1.02 of an even illumination
)
BANDS = {"S": (2.0e9, 4.0e9), "X": (7.0e9, 9.0e9)}  # Hz
EFFICIENCY = {"S": 0.60, "X": 0.65}  # assumed
ZENITH_LOSS_DB = {"S": 0.035, "X": 0.05}  # assumed: clear, dry


@dataclass(frozen=True)
class Station:
    """One ground station. Latitude and longitude geodetic, height above the ellipsoid; `noise_k` is the system's noise at the zenith by band."""

    title: str
    latitude_deg: float
    longitude_deg: float
    height_m: float
    diameter_m: float
    noise_k: tuple[tuple[str, float], ...]
    source: str

    @property
    def bands(self) -> dict[str, float]:
        """Noise temperature of the system at the zenith [K] by the bands that it receives."""
        return dict(self.noise_k)

    @property
    def up(self) -> np.ndarray:
        """The vertical of the ellipsoid, Earth-fixed, shape (3,)."""
        latitude, longitude = np.radians([self.latitude_deg, self.longitude_deg])
        return np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])

    @property
    def position_earth_m(self) -> np.ndarray:
        """Earth-fixed position [m], shape (3,)."""
        squeeze = (1.0 - FLATTENING) ** 2
        sine = np.sin(np.radians(self.latitude_deg))
        normal = EQUATOR_M / np.sqrt(1.0 - (1.0 - squeeze) * sine**2)
        return np.asarray(
            self.up * ((normal + self.height_m) * np.array([1.0, 1.0, 0.0]) + (normal * squeeze + self.height_m) * np.array([0.0, 0.0, 1.0]))
        )


_ESTRACK, _NDOSL, _DSN = "estrack_v04.tf", "ndosl_190716_v02.tf", "iau-comm4 stations27oct2008"
_DEEP, _LAUNCH, _SSC = (("S", 60.0), ("X", 60.0)), (("S", 90.0), ("X", 110.0)), (("S", 120.0), ("X", 120.0))  # assumed
STATIONS: dict[str, Station] = {
    "cebreros": Station("Cebreros, Spain (ESA DSA 2)", 40.4526901, -4.3675499, 794.1, 35.0, (("X", 60.0),), f"{_ESTRACK}; height recalled"),
    "new-norcia": Station("New Norcia, Australia (ESA DSA 1)", -31.0482254, 116.1914978, 252.3, 35.0, _DEEP, f"{_ESTRACK}; height recalled"),
    "malargue": Station("Malargüe, Argentina (ESA DSA 3)", -35.7760086, -69.3981934, 1572.5, 35.0, (("X", 60.0),), f"{_ESTRACK}; height malargue.tf"),
    "kourou": Station("Kourou, French Guiana (ESA)", 5.2514391, -52.8046646, -14.7, 15.0, _LAUNCH, f"{_ESTRACK}; height esa.int, Kourou station"),
    "goonhilly": Station("Goonhilly GHY-6, United Kingdom", 50.050436, -5.183271, 150.0, 32.0, (("X", 70.0),), f"{_ESTRACK}; height assumed"),
    "santiago": Station("Santiago, Chile (SSC)", -33.1514785278, -70.6683075556, 730.9, 13.0, _SSC, f"{_NDOSL}, AG33; diameter recalled"),
    "south-point": Station("South Point, Hawaii (SSC)", 19.0139045, -155.66330125, 367.2, 13.0, _SSC, f"{_NDOSL}, HWIS; diameter recalled"),
    "dongara": Station("Dongara, Western Australia (SSC)", -29.0457680833, 115.3486680556, 250.6, 13.0, _SSC, f"{_NDOSL}, AUWS; diameter recalled"),
    "goldstone-mars": Station("Goldstone, DSS 14 as of 1969", 35.4259006, -116.8895380, 1001.3, 64.0, (("S", 35.0),), f"{_DSN}; noise assumed"),
    "goldstone-apollo": Station("Goldstone, Apollo (DSS 16)", 35.3415392, -116.8736495, 944.0, 26.0, (("S", 100.0),), f"{_DSN}; noise assumed"),
    "madrid-wing": Station("Madrid, the Apollo wing at DSS 61", 40.4287385, -4.2490226, 840.4, 26.0, (("S", 100.0),), f"{_DSN}; noise assumed"),
}  # fmt: skip


def station(name: str) -> Station:
    """A station by name; raises PeriluneError where there is none."""
    if name not in STATIONS:
        raise PeriluneError(f"station: there is no {name!r}; choose of {', '.join(STATIONS)}")
    return STATIONS[name]


def band_of(frequency_hz: float) -> str:
    """The band that a frequency lies in; raises PeriluneError outside S and X."""
    for band, (low, high) in BANDS.items():
        if low <= frequency_hz <= high:
            return band
    raise PeriluneError(f"station: {frequency_hz / 1e6:g} MHz lies in no band that is received; choose 2000 to 4000 MHz (S) or 7000 to 9000 MHz (X)")


def station_position_icrf(place: Station, tdb_s: np.ndarray) -> np.ndarray:
    """Geocentric positions (n, 3) [m] of a station in axes of the ICRF at TDB seconds past J2000 (n,)."""
    return np.einsum("nji,j->ni", rotation_earth_from_icrf(tdb_s), place.position_earth_m)


def elevation(place: Station, direction_icrf: np.ndarray, tdb_s: np.ndarray) -> np.ndarray:
    """Elevation [rad] above the ellipsoid's horizon of unit vectors (n, 3) that point away from the station."""
    up = np.einsum("nji,j->ni", rotation_earth_from_icrf(tdb_s), place.up)
    return np.asarray(np.arcsin(np.clip(np.sum(up * direction_icrf, axis=1), -1.0, 1.0)))


def dish_gain(place: Station, frequency_hz: float) -> float:
    """Gain of the dish, a ratio: η (π D / λ)²."""
    return float(EFFICIENCY[band_of(frequency_hz)] * (np.pi * place.diameter_m * frequency_hz / SPEED_OF_LIGHT_M_S) ** 2)


def air_loss_db(band: str, elevation_rad: np.ndarray) -> np.ndarray:
    """What a clear sky takes [dB], a flat layer: the zenith's over the sine of the elevation, which counts as 5° at least."""
    return np.asarray(ZENITH_LOSS_DB[band] / np.sin(np.maximum(elevation_rad, np.radians(5.0))))


def noise_temperature(place: Station, frequency_hz: float, elevation_rad: np.ndarray, range_m: np.ndarray) -> np.ndarray:
    """Noise temperature [K] of the receiving system that looks at the Moon, shape (n,); infinite in a band that the station does not receive."""
    band = band_of(frequency_hz)
    if band not in place.bands:
        return np.full(np.shape(elevation_rad), np.inf)
    zenith, here = (10.0 ** (-loss / 10.0) for loss in (ZENITH_LOSS_DB[band], air_loss_db(band, elevation_rad)))
    beam = BEAM_WIDTH * SPEED_OF_LIGHT_M_S / (frequency_hz * place.diameter_m)
    filled = 1.0 - 2.0 ** -((2.0 * MOON_RADIUS_M / (range_m * beam)) ** 2)
    return np.asarray(place.bands[band] + AIR_K * (zenith - here) + MOON_K * filled * here)
