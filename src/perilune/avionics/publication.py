"""Publication: what the computer says of itself in one tick, from its own beliefs alone."""

import warp as wp

from perilune.avionics.belief import MOON_RADIUS
from perilune.avionics.computer import AvionicsParams, AvionicsState
from perilune.avionics.covariance import block, height_variance, sink_sigma
from perilune.avionics.navigation import NavigationState
from perilune.avionics.outlook import Outlook
from perilune.base.vector import ZERO, mat33, real, vec3
from perilune.messages.telemetry import Telemetry


@wp.func
def publish(
    p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], thrust: real, mass: real, cg_height: real, time: real
) -> Telemetry:
    """The telemetry of the tick at `time` [s], after its commands are known."""
    t = Telemetry()
    t.time = time
    t.mode = s.mode
    t.position_mci = s.navigation.position_mci
    t.velocity_mci = s.navigation.velocity_mci
    t.attitude_mci_from_body = s.navigation.attitude
    t.rate_body = s.navigation.rate_body
    t.position_site = o.position_site
    t.velocity_site = o.velocity_site
    t.altitude = o.radius - MOON_RADIUS - cg_height
    t.height = o.height
    t.height_sigma = wp.sqrt(wp.max(height_variance(p.navigation, s.navigation, o.up_mci), ZERO))
    t.vertical_speed = o.sink
    t.vertical_speed_sigma = sink_sigma(s.navigation, o.up_mci)
    t.horizontal_speed = o.horizontal_speed
    t.range = s.navigation.last_range
    t.range_valid = s.navigation.range_used
    t.range_rejections = s.navigation.rejections
    t.speeds_used = s.navigation.speeds_used
    t.speed_rejections = s.navigation.velocimeter_gate.refused + s.navigation.radar_gate.refused
    t.fix_used = s.navigation.fix_used
    t.fix_rejections = s.navigation.fix_gate.refused
    t.sun_rejections = s.navigation.sun_gate.refused
    t.time_to_go = s.time_to_go
    t.thrust_command = thrust
    t.main_engine = s.last.main_engine
    t.assist_duty = s.last.assist_duty
    t.torque_body = s.last.torque_body
    t.mass = mass
    t.propellant = s.main_left
    t.specific_force_body = s.navigation.force_body
    t.touchdown = s.touchdown
    return t


@wp.func
def root(x: real) -> real:
    """Square root, 0 for what rounding made negative."""
    return wp.sqrt(wp.max(x, ZERO))


@wp.func
def sigmas(block: mat33) -> vec3:
    """Square roots of the diagonal of a covariance block."""
    return vec3(root(block[0, 0]), root(block[1, 1]), root(block[2, 2]))


@wp.func
def publish_filter(n: wp.ref[NavigationState], o: wp.ref[Outlook], t: wp.ref[Telemetry]):
    """What the filter believes of its instruments, and how well it knows what it believes."""
    axes = o.site_from_me * wp.quat_to_matrix(o.me_from_mci)
    back = wp.transpose(axes)
    pm = n.covariance
    t.gyro_bias = n.gyro_bias
    t.accel_bias = n.accel_bias
    t.map_error = n.map_error
    t.position_sigma_site = sigmas(axes * block(pm, 0, 0) * back)
    t.velocity_sigma_site = sigmas(axes * block(pm, 3, 3) * back)
    t.attitude_sigma = sigmas(block(pm, 6, 6))
    t.gyro_bias_sigma = sigmas(block(pm, 9, 9))
    t.accel_bias_sigma = sigmas(block(pm, 12, 12))
    t.map_error_sigma = root(pm[15, 15])
    t.range_innovation = n.last_innovation
    t.range_innovation_sigma = n.last_innovation_sigma
