"""Rows that hold two landings that held against what is published of them: Eagle against its telemetry, Blue Ghost against its miss."""

import numpy as np

from perilune.validation import apollo, blue_ghost
from perilune.validation.rows import Check


def eagle_height() -> tuple[float, str]:
    """Largest difference [%] of the height above the ground from the radar's range, TFI 300 to 590 s."""
    compared = apollo.height_beside_radar(apollo.eagle())
    worst = int(np.flatnonzero(compared.counts)[np.abs(compared.error_percent[compared.counts]).argmax()])
    return compared.worst_percent, f"{compared.counts.sum()} points, worst at TFI {compared.recorded.tfi_s[worst]:.0f} s; all on docs/apollo-11.md"


def eagle_propellant() -> tuple[float, str]:
    """Largest difference [%] of the propellant used from telemetry, TFI 300 to 600 s."""
    compared = apollo.propellant_beside_telemetry(apollo.eagle())
    late = compared.counts & (compared.recorded.tfi_s >= apollo.HEIGHT_FROM_TFI_S)
    before = np.abs(compared.error_percent[compared.counts & ~late])
    remark = f"{late.sum()} points; {(before > apollo.PROPELLANT_BOUND_PERCENT).sum()} of {len(before)} before are beyond 5 %, see docs/apollo-11.md"
    return float(np.abs(compared.error_percent[late]).max()), remark


def blue_ghost_lost() -> tuple[float, str]:
    """Flights of the seeds that did not land."""
    verdicts = blue_ghost.dispersed()["verdict"]
    return float((verdicts != "landed").sum()), f"of {blue_ghost.RUNS}"


def blue_ghost_miss() -> tuple[float, str]:
    """How far the published miss is from the median of the seeds' misses, in percentiles."""
    misses = blue_ghost.dispersed()["miss_m"].drop_nulls().to_numpy()
    below = 100.0 * float((misses < blue_ghost.PUBLISHED_MISS_M).mean())
    return abs(below - 50.0), f"{below:.0f} % of ours miss by less than 118 m"


def blue_ghost_ellipse() -> tuple[float, str]:
    """Distance [m] from the target within which 95 % of the seeds touch down."""
    misses = blue_ghost.dispersed()["miss_m"].drop_nulls().to_numpy()
    return float(np.percentile(misses, 95)), f"median {np.median(misses):.0f} m, largest {misses.max():.0f} m"


RADAR = "landing radar, NASA TM 19700014995 appendix D, transcribed"
TELEMETRY = "telemetry plot, digitised"
CHECKS = [
    Check("Apollo 11, height", "above the ground, TFI 300 to 590 s, nothing fitted", RADAR, 8.0, "%", eagle_height, full=True),
    Check("Apollo 11, propellant", "used, TFI 300 to 600 s, nothing fitted", TELEMETRY, 5.0, "%", eagle_propellant, full=True),
    Check("Blue Ghost, seeds", "dispersed landings not landed", "the lander that landed", 10.0, "", blue_ghost_lost, full=True),
    Check(
        "Blue Ghost, miss",
        "percentile of the published miss among ours, from 50",
        "118 m (LRO)",
        45.0,
        "",
        blue_ghost_miss,
        full=True,
        miss="ours come nearer; where the lander's own diverts led, which may make most of the 118 m, is not published, see docs/blue-ghost.md",
    ),
    Check("Blue Ghost, ellipse", "95 % of ours from the target", "ellipse of 100 m, medium.com/predict", 100.0, "m", blue_ghost_ellipse, full=True),
]
