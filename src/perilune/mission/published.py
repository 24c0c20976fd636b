"""Published numbers of a real landing, each to stand beside the flown one: what it is, how it may be used, where it was found.

A number's `quantity` says what the flight has to compute for comparison; its last words are the unit of `value`, `low` and `high`. The role
says what the number was used for: *calibrated* numbers were solved for and prove nothing, *constrained* ones went into the mission file as a
target or a design value, *predicted* ones were used nowhere. A miss is printed, never bent.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from perilune.base.parameters import UNITS, Parameters, split_unit
from perilune.mission.instant import Utc

# What a flight can be asked for. Every key ends in its unit; `_at_height_` takes the height above the ground from `at_height_m`, `_at_time_` the time
# past the start from `at_time_s`.
QUANTITIES: dict[str, str] = {
    "descent_burn_m_s": "speed taken off by the descent orbit insertion burn (of a start in a descent orbit)",
    "half_period_min": "half a period of the orbit after the descent burn",
    "perilune_speed_m_s": "inertial speed at perilune of the orbit after the descent burn",
    "coast_min": "time from the start to powered descent initiation",
    "braking_start_utc": "instant of powered descent initiation",
    "braking_start_altitude_km": "altitude above the 1737.4 km sphere at powered descent initiation",
    "braking_start_height_error_m": "believed minus true height at powered descent initiation",
    "braking_start_mass_kg": "mass at powered descent initiation",
    "powered_descent_min": "time from powered descent initiation to contact",
    "descent_min": "time from the start to contact",
    "vertical_height_m": "height above the ground at which the pitch-up ends, the lander vertical",
    "vertical_height_sink_m_s": "vertical speed (positive down) at the end of the pitch-up",
    "main_engine_off_height_m": "height above the ground at the main engine's last shutdown",
    "first_range_m": "slant range of the first valid range measurement",
    "first_range_height_m": "height above the ground at the first valid range measurement",
    "first_range_height_error_m": "believed minus true height at the first valid range measurement",
    "first_range_sink_m_s": "vertical speed (positive down) at the first valid range measurement",
    "sink_at_height_m_s": "vertical speed (positive down) when `at_height_m` is first passed",
    "mass_at_height_kg": "mass when `at_height_m` is first passed",
    "before_planned_touchdown_at_height_s": "time left to the planned touchdown when `at_height_m` is first passed",
    "before_planned_touchdown_at_contact_s": "time left to the planned touchdown at contact",
    "inertial_speed_at_time_m_s": "inertial speed `at_time_s` after the start",
    "horizontal_speed_at_time_m_s": "horizontal speed over the ground `at_time_s` after the start",
    "sink_at_time_m_s": "vertical speed (positive down) `at_time_s` after the start",
    "height_at_time_m": "height above the ground `at_time_s` after the start",
    "height_above_site_at_time_m": "height above the sphere through the site `at_time_s` after the start",
    "propellant_used_at_time_kg": "main propellant used `at_time_s` after the start, of all that was loaded",
    "braking_start_speed_m_s": "inertial speed at powered descent initiation",
    "braking_end_s": "time from the start to the end of braking (Apollo: high gate)",
    "braking_end_height_m": "height above the ground at the end of braking",
    "braking_end_sink_m_s": "vertical speed (positive down) at the end of braking",
    "throttle_recovery_s": "time from the start at which the main engine, having run at full thrust, is first throttled",
    "main_engine_burn_s": "time from the main engine's ignition to its last shutdown",
    "main_engine_off_before_contact_s": "time from the main engine's last shutdown to contact",
    "main_engine_off_speed_m_s": "speed over the ground at the main engine's last shutdown",
    "touchdown_utc": "instant of contact",
    "touchdown_latitude_deg": "latitude of contact (mean-Earth frame)",
    "touchdown_longitude_deg": "east longitude of contact (mean-Earth frame)",
    "touchdown_sink_m_s": "vertical speed (positive down) at contact",
    "touchdown_horizontal_m_s": "horizontal speed at contact",
    "touchdown_propellant_kg": "usable main propellant left at contact",
    "touchdown_mass_kg": "mass at contact",
    "miss_m": "distance on the ground from the site to contact",
    "miss_north_m": "north component of the miss",
    "miss_east_m": "east component of the miss",
    "highest_false_zero_m": "true height above the ground at which the lander first believes itself on it",
    "false_zero_sink_m_s": "vertical speed (positive down) at that moment",
    "track_step_m": "largest fall of the relief (LOLA) below the flown track within 20 km of way, over its last 60 km",
    "free_fall_impact_m_s": "speed at impact after the last engine is out",
}


class Published(Parameters):
    """One published number beside which the flown one is printed."""

    name: Annotated[str, Field(min_length=1, description="what the source calls it")]
    quantity: Annotated[Literal[tuple(QUANTITIES)], Field(description="what the flight computes for comparison (list below)")]  # type: ignore[valid-type]
    value: Annotated[float | None, Field(description="the published number, in the unit that ends the quantity's name")] = None
    value_utc: Annotated[Utc | None, Field(description="the published instant, for a quantity ending in `_utc`")] = None
    low: Annotated[float | None, Field(description="lower end of the source's band, same unit as `value`")] = None
    high: Annotated[float | None, Field(description="upper end of the source's band, same unit as `value`")] = None
    at_height_m: Annotated[float | None, Field(ge=0, le=1e6, description="height above the ground, for a quantity with `_at_height_`")] = None
    at_time_s: Annotated[float | None, Field(ge=0, le=1e6, description="seconds past the start, for a quantity with `_at_time_`")] = None
    case: Annotated[str | None, Field(description="the case that the number belongs to; left out: every case")] = None
    role: Annotated[Literal["calibrated", "constrained", "predicted"], Field(description="what the number was used for")]
    source: Annotated[str, Field(min_length=1, description="where it was found")]

    @property
    def unit(self) -> str:
        """The unit of `value` as the key writes it (`m_s`), or `utc`."""
        return "utc" if self.quantity.endswith("_utc") else split_unit(self.quantity)[1] or "1"

    @model_validator(mode="after")
    def _is_complete(self) -> "Published":
        timed = self.quantity.endswith("_utc")
        if timed and (self.value_utc is None or self.value is not None):
            raise ValueError(f"{self.quantity} is an instant; give it as value_utc, and no value")
        if not timed and (self.value is None or self.value_utc is not None):
            raise ValueError(f"{self.quantity} is a number; give it as value, and no value_utc")
        if timed and (self.low is not None or self.high is not None):
            raise ValueError("low and high are for numbers; an instant has no band")
        for word, key in (("_at_height_", "at_height_m"), ("_at_time_", "at_time_s")):
            needed = word in self.quantity
            if needed != (getattr(self, key) is not None):
                raise ValueError(f"{self.quantity} {'needs' if needed else 'takes no'} {key}")
        low, high = self.low, self.high
        if self.value is not None and ((low is not None and low > self.value) or (high is not None and high < self.value)):
            raise ValueError("value lies outside its own band; low must not be above it, high not below it")
        return self


assert all(key.endswith("_utc") or split_unit(key)[1] in UNITS for key in QUANTITIES)
