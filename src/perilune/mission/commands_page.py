"""The page on commands, written from the dictionary: what the ground may ask of the lander, and what becomes of it."""

from perilune.lander.computer import RESTART_S as COMPUTER_S
from perilune.lander.transmitter import RESTART_S as TRANSMITTER_S
from perilune.messages.commands import ARMED_FOR_S, COMMAND_APID, COMMANDS, COUNTS_AHEAD, LONGEST_COMMAND, OUTCOMES, SENSORS, Argument

MEANING = {
    "executed": "it acts from the beginning of this tick on",
    "wrong-length": f"not what its header or its code says, below 10 or above {LONGEST_COMMAND} bytes",
    "wrong-header": f"no unsegmented telecommand packet of version 1 for APID {COMMAND_APID}, or its spare byte is not 0",
    "wrong-check-word": "damaged on the way",
    "used-count": f"its count is not 1 to {COUNTS_AHEAD} ahead of the last one that was used: a packet again, or an old one",
    "unknown-code": "there is no such command",
    "not-armed": f"a critical command without `arm` for it within {ARMED_FOR_S:g} s before, or armed for another; arming is used up by either",
    "wrong-mode": "the sequencer is in a mode in which it is not obeyed",
    "out-of-range": "an argument beyond its range, or no number",
    "no-computer": "it needs the computer, which is away",
}

HEAD = f"""# Commands

What the ground may ask of the lander in flight. One dictionary says what there is; the encoder on the ground, the decoder on board, the mission
database (XTCE) and this page follow from it. In a mission file a command stands under `[[commands]]`
([The mission file](mission-file.md#commands)); a live flight takes them over its port.

```toml
[[commands]]
command = "update-site"
arguments = {{ east_m = 300.0, north_m = -200.0 }}
before_touchdown_s = 900.0
```

## A packet

| bytes | what |
|---|---|
| 6 | primary header (CCSDS 133.0-B-2): version 1, telecommand, secondary header, APID {COMMAND_APID}, not segmented, 14-bit count, length |
| 1 | code |
| 1 | 0 |
| n | the arguments in the order of the table: numbers of 32 bits (IEEE 754, big-endian), labels as a byte counted from 0 |
| 2 | check word: CRC-16-CCITT over all before it, all ones at the start |

The link has no authentication of its own: whoever can send a packet with the next count and a right check word is obeyed. The port on the ground asks
for a token.

## What becomes of it

The decoder on board is hardware of its own: it looks at length, header, check word, count, code and arming, in this order, and acts on what is
marked *hardware* itself, whatever becomes of the computer. The rest goes to the computer, which looks at mode and range. One packet is taken in a
control tick. A packet whose check word is right and whose count is new uses up its count, whatever becomes of it then. What became of the last one
is published in telemetry (`command_count`, `command_code`, `command_sequence`, `command_outcome`).

| number | outcome | what it means |
|---|---|---|
"""

NOTES = f"""
A restart of the computer takes {COMPUTER_S:g} s, in which all valves are closed; it ends a hang (fault `computer.hang`), and the computer goes on
from what its recorder kept. A restart of the transmitter takes {TRANSMITTER_S:g} s and ends its failure (`transmitter.fails`).

`update-site`: the axes of the new site are those of the planned one, its ground that of the on-board map; positions are published from the site in
use, together with its offset. `hold`: the sink rate is taken out as fast as thrust allows, for so long; then the leg goes on. `select-sensor`:
{", ".join(SENSORS)}. `set-range-gate` holds for range finder and landing radar. These settings outlive a restart of the computer, a hold does not. An
antenna that the lander lacks sends nothing. What `dump-recorder` sends again is no tick's telemetry of its own: the packets are those that were sent.

Codes, ranges, modes, and what is critical are *assumed*.

This page is written from the program's own dictionary: `python -m perilune.mission.commands_page > docs/commands.md`.
"""


def commands_markdown() -> str:
    """The page `docs/commands.md`."""
    lines = [f"| {number} | {outcome} | {MEANING[outcome]} |" for number, outcome in enumerate(OUTCOMES) if outcome in MEANING]
    lines += ["", "## The commands", "", "| code | command | arguments | modes | | what it does |", "|---|---|---|---|---|---|"]
    for command in COMMANDS:
        marks = ", ".join(word for word, is_so in (("critical", command.is_critical), ("hardware", command.is_by_hardware)) if is_so)
        arguments = "<br>".join(_argument(argument) for argument in command.arguments)
        lines.append(f"| {command.code} | `{command.name}` | {arguments} | {', '.join(command.modes) or 'all'} | {marks} | {command.description} |")
    return HEAD + "\n".join(lines) + "\n" + NOTES


def _argument(argument: Argument) -> str:
    """One argument with what it may be."""
    if argument.labels:
        return f"`{argument.name}`: {', '.join(argument.labels)}"
    return f"`{argument.name}`: {argument.least:g} to {argument.most:g} {argument.unit}".rstrip()


if __name__ == "__main__":
    print(commands_markdown(), end="")
