"""What other flight software is told of the lander before it flies: what this program's own avionics are loaded with, undispersed."""

import warp as wp

from perilune.avionics.allocation import AllocationParams
from perilune.avionics.belief import BeliefParams


@wp.struct
class Loaded:
    """Mass, engines, site and beam as believed, and the table that turns torque into on-times of the thrusters."""

    belief: BeliefParams
    allocation: AllocationParams
