"""The page on packets, written from the dictionary: what a lander says of itself, and what the ground watches."""

from perilune.downlink.bit_rate import EVENTS_HELD
from perilune.downlink.dictionary import FULL_BIT_RATE_BIT_S, PACKETS
from perilune.downlink.fields import Field, Limits, Packet
from perilune.downlink.packets import BIT_RATE_BIT_S

HEAD = f"""# Packets

What the avionics publish reaches the ground as CCSDS space packets, and as nothing else. One dictionary says what is in them; the encoder, the
decoder, the mission database (XTCE) and this page follow from it. A field is a column of [telemetry.parquet](results.md#telemetryparquet), under its
name, or, marked *derived*, what the computer makes on board of such columns. The truth has no way in.

```
perilune downlink DIR > telemetry.ccsds               a finished flight as the packets that reached the ground
perilune downlink DIR --sent > sent.ccsds             all that the lander sent
perilune decode telemetry.ccsds                       what the file holds, what is missing, what was refused
perilune decode telemetry.ccsds --packet events       one kind of packet as a table
perilune decode telemetry.ccsds --out packets.parquet all of it for other programs
perilune xtce MISSION > lander.xml                    the mission database for a control centre
```

Which packets arrive, and in which order, the [link](link.md) says; `--sent` needs none.

## A packet

| bytes | what |
|---|---|
| 6 | primary header (CCSDS 133.0-B-2): version 1, telemetry, secondary header, APID, not segmented, 14-bit count of the APID, length |
| 8 | time: a double, seconds of UTC since 1970 without leap seconds, to the millisecond, by the computer's clock |
| n | the fields, big-endian, in the order of the tables below |
| 2 | check word: CRC-16-CCITT over all before it, all ones at the start |

Numbers are floating point of 32 or 64 bits (`f32`, `f64`) or whole without a sign (`u8`, `u16`; beyond what they hold, the nearest that they do);
flags and labels take a byte. A file of packets holds one after another and nothing else.

The check word finds every error of up to 3 bits and every burst of up to 16 bits; of other damage one in 65,536 passes. Each kind has one length,
so that damage of the length field is found as well. The decoder takes whatever comes, goes on behind what it refuses, and counts it. The link has no
authentication of its own: who can make a check word can make a packet.

## What fits

All periodic packets take {FULL_BIT_RATE_BIT_S:,} bit/s. `perilune downlink` takes what the frames of the mission's [radio](link.md) carry,
{BIT_RATE_BIT_S:,.0f} bit/s where it has none, or `--bit-rate`. In each second, what does not fit is left out by priority, the smallest number
first; a packet is whole or left out. Room for {EVENTS_HELD} packets a second that come as it happens is kept free.

APIDs, rates, priorities, encodings and limits are *assumed*.

"""

TAIL = """
This page is written from the program's own dictionary: `python -m perilune.downlink.packets_page > docs/packets.md`.
"""


def packets_markdown() -> str:
    """The page `docs/packets.md`."""
    lines = ["| packet | APID | a second | priority | bytes | bit/s | what it tells |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| [{packet.name}](#{packet.name}) | {packet.apid} | {packet.rate_hz or 'as it happens'} | {packet.priority} | {packet.size} | "
        f"{8 * packet.size * packet.rate_hz or ''} | {packet.description} |"
        for packet in PACKETS
    ]
    return HEAD + "\n".join(lines) + "\n" + "".join(_section(packet) for packet in PACKETS) + TAIL


def _section(packet: Packet) -> str:
    rows = "".join(f"| `{one.name}` | {one.encoding} | {one.unit} | {_said(one)} |\n" for one in packet.fields)
    return f"\n## {packet.name}\n\n| field | encoding | unit | what it is |\n|---|---|---|---|\n{rows}{_limits(packet)}"


def _said(field: Field) -> str:
    labels = ": " + ", ".join(f"{number} {label}" for number, label in enumerate(field.labels)) if field.labels else ""
    return f"{field.description}{labels}{' (*derived*)' if field.derived else ''}"


def _limits(packet: Packet) -> str:
    rows = "".join(f"| `{field.name}` | {_where(limits)} | {_bounds(limits)} |\n" for field in packet.fields for limits in field.limits)
    return f"\n| watched | while | alarm |\n|---|---|---|\n{rows}" if rows else ""


def _where(limits: Limits) -> str:
    if limits.where is None:
        return "always"
    bounds = [f"≥ {limits.above:g}" if limits.above is not None else "", f"< {limits.below:g}" if limits.below is not None else ""]
    return f"`{limits.where}` {' and '.join(filter(None, bounds))}"


def _bounds(limits: Limits) -> str:
    said = []
    for limit in limits.limits:
        outside = [f"< {limit.least:g}" if limit.least is not None else "", f"> {limit.most:g}" if limit.most is not None else ""]
        said.append(f"{limit.severity} {' or '.join(filter(None, outside))}")
    return ", ".join(said)


if __name__ == "__main__":
    print(packets_markdown(), end="")
