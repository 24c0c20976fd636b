"""The page on faults, written from their list: what can break on a lander, in which unit its size is given, and what it does."""

from collections.abc import Iterable
from itertools import groupby

from perilune.avionics.sequencer import MODES
from perilune.lander.faults import FAULTS, SLOTS, Fault
from perilune.mission.event_names import EVENTS

HEAD = f"""# Faults

A fault breaks something of the lander in the middle of a flight. It belongs to the truth: the flight software is loaded as if nothing could break,
and learns of it only through what its sensors say. Faults stand in the mission file, in one of its cases, or on the command line:

```toml
[[faults]]                      # in every case of the mission
fault = "range_finder.dropout"
height_m = 2000.0
duration_s = 20.0

[[cases.late-radar.faults]]     # in this case alone
fault = "range_finder.late"
size_s = 0.3
```

```
perilune fly resilience --fault range_finder.dropout@height_m=2000,duration_s=20 --fault imu.gyro_bias@event=ignition,axis=y,size_deg_s=0.05
```

What sets it off, one of these; without any it is there from the start:

| key | begins |
|---|---|
| `time_s` | so many seconds after the start of the flight (the descent burn, or the state given) |
| `before_touchdown_s` | so many seconds before the planned touchdown |
| `height_m` | the first time at or below this true height above the ground |
| `mode` | when the avionics are in this mode: {", ".join(f"`{mode}`" for mode in MODES)} |
| `event` | in the tick after this event: {", ".join(f"`{event}`" for event in EVENTS)} |

`duration_s` ends it; left out, it stays for good. A fault begins and ends at the start of a control tick (0.1 s) and begins once. Its size stands
under the key that ends in the fault's unit. `axis` (`x`, `y`, `z` of the body) or `unit` (an engine, a thruster, a probe, counted from 0) lets it
strike one alone; left out, it strikes all. A flight has room for {SLOTS} faults; two of one kind may strike two axes.

The size, time, height and duration of the file's own faults can be dispersed by their paths, such as `faults.0.height_m`. A flight that starts at
powered descent initiation (`--start pdi`) takes over what faults did to the undispersed coast. `flight.json` and the report say when each
fault began and ended.

Faults of `computer` strike the flight software that comes with the program; another program at the port is its own computer.

A fault on a device that the lander lacks is refused. No probability is claimed for any of them: the list says what can be tried, not what happens.

This page is written from the program's own list: `python -m perilune.mission.faults_page > docs/faults.md`.
"""


def faults_markdown() -> str:
    """The page `docs/faults.md`."""
    parts = [HEAD]
    for device, faults in groupby(FAULTS, key=lambda fault: fault.device):
        parts.append(f"\n## {device}\n\n{table_of(faults)}")
    return "".join(parts)


def table_of(faults: Iterable[Fault]) -> str:
    """A table of faults, a row each."""
    return "| fault | size | strikes | what happens |\n|---|---|---|---|\n" + "".join(_row(fault) for fault in faults)


def _row(fault: Fault) -> str:
    size = "" if fault.unit is None else f"`size_{fault.unit}`"
    strikes = "" if fault.strikes is None else f"`{fault.strikes}`" if fault.names_one else f"`{fault.strikes}` or all"
    return f"| `{fault.name}` | {size} | {strikes} | {fault.description} |\n"


if __name__ == "__main__":
    print(faults_markdown(), end="")
