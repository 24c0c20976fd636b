"""The lander: its devices put together, as the mission file names them, as the kernel holds them, and what of them changes in flight."""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters
from perilune.base.vector import real
from perilune.lander.attitude_thrusters import AttitudeThrusters, AttitudeThrustersParams, AttitudeThrustersState, axes_not_turned
from perilune.lander.computer import Computer, ComputerParams, ComputerState
from perilune.lander.engine_answer import EngineState
from perilune.lander.engines import Engine, EngineParams
from perilune.lander.legs import Legs, LegsParams
from perilune.lander.propellant import MassParams, MassProperties
from perilune.lander.radio import Radio
from perilune.lander.sensors.contact_probes import ContactProbes, ContactProbesParams
from perilune.lander.sensors.imu import Imu, ImuParams, ImuState
from perilune.lander.sensors.landing_radar import LandingRadar, LandingRadarParams, LandingRadarState
from perilune.lander.sensors.position_fix import PositionFix, PositionFixParams, PositionFixState
from perilune.lander.sensors.range_finder import RangeFinder, RangeFinderParams, RangeFinderState
from perilune.lander.sensors.star_tracker import StarTracker, StarTrackerParams, StarTrackerState
from perilune.lander.sensors.sun_sensor import SunSensor, SunSensorParams, SunSensorState
from perilune.lander.sensors.velocimeter import Velocimeter, VelocimeterParams, VelocimeterState
from perilune.lander.slosh import Slosh, SloshParams, SloshState
from perilune.lander.tanks import Liquid, Tanks, TanksParams
from perilune.lander.transmitter import TransmitterState

FASTEST_ON_LEGS_PER_S = 5000.0  # what 400 steps in 20 ms follow at a quarter of a radian each


class Lander(Parameters):
    """What the mission file says of the lander."""

    name: Annotated[str, Field(min_length=1, description="what it is called")]
    main_engine: Engine
    assist_engines: Engine | None = None
    mass: MassProperties
    tanks: Tanks
    slosh: Slosh | None = None
    attitude_thrusters: AttitudeThrusters
    legs: Legs
    imu: Imu
    star_tracker: StarTracker | None = None
    range_finder: RangeFinder | None = None
    landing_radar: LandingRadar | None = None
    velocimeter: Velocimeter | None = None
    position_fix: PositionFix | None = None
    sun_sensor: SunSensor | None = None
    contact_probes: ContactProbes | None = None
    computer: Computer = Computer()
    radio: Radio | None = None

    @model_validator(mode="after")
    def _can_be(self) -> "Lander":
        half_width = self.legs.radius_m * 0.5**0.5
        if max(abs(self.mass.dry_cg_m[0]), abs(self.mass.dry_cg_m[1])) >= half_width:
            raise ValueError(f"mass.dry_cg_m lies beside the pads (within {half_width:.3g} m of the axis): the lander would fall on level ground")
        for name, share in (("fuel", 1.0), ("oxidiser", self.tanks.loaded_ratio)):
            loaded, room = self.mass.main_loaded_kg * share / (1.0 + self.tanks.loaded_ratio), getattr(self.tanks, name).room_kg
            if loaded > room:
                raise ValueError(
                    f"tanks.{name} is to hold {loaded:.1f} kg of mass.main_loaded_kg ({self.mass.main_loaded_kg:g}); it holds {room:.1f} kg"
                )
        fastest = self.legs.fastest_per_s(self.mass.dry_mass_kg, min(self.mass.dry_inertia_kg_m2))
        if fastest > FASTEST_ON_LEGS_PER_S:
            raise ValueError(
                f"legs: too stiff or too damped for this lander, which would swing on them at {fastest:.3g} rad/s; "
                f"at most {FASTEST_ON_LEGS_PER_S:.0f} rad/s can be followed"
            )
        not_turned = axes_not_turned(self.attitude_thrusters, self.mass.dry_cg_m)
        if not_turned:
            raise ValueError(
                f"no firing of attitude_thrusters turns the lander about {' or '.join(not_turned)} alone; "
                "place or point them so that each axis can be turned both ways"
            )
        return self


@wp.struct
class LanderParams:
    """The same in SI and radians, one element a flight; filled by `base.parameters.pack`. Without the radio, which decides nothing in a flight."""

    main_engine: EngineParams
    assist_engines: EngineParams
    mass: MassParams
    tanks: TanksParams
    slosh: SloshParams
    attitude_thrusters: AttitudeThrustersParams
    legs: LegsParams
    imu: ImuParams
    star_tracker: StarTrackerParams
    range_finder: RangeFinderParams
    landing_radar: LandingRadarParams
    velocimeter: VelocimeterParams
    position_fix: PositionFixParams
    sun_sensor: SunSensorParams
    contact_probes: ContactProbesParams
    computer: ComputerParams


@wp.struct
class LanderState:
    """What of the devices changes in flight; all zero before the tanks are filled."""

    main_engine: EngineState
    assist_engines: EngineState
    fuel: Liquid
    oxidiser: Liquid
    slosh: SloshState
    rcs_left: real  # kg
    attitude_thrusters: AttitudeThrustersState
    imu: ImuState
    star_tracker: StarTrackerState
    range_finder: RangeFinderState
    landing_radar: LandingRadarState
    velocimeter: VelocimeterState
    position_fix: PositionFixState
    sun_sensor: SunSensorState
    computer: ComputerState
    transmitter: TransmitterState
