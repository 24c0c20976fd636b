"""The dictionary of commands: what the ground may ask of the lander, as it goes over the uplink, and what the lander answers to each.

A command is one CCSDS telecommand packet: primary header (6 bytes, APID `COMMAND_APID`, with a secondary header), function code (1 byte), a spare
byte (0), the arguments one after another (big-endian: single precision, or one byte), and the check word (CRC-16-CCITT over all before it). From
this list follow the encoder on the ground, the decoder on board, the mission database and docs/commands.md.

Assumptions and limitations: APID, codes, ranges, modes, which commands are critical and how long arming lasts are assumed; a command has one length,
at most `LONGEST_COMMAND` bytes. The link has no authentication of its own: whoever can send a packet with the next count and a right check word is
obeyed; the port on the ground asks for a token instead.
Source of the packet: CCSDS 133.0-B-2 (Space Packet Protocol), 4.1.3.
"""

from dataclasses import dataclass

COMMAND_APID = 200
LONGEST_COMMAND = 32  # bytes
COUNTS_AHEAD = 8191  # a count up to this far ahead of the last one taken is new; any other has been used
ARMED_FOR_S = 30.0  # for which a critical command may follow its arming; assumed

SENSORS = ("range_finder", "landing_radar", "velocimeter", "star_tracker", "position_fix", "sun_sensor", "contact_probes")
"""What can be taken into the estimate or left out of it; the inertial unit always counts. The place in this list is the number that is sent."""

OUTCOMES = (
    "none",
    "executed",
    "wrong-length",
    "wrong-header",
    "wrong-check-word",
    "used-count",
    "unknown-code",
    "not-armed",
    "wrong-mode",
    "out-of-range",
    "no-computer",
)
"""What became of a command; the place in this list is the number that is sent. All but the first two are refusals, found in this order."""


@dataclass(frozen=True)
class Argument:
    """One argument: `f32` from `least` to `most` in `unit`, or an `enumeration` (a byte) whose labels are numbered from 0."""

    name: str
    encoding: str
    unit: str
    description: str
    least: float = 0.0
    most: float = 0.0
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes on the link."""
        return 4 if self.encoding == "f32" else 1


@dataclass(frozen=True)
class Command:
    """One command.

    `modes` are those of the sequencer in which it is obeyed (empty: all); a critical one has to be armed first; one that is obeyed by hardware needs
    no computer.
    """

    name: str
    code: int
    description: str
    arguments: tuple[Argument, ...] = ()
    modes: tuple[str, ...] = ()
    is_critical: bool = False
    is_by_hardware: bool = False

    @property
    def size(self) -> int:
        """Bytes of the whole packet."""
        return 6 + 2 + sum(argument.size for argument in self.arguments) + 2


ANTENNAS = ("best", *(f"antenna-{n}" for n in range(8)))
CRITICAL = ("restart-computer", "restart-transmitter")

COMMANDS = (
    Command("no-operation", 1, "do nothing, and say so"),
    Command(
        "arm",
        2,
        f"allow one critical command within {ARMED_FOR_S:g} s",
        (Argument("command", "enumeration", "", "the command that is to follow", labels=CRITICAL),),
        is_by_hardware=True,
    ),
    Command("restart-computer", 3, "cut the computer's power and start it again from what its recorder kept", is_critical=True, is_by_hardware=True),
    Command("restart-transmitter", 4, "cut the transmitter's power and start it again", is_critical=True, is_by_hardware=True),
    Command(
        "switch-antenna",
        5,
        "send through one antenna, or through whichever serves best",
        (
            Argument(
                "antenna", "enumeration", "", "which one, in the order of the mission file", labels=("best", *(f"antenna-{n}" for n in range(8)))
            ),
        ),
    ),
    Command(
        "dump-recorder",
        6,
        "send again what was sent between two instants, as far as the link has room",
        (
            Argument("from_s", "f32", "s", "begin, past the flight's epoch, by the computer's clock", 0.0, 1e5),
            Argument("to_s", "f32", "s", "end, past the flight's epoch, not before the begin", 0.0, 1e5),
        ),
    ),
    Command(
        "update-site",
        7,
        "land so far from the planned site",
        (
            Argument("east_m", "f32", "m", "east of the planned site", -5000.0, 5000.0),
            Argument("north_m", "f32", "m", "north of the planned site", -5000.0, 5000.0),
        ),
        modes=("coast", "braking"),
    ),
    Command(
        "hold",
        8,
        "keep the height, then go on down",
        (Argument("duration_s", "f32", "s", "for how long", 0.1, 60.0),),
        modes=("vertical", "terminal"),
    ),
    Command(
        "select-sensor",
        9,
        "take a sensor's measurements into the estimate, or leave them out",
        (
            Argument("sensor", "enumeration", "", "which sensor", labels=SENSORS),
            Argument("use", "enumeration", "", "whether it counts", labels=("no", "yes")),
        ),
    ),
    Command(
        "set-range-gate",
        10,
        "refuse ranges that lie more than so many sigmas from what the filter expects",
        (Argument("sigmas", "f32", "", "width of the gate", 1.0, 1000.0),),
    ),
)

BY_NAME = {command.name: command for command in COMMANDS}
BY_CODE = {command.code: command for command in COMMANDS}
