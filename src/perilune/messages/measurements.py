"""What the lander's sensors hand to the avionics, and nothing else does: one struct a sensor, each with the time it speaks of."""

import warp as wp

from perilune.base.vector import quat, real, vec3, vec4

IMU_SAMPLES = 5  # inertial increments a control tick
mat53 = wp.types.matrix(shape=(IMU_SAMPLES, 3), dtype=real)


@wp.struct
class ImuMeasurement:
    """One inertial increment over the sample that ends at `time`, as the instrument gives it (errors included)."""

    time: real  # s past the flight's epoch
    delta_angle: vec3  # rad, body axes
    delta_velocity: vec3  # m/s, body axes, without gravity


@wp.struct
class ImuTick:
    """The inertial increments since the last control tick, oldest first, and how many there are."""

    count: wp.int32
    dt: real  # s, each
    delta_angle: mat53  # rad, body axes, one row an increment
    delta_velocity: mat53  # m/s, body axes, without gravity


@wp.struct
class StarTrackerMeasurement:
    """An attitude, valid at `time` (which lies in the past by the tracker's latency)."""

    time: real  # s past the flight's epoch
    attitude: quat  # mci from body, (x, y, z, w)
    valid: wp.bool


@wp.struct
class RangeMeasurement:
    """A slant range along the beam, valid at `time` (which lies in the past by the latency)."""

    time: real  # s past the flight's epoch
    range: real  # m
    valid: wp.bool


@wp.struct
class LandingRadarMeasurement:
    """A slant range and the speeds along three beams, valid at `time` (which lies in the past by the latency)."""

    time: real  # s past the flight's epoch
    range: real  # m along the range beam
    range_valid: wp.bool
    speed: vec3  # m/s along the velocity beams, relative to the ground, positive towards it
    beams: wp.int32  # bit i is set where velocity beam i answered
    position: wp.int32  # of the antenna when the sample was taken, 0 or 1


@wp.struct
class VelocimeterMeasurement:
    """The speeds along up to four beams, valid at `time` (which lies in the past by the latency)."""

    time: real  # s past the flight's epoch
    speed: vec4  # m/s along the beams, relative to the ground, positive towards it
    beams: wp.int32  # bit i is set where beam i answered


@wp.struct
class PositionMeasurement:
    """Where over the Moon the lander was at `time` (which lies in the past by the latency)."""

    time: real  # s past the flight's epoch
    position_me: vec3  # m, of the middle of the footpad plane
    valid: wp.bool


@wp.struct
class SunMeasurement:
    """The direction to the Sun at `time` (which lies in the past by the latency)."""

    time: real  # s past the flight's epoch
    direction_body: vec3  # unit vector
    valid: wp.bool


@wp.struct
class ProbesMeasurement:
    """Which contact probes touch the ground now."""

    touching: wp.int32  # bit i is set where the probe under footpad i touches


@wp.struct
class Measurements:
    """All that arrives at the computer in one control tick."""

    imu: ImuTick
    star_tracker: StarTrackerMeasurement
    range_finder: RangeMeasurement
    landing_radar: LandingRadarMeasurement
    velocimeter: VelocimeterMeasurement
    position_fix: PositionMeasurement
    sun_sensor: SunMeasurement
    contact_probes: ProbesMeasurement
