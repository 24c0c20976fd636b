"""What a mission may tune of its guidance laws: one table for all of them, of which each law reads its own keys."""

from typing import Any

import warp as wp
from pydantic import Field, field_validator

from perilune.base.parameters import Parameters
from perilune.base.vector import real

OWN_NUMBERS = 6

vec6 = wp.types.vector(length=OWN_NUMBERS, dtype=real)


class Tuning(Parameters):
    """The mission file's `[avionics.guidance.tuning]`."""

    kr: float = Field(default=10.0, ge=6, le=40, description="position gain of a2pdg and fp2dg: 6 is E-guidance, 12 Apollo's law (Lu 2019)")
    gamma: float = Field(default=0.5, gt=0, le=4, description="first exponent of fp2dg; kr is at least 2 (gamma + 2) (Lu 2020)")
    time_weight_m2_s4: float = Field(
        default=4.0, ge=0, description="what dsouza pays for a second, beside half the acceleration squared (D'Souza 1997; assumed)"
    )
    own: tuple[float, float, float, float, float, float] = Field(
        default=(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), description="up to six numbers for a law of one's own, in SI, as leg.tuning.own"
    )

    @field_validator("own", mode="before")
    @classmethod
    def _pad(cls, value: Any) -> Any:
        return (*value, *(OWN_NUMBERS - len(value)) * (0.0,)) if isinstance(value, list | tuple) else value


@wp.struct
class TuningParams:
    """The same in SI."""

    kr: real
    gamma: real
    time_weight: real
    own: vec6
