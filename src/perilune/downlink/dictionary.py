"""The dictionary of telemetry packets: what a lander says of itself, how often, in which order of importance, and what the ground watches.

From it follow the encoder, the decoder, the mission database of a control centre (XTCE) and the page docs/packets.md. A field is a column of
telemetry.parquet, or what the computer derives on board from such columns; the truth has no way in.

Assumptions and limitations: APIDs, rates, priorities, encodings and all limits are assumed, chosen so that the whole fits 8 kbit/s (what was
received of HAKUTO-R Mission 1: destevez.net, 2023), frames and events included, and so that the planned flights of the catalogue raise no alarm above
`watch`; single precision everywhere but in the inertial position and velocity. That a finder ought to see the ground by 3 km is what was asked of
the one of Resilience (ispace, 24 June 2025, as quoted by SpaceNews).
"""

from perilune.avionics.sequencer import MODES
from perilune.downlink.fields import Field, Limit, Limits, Packet
from perilune.messages.commands import ANTENNAS, COMMANDS, OUTCOMES, SENSORS

EVENTS = (
    "started",
    "mode-changed",
    "first-range-used",
    "range-refused",
    "speed-refused",
    "fix-refused",
    "sun-refused",
    "touchdown-believed",
    "computer-back",
    "clock-set-back",
)
"""What the computer tells of on occasion; the place in this list is the number that is sent."""


COMMAND_LABELS = ("none", *(command.name for command in sorted(COMMANDS, key=lambda one: one.code)))
"""The commands by their codes, which have no gap; 0 is none, or one that could not be read."""


def f32(name: str, unit: str, description: str, *limits: Limits, derived: bool = False) -> Field:
    """A number in single precision."""
    return Field(name, "f32", unit, description, limits=limits, derived=derived)


def triple(stem: str, tail: str, unit: str, description: str, *limits: Limits, axes: str = "x y z", encoding: str = "f32") -> list[Field]:
    """A vector as three numbers."""
    return [Field(f"{stem}_{axis}{tail}", encoding, unit, f"{description}, {axis}", limits=limits) for axis in axes.split()]


def at_height(above: float | None, below: float, watch: float, warning: float, critical: float) -> Limits:
    """Alarms above three values while the believed height lies in a band."""
    most = (Limit("watch", most=watch), Limit("warning", most=warning), Limit("critical", most=critical))
    return Limits(most, "height_m", above, below)


SINK = (  # each band's `watch` is above what the planned flights of the catalogue do in it
    at_height(None, 20.0, 3.0, 5.0, 8.0),
    at_height(20.0, 100.0, 9.0, 12.0, 20.0),
    at_height(100.0, 200.0, 17.0, 22.0, 30.0),
    at_height(200.0, 500.0, 30.0, 36.0, 45.0),
    at_height(500.0, 1000.0, 45.0, 52.0, 60.0),
    at_height(1000.0, 2000.0, 65.0, 75.0, 90.0),
)
SILENT_FINDER = (at_height(None, 3000.0, 5.0, 15.0, 30.0),)
VAGUE_HEIGHT = (at_height(None, 4000.0, 60.0, 100.0, 300.0),)
DRIFT = (at_height(None, 20.0, 2.0, 3.0, 4.0),)
TURN = (
    Limits(
        (
            Limit("watch", least=-0.6, most=0.6),
            Limit("warning", least=-1.0, most=1.0),
            Limit("critical", least=-1.5, most=1.5),
        )
    ),
)
ANY_REFUSED = (Limits((Limit("watch", most=0.0),)),)
REFUSED = (Limits((Limit("watch", most=5.0), Limit("warning", most=50.0))),)

PACKETS = (
    Packet(
        "events",
        100,
        0,
        0,
        "something happened in this tick; several in one tick are several packets",
        (
            Field("event", "enumeration", "", "what happened", EVENTS, derived=True),
            Field("event_mode", "enumeration", "", "mode of the sequencer then", MODES, derived=True),
            f32("event_height_m", "m", "height above the ground then, as believed", derived=True),
            f32("event_vertical_speed_m_s", "m/s", "vertical speed then, positive down", derived=True),
            f32("event_value", "", "the range [m], the refusals so far, or the seconds without a cycle; else 0", derived=True),
        ),
    ),
    Packet(
        "verification",
        108,
        0,
        0,
        "what became of a command, once it is known on board",
        (
            Field("command_code", "enumeration", "", "which command it was", COMMAND_LABELS),
            Field("command_outcome", "enumeration", "", "what became of it", OUTCOMES),
            Field("command_sequence", "u16", "", "its count"),
            Field("command_count", "u16", "", "packets of the uplink so far"),
            f32("command_argument_1", "", "its first argument, a label by its place"),
            f32("command_argument_2", "", "its second argument, a label by its place"),
        ),
    ),
    Packet(
        "housekeeping",
        101,
        2,
        1,
        "what the computer is doing and what it refused",
        (
            Field("mode", "enumeration", "", "mode of the sequencer", MODES),
            Field("touchdown", "bool", "", "the computer believes that the lander stands"),
            Field("range_rejections", "u16", "", "ranges refused by the gate so far", limits=REFUSED),
            Field("speed_rejections", "u16", "", "Doppler speeds refused by their gates so far", limits=REFUSED),
            Field("fix_rejections", "u16", "", "position fixes refused by the gate so far", limits=REFUSED),
            Field("sun_rejections", "u16", "", "directions to the Sun refused by the gate so far", limits=REFUSED),
            Field("commands_refused", "u8", "", "commands refused so far", limits=ANY_REFUSED),
            Field("armed", "enumeration", "", "the critical command that may follow", COMMAND_LABELS),
            Field("antenna", "enumeration", "", "the antenna that is switched to", ANTENNAS),
            Field("sensors_used", "u8", "", f"a bit for each sensor that counts, from the lowest: {', '.join(SENSORS)}"),
            f32("range_gate", "", "sigmas beyond which a range is refused"),
            f32("hold_left_s", "s", "for which the height is kept"),
            f32("site_offset_east_m", "m", "of the site in use from the planned one, east"),
            f32("site_offset_north_m", "m", "of the site in use from the planned one, north"),
        ),
    ),
    Packet(
        "guidance",
        102,
        5,
        2,
        "where the lander is over the ground and how fast it comes down",
        (
            f32("height_m", "m", "height above the ground, by map and corrected map error"),
            f32("height_sigma_m", "m", "its 1 sigma", *VAGUE_HEIGHT),
            f32("vertical_speed_m_s", "m/s", "vertical speed, positive down", *SINK),
            f32("vertical_speed_sigma_m_s", "m/s", "its 1 sigma"),
            f32("horizontal_speed_m_s", "m/s", "horizontal speed over the ground", *DRIFT),
            f32("time_to_go_s", "s", "time to the end of the present leg"),
            f32("range_age_s", "s", "since a range was last used; before the first, since the start of the telemetry", *SILENT_FINDER, derived=True),
        ),
    ),
    Packet(
        "attitude",
        103,
        2,
        3,
        "how the lander stands and turns",
        (
            *[f32(f"attitude_mci_from_body_{axis}", "", f"quaternion from body to mci, {axis}") for axis in "xyzw"],
            *triple("rate_body", "_rad_s", "rad/s", "body rate", *TURN),
        ),
    ),
    Packet(
        "propulsion",
        104,
        2,
        4,
        "what engines and thrusters were told, what came of it, and what is left",
        (
            f32("thrust_command_n", "N", "thrust asked for"),
            f32("main_engine", "", "command to the main engine, 0 or 1"),
            f32("assist_duty", "", "command to the assist engines, 0 to 1"),
            *triple("torque_body", "_n_m", "N m", "torque asked for"),
            *triple("specific_force_body", "_m_s2", "m/s²", "mean specific force over the tick as measured"),
            f32("mass_kg", "kg", "mass by the computer's own account"),
            f32("propellant_kg", "kg", "main propellant by the same account, unusable included"),
        ),
    ),
    Packet(
        "sensors",
        105,
        5,
        5,
        "what the sensors gave in this tick; every second tick is told of, and the age of the range tells of the one between",
        (
            f32("range_m", "m", "last slant range received (0 before the first)"),
            Field("range_valid", "bool", "", "a range arrived in this tick and passed the gate"),
            Field("speeds_used", "u8", "", "Doppler speeds that arrived in this tick and were used"),
            Field("fix_used", "bool", "", "a position fix arrived in this tick and passed the gate"),
            f32("range_innovation_m", "m", "last range less its prediction"),
            f32("range_innovation_sigma_m", "m", "its 1 sigma"),
        ),
    ),
    Packet(
        "navigation",
        106,
        1,
        6,
        "position and velocity",
        (
            *triple("position_mci", "_m", "m", "position, Moon-centred with the axes of ICRF", encoding="f64"),
            *triple("velocity_mci", "_m_s", "m/s", "velocity, Moon-centred with the axes of ICRF", encoding="f64"),
            *triple("position_site", "_m", "m", "position from the site", axes="east north up"),
            *triple("velocity_site", "_m_s", "m/s", "velocity over the ground", axes="east north up"),
            f32("altitude_m", "m", "altitude above the 1737.4 km sphere"),
        ),
    ),
    Packet(
        "filter",
        107,
        1,
        7,
        "what navigation believes of its instruments and of its own errors",
        (
            *triple("position_sigma_site", "_m", "m", "1 sigma of the position", axes="east north up"),
            *triple("velocity_sigma_site", "_m_s", "m/s", "1 sigma of the velocity", axes="east north up"),
            *triple("attitude_sigma", "_rad", "rad", "1 sigma of the attitude, mci axes"),
            *triple("gyro_bias", "_rad_s", "rad/s", "estimated gyro bias"),
            *triple("gyro_bias_sigma", "_rad_s", "rad/s", "its 1 sigma"),
            *triple("accel_bias", "_m_s2", "m/s²", "estimated accelerometer bias"),
            *triple("accel_bias_sigma", "_m_s2", "m/s²", "its 1 sigma"),
            f32("map_error_m", "m", "estimated height error of the map"),
            f32("map_error_sigma_m", "m", "its 1 sigma"),
        ),
    ),
)

BY_NAME = {packet.name: packet for packet in PACKETS}
BY_APID = {packet.apid: packet for packet in PACKETS}
EVENT_PACKET = BY_NAME["events"]
VERIFICATION_PACKET = BY_NAME["verification"]
FULL_BIT_RATE_BIT_S = sum(8 * packet.size * packet.rate_hz for packet in PACKETS)
"""What all periodic packets need."""

COLUMNS = ("time_s", *(field.name for packet in PACKETS for field in packet.fields if not field.derived))
"""The columns of telemetry.parquet that are sent or that the derived fields come from."""

UNCOMMANDED = {
    **dict.fromkeys((field.name for field in VERIFICATION_PACKET.fields), 0),
    **dict.fromkeys(("commands_refused", "armed", "antenna", "hold_left_s", "site_offset_east_m", "site_offset_north_m"), 0),
    "sensors_used": (1 << len(SENSORS)) - 1,
    "range_gate": 0.0,  # not told
}
"""What is sent where telemetry.parquet is of a flight from before there were commands, and has no such columns."""
