"""The verdict: how a flight ended, in one word and one sentence, from the state at contact, the rest and the mission's limits.

The speeds and the tilt at the first touch say whether the landing was soft, the motion on the legs after it whether the lander stands.

Assumptions and limitations: the structure fails by the speed at the first touch alone, not by what a leg that meets its stop hands on.
"""

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.flight.flown import FlightRecord
from perilune.flight.state import FALLEN, INVALID, REST_FOR_S, STANDING, TICK_S
from perilune.mission.limits import Limits

LANDED, TIPPED_OVER, HARD_LANDING, CRASHED = "landed", "tipped-over", "hard-landing", "crashed"
OUT_OF_PROPELLANT, NOT_LANDED, BROKEN = "out-of-propellant", "not-landed", "invalid"
UNANSWERED = "unanswered"  # other flight software left the port; no state tells, so `judge` does not give it
VERDICTS = (LANDED, TIPPED_OVER, HARD_LANDING, CRASHED, OUT_OF_PROPELLANT, NOT_LANDED)


def judge(limits: Limits, states: np.ndarray) -> np.ndarray:
    """The verdict of each state of an array, shape (n,), as text.

    The first that applies: `invalid` (a number of the computation ceased to be finite; such a run counts as flown and is never dropped),
    `out-of-propellant` (dry before contact, however it then met the ground), `not-landed` (no contact), `crashed` (contact speed above the structural
    one), `tipped-over` (fell over on its legs, or rests beyond `rest_tilt_deg`), `not-landed` (touched, but did not come to rest), `hard-landing`
    (above a limit at contact), `landed`.
    """
    contact, dry = states["contact"], states["dry_time"]
    touched = contact["time"] >= 0.0
    speed = np.hypot(contact["vertical_speed"], contact["horizontal_speed"])
    rest = np.radians(limits.rest_tilt_deg)
    over = (states["status"] == FALLEN) | (contact["rest_tilt"] > rest)
    restless = (states["status"] == STANDING) & (contact["still_for"] < REST_FOR_S - 1e-9)
    hard = (contact["vertical_speed"] > limits.vertical_speed_m_s) | (contact["horizontal_speed"] > limits.horizontal_speed_m_s)
    hard |= contact["tilt"] > np.radians(limits.tilt_deg)
    finite = np.isfinite(speed + contact["tilt"] + contact["slope"])
    cases = [
        ((states["status"] == INVALID) | ~finite, BROKEN),
        ((dry >= 0.0) & (~touched | (dry <= contact["time"])), OUT_OF_PROPELLANT),
        (~touched, NOT_LANDED),
        (speed > limits.structural_speed_m_s, CRASHED),
        (over, TIPPED_OVER),
        (restless, NOT_LANDED),
        (hard, HARD_LANDING),
    ]
    return np.select([condition for condition, _ in cases], [word for _, word in cases], default=LANDED)


def explain(limits: Limits, verdict: str, state: FlightRecord, height_m: float, law: str = "the guidance law") -> str:
    """The verdict's reason as one sentence with its numbers; `height_m` is the true height above ground at the end (or when the tanks ran dry)."""
    if verdict == BROKEN and state["avionics"]["law_broke"]:
        mode, when = MODES[int(state["avionics"]["mode"])], int(state["tick"]) * TICK_S
        return f"{law}: the law answered with NaN or infinity in the mode {mode}, {when:.1f} s into the flight, and ended it; return finite numbers."
    sentence = _sentence(limits, verdict, state, height_m)
    if verdict in (TIPPED_OVER, HARD_LANDING, CRASHED, NOT_LANDED, OUT_OF_PROPELLANT) and float(state["lander"]["rcs_left"]) <= 0.0:
        sentence = f"{sentence[:-1]}; the attitude thrusters had run dry."
    return sentence


def _sentence(limits: Limits, verdict: str, state: FlightRecord, height_m: float) -> str:
    contact, dry = state["contact"], float(state["dry_time"])
    down, across = float(contact["vertical_speed"]), float(contact["horizontal_speed"])
    tilt, slope = float(np.degrees(contact["tilt"])), float(np.degrees(contact["slope"]))
    speeds = f"{down:.2f} m/s down and {across:.2f} m/s across"
    bounds = f"limits {limits.vertical_speed_m_s:g} m/s, {limits.horizontal_speed_m_s:g} m/s and {limits.tilt_deg:g}°"
    total = float(np.hypot(down, across))
    rest_tilt, slid = float(np.degrees(contact["rest_tilt"])), f"{float(contact['slide']):.2f} m from the first touch"
    match verdict:
        case "landed":
            return f"Touched down with {speeds}, tilted {tilt:.1f}° on ground that slopes {slope:.1f}°, within the {bounds}, and stands."
        case "tipped-over" if int(state["status"]) == FALLEN:
            later = float(state["time"]) - float(contact["time"])
            return (
                f"Touched down with {speeds}, tilted {tilt:.1f}° on ground that slopes {slope:.1f}°, and had fallen over {later:.1f} s later, {slid}."
            )
        case "tipped-over":
            at = f"Touched down with {speeds} on ground that slopes {slope:.1f}°"
            return f"{at}, and rests tilted {rest_tilt:.1f}° (limit {limits.rest_tilt_deg:g})."
        case "hard-landing":
            return f"Touched down with {', '.join(_exceeded(limits, down, across, tilt))}; the structure bears {limits.structural_speed_m_s:g} m/s."
        case "crashed":
            return f"Hit the ground at {total:.1f} m/s ({speeds}), above the {limits.structural_speed_m_s:g} m/s that the structure bears."
        case "out-of-propellant" if contact["time"] >= 0.0:
            early = float(contact["time"]) - dry
            return f"Ran dry {early:.1f} s before contact, {metres(height_m)} above the ground, and met it at {total:.1f} m/s ({speeds})."
        case "out-of-propellant":
            return f"Ran dry {dry:.1f} s after the start, {metres(height_m)} above the ground, and had not met it {state['time']:.0f} s after it."
        case "not-landed" if contact["time"] >= 0.0:
            later = float(state["time"]) - float(contact["time"])
            return f"Touched down with {speeds}, tilted {tilt:.1f}°, and had not come to rest {later:.0f} s later, {slid}."
        case "not-landed":
            return f"Had not touched the ground {float(state['time']) / 60.0:.1f} min after the start; it was then {metres(height_m)} above it."
        case _:
            when = int(state["tick"]) * TICK_S
            return f"The computation broke down {when:.1f} s after the start: a number was no longer finite; please report this."


def metres(height_m: float) -> str:
    """A height as a reader wants it: tenths only near the ground."""
    return f"{height_m:.1f} m" if abs(height_m) < 100.0 else f"{height_m:.0f} m"


def _exceeded(limits: Limits, down: float, across: float, tilt: float) -> list[str]:
    """What was above its limit, each with the limit."""
    words = []
    if down > limits.vertical_speed_m_s:
        words.append(f"{down:.2f} m/s down (limit {limits.vertical_speed_m_s:g})")
    if across > limits.horizontal_speed_m_s:
        words.append(f"{across:.2f} m/s across (limit {limits.horizontal_speed_m_s:g})")
    if tilt > limits.tilt_deg:
        words.append(f"a tilt of {tilt:.1f}° (limit {limits.tilt_deg:g})")
    return words
