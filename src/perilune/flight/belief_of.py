"""What is loaded into the avionics before flight: the planned, undispersed mission as the computer's beliefs."""

from typing import Any

import numpy as np

from perilune.avionics.allocation import Allocation, allocation_of, torque_limit
from perilune.avionics.belief import NO_BEAMS, Beams, Belief
from perilune.avionics.computer import AvionicsParams
from perilune.avionics.guidance.targets import TargetGuidance
from perilune.base.parameters import fill, pack
from perilune.base.structs import records, struct_from
from perilune.base.vector import real
from perilune.flight.orbit import StartState
from perilune.lander.lander import LanderParams
from perilune.lander.propellant import masses_loaded
from perilune.lander.sensors.landing_radar import radar_beam
from perilune.lander.sensors.range_finder import beam_body
from perilune.lander.sensors.velocimeter import velocimeter_beam
from perilune.mission.schema import Mission
from perilune.mission.start import main_used_kg


def belief_of(planned: Mission, start: StartState) -> Belief:
    """The beliefs that the planned mission gives the computer: nominal lander, site and the state at the start."""
    lander, site = planned.lander, planned.site
    params = struct_from(pack(lander, LanderParams)[0], LanderParams)
    full = masses_loaded(params.mass, params.tanks, real(lander.mass.main_loaded_kg), real(lander.mass.rcs_loaded_kg))
    dry = masses_loaded(params.mass, params.tanks, real(0.0), real(0.0))
    main, assist = lander.main_engine, lander.assist_engines
    return Belief(
        dry_mass_kg=lander.mass.dry_mass_kg,
        main_loaded_kg=lander.mass.main_loaded_kg,
        main_at_start_kg=lander.mass.main_loaded_kg - main_used_kg(planned.start),
        rcs_loaded_kg=lander.mass.rcs_loaded_kg,
        main_thrust_n=main.count * main.thrust_n,
        main_isp_s=main.isp_s,
        assist_thrust_n=0.0 if assist is None else assist.count * assist.thrust_n,
        assist_isp_s=main.isp_s if assist is None else assist.isp_s,  # of none: any, that nothing is divided by
        torque_limit_n_m=torque_limit(allocation_for(planned)),
        inertia_full_kg_m2=_floats(full.inertia),
        inertia_dry_kg_m2=_floats(dry.inertia),
        cg_height_full_m=float(full.cg[2]),
        cg_height_dry_m=float(dry.cg[2]),
        beam_body=_floats(beam_body(params.range_finder)),
        radar_beams_first=_radar_beams(planned, params, 0),
        radar_beams_second=_radar_beams(planned, params, 1),
        velocimeter_beams=_velocimeter_beams(planned, params),
        site_position_me_m=_floats(start.site_position_me),
        site_east_me=_floats(start.site_axes_me[0]),
        site_north_me=_floats(start.site_axes_me[1]),
        site_up_me=_floats(start.site_axes_me[2]),
        heading_deg=site.heading_deg,
        start_position_mci_m=_floats(start.position_mci),
        start_velocity_mci_m_s=_floats(start.velocity_mci),
        start_attitude_mci_from_body=_floats(start.attitude_mci_from_body),
    )


def allocation_for(planned: Mission) -> Allocation:
    """The table that the planned mission's thrusters give, about the centre of mass midway between full and dry."""
    lander, thrusters = planned.lander, planned.lander.attitude_thrusters
    params = struct_from(pack(lander, LanderParams)[0], LanderParams)
    full = masses_loaded(params.mass, params.tanks, real(lander.mass.main_loaded_kg), real(lander.mass.rcs_loaded_kg))
    dry = masses_loaded(params.mass, params.tanks, real(0.0), real(0.0))
    return allocation_of(
        np.array(thrusters.positions_m),
        np.array(thrusters.directions),
        np.array(thrusters.thrust_n),
        (np.array(_floats(full.cg)) + np.array(_floats(dry.cg))) / 2.0,
        thrusters.isp_s,
        thrusters.minimum_on_ms / 1e3,
        thrusters.open_delay_ms / 1e3,
        thrusters.close_delay_ms / 1e3,
    )


def avionics_pack(planned: Mission, start: StartState) -> np.ndarray:
    """The avionics' parameters, shape (1,), the same for every run whatever is dispersed."""
    packed = records(AvionicsParams, 1)
    fill(packed[0]["belief"], belief_of(planned, start))
    fill(packed[0]["allocation"], allocation_for(planned))
    for part in ("navigation", "control", "sequence", "touchdown", "recorder"):
        fill(packed[0][part], getattr(planned.avionics, part))
    guidance = planned.avionics.guidance
    fill(packed[0]["targets" if isinstance(guidance, TargetGuidance) else "guidance"], guidance)
    return packed


def _radar_beams(planned: Mission, params: Any, position: int) -> Beams:
    if planned.lander.landing_radar is None:
        return NO_BEAMS
    return tuple(_floats(radar_beam(params.landing_radar, position, i)) for i in range(4))


def _velocimeter_beams(planned: Mission, params: Any) -> Beams:
    device = planned.lander.velocimeter
    beams = [_floats(velocimeter_beam(params.velocimeter, i)) for i in range(device.beams)] if device is not None else []
    return (*beams, *NO_BEAMS[len(beams) :])


def _floats(values: Any) -> Any:
    return tuple(float(x) for x in values)
