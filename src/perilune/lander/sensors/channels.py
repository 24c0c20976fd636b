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
LANDING_RADAR_RANGE_SPEED_1 = wp.constant(u32(12))
LANDING_RADAR_SPEED_2_3 = wp.constant(u32(13))
LANDING_RADAR_DROPOUT = wp.constant(u32(14))
VELOCIMETER_SPEED_1_2 = wp.constant(u32(15))
VELOCIMETER_SPEED_3_4 = wp.constant(u32(16))
VELOCIMETER_DROPOUT_1_2 = wp.constant(u32(17))
VELOCIMETER_DROPOUT_3_4 = wp.constant(u32(18))
POSITION_FIX_ACROSS = wp.constant(u32(19))
POSITION_FIX_UP_SLOW_UP = wp.constant(u32(20))
POSITION_FIX_SLOW_ACROSS = wp.constant(u32(21))
POSITION_FIX_MATCH = wp.constant(u32(22))
SUN_SENSOR = wp.constant(u32(23))
