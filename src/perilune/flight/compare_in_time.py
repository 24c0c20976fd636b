"""Published quantities that stand at a time of the flight or that the engine's work decides: read from the record, one row a tick.

Assumptions and limitations: times are those of the record's rows (0.1 s); propellant is that of the main tanks, counted from what was loaded;
an engine burns while its level is above a twentieth; a flight without a record has none of these numbers.
"""

from collections.abc import Callable

import numpy as np

from perilune.flight.flown import FlightRecord, Flown

LIT = 0.05  # level above which an engine counts as burning: below it, what is left of a shutdown
FULL = 0.9  # level from which it counts as running at full thrust


def _column_at(column: str) -> Callable[[Flown, float], float | None]:
    return lambda flown, t: flown.at(column, t)


def _inertial_speed_at(flown: Flown, t: float) -> float | None:
    index = flown.row_index(t)
    return None if index is None else float(np.linalg.norm(flown.history["velocity_mci"][index]))


def _height_above_site_at(flown: Flown, t: float) -> float | None:
    altitude = flown.at("altitude", t)
    return None if altitude is None else altitude - flown.scene.start.site_height_m


def _propellant_used_at(flown: Flown, t: float) -> float | None:
    left = flown.at("main_propellant", t)
    return None if left is None else float(flown.pack["lander"]["mass"]["main_loaded"]) - left


AT_TIME: dict[str, Callable[[Flown, float], float | None]] = {
    "inertial_speed_at_time_m_s": _inertial_speed_at,
    "horizontal_speed_at_time_m_s": _column_at("horizontal_speed"),
    "sink_at_time_m_s": _column_at("vertical_speed"),
    "height_at_time_m": _column_at("height"),
    "height_above_site_at_time_m": _height_above_site_at,
    "propellant_used_at_time_kg": _propellant_used_at,
}


def _braking_end(flown: Flown) -> FlightRecord | None:
    return flown.event("pitch-up")


def _of_braking_end(key: str) -> Callable[[Flown], float | None]:
    def look(flown: Flown) -> float | None:
        row = _braking_end(flown)
        return None if row is None else float(row[key])

    return look


def _braking_start_speed(flown: Flown) -> float | None:
    row = flown.event("ignition")
    return None if row is None else _inertial_speed_at(flown, float(row["time"]))


def _throttle_recovery(flown: Flown) -> float | None:
    """Seconds past the start at which the main engine, having run at full thrust, is first asked for less (but not for none)."""
    asked = flown.history["command_main_engine"]
    was_full = np.maximum.accumulate(asked >= FULL) if len(asked) else asked.astype(bool)
    less = np.flatnonzero(was_full & (asked > LIT) & (asked < FULL))
    return float(flown.history["time"][less[0]]) if less.size else None


def _burning(flown: Flown) -> np.ndarray:
    return np.flatnonzero(flown.history["main_level"] > LIT) if len(flown.history) else np.zeros(0, int)


def _burn_time(flown: Flown) -> float | None:
    rows = _burning(flown)
    return float(flown.history["time"][rows[-1]] - flown.history["time"][rows[0]]) if rows.size > 1 else None


def _off_before_contact(flown: Flown) -> float | None:
    rows, contact = _burning(flown), float(flown.last["contact"]["time"])
    return contact - float(flown.history["time"][rows[-1]]) if rows.size and contact >= 0.0 else None


def _off_height(flown: Flown) -> float | None:
    rows = _burning(flown)
    return float(flown.history["height"][rows[-1]]) if rows.size else None


def _off_speed(flown: Flown) -> float | None:
    rows = _burning(flown)
    if not rows.size:
        return None
    last = flown.history[rows[-1]]
    return float(np.hypot(last["vertical_speed"], last["horizontal_speed"]))


FROM_RECORD: dict[str, Callable[[Flown], float | None]] = {
    "braking_start_speed_m_s": _braking_start_speed,
    "braking_end_s": _of_braking_end("time"),
    "braking_end_height_m": _of_braking_end("height"),
    "braking_end_sink_m_s": _of_braking_end("vertical_speed"),
    "throttle_recovery_s": _throttle_recovery,
    "main_engine_burn_s": _burn_time,
    "main_engine_off_before_contact_s": _off_before_contact,
    "main_engine_off_height_m": _off_height,
    "main_engine_off_speed_m_s": _off_speed,
}
