"""Replay: what the ground received of a recorded flight, once more through the same port, at any speed and from any moment.

The moment that counts is that of receipt on Earth: a span takes the packets whose last bit came in it, its begin included, its end not, in the order
in which they came, each with the bytes that it had. Nothing outside the span is sent, before it or behind it.

Assumptions and limitations: between packets the wall clock runs `speed` times as fast as the flight's; packets that are due at once go together;
where a client is slower than that, the replay waits for it. The bytes are made again from the record by the same code that made them in flight.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from perilune.base.errors import PeriluneError
from perilune.downlink.received import Heard
from perilune.environment.time import tdb_from_utc

MOST_AT_ONCE = 1000  # packets
SHORTEST_SLEEP_S, LONGEST_SLEEP_S = 1e-3, 0.5  # by the wall: a clock's rounding must not hold a replay up, and it ends soon after it is told to


@dataclass(frozen=True)
class Replay:
    """What is to be replayed: packets in the order of receipt within the span [s past the epoch]."""

    heard: tuple[Heard, ...]
    from_s: float
    to_s: float


def replay_of(folder: Path, from_: str | None = None, to: str | None = None) -> Replay:
    """What the ground received of the flight kept in `folder`, from a moment to another as `moment_s` reads them; left out, all of it.

    Raises
    ------
    PeriluneError
        Where the folder holds no flight, a moment cannot be read, or nothing was received in the span.
    """
    from perilune.downlink.kept import kept_flight
    from perilune.downlink.link import link_of
    from perilune.downlink.packets import sent_packets
    from perilune.downlink.received import received_packets
    from perilune.mission.loader import load

    kept = kept_flight(folder)
    touchdown = load(folder / "mission.toml").site.planned_touchdown_utc
    begin, end = (None if text is None else moment_s(text, kept.epoch_utc, touchdown) for text in (from_, to))
    return within(received_packets(sent_packets(*kept), link_of(folder)), begin, end)


def within(heard: Sequence[Heard], from_s: float | None, to_s: float | None) -> Replay:
    """Of what was heard that which came in the span; an end that is left out is that of the record."""
    if not heard:
        raise PeriluneError("replay: no packet of this flight reached the ground; there is nothing to replay")
    first, last = heard[0].received_time_s, heard[-1].received_time_s
    begin, end = first if from_s is None else from_s, math.nextafter(last, math.inf) if to_s is None else to_s
    if begin >= end:
        raise PeriluneError(f"replay: the span from {begin:.1f} s to {end:.1f} s past the epoch is empty; give an end after its begin")
    some = tuple(one for one in heard if begin <= one.received_time_s < end)
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
    deliver: Callable[[list[Heard]], None],
    speed: float = math.inf,
    goes_on: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Give the packets to `deliver` as they fall due, `speed` times as fast as they came (infinite: at once); how many were given.

    It ends early where `goes_on` says no; `clock` and `sleep` are those of the wall, in seconds.
    """
    began, given = clock(), 0
    while given < len(replay.heard) and goes_on():
        until = replay.from_s + (clock() - began) * speed if math.isfinite(speed) else math.inf
        due = given
        while due < len(replay.heard) and replay.heard[due].received_time_s <= until and due - given < MOST_AT_ONCE:
            due += 1
        if due > given:
            deliver(list(replay.heard[given:due]))
            given = due
        else:
            sleep(min(max((replay.heard[given].received_time_s - until) / speed, SHORTEST_SLEEP_S), LONGEST_SLEEP_S))
    return given
