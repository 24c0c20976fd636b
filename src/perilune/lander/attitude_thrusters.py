"""Attitude thrusters: each where it sits and pushing where it points, in pulses whose edges are taken at their true time.

In each control tick the avionics give every thruster an on-time that counts from the beginning of the tick. Thrust begins `open_delay_ms` after the
valve is told to open and ends `close_delay_ms` after it is told to close; an on-time of the whole tick runs into that of the next tick without an
edge between. Every truth step receives each thruster's mean over the step and the first moment by which the push comes early in it, so that impulse
and way are exact for pulses with edges inside a step.

Assumptions and limitations: thrust is a rectangle, without rise, tail-off, dependence on tank pressure or on how long the catalyst is warm; a command
shorter than `minimum_on_ms` leaves the valve closed; specific impulse is that of steady firing in short pulses, too; torque is about the centre of
mass at the beginning of the tick; plumes meet neither lander nor ground; where the tank runs dry inside a step, every thruster gives its share of it.
Source of the form: F = mdot Isp g0 and r x F, as in Sutton and Biblarz, Rocket Propulsion Elements.
"""

from itertools import combinations
from typing import Annotated, Any

import numpy as np
import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import HALF, ONE, STANDARD_GRAVITY, ZERO, real, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on_axis, fault_size_on
from perilune.messages.actuation import THRUSTERS, vec16

mat163 = wp.types.matrix(shape=(THRUSTERS, 3), dtype=real)

LONGEST_DELAY_MS = 50.0  # half a control tick: no valve is still closing when the tick after the next begins
CLOSED = wp.constant(real(-1.0))  # s, a valve that nothing has told to open in the last tick
ROUNDING = wp.constant(real(1.0e-9))  # s
COUNT = wp.constant(THRUSTERS)
STUCK_OPEN = wp.constant(fault_code("attitude_thrusters.stuck_open"))
STUCK_CLOSED = wp.constant(fault_code("attitude_thrusters.stuck_closed"))
SHORTFALL = wp.constant(fault_code("attitude_thrusters.shortfall"))
LEAK = wp.constant(fault_code("attitude_thrusters.leak"))


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(element) for element in value) if isinstance(value, list) else value


class AttitudeThrusters(Parameters):
    """What the mission file says of the attitude thrusters, in the file's units; body origin at the centre of the plane of the footpads."""

    positions_m: Annotated[
        tuple[Vector3, ...], Field(min_length=1, max_length=THRUSTERS, description="where each thruster pushes, body axes; source: the mission's")
    ]
    directions: Annotated[
        tuple[Vector3, ...], Field(min_length=1, max_length=THRUSTERS, description="where each pushes the lander, body axes, of any length but 0")
    ]
    thrust_n: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e5)], ...],
        Field(min_length=1, max_length=THRUSTERS, description="full thrust in vacuum: one number for all, or one for each"),
    ]
    isp_s: Annotated[float, Field(gt=20, lt=1000, description="specific impulse in vacuum; source: the mission's, else assumed: hydrazine, 220 s")]
    minimum_on_ms: Annotated[float, Field(ge=0, le=100, description="shortest on-time that a valve answers; assumed: 20 ms")]
    open_delay_ms: Annotated[float, Field(ge=0, le=LONGEST_DELAY_MS, description="from the command to open until thrust; assumed")] = 0.0
    close_delay_ms: Annotated[float, Field(ge=0, le=LONGEST_DELAY_MS, description="from the command to close until thrust has gone; assumed")] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _one_thrust_for_all(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        thrust, positions = given.get("thrust_n"), given.get("positions_m")
        if isinstance(thrust, int | float) and not isinstance(thrust, bool) and isinstance(positions, list | tuple):
            given = given | {"thrust_n": [thrust] * len(positions)}
        return {key: _as_tuple(value) for key, value in given.items()}  # arrays as pydantic's strict mode wants them after a validator

    @model_validator(mode="after")
    def _can_be(self) -> "AttitudeThrusters":
        count = len(self.positions_m)
        for key in ("directions", "thrust_n"):
            if len(getattr(self, key)) != count:
                raise ValueError(f"{key} has {len(getattr(self, key))} elements and positions_m {count}; give one for each thruster")
        for i, direction in enumerate(self.directions):
            if not np.linalg.norm(direction) > 1e-6:
                raise ValueError(f"directions.{i} is no direction; give a vector of any length but 0")
        return self


def axes_not_turned(thrusters: AttitudeThrusters, cg: Vector3) -> list[str]:
    """Which of +x to -z the thrusters cannot turn alone about `cg` [m, body axes]: those in the cone of no three of their torques."""
    directions = np.array(thrusters.directions) / np.linalg.norm(thrusters.directions, axis=1)[:, None]
    torques = np.cross(np.array(thrusters.positions_m) - cg, directions * np.array(thrusters.thrust_n)[:, None])
    scale = max(float(np.abs(torques).max()), 1e-12)
    cones = np.array([np.transpose(three) for three in combinations(torques / scale, 3)]).reshape(-1, 3, 3)
    cones = cones[np.abs(np.linalg.det(cones)) > 1e-9]
    if not len(cones):
        return ["all three axes"]
    shares = np.linalg.inv(cones)  # column k: how much of each torque makes a unit about axis k
    names = [("+x", shares[..., 0]), ("-x", -shares[..., 0]), ("+y", shares[..., 1]), ("-y", -shares[..., 1]), ("+z", shares[..., 2])]
    return [name for name, x in [*names, ("-z", -shares[..., 2])] if not (x.min(axis=1) > -1e-9).any()]


@wp.struct
class AttitudeThrustersParams:
    """The same in SI, one element a flight; thrusters that the lander lacks have no thrust and no direction."""

    positions: mat163
    directions: mat163
    thrust: vec16
    isp: real
    minimum_on: real
    open_delay: real
    close_delay: real


@wp.struct
class AttitudeThrustersState:
    """What valves do past the end of a tick."""

    rest: vec16  # s past the beginning of this tick at which the pulse of the last one ends; CLOSED where there was none
    any_open: wp.bool  # without it `rest` counts for nothing


@wp.struct
class Pulses:
    """The pulses of one control tick, one row for each thruster that pushes in it."""

    count: wp.int32  # rows in use
    time: mat163  # s from the tick's beginning: end of the pulse from the last tick, beginning and end of this one's
    force: mat163  # N, body axes
    torque: mat163  # N m about the centre of mass, body axes
    flow: vec16  # kg/s
    leak: real  # kg/s, without thrust


@wp.struct
class Push:
    """The mean of all thrusters over a part of the tick."""

    force: vec3  # N, body axes
    torque: vec3  # N m about the centre of mass, body axes
    flow: real  # kg/s out of the tank
    early_force: vec3  # N s², first moment about the end of the part beyond that of the mean: what an earlier push moves more
    early_torque: vec3  # N m s², the same of the torque


@wp.func
def valve_times(params: wp.ref[AttitudeThrustersParams], state: wp.ref[AttitudeThrustersState], i: int, asked: real, tick: real) -> vec3:
    """When in the tick [s] the last pulse of valve `i` ends, and this one, `asked` [s], begins and ends; remembers what lasts into the next tick."""
    rest = CLOSED
    if state.any_open:
        rest = state.rest[i]
    last_end = wp.max(rest, ZERO)
    state.rest[i] = CLOSED
    if asked <= ZERO or asked < params.minimum_on - ROUNDING:
        return vec3(last_end, ZERO, ZERO)
    start = params.open_delay
    if rest > params.close_delay - ROUNDING:  # still held open by the last tick's command: no edge
        start = ZERO
    end = wp.min(asked, tick) + params.close_delay
    if end > tick - ROUNDING:
        state.rest[i] = end - tick
    return vec3(last_end, wp.max(start, last_end), end)


@wp.func
def add_pulse(params: wp.ref[AttitudeThrustersParams], pulses: wp.ref[Pulses], i: int, time: vec3, share: real, cg: vec3):
    """Add a row for thruster `i`, which pushes with a `share` of its thrust at the times of `valve_times`."""
    directions = params.directions  # values of their own: each element read through the parameters would copy the whole matrix
    positions = params.positions
    force = wp.normalize(vec3(directions[i, 0], directions[i, 1], directions[i, 2])) * (params.thrust[i] * share)
    torque = wp.cross(vec3(positions[i, 0], positions[i, 1], positions[i, 2]) - cg, force)
    k = pulses.count
    for j in range(3):
        pulses.time[k, j] = time[j]
        pulses.force[k, j] = force[j]
        pulses.torque[k, j] = torque[j]
    pulses.flow[k] = params.thrust[i] * share / (params.isp * STANDARD_GRAVITY)
    pulses.count = k + 1


@wp.func
def fire(
    params: wp.ref[AttitudeThrustersParams], state: wp.ref[AttitudeThrustersState], on: vec16, cg: vec3, tick: real, now: wp.ref[FaultsNow]
) -> Pulses:
    """The pulses of a control tick of `tick` [s] under on-times `on` [s from its beginning], with the centre of mass at `cg` [m, body axes].

    An on-time that is not a number makes the torque one that is not.
    """
    pulses = Pulses()
    size = wp.dot(on, on)
    if size == ZERO and not state.any_open and not any_fault(now):
        return pulses
    lasts = wp.bool(False)
    faulty = any_fault(now)
    if not state.any_open:
        state.rest = vec16(CLOSED)
    count = int(COUNT)  # a loop that stays one: unrolled, it would only lengthen the code
    for i in range(count):
        if on[i] <= ZERO and not state.any_open and not faulty:
            continue  # shut it was and shut it stays
        time = valve_times(params, state, i, on[i], tick)
        lasts = lasts or state.rest[i] > CLOSED
        share = ONE
        if faulty:
            if fault_on_axis(now, STUCK_OPEN, i):
                time = vec3(tick, tick, tick)
            if fault_on_axis(now, STUCK_CLOSED, i):
                time = vec3(ZERO, ZERO, ZERO)
            share = wp.max(ONE - fault_size_on(now, SHORTFALL, i), ZERO)
        if params.thrust[i] > ZERO and (time[0] > ZERO or time[2] > time[1]):
            add_pulse(params, pulses, i, time, share, cg)
    state.any_open = lasts
    if any_fault(now):
        pulses.leak = fault_size_on(now, LEAK, -1)
    if not wp.isfinite(size):
        pulses.count = 1
        for j in range(3):
            pulses.torque[0, j] = size
            pulses.time[0, j] = tick
    return pulses


@wp.func
def overlap(start: real, end: real, step_start: real, step_end: real) -> real:
    """Length [s] of what two intervals have in common."""
    return wp.max(wp.min(end, step_end) - wp.max(start, step_start), ZERO)


@wp.func
def centre(start: real, end: real, step_start: real, step_end: real) -> real:
    """Middle [s] of what two intervals have in common."""
    return (wp.min(end, step_end) + wp.max(start, step_start)) * HALF


@wp.func
def push_over(pulses: wp.ref[Pulses], start: real, end: real, rcs_left: real) -> Push:
    """The mean push from `start` to `end` [s from the tick's beginning] with `rcs_left` [kg] in the tank."""
    push = Push()
    push.flow = pulses.leak
    if pulses.count == 0 and pulses.leak == ZERO:
        return push
    middle = (start + end) * HALF
    time = pulses.time  # values of their own: each element read through the pulses would copy the whole matrix
    forces = pulses.force
    torques = pulses.torque
    for k in range(pulses.count):
        last = overlap(ZERO, time[k, 0], start, end)
        this = overlap(time[k, 1], time[k, 2], start, end)
        if last + this > ZERO:
            duty = (last + this) / (end - start)
            early = last * (middle - centre(ZERO, time[k, 0], start, end))
            early += this * (middle - centre(time[k, 1], time[k, 2], start, end))
            force = vec3(forces[k, 0], forces[k, 1], forces[k, 2])
            torque = vec3(torques[k, 0], torques[k, 1], torques[k, 2])
            push.force += force * duty
            push.torque += torque * duty
            push.early_force += force * early
            push.early_torque += torque * early
            push.flow += pulses.flow[k] * duty
    need = push.flow * (end - start)
    if need > rcs_left:
        share = rcs_left / need
        push.force *= share
        push.torque *= share
        push.early_force *= share
        push.early_torque *= share
        push.flow *= share
    return push


@wp.func
def rcs_left_after(rcs_left: real, flow: real, dt: real) -> real:
    """Propellant [kg] left after a `flow` [kg/s] over `dt` [s]; exactly nothing where only rounding would be left."""
    left = rcs_left - flow * dt
    if left < real(1.0e-12):
        return ZERO
    return left
