"""Publication: what the computer says of itself in one tick, from its own beliefs alone."""

import warp as wp

from perilune.avionics.belief import MOON_RADIUS
from perilune.avionics.computer import AvionicsParams, AvionicsState
from perilune.avionics.covariance import height_variance
from perilune.avionics.outlook import Outlook
from perilune.base.vector import ZERO, real
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
    t.horizontal_speed = o.horizontal_speed
    t.range = s.navigation.last_range
    t.range_valid = s.navigation.range_used
    t.range_rejections = s.navigation.rejections
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
