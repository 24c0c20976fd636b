"""The sensors' truth against a stranger: speeds along beams and places over the Moon, from recorded states that SPICE turns into Moon-fixed axes.

The flight is Resilience's with a velocimeter and position fixes without errors, which the computer is not told of.
"""

from functools import cache

import numpy as np

from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Scene, build_batch, build_scene
from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import read
from perilune.validation import strangers
from perilune.validation.plain_filter import matrix
from perilune.validation.rows import Check, Measured

SENSORS = """
[lander.velocimeter]
beams = 3
cant_deg = 22.5
azimuth_deg = 0.0
tilt_deg = 20.0
reach_m = 5000.0
incidence_limit_deg = 70.0
noise_m_s = 0.0
scale_percent = 0.0
bias_m_s = 0.0
rate_hz = 10.0
latency_s = 0.0
acquisition_s = 0.0
dropout_probability = 0.0
[lander.position_fix]
noise_m = 0.0
noise_share_percent = 0.0
slow_error_m = 0.0
slow_correlation_s = 1000.0
vertical_factor = 1.0
least_height_m = 0.0
largest_height_m = 1000000.0
sun_elevation_limit_deg = -90.0
match_probability = 1.0
rate_hz = 1.0
latency_s = 0.0
"""
LOOKS = 50


@cache
def sensed() -> tuple[Scene, np.ndarray]:
    """The undispersed flight: scene and one row a tick."""
    scene = build_scene(read((FOLDER / "resilience.toml").read_text("utf-8") + SENSORS))
    batch, history = build_batch(scene, None, np.arange(1)), records(HistoryRow, 1, 60_000)
    advance(scene, batch, new_events(scene, 1), history=history, threads=1)
    return scene, history[0][: int(batch.states["tick"][0])]


def looks(rows: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """Rows spread over those in which the flag is set."""
    found = np.flatnonzero(flags)
    return rows[found[np.linspace(0, len(found) - 1, LOOKS).astype(int)]]


def beams() -> np.ndarray:
    """The three beams in body axes, one a row."""
    tilt, cant = np.radians(20.0), np.radians(22.5)
    axis = np.array([-np.sin(tilt), 0.0, -np.cos(tilt)])
    first, second = np.array([-np.cos(tilt), 0.0, np.sin(tilt)]), np.array([0.0, -1.0, 0.0])
    return np.array([np.cos(cant) * axis + np.sin(cant) * (np.cos(a) * first + np.sin(a) * second) for a in np.radians([0.0, 120.0, 240.0])])


def footpads(scene: Scene, row: np.void) -> tuple[np.ndarray, np.ndarray]:
    """Position [m] and velocity [m/s] of the middle of the footpad plane in mean-Earth axes, by SPICE's transformation of the recorded state."""
    spice = strangers.spice()
    transform = spice.sxform("J2000", "MOON_ME_DE440", scene.start.epoch_tdb_s + row["time"])
    c = matrix(row["attitude_mci_from_body"])
    there = scene.start.site_position_me + row["position_site"] @ np.asarray(scene.start.site_axes_me)
    lever = transform[:3, :3].T @ there - row["position_mci"]
    state = np.r_[row["position_mci"] + lever, row["velocity_mci"] + c @ np.cross(row["rate_body"], c.T @ lever)]
    turned = transform @ state
    return turned[:3], turned[3:]


def speed_error() -> Measured:
    """Largest difference of a speed along a beam [m/s]."""
    scene, rows = sensed()
    worst, fastest = 0.0, 0.0
    for row in looks(rows, rows["measured_velocimeter_beams"] == 7):
        body = strangers.spice().pxform("J2000", "MOON_ME_DE440", scene.start.epoch_tdb_s + row["time"]) @ matrix(row["attitude_mci_from_body"])
        theirs = (body @ beams().T).T @ footpads(scene, row)[1]
        worst = max(worst, float(np.abs(row["measured_velocimeter_speed"][:3] - theirs).max()))
        fastest = max(fastest, float(np.abs(theirs).max()))
    return worst, f"speeds up to {fastest:.0f} m/s"


def fix_error() -> Measured:
    """Largest difference of a position fix [m]."""
    scene, rows = sensed()
    some = looks(rows, rows["measured_position_fix_valid"].astype(bool))
    return max(float(np.linalg.norm(row["measured_position_fix_me"] - footpads(scene, row)[0])) for row in some)


CHECKS = [
    Check(
        "Doppler speeds",
        f"along three beams, {LOOKS} instants of a landing, largest difference",
        "SPICE, sxform of the recorded state",
        1e-6,
        "m/s",
        speed_error,
        strangers.SPICE_PEERS,
    ),
    Check(
        "position fixes", f"{LOOKS} instants from orbit to ground", "SPICE, sxform of the recorded state", 1e-3, "m", fix_error, strangers.SPICE_PEERS
    ),
]
