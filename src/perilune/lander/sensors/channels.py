"""Channels: the one list that numbers every source of noise in the lander's sensors, so that no two ever share a stream of random draws.

A channel yields two draws an index; the name says which two. Add at the end and never reuse a number: a recorded flight repeats only
while its numbers stand. Device channels stay below 0x80000000, where those of dispersed values begin.
"""

import warp as wp

from perilune.base.vector import u32

GYRO_WHITE_XY = wp.constant(u32(1))
GYRO_WHITE_Z_ACCEL_WHITE_X = wp.constant(u32(2))
ACCEL_WHITE_YZ = wp.constant(u32(3))
GYRO_DRIFT_XY = wp.constant(u32(4))
GYRO_DRIFT_Z_ACCEL_DRIFT_X = wp.constant(u32(5))
ACCEL_DRIFT_YZ = wp.constant(u32(6))
STAR_TRACKER_XY = wp.constant(u32(7))
STAR_TRACKER_Z = wp.constant(u32(8))
RANGE_NOISE = wp.constant(u32(9))
RANGE_DROPOUT_OUTLIER = wp.constant(u32(10))
RANGE_OUTLIER_SIZE = wp.constant(u32(11))
