"""A tick of a lander that stands or lies on the Moon after its flight: nothing moves it, it turns with the ground, its inertial unit feels that.

Assumptions and limitations: place and attitude over the ground are those in which the flight ended, at rest from that instant on, also where the
lander was still falling over then; engines and thrusters are not heard, whatever the computer asks of them, and burn nothing.
"""

import warp as wp

from perilune.base.vector import real
from perilune.flight.events import Kinematics
from perilune.flight.ground_contact import follow
from perilune.flight.plant import feel, kinematics
from perilune.flight.propulsion import masses
from perilune.flight.state import STATUS_INVALID, STEP, STEPS, TICK, FlightPack, FlightState, World
from perilune.messages.measurements import ImuMeasurement


@wp.func
def stay_put(
    world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], increments: wp.array2d(dtype=ImuMeasurement), run: int, first: int
) -> Kinematics:
    """Let the tick pass; the kinematics after it. What carries the lander is the reaction to apparent gravity at its place."""
    carried = wp.quat_rotate_inv(s.ground.legs.attitude, s.ground.gravity) * (-STEP)
    steps = int(STEPS)  # a loop that stays one
    for i in range(steps):
        before = s.body
        follow(world, s, s.time + STEP * real(i + 1))
        feel(s, pack, i, before, s.body, carried, increments, run, first)
    s.tick += 1
    s.time = real(s.tick) * TICK
    if s.avionics.law_broke:
        s.status = STATUS_INVALID
    return kinematics(world, pack, s.body, masses(pack, s).cg, s.time)
