"""What the filter is told of the errors of the sensors that a lander may have: one table a sensor, beside the sensor's own in the mission file.

A slow error (scale, mounting, map registration) does not average out. That of a position fix is considered in the filter's covariance (see
`avionics.updates_position`); of speeds and the Sun's direction the filter never believes to know more than it allows (see `avionics.gate`).
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import real


class LandingRadarTuning(Parameters):
    """`[avionics.navigation.landing_radar]`, 1 sigma."""

    range_noise_m: Annotated[float, Field(gt=0, description="range noise as the filter has it")]
    range_scale_percent: Annotated[float, Field(ge=0, description="range error proportional to range as the filter has it")]
    range_roughness_percent: Annotated[float, Field(ge=0, description="range error for relief finer than the map's error state, share of the range")]
    range_gate_sigma: Annotated[float, Field(gt=0, description="ranges farther from the prediction than this many sigma are refused")]
    velocity_noise_m_s: Annotated[float, Field(gt=0, description="noise of each speed as the filter has it, at least this")]
    velocity_noise_share_percent: Annotated[float, Field(ge=0, description="and at least this share of the speed")]
    velocity_slow_percent: Annotated[float, Field(ge=0, description="slow error of a speed, share of the speed over ground")]
    velocity_gate_sigma: Annotated[float, Field(gt=0, description="speeds farther from the prediction than this many sigma are refused")]


class VelocimeterTuning(Parameters):
    """`[avionics.navigation.velocimeter]`, 1 sigma."""

    noise_m_s: Annotated[float, Field(gt=0, description="noise of each speed as the filter has it, at least this")]
    noise_share_percent: Annotated[float, Field(ge=0, description="and at least this share of the speed")]
    slow_percent: Annotated[float, Field(ge=0, description="slow error of a speed, share of the speed over ground")]
    gate_sigma: Annotated[float, Field(gt=0, description="speeds farther from the prediction than this many sigma are refused")]


class PositionFixTuning(Parameters):
    """`[avionics.navigation.position_fix]`, 1 sigma."""

    noise_m: Annotated[float, Field(gt=0, description="white error of a fix as the filter has it, at least this, horizontally")]
    noise_share_percent: Annotated[float, Field(ge=0, description="and at least this share of the height above ground")]
    slow_error_m: Annotated[float, Field(ge=0, description="slow error of a fix as the filter has it, horizontally")]
    slow_correlation_s: Annotated[float, Field(gt=0, description="its correlation time")]
    vertical_factor: Annotated[float, Field(gt=0, description="vertical errors over horizontal ones")]
    gate_sigma: Annotated[float, Field(gt=0, description="fixes farther from the prediction than this many sigma along any axis are refused")]


class SunSensorTuning(Parameters):
    """`[avionics.navigation.sun_sensor]`, 1 sigma."""

    noise_arcsec: Annotated[float, Field(gt=0, description="noise across the direction as the filter has it, each axis")]
    slow_arcsec: Annotated[float, Field(ge=0, description="slow error across the direction (mounting), each axis")]
    gate_sigma: Annotated[float, Field(gt=0, description="directions farther from the prediction than this many sigma are refused")]


@wp.struct
class LandingRadarTuningParams:
    """The same in SI."""

    present: wp.bool
    range_noise: real
    range_scale: real
    range_roughness: real
    range_gate_sigma: real
    velocity_noise: real
    velocity_noise_share: real
    velocity_slow: real
    velocity_gate_sigma: real


@wp.struct
class VelocimeterTuningParams:
    """The same in SI."""

    present: wp.bool
    noise: real
    noise_share: real
    slow: real
    gate_sigma: real


@wp.struct
class PositionFixTuningParams:
    """The same in SI."""

    present: wp.bool
    noise: real
    noise_share: real
    slow_error: real
    slow_correlation: real
    vertical_factor: real
    gate_sigma: real


@wp.struct
class SunSensorTuningParams:
    """The same in SI and radians."""

    present: wp.bool
    noise: real
    slow: real
    gate_sigma: real
