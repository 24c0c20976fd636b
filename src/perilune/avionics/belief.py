"""What the avionics take for true of lander, site and field: loaded before flight from the undispersed mission, never from the truth.

Assumptions and limitations: the on-board field is GRGM1200A of low degree as a corridor table beside the harmonics; the on-board map is LOLA at
3.8 km or, for software that expects no relief, the sphere through the site; orientation and mass model are those of the ground; nothing here changes
when a dispersion or a fault edits the truth.
"""

from typing import Literal

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import mat33, quat, real, vec3
from perilune.environment.ephemeris import ThirdBodies, third_body_acceleration
from perilune.environment.gravity import Harmonics, central_acceleration
from perilune.environment.gravity_corridor import GravityCorridor, corridor_acceleration
from perilune.environment.orientation import Orientation, quat_me_from_pa, quat_pa_from_mci
from perilune.environment.relief import Relief, map_height

MOON_RADIUS = wp.constant(real(1737400.0))  # m, the sphere that altitudes refer to


Beams = tuple[Vector3, Vector3, Vector3, Vector3]
NO_BEAMS: Beams = ((0.0, 0.0, 0.0),) * 4
mat43 = wp.types.matrix(shape=(4, 3), dtype=real)


class BeliefChoice(Parameters):
    """What of the on-board models the mission file chooses."""

    gravity_degree: int = Field(ge=2, le=200, description="degree of the on-board gravity field; assumed")
    map: Literal["lola", "flat"] = Field("lola", description="the ground as the computer knows it: LOLA's heights, or level at the site's height")


class Belief(Parameters):
    """The undispersed lander and site as the avionics carry them (composed by the mission, not written in the file)."""

    dry_mass_kg: float
    main_loaded_kg: float
    main_at_start_kg: float
    rcs_loaded_kg: float
    main_thrust_n: float
    main_isp_s: float
    assist_thrust_n: float
    assist_isp_s: float
    torque_limit_n_m: Vector3
    inertia_full_kg_m2: Vector3
    inertia_dry_kg_m2: Vector3
    cg_height_full_m: float
    cg_height_dry_m: float
    beam_body: Vector3
    radar_beams_first: Beams = NO_BEAMS
    radar_beams_second: Beams = NO_BEAMS
    velocimeter_beams: Beams = NO_BEAMS
    site_position_me_m: Vector3
    site_east_me: Vector3
    site_north_me: Vector3
    site_up_me: Vector3
    heading_deg: float
    start_position_mci_m: Vector3
    start_velocity_mci_m_s: Vector3
    start_attitude_mci_from_body: tuple[float, float, float, float]


@wp.struct
class BeliefParams:
    """The same in SI and radians."""

    dry_mass: real
    main_loaded: real
    main_at_start: real
    rcs_loaded: real
    main_thrust: real
    main_isp: real
    assist_thrust: real
    assist_isp: real
    torque_limit: vec3
    inertia_full: vec3
    inertia_dry: vec3
    cg_height_full: real
    cg_height_dry: real
    beam_body: vec3
    radar_beams_first: mat43  # rows: range beam and velocity beams in body axes, antenna in its first position
    radar_beams_second: mat43  # in its second
    velocimeter_beams: mat43  # rows: beams in body axes
    site_position_me: vec3
    site_east_me: vec3
    site_north_me: vec3
    site_up_me: vec3
    heading: real
    start_position_mci: vec3
    start_velocity_mci: vec3
    start_attitude_mci_from_body: quat


@wp.struct
class OnBoard:
    """The tables that the computer carries: orientation, low-degree field and map."""

    orientation: Orientation
    bodies: ThirdBodies
    third_bodies: wp.bool
    harmonics: Harmonics
    corridor: GravityCorridor
    relief: Relief


@wp.func
def believed_gravity(on_board: wp.ref[OnBoard], position_mci: vec3, t: real) -> vec3:
    """Gravity [m/s²] in mci as the avionics model it: the Moon's field of low degree, Earth and Sun where the planned mission has them."""
    pa = quat_pa_from_mci(on_board.orientation, t)
    r_pa = wp.quat_rotate(pa, position_mci)
    residual = corridor_acceleration(on_board.corridor, on_board.harmonics, r_pa)
    g = central_acceleration(on_board.harmonics.gm, position_mci) + wp.quat_rotate_inv(pa, residual)
    if on_board.third_bodies:
        g += third_body_acceleration(on_board.bodies, position_mci, t)
    return g


@wp.func
def believed_radar_beams(b: wp.ref[BeliefParams], position: wp.int32) -> mat43:
    """Rows: range beam and velocity beams in body axes with the antenna in `position` 0 or 1."""
    beams = b.radar_beams_first
    if position == 1:
        beams = b.radar_beams_second
    return beams


@wp.func
def site_axes(b: wp.ref[BeliefParams]) -> mat33:
    """Rows: east, north and up of the target in ME."""
    e, n, u = b.site_east_me, b.site_north_me, b.site_up_me
    return mat33(e[0], e[1], e[2], n[0], n[1], n[2], u[0], u[1], u[2])


@wp.func
def me_from_mci_at(on_board: wp.ref[OnBoard], t: real) -> quat:
    """The Moon-fixed (ME) frame from mci at `t`."""
    return quat_me_from_pa(on_board.orientation) * quat_pa_from_mci(on_board.orientation, t)


@wp.func
def believed_map_radius(on_board: wp.ref[OnBoard], position_me: vec3) -> real:
    """Distance [m] from the Moon's centre to the ground under a position, as the on-board map has it."""
    return MOON_RADIUS + map_height(on_board.relief, position_me)
