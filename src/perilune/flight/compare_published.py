"""Published numbers beside the flown ones: each quantity that a mission file may name, computed from one flight, and the table of both.

A miss is printed as plainly as a hit; a number that this flight does not have (no range was ever measured, the height was not passed) says so.
Assumptions and limitations: figures of the orbit are two-body figures of the true state after the descent burn; what is looked up in the record
(masses, errors) is linear between its rows of 0.1 s; the height error at the first range is that of the tick before the filter used it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perilune.environment.gravity import load_coefficients
from perilune.environment.time import format_utc
from perilune.flight.compare_ground import OF_GROUND
from perilune.flight.compare_in_time import AT_TIME, FROM_RECORD
from perilune.flight.flown import Flown, miss_of, place_of
from perilune.flight.state import TICK_S
from perilune.mission.instant import write_utc
from perilune.mission.published import QUANTITIES, Published
from perilune.mission.start import DescentOrbit

SHOWN_UNITS = {"m_s": "m/s", "m_s2": "m/s²", "utc": "UTC", "1": "1"}


@dataclass(frozen=True)
class PublishedNumber:
    """One published number, the flown one beside it (None: this flight has none, `note` says why), and whether that lies in the source's band.

    `inside` is None where the source gives no band or this flight no number.
    """

    name: str
    quantity: str
    published: float | str
    flown: float | str | None
    unit: str
    role: str
    low: float | None
    high: float | None
    inside: bool | None
    note: str
    source: str
    at_height_m: float | None
    at_time_s: float | None = None


def compare_published(flown: Flown) -> list[PublishedNumber]:
    """Every published number of the flown case beside ours, in the order of the mission file."""
    case = flown.scene.mission.case
    return [_compared(number, flown) for number in flown.scene.mission.published if number.case in (None, case)]


def _compared(number: Published, flown: Flown) -> PublishedNumber:
    ours = measure(flown, number.quantity, number.at_height_m, number.at_time_s)
    low, high = number.low, number.high
    inside, note = None, ""
    if ours is None:
        note = _why_not(number, flown)
    elif number.value is not None and (low is not None or high is not None):
        low = number.value if low is None else low
        high = number.value if high is None else high
        inside = low <= ours <= high
        beyond = in_figures(ours - (low if ours < low else high), number.value, signed=True)
        note = "inside the band" if inside else f"{beyond} outside the band {low:g} to {high:g}"
    elif number.value is not None:
        note = in_figures(ours - number.value, number.value, signed=True)
    if number.value_utc is not None:
        published: float | str = write_utc(number.value_utc)
        shown: float | str | None = None
        if ours is not None:
            epoch = flown.scene.start.epoch_tdb_s
            shown = format_utc(epoch + ours, 1)
            note = f"{ours - (_seconds_past_epoch(number, flown)):+.1f} s"
    else:
        published, shown = float(number.value or 0.0), ours
    return PublishedNumber(
        number.name,
        number.quantity,
        published,
        shown,
        SHOWN_UNITS.get(number.unit, number.unit),
        number.role,
        low,
        high,
        inside,
        note,
        number.source,
        number.at_height_m,
        number.at_time_s,
    )


def in_figures(value: float, beside: float, signed: bool = False) -> str:
    """A flown number, or a difference from it, to as many decimals as fit the published one `beside` it."""
    given = repr(float(beside)).partition(".")[2].rstrip("0")
    usual = 0 if abs(beside) >= 1000 else 1 if abs(beside) >= 100 else 2
    return f"{value:{'+' if signed else ''}.{max(len(given), usual)}f}"


def _seconds_past_epoch(number: Published, flown: Flown) -> float:
    from perilune.environment.time import tdb_from_utc

    assert number.value_utc is not None
    return tdb_from_utc(number.value_utc) - flown.scene.start.epoch_tdb_s


def measure(flown: Flown, quantity: str, at_height_m: float | None = None, at_time_s: float | None = None) -> float | None:
    """The flown value of a quantity of `QUANTITIES` in the unit that ends its name (an instant: s past the epoch), or None where there is none."""
    if at_time_s is not None:
        return AT_TIME[quantity](flown, at_time_s)
    if at_height_m is not None:
        return AT_HEIGHT[quantity](flown, at_height_m)
    return MEASURED[quantity](flown)


def _why_not(number: Published, flown: Flown) -> str:
    quantity = number.quantity
    if number.at_height_m is not None:
        return f"the height of {number.at_height_m:g} m was never passed, or nothing was recorded there"
    if number.at_time_s is not None:
        return f"the flight had ended {number.at_time_s:g} s after its start, or nothing was recorded then"
    if quantity in ("descent_burn_m_s", "half_period_min", "perilune_speed_m_s"):
        return "this flight does not begin with a descent burn"
    if quantity.startswith("first_range"):
        return "there was no valid range measurement, or nothing was recorded then"
    if quantity.startswith("braking"):
        return "the powered descent never began"
    if quantity in ("highest_false_zero_m", "false_zero_sink_m_s"):
        return "the lander never believed itself on the ground before it was"
    if quantity == "free_fall_impact_m_s":
        return "the tanks did not run dry before contact"
    if quantity == "track_step_m":
        return "nothing was recorded over the last 60 km of the track"
    if quantity.startswith(("vertical_height", "main_engine")):
        return "this leg of the descent was never reached"
    return "there was no contact" if flown.last["contact"]["time"] < 0.0 else "not defined in this flight"


def _of_event(name: str, key: str, factor: float = 1.0) -> Callable[[Flown], float | None]:
    def look(flown: Flown) -> float | None:
        row = flown.event(name)
        return None if row is None else float(row[key]) * factor

    return look


def _of_record(name: str, column: str, factor: float = 1.0, ticks_before: int = 0) -> Callable[[Flown], float | None]:
    def look(flown: Flown) -> float | None:
        row = flown.event(name)
        value = None if row is None else flown.at(column, float(row["time"]) - ticks_before * TICK_S)
        return None if value is None else value * factor

    return look


def _of_contact(read: Callable[[Flown], float]) -> Callable[[Flown], float | None]:
    def look(flown: Flown) -> float | None:
        return None if flown.last["contact"]["time"] < 0.0 else float(read(flown))

    return look


def _orbit(flown: Flown) -> tuple[float, float, float]:
    """GM, semi-major axis and perilune radius of the two-body orbit after the descent burn."""
    gm = load_coefficients(flown.scene.mission.environment.gravity_degree).gm
    r, v = np.asarray(flown.first["body"]["position"]), np.asarray(flown.first["body"]["velocity"])
    radius = float(np.linalg.norm(r))
    a = 1.0 / (2.0 / radius - float(v @ v) / gm)
    eccentricity = np.sqrt(max(0.0, 1.0 - float(np.sum(np.cross(r, v) ** 2)) / (gm * a)))
    return gm, a, a * (1.0 - float(eccentricity))


def _has_burn(flown: Flown) -> bool:
    """Whether the flight's first state is that after the burn, and not one just before the powered descent."""
    return isinstance(flown.scene.mission.start, DescentOrbit) and int(flown.first["tick"]) == 0


def _descent_burn(flown: Flown) -> float | None:
    if not _has_burn(flown):
        return None
    gm, _, _ = _orbit(flown)
    r, v = flown.first["body"]["position"], flown.first["body"]["velocity"]
    return float(np.sqrt(gm / np.linalg.norm(r)) - np.linalg.norm(v))


def _half_period(flown: Flown) -> float | None:
    if not _has_burn(flown):
        return None
    gm, a, _ = _orbit(flown)
    return float(np.pi * np.sqrt(a**3 / gm) / 60.0) if a > 0.0 else None


def _perilune_speed(flown: Flown) -> float | None:
    if not _has_burn(flown):
        return None
    gm, a, perilune = _orbit(flown)
    return float(np.sqrt(gm * (2.0 / perilune - 1.0 / a)))


def _first_range(flown: Flown) -> float | None:
    row = flown.event("first-range")
    index = None if row is None else flown.row_index(float(row["time"]))
    return None if index is None else float(flown.history["measured_range"][index])


def _powered_minutes(flown: Flown) -> float | None:
    ignition, contact = flown.event("ignition"), flown.event("contact")
    return None if ignition is None or contact is None else float(contact["time"] - ignition["time"]) / 60.0


def _free_fall_impact(flown: Flown) -> float | None:
    contact, dry = flown.last["contact"], float(flown.last["dry_time"])
    if contact["time"] < 0.0 or dry < 0.0:
        return None
    return float(np.hypot(contact["vertical_speed"], contact["horizontal_speed"]))


def _mass_at_contact(flown: Flown) -> float:
    contact = flown.last["contact"]
    return float(flown.pack["lander"]["mass"]["dry_mass"] + contact["main_left"] + contact["rcs_left"])


MEASURED: dict[str, Callable[[Flown], float | None]] = {
    "descent_burn_m_s": _descent_burn,
    "half_period_min": _half_period,
    "perilune_speed_m_s": _perilune_speed,
    "coast_min": _of_event("ignition", "time", 1.0 / 60.0),
    "braking_start_utc": _of_event("ignition", "time"),
    "braking_start_altitude_km": _of_event("ignition", "altitude", 1e-3),
    "braking_start_height_error_m": _of_record("ignition", "error_height", -1.0),
    "braking_start_mass_kg": _of_record("ignition", "mass"),
    "powered_descent_min": _powered_minutes,
    "descent_min": _of_event("contact", "time", 1.0 / 60.0),
    "vertical_height_m": _of_event("vertical", "height"),
    "vertical_height_sink_m_s": _of_event("vertical", "vertical_speed"),
    "first_range_m": _first_range,
    "first_range_height_m": _of_event("first-range", "height"),
    "first_range_height_error_m": _of_record("first-range", "error_height", -1.0, ticks_before=1),
    "first_range_sink_m_s": _of_event("first-range", "vertical_speed"),
    "before_planned_touchdown_at_contact_s": _of_contact(lambda f: f.scene.start.planned_touchdown_s - f.last["contact"]["time"]),
    "touchdown_utc": _of_contact(lambda f: f.last["contact"]["time"]),
    "touchdown_latitude_deg": _of_contact(lambda f: place_of(f.last["contact"]["position_me"])[0]),
    "touchdown_longitude_deg": _of_contact(lambda f: place_of(f.last["contact"]["position_me"])[1]),
    "touchdown_sink_m_s": _of_contact(lambda f: f.last["contact"]["vertical_speed"]),
    "touchdown_horizontal_m_s": _of_contact(lambda f: f.last["contact"]["horizontal_speed"]),
    "touchdown_propellant_kg": _of_contact(lambda f: max(0.0, f.last["contact"]["main_left"] - f.pack["lander"]["mass"]["main_unusable"])),
    "touchdown_mass_kg": _of_contact(_mass_at_contact),
    "miss_m": _of_contact(lambda f: float(np.hypot(*miss_of(f.scene, f.last["contact"]["position_me"])))),
    "miss_north_m": _of_contact(lambda f: miss_of(f.scene, f.last["contact"]["position_me"])[0]),
    "miss_east_m": _of_contact(lambda f: miss_of(f.scene, f.last["contact"]["position_me"])[1]),
    "free_fall_impact_m_s": _free_fall_impact,
}


def _sink_at(flown: Flown, height_m: float) -> float | None:
    row = flown.passing(height_m)
    return None if row is None else float(row["vertical_speed"])


def _mass_at(flown: Flown, height_m: float) -> float | None:
    row = flown.passing(height_m)
    return None if row is None else flown.at("mass", float(row["time"]))


def _before_planned_at(flown: Flown, height_m: float) -> float | None:
    row = flown.passing(height_m)
    return None if row is None else flown.scene.start.planned_touchdown_s - float(row["time"])


AT_HEIGHT: dict[str, Callable[[Flown, float], float | None]] = {
    "sink_at_height_m_s": _sink_at,
    "mass_at_height_kg": _mass_at,
    "before_planned_touchdown_at_height_s": _before_planned_at,
}

MEASURED |= FROM_RECORD | OF_GROUND

assert {*MEASURED, *AT_HEIGHT, *AT_TIME} == set(QUANTITIES), "every quantity that a mission file may name is computed here"
