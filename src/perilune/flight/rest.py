"""What came of a landing after its first touch: where the lander rests, how long that took, and where its energy went."""

from dataclasses import dataclass

from numpy import degrees

from perilune.flight.flown import FlightRecord
from perilune.flight.state import DESTROYED, REST_FOR_S


@dataclass(frozen=True)
class Energy:
    """The energy account of a landing: the first three come in, all else takes; `unaccounted_j` is what does not close."""

    at_contact_j: float
    gravity_j: float
    engines_j: float
    crushed_j: float
    damped_j: float
    friction_j: float
    stored_j: float
    motion_j: float
    unaccounted_j: float


@dataclass(frozen=True)
class Rest:
    """The lander on the ground at the end of its flight.

    `is_at_rest`: below 1 mm/s and 0.01°/s for 2 s; `after_s`: from the first touch to the beginning of that rest, None where there is none;
    `slide_m`: of the middle of the pads from the first touch, along the ground; `stroke_m`: lost for good by each leg, from +x +y on towards -x +y.
    """

    is_at_rest: bool
    after_s: float | None
    tilt_deg: float
    slide_m: float
    stroke_m: tuple[float, float, float, float]
    energy: Energy


def rest_of(last: FlightRecord) -> Rest | None:
    """The rest from a flight's last state; None without contact, or where the contact broke the lander."""
    contact = last["contact"]
    if contact["time"] < 0.0 or int(last["status"]) == DESTROYED:
        return None
    e = {name: float(contact["energy"][name]) for name in contact["energy"].dtype.names}
    taken = e["crush"] + e["damping"] + e["friction"] + e["stored"] + e["kinetic"]
    unaccounted = e["start"] + e["gravity"] + e["engines"] - taken
    still = bool(contact["still_for"] >= REST_FOR_S - 1e-9)
    a, b, c, d = (float(stroke) for stroke in contact["strokes"])
    return Rest(
        is_at_rest=still,
        after_s=float(contact["rest_after"]) if still else None,
        tilt_deg=float(degrees(contact["rest_tilt"])),
        slide_m=float(contact["slide"]),
        stroke_m=(a, b, c, d),
        energy=Energy(e["start"], e["gravity"], e["engines"], e["crush"], e["damping"], e["friction"], e["stored"], e["kinetic"], unaccounted),
    )
