"""The recorder: what of the computer's memory outlives a restart.

Assumptions and limitations: the recorder never fails and never loses a record; one record, overwritten each period; writing takes no time. Of the
covariance it keeps the variances alone.
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.avionics.navigation import vec16
from perilune.avionics.settings import Settings
from perilune.base.parameters import Parameters
from perilune.base.vector import quat, real, vec3


class Recorder(Parameters):
    """What the computer keeps through a restart, and how it allows for what it did not see."""

    period_s: Annotated[float, Field(gt=0, le=3600, description="the navigation state is recorded this often under power; assumed")] = 1.0
    coast_period_s: Annotated[float, Field(gt=0, le=3600, description="and this often in a coast; assumed")] = 10.0
    tumble_deg_s: Annotated[float, Field(ge=0, le=90, description="uncertainty of the body rate through an outage; assumed")] = 1.0


@wp.struct
class RecorderParams:
    """The same in SI and radians."""

    period: real
    coast_period: real
    tumble: real


@wp.struct
class Record:
    """The last record; times are those of the computer's clock."""

    time: real
    position_mci: vec3  # m
    velocity_mci: vec3  # m/s
    attitude: quat  # mci from body
    rate_body: vec3  # rad/s
    gyro_bias: vec3
    accel_bias: vec3
    map_error: real
    variance: vec16  # of the filter's states, in its order
    sensing: wp.bool
    distrusted: wp.bool
    first_range_time: real
    mode: wp.int32
    divert: vec3  # m from the site, of the target chosen last
    time_to_go: real
    range_given_up: wp.bool
    touchdown: wp.bool
    main_left: real  # kg as believed
    rcs_left: real  # kg as believed
    settings: Settings
