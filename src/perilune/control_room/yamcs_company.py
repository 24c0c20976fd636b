"""Keeping Yamcs company while a flight runs: its clock follows the flight's, and where it has gone somebody says so.

Assumptions and limitations: its clock goes on by itself as fast as the flight's and is set where it is off by more than `OFF_S` of the wall, so that
it hardly ever goes back; at full speed it is set each `LOOK_S` and in between goes on as the wall's.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perilune.control_room.yamcs import YamcsServer

LOOK_S = 0.2
OFF_S = 0.5


@contextlib.contextmanager
def accompanied(yamcs: "YamcsServer", now: Callable[[], datetime], speed: float, say: Callable[[str], object]) -> Iterator[None]:
    """Let the clock of `yamcs` show the flight's, `now()`, which goes `speed` times as fast as the wall's; `say` one sentence if Yamcs ends."""
    over = threading.Event()
    thread = threading.Thread(target=_follow, args=(yamcs, now, speed, say, over), name="yamcs-clock", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(yamcs: "YamcsServer", now: Callable[[], datetime], speed: float, say: Callable[[str], object], over: threading.Event) -> None:
    rate = speed if math.isfinite(speed) else 1.0
    shown: datetime | None = None
    set_at = 0.0
    while not over.wait(LOOK_S):
        if not yamcs.is_alive():
            say(f"Yamcs has ended; the flight goes on without it, {yamcs.folder / 'yamcs.log'} ends with: {yamcs.last_words()}")
            return
        when, wall = now(), time.monotonic()
        expected = None if shown is None else shown + timedelta(seconds=(wall - set_at) * rate)
        if (expected is None or abs((when - expected).total_seconds()) > OFF_S * rate) and yamcs.set_time(when, rate):
            shown, set_at = when, wall
