"""What the figures of a report read: one flight's record as named columns, the span under power, and the ground it flew over."""

from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.report.plot import Mark

if TYPE_CHECKING:
    from perilune.environment.relief import ReliefDraw
    from perilune.flight.flight import Flight

BEFORE_IGNITION_S, AFTER_END_S = 15.0, 6.0


class View:
    """One flight as the report sees it; columns are those of `history`, in SI and radians as their names say."""

    def __init__(self, flight: "Flight") -> None:
        self.flight = flight
        self.mission = flight.mission
        self.scene = flight.flown.scene
        self.pack = flight.flown.pack
        self._columns: dict[str, np.ndarray] = {}
        self._sent: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        """A column of the history under power, shape (n,)."""
        return self.whole(name)[self.powered]

    def whole(self, name: str) -> np.ndarray:
        """A column of the whole history, shape (n,), without the stay after the flight's end."""
        if name not in self._columns:
            column = self.flight.history[name].head(len(self.flight.flown.history))
            self._columns[name] = np.asarray((column.to_physical() if name == "mode" else column).to_numpy())
        return self._columns[name]

    def sent(self, name: str) -> np.ndarray:
        """A column of the telemetry in the same span, shape (n,)."""
        if name not in self._sent:
            self._sent[name] = np.asarray(self.flight.telemetry[name].to_numpy())
        times = self.flight.telemetry["time_s"].to_numpy()
        return self._sent[name][(times >= self.span[0]) & (times <= self.span[1])]

    @cached_property
    def powered(self) -> slice:
        """The rows from shortly before ignition to the end; all rows of a flight that never lit its engine."""
        times = self.whole("time_s")
        burning = np.flatnonzero(self.whole("mode") > 0)
        if not burning.size:
            return slice(0, len(times))
        return slice(int(np.searchsorted(times, times[burning[0]] - BEFORE_IGNITION_S)), len(times))

    @cached_property
    def span(self) -> tuple[float, float]:
        """First and last second under power."""
        times = self["time_s"]
        return float(times[0]), float(times[-1])

    @cached_property
    def shown_span(self) -> tuple[float, float]:
        """The span of the time axes, with room for the label of the end."""
        return self.span[0], self.span[1] + AFTER_END_S

    @cached_property
    def marks(self) -> list[Mark]:
        """Mode changes and contact."""
        times, modes = self.whole("time_s"), self.whole("mode")
        changes = np.flatnonzero(np.diff(modes)) + 1
        marks = [Mark(float(times[i]), MODES[int(modes[i])]) for i in changes if MODES[int(modes[i])] != "landed"]
        contact = self.event_time("contact")
        return marks if contact is None else [*marks, Mark(contact, "contact")]

    def event_time(self, name: str) -> float | None:
        """When an event happened [s past the start], None when it did not."""
        return next((float(event["t_s"]) for event in self.events if event["name"] == name), None)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """What happened, in the order of time, with the keys of `flight.json`."""
        return [asdict(event) for event in self.flight.events]

    @cached_property
    def end(self) -> int:
        """The last row of the whole history before contact, or of all."""
        contact = self.event_time("contact")
        times = self.whole("time_s")
        return len(times) - 1 if contact is None else max(int(np.searchsorted(times, contact)) - 1, 0)

    @cached_property
    def plane(self) -> tuple[np.ndarray, np.ndarray]:
        """East and north [m] of the whole flight in the gnomonic plane of the site, in which the ground is drawn; not a number beyond 60° of arc."""
        east, north, up = (self.whole(f"position_site_{axis}_m") for axis in ("east", "north", "up"))
        radius = self.plane_radius
        height = up + radius
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(height > 0.5 * np.sqrt(east**2 + north**2 + height**2), radius / height, np.nan)
        return east * scale, north * scale

    @property
    def plane_radius(self) -> float:
        """Distance [m] of the site's plane from the centre of the Moon."""
        return float(self.scene.world.relief.plane_radius)

    @property
    def site_height(self) -> float:
        """Height [m] of the site above the sphere of 1737.4 km, on the map."""
        return float(self.scene.start.site_height_m)

    def ground(self, east_m: float, north_m: float, half_width_m: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The true ground of this flight on a square grid: distances from the centre, shape (n,), and heights above the sphere, shape (n, n), m."""
        from perilune.environment.relief_site import ground_grid

        _, _, height = ground_grid(self.scene.world.relief, self._draw, east_m, north_m, half_width_m, n)
        return np.linspace(-half_width_m, half_width_m, n), height

    def profile(self, east_m: float, north_m: float, direction: np.ndarray, distances_m: np.ndarray) -> np.ndarray:
        """Heights [m] of the true ground above the sphere along a line of the site's plane, shape as `distances_m`, (n,)."""
        from perilune.environment.relief_site import ground_heights, plane_positions

        relief = self.scene.world.relief
        places = plane_positions(relief, east_m + direction[0] * distances_m, north_m + direction[1] * distances_m)
        return ground_heights(relief, self._draw, places)

    @cached_property
    def _draw(self) -> "ReliefDraw":
        from perilune.environment.relief import ReliefDraw

        draw, drawn = ReliefDraw(), self.pack["environment"]
        for name in drawn.dtype.names:
            setattr(draw, name, float(drawn[name]))
        return draw

    @property
    def unusable_kg(self) -> float:
        """Main propellant of this flight that cannot leave the tanks."""
        return float(self.pack["lander"]["mass"]["main_unusable"])
