"""Rows that hold hundreds of dispersed landings to their bounds: the planned ones, the filter in them, the as-flown ones and what caused them."""

import numpy as np

from perilune.mission.loader import load
from perilune.validation import landings
from perilune.validation.rows import Check


def planned_lost() -> tuple[float, str]:
    """How many of the planned landings are lost."""
    flown = landings.planned()
    drift = flown.drift[np.isfinite(flown.drift)]
    remark = f"horizontal speed {np.sqrt((drift**2).mean() / 2):.2f} m/s rms an axis, {100 * (drift < 1).mean():.1f} % under 1 m/s"
    return float(flown.lost.sum()), remark


def planned_time() -> float:
    """Seconds between the undispersed touchdown and 19:17:00."""
    flown = landings.fly(seed=None)
    return abs(float(flown.batch.states["contact"]["time"][0]) - flown.scene.start.planned_touchdown_s)


def worst_nees() -> tuple[float, str]:
    """How far the mean normalised error is from 1, as a factor, at its worst epoch."""
    nees = landings.consistency().nees
    return float(np.maximum(nees, 1.0 / nees).max()), f"{nees.min():.2f} to {nees.max():.2f} times the dimension over 20 epochs"


def outside_three_sigma() -> tuple[float, str]:
    """Share of position and velocity components outside their 3 sigma, all epochs."""
    found = landings.consistency()
    return float(100.0 * (1.0 - found.inside.mean())), f"{found.rejections} measurements rejected"


def height_sigma() -> tuple[float, str]:
    """The filter's own largest uncertainty of the height above the ground at contact."""
    contact = landings.planned().batch.states["contact"]
    return float(contact["height_sigma"].max()), f"true error {np.sqrt((contact['height_error'] ** 2).mean()):.2f} m rms"


def sink_sigma() -> tuple[float, str]:
    """The filter's own largest uncertainty of the vertical speed at contact."""
    contact = landings.planned().batch.states["contact"]
    return float(contact["vertical_speed_sigma"].max()), f"true error {np.sqrt((contact['vertical_speed_error'] ** 2).mean()):.3f} m/s rms"


def as_flown_sink() -> tuple[float, str]:
    """Calibrated: the sink rate at the first valid range against 66 m/s, undispersed."""
    flown = landings.fly("as-flown", seed=None)
    return abs(float(flown.event("first-range")["vertical_speed"][0]) - 66.0), "calibrated, proves nothing"


def as_flown_avionics() -> float:
    """Bytes in which the avionics' parameters of the as-flown case differ from those of the planned one."""
    from perilune.flight.setup import build_scene

    a, b = (build_scene(load("resilience", case=case)).avionics.tobytes() for case in ("planned", "as-flown"))
    return float(np.count_nonzero(np.frombuffer(a, np.uint8) != np.frombuffer(b, np.uint8)))


def reaches() -> tuple[float, str]:
    """How many of the three reaches end otherwise than expected: 3,000 m lands, 500 and 250 m are lost."""
    sinks = {reach: float(landings.fly("as-flown", (f"lander.range_finder.reach_m={reach}",), seed=None).sink[0]) for reach in (3000, 500, 250)}
    wrong = sum((sink > landings.SOFT_M_S) != (reach < 3000) for reach, sink in sinks.items())
    turn = landings.reach_turn()
    return float(wrong), "; ".join(f"{r} m: {s:.1f} m/s" for r, s in sinks.items()) + f"; it turns at {turn:.0f} m"


def causes() -> tuple[float, str]:
    """Share lost in per cent with neither cause."""
    shares = {name: 100.0 * float(landings.counterfactual(name).lost.mean()) for name in landings.COUNTERFACTUALS}
    return shares["neither"], "lost: " + "; ".join(f"{name} {share:.1f} %" for name, share in shares.items())


def _check(name: str, what: str, reference: str, tolerance: float, unit: str, measure: object) -> Check:
    return Check(name, what, reference, tolerance, unit, measure, full=True)  # type: ignore[arg-type]


CHECKS = [
    _check("200 planned landings", "flights that meet the ground at more than 2 m/s down", "at least 195 of 200 soft", 5.0, "flights", planned_lost),
    _check("time of touchdown", "undispersed touchdown", "19:17:00 UTC, by choice of the orbit's phase", 20.0, "s", planned_time),
    _check("filter: normalised error", "mean NEES of position and velocity, 200 flights, 20 epochs", "1 within a factor", 2.0, "times", worst_nees),
    _check("filter: 3 sigma", "components of position and velocity outside their 3 sigma", "at most 1 %", 1.0, "%", outside_three_sigma),
    _check("filter: height at contact", "its own sigma of the height above ground, largest of 200", "at most 1 m", 1.0, "m", height_sigma),
    _check("filter: sink at contact", "its own sigma of the vertical speed, largest of 200", "at most 0.15 m/s", 0.15, "m/s", sink_sigma),
    _check("as flown: sink at first range", "one scalar solved", "66 m/s, ispace as quoted by newsthedaily.com", 0.5, "m/s", as_flown_sink),
    _check("as flown: same avionics", "parameters of the flight software", "those of the planned case, bit for bit", 0.0, "bytes", as_flown_avionics),
    _check("as flown: reach", "3,000 m lands, 500 m and 250 m are lost", "sink at contact, undispersed", 0.0, "flights", reaches),
    _check("as flown: causes", "share lost without either cause, 200 flights each", "at most 2.5 %", 2.5, "%", causes),
]
