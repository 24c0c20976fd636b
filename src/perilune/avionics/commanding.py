"""Commanding: what the computer does on a command that the decoder hands to it, and the settings that are changed so.

Assumptions and limitations: a command acts at the beginning of the tick in which it is complete; settings are written to the recorder at once and so
outlive a restart, a hold does not; the axes of a new site stay those of the planned one, its ground is that of the on-board map; sensors that are
left out still measure.
"""

import warp as wp

from perilune.avionics.belief import OnBoard, believed_map_radius, site_axes
from perilune.avionics.command_decoder import CODES, EXECUTED, OUT_OF_RANGE, WRONG_MODE, DecoderState, is_in_range, vec16i
from perilune.avionics.computer import AvionicsParams, AvionicsState
from perilune.avionics.sequencer import MODES
from perilune.base.vector import ZERO, real, vec3
from perilune.messages.commands import BY_NAME, COMMANDS, SENSORS
from perilune.messages.telemetry import Telemetry

DUMP_RECORDER, UPDATE_SITE, HOLD, SELECT_SENSOR, SET_RANGE_GATE, SWITCH_ANTENNA = (
    wp.constant(BY_NAME[name].code) for name in ("dump-recorder", "update-site", "hold", "select-sensor", "set-range-gate", "switch-antenna")
)
ALL_SENSORS = wp.constant((1 << len(SENSORS)) - 1)


def _mode_masks() -> list[int]:
    """A bit for each mode in which a command is obeyed, by code."""
    masks = [0] * CODES
    for command in COMMANDS:
        masks[command.code] = sum(1 << MODES.index(mode) for mode in command.modes or MODES)
    return masks


MODE_MASKS = wp.constant(vec16i(*_mode_masks()))


@wp.func
def refusal(s: wp.ref[AvionicsState], d: wp.ref[DecoderState]) -> wp.int32:
    """Why the computer does not obey, or EXECUTED."""
    if ((MODE_MASKS[d.code] >> s.mode) & 1) == 0:
        return WRONG_MODE
    if not is_in_range(d):
        return OUT_OF_RANGE
    if d.code == DUMP_RECORDER and d.argument_2 < d.argument_1:
        return OUT_OF_RANGE
    return EXECUTED


@wp.func
def obey(planned: wp.array(dtype=AvionicsParams), on_board: wp.ref[OnBoard], s: wp.ref[AvionicsState], d: wp.ref[DecoderState]) -> wp.int32:
    """What becomes of the command in the decoder's registers."""
    outcome = refusal(s, d)
    if outcome != EXECUTED:
        return outcome
    if d.code == HOLD:
        s.hold_left = d.argument_1
    if d.code == SWITCH_ANTENNA:
        s.settings.antenna = wp.int32(d.argument_1)
    if d.code == SET_RANGE_GATE:
        s.settings.range_gate = d.argument_1
    if d.code == SELECT_SENSOR:
        bit = 1 << wp.int32(d.argument_1)
        s.settings.left_out = s.settings.left_out & ~bit
        if d.argument_2 == ZERO:
            s.settings.left_out = s.settings.left_out | bit
        s.navigation.left_out = s.settings.left_out
    if d.code == UPDATE_SITE:
        s.settings.site_offset = vec3(d.argument_1, d.argument_2, ZERO)
        s.settings.site_shift_me = site_shift(planned, on_board, s.settings.site_offset)
    s.record.settings = s.settings
    return EXECUTED


@wp.func
def site_shift(planned: wp.array(dtype=AvionicsParams), on_board: wp.ref[OnBoard], offset: vec3) -> vec3:
    """From the planned site to the one that lies `offset` [m, east north] from it, on the ground of the on-board map; m, ME."""
    site = planned[0].belief.site_position_me
    away = wp.transpose(site_axes(planned[0].belief)) * offset
    if wp.length(offset) == ZERO:
        return vec3(0.0, 0.0, 0.0)
    there = site + away
    return wp.normalize(there) * believed_map_radius(on_board, there) - site


@wp.func
def use_settings(p: wp.ref[AvionicsParams], planned: wp.array(dtype=AvionicsParams), s: wp.ref[AvionicsState]):
    """Let the parameters in use be the planned ones with what has been commanded."""
    p.belief.site_position_me = planned[0].belief.site_position_me + s.settings.site_shift_me
    p.navigation.gate_sigma = planned[0].navigation.gate_sigma
    p.navigation.landing_radar.range_gate_sigma = planned[0].navigation.landing_radar.range_gate_sigma
    if s.settings.range_gate > ZERO:
        p.navigation.gate_sigma = s.settings.range_gate
        p.navigation.landing_radar.range_gate_sigma = s.settings.range_gate


@wp.func
def publish_report(d: wp.ref[DecoderState], time: real, t: wp.ref[Telemetry]):
    """What became of the last command, and what is armed; `time` [s past the epoch] by the decoder's clock."""
    t.command_count = d.reports
    t.command_code = d.code
    t.command_sequence = d.sequence
    t.command_outcome = d.outcome
    t.command_argument_1 = d.argument_1
    t.command_argument_2 = d.argument_2
    t.commands_refused = d.refused
    if time <= d.armed_until:
        t.armed = d.armed


@wp.func
def publish_settings(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], t: wp.ref[Telemetry]):
    """What stands as it was commanded, or as it was loaded."""
    t.antenna = s.settings.antenna
    t.site_offset_east = s.settings.site_offset[0]
    t.site_offset_north = s.settings.site_offset[1]
    t.sensors_used = ALL_SENSORS & ~s.settings.left_out
    t.range_gate = p.navigation.gate_sigma
    t.hold_left = s.hold_left
