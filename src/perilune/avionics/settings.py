"""Settings: what commands have changed of what the computer was loaded with."""

import warp as wp

from perilune.base.vector import real, vec3


@wp.struct
class Settings:
    """All zero where nothing was commanded."""

    antenna: wp.int32  # 0: whichever serves best, n + 1: antenna n
    left_out: wp.int32  # a bit for each of `messages.commands.SENSORS` that does not count
    range_gate: real  # sigmas; 0: as loaded
    site_offset: vec3  # m, east north of the planned site
    site_shift_me: vec3  # m, from the planned site
