"""What the lander's sensors hand to the avionics, and nothing else does: one struct a sensor, each with the time it speaks of."""

import warp as wp

from perilune.base.vector import quat, real, vec3

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
class Measurements:
    """All that arrives at the computer in one control tick."""

    imu: ImuTick
    star_tracker: StarTrackerMeasurement
    range_finder: RangeMeasurement
