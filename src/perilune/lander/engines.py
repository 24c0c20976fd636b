"""Engines: a group of equal engines on a ring, what a level of them pushes, turns and burns, and what their throttle can do.

A command is a level between 0 (off) and 1 (full thrust). Engines that throttle take it as their level, through a map with a lowest level and, where
they have one, a band in which they cannot run; engines that pulse take it as a duty. How thrust follows in time: `engine_answer`.

Assumptions and limitations: the engines of a group are equal and answer alike, but for one that is lost; they stand at equal angles on a ring about
the body axis, the first towards body +x, all tilted by the same misalignment; thrust does not depend on tank pressure or temperature; Isp depends on
the level that is set (or the duty of the tick) by a linear and a quadratic droop, not on the mixture, whose shift only moves the two flows; no plume.
Source of the form: Sutton and Biblarz, Rocket Propulsion Elements, F = mdot Isp g0; the forbidden band after the Apollo descent engine, whose throat
eroded between 60 and 92 % of its thrust (as told in the Apollo experience reports; recalled).
"""

from typing import Annotated, ClassVar, Literal

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ONE, STANDARD_GRAVITY, TWO_PI, ZERO, real, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_size

FAULT_KINDS = ("shortfall", "early_shutdown", "hard_start", "nozzle_loss", "stuck_open", "stuck_closed")
SHORTFALL, EARLY_SHUTDOWN, HARD_START, NOZZLE_LOSS, STUCK_OPEN, STUCK_CLOSED = (
    wp.constant(fault_code(f"main_engine.{kind}") - fault_code("main_engine.shortfall")) for kind in FAULT_KINDS
)
MAIN_ENGINE_FAULTS, ASSIST_ENGINES_FAULTS = (wp.constant(fault_code(f"{group}.shortfall")) for group in ("main_engine", "assist_engines"))
UPWARD = wp.constant(1)
LONGEST_ON_OFF_S = 0.1  # one control tick


class Engine(Parameters):
    """What the mission file says of one group of engines, in the file's units."""

    count: Annotated[int, Field(ge=1, le=64, description="engines in the group")]
    thrust_n: Annotated[float, Field(gt=0, le=1e7, description="full thrust of one engine in vacuum; source: the mission's")]
    isp_s: Annotated[float, Field(gt=50, lt=1000, description="specific impulse in vacuum at full thrust; source: the mission's, else assumed")]
    isp_droop_percent: Annotated[float, Field(ge=-20, le=60, description="Isp lost per unit of level below full, linear; assumed")] = 0.0
    isp_droop_quadratic_percent: Annotated[float, Field(ge=-20, le=60, description="Isp lost with the square of it; assumed")] = 0.0
    start_delay_s: Annotated[float, Field(ge=0, le=5, description="from the command to the first thrust; assumed")] = 0.0
    rise_s: Annotated[float, Field(ge=0, le=10, description="time constant of the thrust towards a higher level; assumed")]
    shutdown_delay_s: Annotated[float, Field(ge=0, le=5, description="from the command to the fall of the thrust; assumed")] = 0.0
    fall_s: Annotated[float, Field(ge=0, le=10, description="time constant of the thrust towards a lower level; assumed")]
    misalignment_x_deg: Annotated[float, Field(ge=-10, le=10, description="tilt of the thrust about body x, right-handed; assumed, mean 0")]
    misalignment_y_deg: Annotated[float, Field(ge=-10, le=10, description="tilt of the thrust about body y, right-handed; assumed, mean 0")]
    height_m: Annotated[float, Field(ge=-5, le=50, description="point of application above the plane of the footpads; assumed")]
    ring_radius_m: Annotated[float, Field(ge=0, le=50, description="distance of each engine from the body axis; assumed")] = 0.0
    minimum_level: Annotated[float, Field(ge=0, le=1, description="lowest level when lit, 0 for engines that pulse; assumed")] = 0.0
    forbidden_low_level: Annotated[float, Field(ge=0, le=1, description="lower end of the band in which they cannot run; source: the engine's")] = 0.0
    forbidden_high_level: Annotated[float, Field(ge=0, le=1, description="upper end of that band; equal to the lower: there is none")] = 0.0
    forbidden_policy: Annotated[Literal["nearest", "up"], Field(description="where a command inside the band goes: to its nearer end, or up")] = (
        "nearest"
    )
    pulsed: Annotated[bool, Field(description="whether a level is given as on-time at full thrust within each control tick")] = False
    minimum_on_s: Annotated[float, Field(ge=0, le=LONGEST_ON_OFF_S, description="shortest on-time of a pulse, if pulsed; assumed")] = 0.0
    minimum_off_s: Annotated[float, Field(ge=0, le=LONGEST_ON_OFF_S, description="shortest pause between pulses, if pulsed; assumed")] = 0.0
    mixture_ratio: Annotated[float, Field(gt=0.05, lt=20, description="oxidiser over fuel, by mass; source: the propellants', else assumed")] = 1.65
    mixture_shift_percent: Annotated[float, Field(gt=-50, lt=50, description="by how much the true ratio is larger; assumed, mean 0")] = 0.0

    CODES: ClassVar[dict[str, dict[str, int]]] = {"forbidden_policy": {"nearest": 0, "up": 1}}

    @model_validator(mode="after")
    def _can_be(self) -> "Engine":
        if self.forbidden_high_level < self.forbidden_low_level:
            raise ValueError(f"forbidden_high_level ({self.forbidden_high_level:g}) is below forbidden_low_level ({self.forbidden_low_level:g})")
        if self.forbidden_low_level < self.minimum_level < self.forbidden_high_level:
            raise ValueError(f"minimum_level ({self.minimum_level:g}) lies inside the forbidden band; the lowest level must be one they can run at")
        if self.isp_droop_percent + self.isp_droop_quadratic_percent >= 90.0:
            raise ValueError("isp_droop_percent and isp_droop_quadratic_percent together leave less than a tenth of the Isp")
        if self.pulsed:
            if self.minimum_on_s + self.minimum_off_s > LONGEST_ON_OFF_S:
                raise ValueError(f"minimum_on_s and minimum_off_s together are longer than the control tick of {LONGEST_ON_OFF_S:g} s")
            if self.start_delay_s > max(self.minimum_on_s, 0.0) or self.shutdown_delay_s > max(self.minimum_off_s, 0.0):
                raise ValueError(
                    "a pulse as short as minimum_on_s, or a pause as short as minimum_off_s, would be over before its delay; lengthen it"
                )
        return self


@wp.struct
class EngineParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    count: real
    thrust: real  # N, one engine
    isp: real
    isp_droop: real
    isp_droop_quadratic: real
    start_delay: real
    rise: real
    shutdown_delay: real
    fall: real
    misalignment_x: real
    misalignment_y: real
    height: real
    ring_radius: real
    minimum_level: real
    forbidden_low_level: real
    forbidden_high_level: real
    forbidden_policy: wp.int32
    pulsed: wp.bool
    minimum_on: real
    minimum_off: real
    mixture_ratio: real
    mixture_shift: real


@wp.struct
class Push:
    """What one unit of level of a group gives in this control tick, in body axes."""

    force: vec3  # N
    torque: vec3  # N m, about the centre of mass
    fuel_flow: real  # kg/s
    oxidiser_flow: real  # kg/s


@wp.func
def throttle_level(params: EngineParams, command: real) -> real:
    """The level that the throttle sets for a `command`: 0, or between the lowest level and 1, outside the forbidden band."""
    if command <= ZERO:
        return ZERO
    level = wp.clamp(command, params.minimum_level, ONE)
    low = params.forbidden_low_level
    high = params.forbidden_high_level
    if level > low and level < high:
        if params.forbidden_policy == UPWARD or high - level <= level - low:
            return high
        return low
    return level


@wp.func
def isp_at(params: EngineParams, level: real) -> real:
    """Specific impulse [s] at a level that is set."""
    below = ONE - level
    return params.isp * (ONE - below * (params.isp_droop + below * params.isp_droop_quadratic))


@wp.func
def engine_direction(params: EngineParams) -> vec3:
    """Unit vector of the thrust in body axes: body z tilted about x, then about y."""
    cos_x = wp.cos(params.misalignment_x)
    return vec3(wp.sin(params.misalignment_y) * cos_x, -wp.sin(params.misalignment_x), wp.cos(params.misalignment_y) * cos_x)


@wp.func
def engine_place(params: EngineParams, i: int) -> vec3:
    """Where engine `i` of the group pushes [m, body]."""
    angle = TWO_PI * real(i) / params.count
    return vec3(params.ring_radius * wp.cos(angle), params.ring_radius * wp.sin(angle), params.height)


@wp.func
def engine_push(params: EngineParams, set_level: real, cg: vec3, first_fault: wp.int32, now: wp.ref[FaultsNow]) -> Push:
    """Thrust, torque about `cg` [m, body] and flows per unit of mean level; `set_level` is the level or duty that decides the Isp.

    `first_fault` is the code of the group's first fault, MAIN_ENGINE_FAULTS or ASSIST_ENGINES_FAULTS.
    """
    push = Push()
    one = engine_direction(params) * params.thrust
    burning = params.count
    lever = vec3(ZERO, ZERO, params.height) - cg
    push.torque = wp.cross(lever, one) * params.count
    given = ONE
    if any_fault(now):
        for k in range(now.count):
            if now.code[k] == first_fault + NOZZLE_LOSS and burning > HALF:
                burning -= ONE
                push.torque -= wp.cross(engine_place(params, wp.max(now.axis[k], 0)) - cg, one)
        given = ONE - wp.clamp(fault_size(now, first_fault + SHORTFALL), ZERO, ONE)
    push.force = one * (burning * given)
    push.torque = push.torque * given
    flow = burning * params.thrust / (isp_at(params, set_level) * STANDARD_GRAVITY)
    push.fuel_flow = flow / (ONE + params.mixture_ratio * (ONE + params.mixture_shift))
    push.oxidiser_flow = flow - push.fuel_flow
    return push
