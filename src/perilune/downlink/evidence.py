"""What the received packets say of a lander on the ground, as numbers: since when it has been still, how it stands, how it met the ground.

Packets are put in the order of their own times, each once, so that what a recorder sends again stands where it belongs. All numbers are measured or
believed on board; what the specific force and the gyros say is held against what the computer believes.

Assumptions and limitations: still is within `FORCE_NEAR_M_S2` of the Moon's gravity, within `SPREAD_M_S2` of its own mean, turning by less than
`STILL_RAD_S`, engines commanded off; an inertial unit with an axis that hardly changes from packet to packet says nothing. The speed at contact is
what was believed before it, or what the inertial unit felt over it, less a small rebound, whichever is larger; both at the packets' rates. All
thresholds assumed.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from perilune.downlink.decode import Decoded

GRAVITY_M_S2 = 1.625  # of the Moon at its surface, to 0.02 anywhere
FORCE_NEAR_M_S2 = 0.06
SPREAD_M_S2 = 0.03
STILL_RAD_S = 0.005
LEAST_NOISE = 0.1  # of an axis of the inertial unit over that of the noisiest
LOOK_BACK_S = 30.0  # before it was still, in which the contact is looked for
SETTLED_S = 2.0
MOVES_M_S = 0.4  # of the sink rate at rest
MOMENTS_S = 1.2  # before the contact
REBOUND_M_S = 0.15  # of the legs, which is no part of the speed before
STILL_FAST = 0.7  # of the largest sink rate: what is below it comes after the touch
BEFORE_S = 2.0  # before contact or believed touchdown, for the sink rate
FORCE = tuple(f"specific_force_body_{axis}_m_s2" for axis in "xyz")
RATE = tuple(f"rate_body_{axis}_rad_s" for axis in "xyz")
ATTITUDE = tuple(f"attitude_mci_from_body_{axis}" for axis in "xyzw")
LEVEL = ("velocity_site_east_m_s", "velocity_site_north_m_s")


@dataclass(frozen=True)
class Meeting:
    """How the lander met the ground: seconds of UTC since 1970 of the contact, speeds [m/s] and tilt [deg] just before; NaN where nothing tells."""

    time_s: float
    vertical_speed_m_s: float
    horizontal_speed_m_s: float
    tilt_deg: float


class Stream:
    """The tables of received packets in the order of their times."""

    def __init__(self, decoded: "Decoded") -> None:
        self._tables = {}
        for name in ("housekeeping", "guidance", "attitude", "propulsion", "navigation"):
            table = decoded.table(name)
            self._tables[name] = table.unique(["time_unix_s", "sequence"], keep="first", maintain_order=True).sort("time_unix_s", maintain_order=True)
        spans = [(table["time_unix_s"][0], table["time_unix_s"][-1]) for table in self._tables.values() if len(table)]
        self.first_s = min((float(first) for first, _ in spans), default=float("nan"))
        self.last_s = max((float(last) for _, last in spans), default=float("nan"))

    def times(self, packet: str) -> np.ndarray:
        """When the packets of a kind were made [s of UTC since 1970], shape (n,)."""
        return self._tables[packet]["time_unix_s"].to_numpy()

    def column(self, packet: str, name: str) -> np.ndarray:
        """A field of a kind of packet, shape (n,)."""
        return np.asarray(self._tables[packet][name].to_numpy())

    def vector(self, packet: str, names: tuple[str, ...]) -> np.ndarray:
        """Fields side by side, shape (n, len(names))."""
        return np.stack([self.column(packet, name).astype(float) for name in names], axis=-1)

    def between(self, packet: str, begin_s: float, end_s: float) -> np.ndarray:
        """Which packets of a kind were made in a span, its ends included, shape (n,)."""
        times = self.times(packet)
        return np.asarray((times >= begin_s) & (times <= end_s))

    @cached_property
    def engines_off(self) -> np.ndarray:
        """In which packets of propulsion no engine is commanded, shape (n,)."""
        return np.asarray((self.column("propulsion", "main_engine") == 0.0) & (self.column("propulsion", "assist_duty") == 0.0))

    @cached_property
    def touchdown_since_s(self) -> float:
        """Since when the computer has believed that the lander stands; NaN where it does not, or nothing tells."""
        says = self.column("housekeeping", "touchdown").astype(bool)
        return _since(self.times("housekeeping"), says)

    @cached_property
    def still_since_s(self) -> float:
        """Since when specific force and rates have been those of a body at rest on the Moon, engines off; NaN where they are not."""
        force, rate = self.vector("propulsion", FORCE), np.linalg.norm(self.vector("attitude", RATE), axis=1)
        if not (len(force) and len(rate)):
            return float("nan")
        latest = force[self.between("propulsion", self.last_s - 2.0 * SETTLED_S, self.last_s)]
        mean = latest.mean(axis=0) if len(latest) else force[-1]
        near = np.abs(np.linalg.norm(force, axis=1) - GRAVITY_M_S2) < FORCE_NEAR_M_S2
        held = near & (np.abs(force - mean).max(axis=1) < SPREAD_M_S2) & self.engines_off
        return float(max(_since(self.times("propulsion"), held), _since(self.times("attitude"), rate < STILL_RAD_S)))

    @cached_property
    def is_alive(self) -> bool:
        """Whether every axis of the inertial unit is about as noisy, while it is still, as its like: none is dead, none repeats itself."""
        since = self.still_since_s
        if np.isnan(since):
            return False
        force = self.vector("propulsion", FORCE)[self.between("propulsion", since, self.last_s)]
        rate = self.vector("attitude", RATE)[self.between("attitude", since, self.last_s)]
        if len(force) < 4 or len(rate) < 4:
            return False
        noises = [np.median(np.abs(np.diff(rows, axis=0)), axis=0) for rows in (force, rate)]
        return all(noise.min() > LEAST_NOISE * noise.max() for noise in noises)

    def force(self, begin_s: float, end_s: float) -> np.ndarray:
        """Mean specific force [m/s², body] over a span, shape (3,); NaN without a packet."""
        rows = self.vector("propulsion", FORCE)[self.between("propulsion", begin_s, end_s)]
        return np.asarray(rows.mean(axis=0)) if len(rows) else np.full(3, np.nan)

    def spread(self, begin_s: float, end_s: float) -> float:
        """Largest standard deviation of a component of the specific force over a span [m/s²]."""
        rows = self.vector("propulsion", FORCE)[self.between("propulsion", begin_s, end_s)]
        return float(rows.std(axis=0).max()) if len(rows) else float("nan")

    def longest_gap_s(self, begin_s: float) -> float:
        """The longest time without a packet of propulsion from an instant to the end."""
        times = self.times("propulsion")[self.between("propulsion", begin_s, self.last_s)]
        return float(np.diff(np.concatenate([[begin_s], times, [self.last_s]])).max())

    @cached_property
    def meeting(self) -> Meeting:
        """How a lander that is still now met the ground: the largest values of the last moments in which it still moved."""
        since = self.still_since_s
        times, sink = self.times("guidance"), self.column("guidance", "vertical_speed_m_s").astype(float)
        settled = sink[self.between("guidance", since, since + SETTLED_S)]
        if np.isnan(since) or not settled.size:
            return Meeting(*[float("nan")] * 4)
        moved = np.flatnonzero(self.between("guidance", since - LOOK_BACK_S, since) & (np.abs(sink - settled.mean()) > MOVES_M_S))
        if not moved.size or moved[-1] + 1 >= len(times):
            return Meeting(*[float("nan")] * 4)
        before = float(times[moved[-1]])
        first = before if np.isnan(self.touchdown_since_s) else min(before, self.touchdown_since_s)  # a bounce ends after the touch
        seen = np.flatnonzero(self.between("guidance", first - BEFORE_S, since + SETTLED_S))
        excess = sink[seen] - settled.mean()
        excess[times[seen] > before] = -np.inf
        fastest = int(np.argmax(excess))
        last = seen[np.flatnonzero(excess >= min(STILL_FAST * excess[fastest], excess[fastest]))[-1]]
        touch = float(times[last])
        down = float(sink[seen][fastest]) + self._fall(touch, float(times[last + 1]) - touch)
        felt = down - min(float(sink[seen][fastest:].min()) + REBOUND_M_S, float(settled.mean()))
        return Meeting(touch, max(down, felt), self._across(touch, since), self._leaning(touch, since))

    def _fall(self, time_s: float, for_s: float) -> float:
        """What gravity adds to the sink rate [m/s] after the last packet before contact, where the engines were off by then."""
        at = np.flatnonzero(self.times("propulsion") <= time_s)
        return GRAVITY_M_S2 * min(max(for_s, 0.0), 1.0) if at.size and self.engines_off[at[-1]] else 0.0

    def _across(self, before_s: float, since_s: float) -> float:
        """Horizontal speed before contact [m/s], believed or felt over the contact, whichever is larger."""
        level = self.vector("navigation", LEVEL)
        last = level[self.between("navigation", before_s - MOMENTS_S - 1.0, before_s)]
        then = level[self.between("navigation", since_s, since_s + SETTLED_S)]
        believed = self.column("guidance", "horizontal_speed_m_s")[self.between("guidance", before_s - MOMENTS_S, before_s)]
        if not (len(last) and len(then) and len(believed)):
            return float("nan")
        return float(max(np.linalg.norm(last - then.mean(axis=0), axis=1).max(), believed.max()))

    def _leaning(self, before_s: float, since_s: float) -> float:
        """Tilt before contact [deg]: from the turn since then, which the gyros measured, and the vertical that gravity shows now."""
        from scipy.spatial.transform import Rotation

        attitude = self.vector("attitude", ATTITUDE)
        last = attitude[self.between("attitude", before_s - MOMENTS_S, before_s)]
        then = attitude[self.between("attitude", since_s, self.last_s)]
        if not (len(last) and len(then)):
            return float("nan")
        up = Rotation.from_quat(then[0]).apply(self.force(since_s, self.last_s))
        return max(angle_deg(Rotation.from_quat(one).apply([0.0, 0.0, 1.0]), up) for one in last)


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    """The angle between two vectors [deg]; NaN where one has no length."""
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(np.dot(a, b) / length, -1.0, 1.0)))) if length > 0.0 else float("nan")


def _since(times: np.ndarray, holds: np.ndarray) -> float:
    """The first of those last times at which something holds without a break to the end; NaN where it does not hold at the end."""
    if not len(times) or not holds[-1]:
        return float("nan")
    broken = np.flatnonzero(~holds)
    return float(times[broken[-1] + 1 if broken.size else 0])
