"""The outlook: where the computer believes the lander is over the ground, in the frames that guidance and sequencer think in, once a tick."""

import warp as wp

from perilune.avionics.belief import BeliefParams, OnBoard, believed_map_radius, me_from_mci_at, site_axes
from perilune.avionics.navigation import NavigationState
from perilune.base.vector import ONE, TWO, mat33, quat, real, vec3
from perilune.environment.orientation import moon_rate_mci


@wp.struct
class Outlook:
    """One tick's view; all believed, SI and radians."""

    me_from_mci: quat
    site_from_me: mat33  # rows: east, north and up of the target
    position_site: vec3  # m, of the centre of mass
    velocity_site: vec3  # m/s, relative to the ground
    up_mci: vec3
    up_site: vec3  # the local vertical in the site's axes
    radius: real  # m from the Moon's centre
    height: real  # m above the ground, of the footpad plane
    sink: real  # m/s, positive down
    horizontal_speed: real  # m/s
    ground_range: real  # m along the sphere to the site
    gravity: real  # m/s²
    gravity_site: vec3  # m/s², apparent in the turning frame
    target_gravity: real  # m/s² at the site


@wp.func
def look_out(b: wp.ref[BeliefParams], on_board: wp.ref[OnBoard], n: wp.ref[NavigationState], cg_height: real, time: real) -> Outlook:
    """The view at `time` [s] with the centre of mass `cg_height` [m] above the footpads; gravity is that of the middle of the last tick."""
    o = Outlook()
    o.me_from_mci = me_from_mci_at(on_board, time)
    o.site_from_me = site_axes(b)
    rate = moon_rate_mci(on_board.orientation, time)
    r_me = wp.quat_rotate(o.me_from_mci, n.position_mci)
    v_mci = n.velocity_mci - wp.cross(rate, n.position_mci)
    v_me = wp.quat_rotate(o.me_from_mci, v_mci)
    up_me = wp.normalize(r_me)
    o.position_site = o.site_from_me * (r_me - b.site_position_me)
    o.velocity_site = o.site_from_me * v_me
    o.up_mci = wp.quat_rotate_inv(o.me_from_mci, up_me)
    o.up_site = o.site_from_me * up_me
    o.radius = wp.length(r_me)
    o.height = o.radius - believed_map_radius(on_board, r_me) - n.nadir_share * n.map_error - cg_height
    o.sink = -wp.dot(v_me, up_me)
    o.horizontal_speed = wp.length(v_me + up_me * o.sink)
    site_radius = wp.length(b.site_position_me)
    o.ground_range = site_radius * wp.acos(wp.clamp(wp.dot(up_me, b.site_position_me / site_radius), -ONE, ONE))
    o.gravity = wp.length(n.gravity)
    apparent = n.gravity - wp.cross(rate, v_mci * TWO) - wp.cross(rate, wp.cross(rate, n.position_mci))
    o.gravity_site = o.site_from_me * wp.quat_rotate(o.me_from_mci, apparent)
    o.target_gravity = on_board.harmonics.gm / (site_radius * site_radius)
    return o
