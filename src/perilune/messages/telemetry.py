"""What the avionics publish of themselves in one control tick: the only thing that the ground may ever learn from."""

import warp as wp

from perilune.base.vector import quat, real, vec3


@wp.struct
class Telemetry:
    """One row of telemetry; SI and radians; every number is the avionics' belief, never the truth."""

    time: real  # s past the flight's epoch
    mode: wp.int32  # index into avionics.sequencer.MODES
    position_mci: vec3  # m
    velocity_mci: vec3  # m/s
    attitude_mci_from_body: quat
    rate_body: vec3  # rad/s
    position_site: vec3  # m, east north up of the target
    velocity_site: vec3  # m/s, relative to the ground
    altitude: real  # m above the 1737.4 km sphere
    height: real  # m above the ground as believed (map and its corrected error)
    height_sigma: real  # m, 1 sigma
    vertical_speed: real  # m/s, positive down
    vertical_speed_sigma: real  # m/s, 1 sigma
    horizontal_speed: real  # m/s
    range: real  # m, last slant range received (0 before the first)
    range_valid: wp.bool  # a range arrived in this tick and passed the gate
    range_rejections: wp.int32  # measurements refused by the gate so far
    speeds_used: wp.int32  # Doppler speeds that arrived in this tick and were used
    speed_rejections: wp.int32  # of velocimeter and landing radar, refused by their gates so far
    fix_used: wp.bool  # a position fix arrived in this tick and passed the gate
    fix_rejections: wp.int32  # position fixes refused by the gate so far
    sun_rejections: wp.int32  # directions to the Sun refused by the gate so far
    time_to_go: real  # s, of the present leg
    thrust_command: real  # N
    main_engine: real  # 0 or 1
    assist_duty: real  # 0 to 1
    torque_body: vec3  # N m commanded
    mass: real  # kg as believed
    propellant: real  # kg of main propellant as believed, unusable included
    specific_force_body: vec3  # m/s², mean over the tick, as measured
    touchdown: wp.bool  # the avionics believe that the lander stands
    gyro_bias: vec3  # rad/s; from here on what the filter believes of its instruments and of its own errors, where that is asked for
    accel_bias: vec3  # m/s²
    map_error: real  # m
    position_sigma_site: vec3  # m, 1 sigma
    velocity_sigma_site: vec3  # m/s, 1 sigma
    attitude_sigma: vec3  # rad, mci axes, 1 sigma
    gyro_bias_sigma: vec3  # rad/s
    accel_bias_sigma: vec3  # m/s²
    map_error_sigma: real  # m
    range_innovation: real  # m, of the last range compared
    range_innovation_sigma: real  # m
    command_count: wp.int32  # packets of the uplink so far; from here on what was commanded, and what became of the last of them
    command_code: wp.int32  # as in `messages.commands`; 0 where it could not be read
    command_sequence: wp.int32  # its count
    command_outcome: wp.int32  # index into `messages.commands.OUTCOMES`
    command_argument_1: real
    command_argument_2: real
    commands_refused: wp.int32  # so far
    armed: wp.int32  # code of the critical command that may follow; 0: none
    antenna: wp.int32  # 0: whichever serves best, n + 1: antenna n
    site_offset_east: real  # m, of the site in use from the planned one
    site_offset_north: real  # m
    sensors_used: wp.int32  # a bit for each of `messages.commands.SENSORS` that counts
    range_gate: real  # sigmas
    hold_left: real  # s, for which the height is kept
