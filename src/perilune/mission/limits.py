"""What counts as a soft landing: the limits that turn the state at contact and at rest into a verdict."""

from typing import Annotated

from pydantic import Field

from perilune.base.parameters import Parameters


class Limits(Parameters):
    """Limits of a soft landing; within the first three the lander has landed, beyond `structural_speed_m_s` it has crashed."""

    vertical_speed_m_s: Annotated[float, Field(gt=0, le=100, description="largest vertical speed at contact of a soft landing")]
    horizontal_speed_m_s: Annotated[float, Field(gt=0, le=100, description="largest horizontal speed at contact of a soft landing")]
    tilt_deg: Annotated[float, Field(gt=0, le=90, description="largest angle between the lander's axis and the vertical at contact")]
    structural_speed_m_s: Annotated[float, Field(gt=0, le=1000, description="largest speed at contact that the structure survives")]
    rest_tilt_deg: Annotated[float, Field(gt=0, le=90, description="at rest beyond this angle the lander has tipped over")] = 45.0
