"""Replay: what the ground received of a recorded flight, once more through the same port, at any speed and from any moment.

The moment that counts is that of receipt on Earth: a span takes the packets whose last bit came in it, its begin included, its end not, in the order
in which they came, each with the bytes that it had. Nothing outside the span is sent, before it or behind it.

Of a session the recording tells what was received and when (`telemetry.ccsds`, `received.jsonl`), also where it was killed; of any other kept flight
the link does, over packets made again by the code that made them in flight.

Assumptions and limitations: between packets the wall clock runs `speed` times as fast as the flight's; packets that are due at once go together;
where a client is slower than that, the replay waits for it. Of a session that was killed, packets of the last instant whose time had not been written
yet are left out.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from perilune.base.errors import PeriluneError
from perilune.environment.time import tdb_from_utc

MOST_AT_ONCE = 1000  # instants
SHORTEST_SLEEP_S, LONGEST_SLEEP_S = 1e-3, 0.5  # by the wall: a clock's rounding must not hold a replay up, and it ends soon after it is told to


class Received(NamedTuple):
    """Packets that came in one instant [s past the epoch], as bytes and as their number."""

    received_time_s: float
    data: bytes
    packets: int = 1


@dataclass(frozen=True)
class Replay:
    """What is to be replayed, in the order of receipt, within the span [s past the epoch]."""

    received: tuple[Received, ...]
    from_s: float
    to_s: float

    @property
    def packets(self) -> int:
        """How many packets that is."""
        return sum(one.packets for one in self.received)


def replay_of(folder: Path, from_: str | None = None, to: str | None = None) -> Replay:
    """What the ground received of the flight kept in `folder`, from a moment to another as `moment_s` reads them; left out, all of it.

    Raises
    ------
    PeriluneError
        Where the folder holds no flight, a moment cannot be read, or nothing was received in the span.
    """
    from perilune.mission.loader import load

    received = session_of(folder) if (folder / "received.jsonl").is_file() else kept_of(folder)
    planned = load(folder / "mission.toml").planned
    begin, end = (None if text is None else moment_s(text, planned.start.epoch_utc, planned.site.planned_touchdown_utc) for text in (from_, to))
    return within(received, begin, end)


def kept_of(folder: Path) -> list[Received]:
    """What the ground received of a kept flight; raises PeriluneError where the folder holds none."""
    from perilune.downlink.kept import kept_flight
    from perilune.downlink.link import link_of
    from perilune.downlink.packets import sent_packets
    from perilune.downlink.received import received_packets

    sent = sent_packets(*kept_flight(folder))
    return [Received(one.received_time_s, one.packet.data) for one in received_packets(sent, link_of(folder))]


def session_of(folder: Path) -> list[Received]:
    """What the ground received in a session, as far as its recording goes; raises PeriluneError where that cannot be read."""
    try:
        lines = (folder / "received.jsonl").read_bytes().split(b"\n")[:-1]  # behind the last end of a line nothing, or a line cut short
        data = (folder / "telemetry.ccsds").read_bytes()
        told = [json.loads(line) for line in lines]
        received, at = [], 0
        for one in told:
            end = at + int(one["bytes"])
            if end > len(data):
                break
            received.append(Received(float(one["received_s"]), data[at:end], int(one["packets"])))
            at = end
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PeriluneError(
            f"{folder}: the recording of a session cannot be read ({type(error).__name__}); give the folder of `perilune live`"
        ) from error
    return received


def within(received: Sequence[Received], from_s: float | None, to_s: float | None) -> Replay:
    """Of what was heard that which came in the span; an end that is left out is that of the record."""
    if not received:
        raise PeriluneError("replay: no packet of this flight reached the ground; there is nothing to replay")
    first, last = received[0].received_time_s, received[-1].received_time_s
    begin, end = first if from_s is None else from_s, math.nextafter(last, math.inf) if to_s is None else to_s
    if begin >= end:
        raise PeriluneError(f"replay: the span from {begin:.1f} s to {end:.1f} s past the epoch is empty; give an end after its begin")
    some = tuple(one for one in received if begin <= one.received_time_s < end)
    if not some:
        raise PeriluneError(
            f"replay: nothing was received from {begin:.1f} s to {end:.1f} s past the epoch; packets came from {first:.1f} s to {last:.1f} s"
        )
    return Replay(some, begin, end)


def moment_s(text: str, epoch_utc: str | datetime, touchdown_utc: str | datetime) -> float:
    """Seconds past the epoch of a moment: UTC (`2025-06-05T19:15:30Z`), seconds past the epoch (`3600`), or before the planned touchdown (`-90`)."""
    wrong = PeriluneError(
        f"moment {text!r} cannot be read; write UTC (2025-06-05T19:15:30Z), seconds past the epoch (3600) or before touchdown (-90)"
    )
    epoch = tdb_from_utc(epoch_utc)
    try:
        seconds = float(text)
    except ValueError:
        try:
            return tdb_from_utc(text.strip()) - epoch
        except PeriluneError:
            raise wrong from None
    if not math.isfinite(seconds):
        raise wrong
    return seconds if not text.strip().startswith("-") else tdb_from_utc(touchdown_utc) - epoch + seconds


def speed_of(text: str) -> float:
    """How many times as fast as it was: a number above 0, or `max`, as fast as it goes; raises PeriluneError on another."""
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = math.nan
    if not speed > 0.0:
        raise PeriluneError(f"speed {text!r} leads nowhere; give a number above 0, or max")
    return speed


def play(
    replay: Replay,
    deliver: Callable[[list[Received]], None],
    speed: float = math.inf,
    goes_on: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Give what was received to `deliver` as it falls due, `speed` times as fast as it came (infinite: at once); how many instants were given.

    It ends early where `goes_on` says no; `clock` and `sleep` are those of the wall, in seconds.
    """
    began, given = clock(), 0
    while given < len(replay.received) and goes_on():
        until = replay.from_s + (clock() - began) * speed if math.isfinite(speed) else math.inf
        due = given
        while due < len(replay.received) and replay.received[due].received_time_s <= until and due - given < MOST_AT_ONCE:
            due += 1
        if due > given:
            deliver(list(replay.received[given:due]))
            given = due
        else:
            sleep(min(max((replay.received[given].received_time_s - until) / speed, SHORTEST_SLEEP_S), LONGEST_SLEEP_S))
    return given
