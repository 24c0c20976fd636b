"""What the avionics command of the lander in one control tick."""

import warp as wp

from perilune.base.vector import real, vec3

THRUSTERS = 16  # most attitude thrusters that a lander can have
vec16 = wp.types.vector(length=THRUSTERS, dtype=real)


@wp.struct
class Actuation:
    """Commands, held until the next tick."""

    main_engine: real  # 0 to 1: throttle level, 0 off
    assist_duty: real  # 0 to 1: share of full thrust asked of the assist engines
    torque_body: vec3  # N m, body axes, asked of the attitude thrusters
    thruster_on: vec16  # s from the beginning of the tick, each attitude thruster
    radar_position: wp.int32  # 0 or 1: antenna position of the landing radar
