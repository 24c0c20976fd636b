"""One run as it was flown: pack, first and last state, events and record, with what every result is read from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from perilune.base.structs import joined
from perilune.environment.relief_site import RADIUS_M
from perilune.environment.time import format_utc
from perilune.flight.events import EVENTS
from perilune.flight.setup import Scene
from perilune.flight.state import TICK_S

FlightRecord = Any
"""One element of a structured array: a `np.void` whose fields mypy cannot know."""


@dataclass(frozen=True)
class Event:
    """One event with the true state of the lander at it; heights and speeds are those of the middle of the footpad plane."""

    name: str
    time_utc: str
    t_s: float
    altitude_m: float
    height_m: float
    vertical_speed_m_s: float
    horizontal_speed_m_s: float


@dataclass(frozen=True)
class Touchdown:
    """The first touch of a footpad; latitude and longitude in the mean-Earth frame, propellant usable and of the main tanks."""

    time_utc: str
    latitude_deg: float
    longitude_deg: float
    miss_m: float
    vertical_speed_m_s: float
    horizontal_speed_m_s: float
    tilt_deg: float
    slope_deg: float
    propellant_left_kg: float


@dataclass(frozen=True)
class Flown:
    """A run and its record to the end of the flight; `history` may be empty or begin late, at the tick of its first row.

    `stay` are the rows after that end, of a lander that stands or lies there; all that is told of the flight comes from the others.
    """

    scene: Scene
    pack: FlightRecord
    first: FlightRecord
    last: FlightRecord
    event_rows: np.ndarray
    history: np.ndarray
    stay: np.ndarray | None = None

    @cached_property
    def record(self) -> np.ndarray:
        """All rows, the stay's too."""
        return self.history if self.stay is None or not len(self.stay) else joined([self.history, self.stay], 0)

    def event(self, name: str) -> FlightRecord | None:
        """The row of an event of `EVENTS`, or None where it has not happened."""
        row = self.event_rows[EVENTS.index(name)]
        return row if row["time"] >= 0.0 else None

    def passing(self, height_m: float) -> FlightRecord | None:
        """The row of the first passing of a marked height above ground, or None."""
        found = np.flatnonzero(self.scene.marks_m == height_m)
        if not found.size:
            return None
        row = self.event_rows[len(EVENTS) + int(found[0])]
        return row if row["time"] >= 0.0 else None

    def row_index(self, t: float) -> int | None:
        """Index of the record's last row at or before `t` [s past the epoch], or None where nothing was recorded then."""
        if not len(self.history):
            return None
        index = int(np.floor((t - float(self.history["time"][0])) / TICK_S + 1e-6))
        return index if 0 <= index < len(self.history) else None

    def at(self, column: str, t: float) -> float | None:
        """A recorded quantity at `t`, linear between rows, or None where nothing was recorded then."""
        index = self.row_index(t)
        if index is None:
            return None
        values, times = self.history[column], self.history["time"]
        if index + 1 >= len(values):
            return float(values[index])
        share = (t - float(times[index])) / float(times[index + 1] - times[index])
        return float(values[index] + (values[index + 1] - values[index]) * share)


def event_names(scene: Scene) -> list[str]:
    """The name of every row of an event table: those of the flight, the marked heights as `height-192-m`, begin and end of each planned fault."""
    faults = scene.mission.faults
    twice = {fault.fault for fault in faults if sum(other.fault == fault.fault for other in faults) > 1}
    labels = [f"{fault.fault}-{i}" if fault.fault in twice else fault.fault for i, fault in enumerate(faults)]
    return [*EVENTS, *(f"height-{mark:g}-m" for mark in scene.marks_m), *(f"{label}-{what}" for label in labels for what in ("begins", "ends"))]


def events_of(flown: Flown) -> list[Event]:
    """What happened, in the order of time."""
    epoch = flown.scene.start.epoch_tdb_s
    happened = []
    for name, row in zip(event_names(flown.scene), flown.event_rows, strict=True):
        t = float(row["time"])
        if t >= 0.0:
            numbers = (float(row[key]) for key in ("altitude", "height", "vertical_speed", "horizontal_speed"))
            happened.append(Event(name, format_utc(epoch + t, 3), t, *numbers))
    return sorted(happened, key=lambda event: event.t_s)


def touchdown_of(flown: Flown) -> Touchdown | None:
    """The contact in the units of a report, or None where there was none."""
    contact = flown.last["contact"]
    if contact["time"] < 0.0:
        return None
    latitude, longitude = place_of(contact["position_me"])
    return Touchdown(
        time_utc=format_utc(flown.scene.start.epoch_tdb_s + float(contact["time"]), 3),
        latitude_deg=latitude,
        longitude_deg=longitude,
        miss_m=float(np.hypot(*miss_of(flown.scene, contact["position_me"]))),
        vertical_speed_m_s=float(contact["vertical_speed"]),
        horizontal_speed_m_s=float(contact["horizontal_speed"]),
        tilt_deg=float(np.degrees(contact["tilt"])),
        slope_deg=float(np.degrees(contact["slope"])),
        propellant_left_kg=max(0.0, float(contact["main_left"] - flown.pack["lander"]["mass"]["main_unusable"])),
    )


def place_of(position_me: np.ndarray) -> tuple[float, float]:
    """Latitude and east longitude [deg, −180 to 180] of a position in ME."""
    x, y, z = (float(v) for v in position_me)
    return float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x)))


def miss_of(scene: Scene, position_me: np.ndarray) -> tuple[float, float]:
    """North and east parts [m] of the way from the site to below a position, along the great circle at the radius of the site's ground."""
    east, north, up = scene.start.site_axes_me
    direction = np.asarray(position_me) / np.linalg.norm(position_me)
    e, n, u = float(direction @ east), float(direction @ north), float(direction @ up)
    level = np.hypot(e, n)
    distance = (RADIUS_M + scene.start.site_height_m) * np.arctan2(level, u)
    return (float(distance * n / level), float(distance * e / level)) if level > 0.0 else (0.0, 0.0)
