"""The pace of a flight underway: which control tick it has come to by the wall's clock, without drift.

Assumptions and limitations: the wall's clock is the monotonic one; where a flight cannot keep the pace it lags, catches up as it can, and the largest
lag is told.
"""

import math
import time
from collections.abc import Callable

from perilune.flight.state import TICK_S

LONGEST_SLEEP_S = 0.2  # so that a session ends soon after it is told to


class Pace:
    """`speed` seconds of flight in one of the wall's (infinite: as fast as it goes), from `first_tick` on."""

    def __init__(
        self,
        speed: float,
        first_tick: int,
        goes_on: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.speed, self.largest_lag_s = speed, 0.0
        self._first, self._goes_on, self._clock, self._sleep = first_tick, goes_on, clock, sleep
        self._began = clock()

    def due_tick(self) -> float:
        """The tick that is due now."""
        return self._first + (self._clock() - self._began) * self.speed / TICK_S

    def keep(self, tick: int) -> None:
        """Wait until `tick` is due, or nothing goes on; where it has long been due, note the lag [s of the wall]."""
        if math.isinf(self.speed):
            return
        self.largest_lag_s = max(self.largest_lag_s, -self._early_s(tick))
        while (early := self._early_s(tick)) > 0.0 and self._goes_on():
            self._sleep(min(early, LONGEST_SLEEP_S))

    def _early_s(self, tick: int) -> float:
        return (tick - self.due_tick()) * TICK_S / self.speed
