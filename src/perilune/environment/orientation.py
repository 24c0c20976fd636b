"""How the Moon is turned: from inertial axes to the principal axes of its gravity, and on to the mean-Earth axes of its maps.

Frames: `mci` (Moon-centred ICRF), `pa` (MOON_PA_DE440, gravity coefficients), `me` (mean Earth, maps and sites); pa and me are 875 m apart
on the surface and never mixed. A quaternion `q_b_from_a` is (x, y, z, w) and `wp.quat_rotate(q_b_from_a, v_a)` gives `v_b`.
In the kernel the attitude is that of mid-span, turned by a rotation vector that is a Chebyshev series of time.
Assumptions and limitations: the lunar ephemeris's own physical librations; no correction of it.
Sources: moon_pa_de440_200625.bpc (NAIF, from DE440; Park et al. 2021), Euler angles Rz(ψ) Rx(θ) Rz(φ); pa to me from NAIF's moon_de440_200625.tf.
The angular velocity uses the left Jacobian of the rotation group (e.g. Barfoot 2017, eq. 7.83).
"""

from typing import Any

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import cached_arrays
from perilune.base.vector import quat, quat_from_rotation_vector, real, vec3
from perilune.environment.chebyshev import Coefficients, fit_series, series_slope, series_value
from perilune.environment.ephemeris import lunar_data_file

ORIENTATION_MD5 = "9f48a8c4cf1c955ac5d3a7d77a127e42"
FIT_TOLERANCE_RAD = 1.0e-11
_ARCSECOND = np.pi / 648000.0
_open_files: dict[str, Any] = {}


@wp.struct
class Orientation:
    """The Moon's attitude over one flight: mid-span quaternion and the series of the rotation vector from it [rad], seconds since the epoch."""

    mid_quat: quat
    me_from_pa: quat
    turn: Coefficients
    terms: wp.int32
    mid: real
    half_span: real
    fit_error: real  # largest attitude error against the kernel file [rad]


@wp.func
def quat_pa_from_mci(o: Orientation, t: real) -> quat:
    """The attitude that turns mci components into pa components, `t` seconds since the flight epoch."""
    return quat_from_rotation_vector(series_value(o.turn, o.terms, (t - o.mid) / o.half_span)) * o.mid_quat


@wp.func
def quat_me_from_pa(o: Orientation) -> quat:
    """The constant rotation from pa to me components."""
    return o.me_from_pa


@wp.func
def moon_rate_mci(o: Orientation, t: real) -> vec3:
    """Angular velocity [rad/s] of the Moon-fixed axes with respect to mci, in mci components."""
    x = (t - o.mid) / o.half_span
    phi = series_value(o.turn, o.terms, x)
    slope = series_slope(o.turn, o.terms, x) / o.half_span
    angle2 = wp.dot(phi, phi)
    first = real(0.5) - angle2 / real(24.0)
    second = real(1.0) / real(6.0) - angle2 / real(120.0)
    if angle2 > real(1.0e-4):
        angle = wp.sqrt(angle2)
        first = (real(1.0) - wp.cos(angle)) / angle2
        second = (angle - wp.sin(angle)) / (angle2 * angle)
    around = wp.cross(phi, slope)
    rate_pa = -(slope + around * first + wp.cross(phi, around) * second)
    q = quat_from_rotation_vector(phi) * o.mid_quat
    return wp.quat_rotate_inv(q, rate_pa)


def axis_rotation(axis: int, angle: np.ndarray | float) -> np.ndarray:
    """Rotation (..., 3, 3) of the frame by `angle` [rad] about axis 0, 1 or 2: components in the turned frame of a fixed vector."""
    angle = np.asarray(angle, dtype=float)
    j, k = (axis + 1) % 3, (axis + 2) % 3
    m = np.zeros((*angle.shape, 3, 3))
    m[..., axis, axis] = 1.0
    m[..., j, j] = m[..., k, k] = np.cos(angle)
    m[..., j, k] = np.sin(angle)
    m[..., k, j] = -np.sin(angle)
    return m


ME_FROM_PA: np.ndarray = axis_rotation(0, -0.2785 * _ARCSECOND) @ axis_rotation(1, -78.6944 * _ARCSECOND) @ axis_rotation(2, -67.8526 * _ARCSECOND)


def rotation_pa_from_mci(tdb_s: np.ndarray) -> np.ndarray:
    """Rotations (n, 3, 3) from mci to pa components at TDB seconds past J2000 (n,); PeriluneError outside 1550 to 2650."""
    t = np.atleast_1d(np.asarray(tdb_s, dtype=float))
    angles = np.empty((3, t.size))
    done = np.zeros(t.size, dtype=bool)
    for segment in _kernel().segments:
        here = ~done & (t >= segment.initial_second) & (t <= segment.final_second)
        if segment.body == 31008 and here.any():
            # The file's time argument is as large as 2e10 s: whole seconds are exact there, the rest goes by the rate.
            whole = np.round(t[here])
            value, rate = segment.compute(2451545.0 + np.floor(whole / 86400.0), np.mod(whole, 86400.0) / 86400.0)
            angles[:, here] = value + rate * (t[here] - whole)
            done |= here
    if not done.all():
        raise PeriluneError("orientation: the time lies outside the DE440 lunar orientation, 1550 to 2650; give another epoch")
    return axis_rotation(2, angles[2]) @ axis_rotation(0, angles[1]) @ axis_rotation(2, angles[0])


def fit_orientation(epoch_tdb_s: float, start_s: float, end_s: float) -> Orientation:
    """The Moon's attitude from `start_s` to `end_s` seconds since the flight epoch [TDB s past J2000], as a series for the kernel.

    The achieved error is in `.fit_error` [rad]; raises PeriluneError when it exceeds 1e-11 rad (spans beyond eight days) or the span is empty.
    Kept in the cache: a warm start opens no file.
    """
    if not end_s > start_s:
        raise PeriluneError(f"orientation: the span from {start_s} s to {end_s} s is empty; give an end after its start")
    mid, half_span = 0.5 * (start_s + end_s), 0.5 * (end_s - start_s)

    def build() -> dict[str, np.ndarray]:
        mid_rotation = rotation_pa_from_mci(np.array([epoch_tdb_s + mid]))[0]
        turn, terms, error = fit_series(
            lambda t: _rotation_vectors(rotation_pa_from_mci(epoch_tdb_s + t) @ mid_rotation.T), mid, half_span, 0.1 * FIT_TOLERANCE_RAD
        )
        return {"mid_rotation": mid_rotation, "turn": turn, "about": np.array([terms, error])}

    shape = {"orientation": ORIENTATION_MD5, "epoch_tdb_s": epoch_tdb_s, "start_s": start_s, "end_s": end_s, "version": 1}
    table = cached_arrays("orientation", shape, build)
    o = Orientation()
    o.mid_quat, o.me_from_pa = quat(*quat_of_rotation(table["mid_rotation"])), quat(*quat_of_rotation(ME_FROM_PA))
    o.turn, o.terms = Coefficients(table["turn"].tolist()), int(table["about"][0])
    o.mid, o.half_span, o.fit_error = mid, half_span, float(table["about"][1])
    if not o.fit_error < FIT_TOLERANCE_RAD:
        raise PeriluneError(
            f"orientation: over a span of {end_s - start_s:.0f} s the series misses the attitude by {o.fit_error:.1e} rad; choose a shorter span"
        )
    return o


def quat_of_rotation(rotation_b_from_a: np.ndarray) -> np.ndarray:
    """The quaternion (x, y, z, w), w ≥ 0, of a rotation matrix (3, 3), by its largest component (Shepperd 1978)."""
    m = np.asarray(rotation_b_from_a, dtype=float)
    squares = np.array([1.0 + 2.0 * m[i, i] - np.trace(m) for i in range(3)] + [1.0 + np.trace(m)])
    largest = int(squares.argmax())
    s = np.sqrt(squares[largest])
    q = np.empty(4)
    q[largest] = 0.5 * s
    vector = np.array([m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]])
    if largest == 3:
        q[:3] = 0.5 * vector / s
    else:
        q[3] = 0.5 * vector[largest] / s
        for other in range(3):
            if other != largest:
                q[other] = 0.5 * (m[largest, other] + m[other, largest]) / s
    q /= np.linalg.norm(q)
    return q if q[3] >= 0.0 else -q


def _rotation_vectors(rotations: np.ndarray) -> np.ndarray:
    """Rotation vectors (n, 3) of rotations (n, 3, 3) by less than half a turn."""
    q = np.array([quat_of_rotation(m) for m in rotations])
    sine = np.linalg.norm(q[:, :3], axis=1)
    ratio = np.where(sine > 1.0e-9, 2.0 * np.arctan2(sine, q[:, 3]) / np.maximum(sine, 1.0e-300), 2.0)
    return q[:, :3] * ratio[:, None]


def _kernel() -> Any:
    from jplephem.pck import PCK

    if "pck" not in _open_files:
        _open_files["pck"] = PCK.open(str(lunar_data_file("moon_pa_de440_200625.bpc", ORIENTATION_MD5)))
    return _open_files["pck"]
