"""What the avionics command of the lander in one control tick."""

import warp as wp

from perilune.base.vector import real, vec3


@wp.struct
class Actuation:
    """Commands, held until the next tick."""

    main_engine: real  # 0 or 1: off or on
    assist_duty: real  # 0 to 1: share of full thrust asked of the assist engines
    torque_body: vec3  # N m, body axes, asked of the attitude thrusters
