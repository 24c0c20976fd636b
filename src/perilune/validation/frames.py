"""Orientation, ephemeris and time against SPICE on the same kernel files."""

import numpy as np
import warp as wp

from perilune.base.vector import real, vec3
from perilune.environment.ephemeris import ThirdBodies, earth_position, fit_third_bodies, moon_centred_position, sun_position
from perilune.environment.orientation import (
    ME_FROM_PA,
    Orientation,
    fit_orientation,
    moon_rate_mci,
    quat_me_from_pa,
    quat_pa_from_mci,
    rotation_pa_from_mci,
)
from perilune.environment.time import tdb_from_utc
from perilune.validation import strangers
from perilune.validation.rows import Check, Measured

EPOCH_UTC, SPAN_S = "2025-06-05T18:15:00", 4.0 * 3600.0


@wp.kernel(module="unique")
def in_the_kernel(
    o: Orientation,
    bodies: ThirdBodies,
    t: wp.array(dtype=real),  # type: ignore[valid-type]
    v: wp.array(dtype=vec3),  # type: ignore[valid-type]
    v_me: wp.array(dtype=vec3),  # type: ignore[valid-type]
    rate: wp.array(dtype=vec3),  # type: ignore[valid-type]
    earth: wp.array(dtype=vec3),  # type: ignore[valid-type]
    sun: wp.array(dtype=vec3),  # type: ignore[valid-type]
):
    """A vector in ME, the Moon's rate, and the places of Earth and Sun, as a flight has them."""
    i = wp.tid()
    v_me[i] = wp.quat_rotate(quat_me_from_pa(o), wp.quat_rotate(quat_pa_from_mci(o, t[i]), v[i]))
    rate[i] = moon_rate_mci(o, t[i])
    earth[i] = earth_position(bodies, t[i])
    sun[i] = sun_position(bodies, t[i])


def evaluated(v: np.ndarray, t: np.ndarray) -> list[np.ndarray]:
    """What the kernel above gives at times `t` [s] after the epoch."""
    epoch = strangers.spice().str2et(EPOCH_UTC)
    series = [fit_orientation(epoch, -600.0, SPAN_S), fit_third_bodies(epoch, -600.0, SPAN_S)]
    outputs = [wp.zeros(len(t), dtype=vec3, device="cpu") for _ in range(4)]
    inputs = [*series, wp.array(t, dtype=real, device="cpu"), wp.array(v, dtype=vec3, device="cpu")]
    wp.launch(in_the_kernel, len(t), inputs, outputs, device="cpu")
    return [o.numpy() for o in outputs]


def rotation_error() -> Measured:
    """Largest element of the difference of rotation matrices from mci to me over 2000–2050."""
    spice = strangers.spice()
    t = np.random.default_rng(1).uniform(0.0, 1.5e9, 200)
    reference = np.array([spice.pxform("J2000", "MOON_ME_DE440", x) for x in t])
    return float(np.abs(ME_FROM_PA @ rotation_pa_from_mci(t) - reference).max())


def kernel_rotation_error() -> Measured:
    """Largest difference of unit vectors in me as a flight turns them, over its four hours."""
    spice, draws = strangers.spice(), np.random.default_rng(2)
    t, v = draws.uniform(-600.0, SPAN_S, 200), draws.normal(size=(200, 3))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    epoch = spice.str2et(EPOCH_UTC)
    reference = np.array([spice.pxform("J2000", "MOON_ME_DE440", epoch + x) @ y for x, y in zip(t, v, strict=True)])
    return float(np.linalg.norm(evaluated(v, t)[0] - reference, axis=1).max())


def kernel_rate_error() -> Measured:
    """Largest relative difference of the Moon's angular velocity from SPICE's state transformation."""
    spice = strangers.spice()
    t = np.random.default_rng(3).uniform(-600.0, SPAN_S, 100)
    epoch = spice.str2et(EPOCH_UTC)
    reference = np.array([spice.xf2rav(spice.sxform("J2000", "MOON_ME_DE440", epoch + x))[1] for x in t])
    rate = evaluated(np.ones((100, 3)), t)[1]
    return float((np.linalg.norm(rate - reference, axis=1) / np.linalg.norm(reference, axis=1)).max())


def ephemeris_error() -> Measured:
    """Largest relative difference of the places of Earth and Sun seen from the Moon, from the file over 2000–2050 and in a flight."""
    spice, draws = strangers.spice(), np.random.default_rng(4)
    epoch = spice.str2et(EPOCH_UTC)
    t, after = draws.uniform(0.0, 1.5e9, 100), draws.uniform(-600.0, SPAN_S, 100)
    _, _, earth, sun = evaluated(np.ones((100, 3)), after)
    worst = 0.0
    for body, code, series in (("earth", "399", earth), ("sun", "10", sun)):
        for ours, times in ((moon_centred_position(body, t), t), (series, epoch + after)):
            theirs = np.array([spice.spkpos(code, x, "J2000", "NONE", "301")[0] for x in times]) * 1e3
            worst = max(worst, float((np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)).max()))
    return worst


def time_error() -> Measured:
    """Largest difference [s] of TDB from UTC, from 2016 on."""
    spice = strangers.spice()
    instants = [f"{year}-{month:02d}-17T0{month % 10}:13:27.25" for year in range(2016, 2027) for month in (1, 6, 7, 12)]
    return max(abs(tdb_from_utc(f"{x}Z") - spice.str2et(x)) for x in instants)


CHECKS = [
    Check("frames", "rotation ICRF to mean Earth, 200 instants 2000–2047, largest element", "SPICE, pxform", 1e-9, "", rotation_error, ("spiceypy",)),
    Check(
        "frames in a flight",
        "unit vectors from mci to me over 4 h of a flight's series",
        "SPICE, pxform",
        1e-9,
        "",
        kernel_rotation_error,
        ("spiceypy",),
    ),
    Check("the Moon's rate in a flight", "angular velocity, relative", "SPICE, sxform and xf2rav", 1e-9, "", kernel_rate_error, ("spiceypy",)),
    Check(
        "ephemeris",
        "Earth and Sun from the Moon, of the file and of a flight's series, relative",
        "SPICE, spkpos",
        1e-9,
        "",
        ephemeris_error,
        ("spiceypy",),
    ),
    Check("time", "TDB of 44 UTC instants 2016–2026", "SPICE, str2et", 1e-6, "s", time_error, ("spiceypy",)),
]
