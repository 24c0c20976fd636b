"""Allocation: from the torque that attitude control asks to the on-time of each thruster in this control tick.

Before flight six columns are solved from the thrusters as the computer believes them: the share of a tick, for each newton metre about plus and minus
each body axis, that each thruster fires so that nothing else turns, nothing pushes where the geometry allows it (at up to three times the
propellant), and the least propellant is used; among equals the longest on-time is the shortest. In flight the columns of the three axes are added.
What is too little for the shortest on-time waits, with its sign, for the next tick, so that the mean torque is right and noise about zero fires
nothing; what is too much for the tick is scaled down in all thrusters, so that the axis of the torque stays.

Assumptions and limitations: adding three columns is not the least propellant of all for a torque askew; columns are those of the centre of mass
midway between full and dry (pure couples do not depend on it); torque beyond the tick is not made up later; failures are not known.
Source of the form: linear programming for the choice of thrusters, after Crawford 1969, AIAA 69-845 (as recalled, not read); the waiting remainder
is first-order sigma-delta modulation.
"""

from typing import Annotated, Any

import numpy as np
import warp as wp
from pydantic import Field

from perilune.base.errors import PeriluneError
from perilune.base.parameters import Parameters
from perilune.base.tables import cached_arrays
from perilune.base.vector import ONE, ZERO, real, vec3
from perilune.messages.actuation import THRUSTERS, vec16

DEAREST_COUPLE = 3.0  # assumed: times the least propellant that a torque without force may use
COLUMNS = ("+x", "-x", "+y", "-y", "+z", "-z")
mat166 = wp.types.matrix(shape=(THRUSTERS, len(COLUMNS)), dtype=real)
column6 = wp.types.vector(length=len(COLUMNS), dtype=real)
COUNT = wp.constant(THRUSTERS)
EDGE = wp.constant(real(1.0e-9))  # s; a pulse this close to the whole tick has no falling edge


class Allocation(Parameters):
    """What the computer believes of its thrusters (composed from the undispersed mission, not written in the file)."""

    duty: Annotated[
        tuple[tuple[float, ...], ...], Field(description="share of a tick per N m, a row for each thruster, a column for each of COLUMNS")
    ]
    bit_n_m_s: Annotated[tuple[float, ...], Field(description="angular impulse of each column's shortest pulse")]
    flow_kg_s: Annotated[tuple[float, ...], Field(description="propellant flow of each thruster")]
    minimum_on_s: float
    longer_s: Annotated[float, Field(description="how much longer a pulse lasts than its command: closing delay less opening delay")]


@wp.struct
class AllocationParams:
    """The same in SI."""

    duty: mat166
    bit: column6
    flow: vec16
    minimum_on: real
    longer: real


@wp.struct
class AllocationState:
    """What is too little for a pulse and waits for the next tick."""

    impulse: vec3  # N m s, about each body axis
    pushing: vec16  # s, of thrusters that a column needs for less than the others


@wp.struct
class Allotted:
    """What becomes of a torque in one tick."""

    on: vec16  # s from the tick's beginning
    torque: vec3  # N m, what of the torque asked is fired now or waits
    saturated: wp.bool  # the tick is too short for the torque asked


@wp.func
def allot(p: wp.ref[AllocationParams], s: wp.ref[AllocationState], torque: vec3, tick: real) -> Allotted:
    """On-times in a `tick` [s] for a mean `torque` [N m, body axes] and what waits from before."""
    a = Allotted()
    a.torque = torque
    s.impulse += torque * tick
    longest = real(0.0)
    on = a.on  # values of their own: each element read through a struct would copy the whole vector or matrix
    duty = p.duty
    count = int(COUNT)  # a loop that stays one
    for axis in range(3):
        column = 2 * axis
        if s.impulse[axis] < ZERO:
            column += 1
        impulse = wp.abs(s.impulse[axis])
        if impulse > ZERO and impulse >= p.bit[column]:
            s.impulse[axis] = ZERO
            for i in range(count):
                on[i] = on[i] + duty[i, column] * impulse
                longest = wp.max(longest, on[i])
    if longest > ZERO:
        share = real(1.0)
        if longest > tick:
            share = tick / longest
            a.torque = torque * share
            a.saturated = True
        for i in range(count):
            if on[i] > ZERO:
                on[i] = pulse(p, s, i, on[i] * share, tick)
        a.on = on
    return a


@wp.func
def pulse(p: wp.ref[AllocationParams], s: wp.ref[AllocationState], i: int, pushing: real, tick: real) -> real:
    """The on-time to command [s] so that thruster `i` pushes for `pushing` [s] and what waits; 0 while that is too little for its valve."""
    wanted = s.pushing[i] + pushing
    if wanted < (p.minimum_on + p.longer) * (ONE - real(1.0e-12)):
        s.pushing[i] = wanted
        return ZERO
    s.pushing[i] = wp.max(wanted - tick, ZERO)
    if wanted > tick - EDGE:
        return tick
    return wp.clamp(wanted - p.longer, p.minimum_on, tick)


@wp.func
def rcs_used(p: wp.ref[AllocationParams], on: vec16) -> real:
    """Propellant [kg] that on-times [s] use, as believed."""
    return wp.dot(p.flow, on)


def allocation_of(
    positions: np.ndarray,
    directions: np.ndarray,
    thrusts: np.ndarray,
    cg: np.ndarray,
    isp_s: float,
    minimum_on_s: float,
    open_delay_s: float,
    close_delay_s: float,
) -> Allocation:
    """The computer's beliefs of thrusters at `positions` (n, 3) [m] pushing along `directions` (n, 3) with `thrusts` (n,) [N].

    Raises
    ------
    PeriluneError
        When some axis cannot be turned alone.
    """
    shape = {
        key: np.asarray(a, float).tolist() for key, a in (("positions", positions), ("directions", directions), ("thrusts", thrusts), ("cg", cg))
    }
    duty = np.zeros((THRUSTERS, len(COLUMNS)))
    duty[: len(thrusts)] = cached_arrays("attitude_allocation", shape, lambda: {"duty": solve_columns(positions, directions, thrusts, cg)})["duty"]
    longer = close_delay_s - open_delay_s
    shortest = max(minimum_on_s + longer, 0.0)
    flow = np.zeros(THRUSTERS)
    flow[: len(thrusts)] = np.asarray(thrusts) / (isp_s * 9.80665)
    return Allocation(
        duty=tuple(tuple(row) for row in duty.tolist()),
        bit_n_m_s=tuple((shortest / duty.max(axis=0)).tolist()),
        flow_kg_s=tuple(flow.tolist()),
        minimum_on_s=minimum_on_s,
        longer_s=longer,
    )


def torque_limit(allocation: Allocation) -> tuple[float, float, float]:
    """Largest torque [N m] about each body axis alone that can be asked either way."""
    largest = 1.0 / np.array(allocation.duty).max(axis=0)
    x, y, z = (float(min(largest[2 * i], largest[2 * i + 1])) for i in range(3))
    return x, y, z


def solve_columns(positions: np.ndarray, directions: np.ndarray, thrusts: np.ndarray, cg: np.ndarray) -> np.ndarray:
    """Share of the time that each of n thrusters fires per N m, (n, 6): least propellant, no other torque, no force where the geometry allows."""
    thrusts = np.asarray(thrusts, float)
    directions = np.asarray(directions, float) / np.linalg.norm(directions, axis=1)[:, None]
    forces = (directions * thrusts[:, None]).T
    torques = np.cross(np.asarray(positions, float) - cg, forces.T).T
    columns = []
    for k, name in enumerate(COLUMNS):
        wanted = np.zeros(3)
        wanted[k // 2] = 1.0 if k % 2 == 0 else -1.0
        column = _least(torques, wanted, thrusts)
        pure = _least(np.vstack([torques, forces]), np.append(wanted, np.zeros(3)), thrusts)
        if column is None:
            raise PeriluneError(
                f"lander.attitude_thrusters: no firing of these thrusters turns the lander about {name} alone; "
                "place or point them so that each axis can be turned both ways"
            )
        columns.append(pure if pure is not None and thrusts @ pure <= DEAREST_COUPLE * (thrusts @ column) else column)
    return np.array(columns).T


def _least(rows: np.ndarray, wanted: np.ndarray, thrusts: np.ndarray) -> np.ndarray | None:
    """Non-negative x with `rows` x = `wanted` of the least impulse, of those the one whose largest element is smallest; None where there is none."""
    cost = thrusts
    scale = max(float(np.abs(rows).max()), 1e-12)
    best = _linear_program(cost, rows / scale, wanted)
    if best is None:
        return None
    n = len(cost)
    even = _linear_program(
        np.append(np.zeros(n), 1.0),
        np.hstack([rows / scale, np.zeros((len(rows), 1))]),
        wanted,
        np.vstack([np.append(cost, 0.0), np.hstack([np.eye(n), -np.ones((n, 1))])]),
        np.append(float(cost @ best) * (1.0 + 1e-7), np.zeros(n)),
    )
    x = (best if even is None else even[:n]) / scale
    used = x > 1e-6 * x.max()
    x[~used] = 0.0
    for _ in range(2):  # from the solver's tolerance to rounding
        x[used] += np.linalg.pinv(rows[:, used]) @ (wanted - rows[:, used] @ x[used])
    return x if x.min() >= 0.0 and np.abs(rows @ x - wanted).max() < 1e-12 else None


def _linear_program(cost: np.ndarray, rows: np.ndarray, wanted: np.ndarray, below: Any = None, limit: Any = None) -> np.ndarray | None:
    from scipy.optimize import linprog

    solved = linprog(cost, A_ub=below, b_ub=limit, A_eq=rows, b_eq=wanted, bounds=(0.0, None), method="highs")
    return np.asarray(solved.x) if solved.status == 0 else None
