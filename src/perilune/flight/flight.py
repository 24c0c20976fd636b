"""A flight that was flown: its verdict, events, touchdown and record, beside the published numbers, ready to be looked at or kept."""

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.base.json_text import plain
from perilune.flight.caveats import NOT_YET_MODELLED
from perilune.flight.commands_flown import FlownCommand, WithoutCommands, commands_flown
from perilune.flight.compare_published import PublishedNumber
from perilune.flight.faults_flown import FlownFault, faults_flown
from perilune.flight.flown import Event, Flown, Touchdown
from perilune.flight.record import columns
from perilune.flight.rest import Rest, rest_of
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import matplotlib.figure
    import polars as pl


@dataclass(frozen=True, repr=False)
class Flight:
    """One flight with everything that was asked of it; made by `fly`.

    `history` and `telemetry` are Polars frames of one row a control period (10 Hz) from the start of the flight to its end, and over the stay after
    it (`flight.staying`); their columns are listed in docs/results.md. `flown` holds the raw run (packs, states, event table) for those who go on
    from here.
    """

    mission: Mission
    seed: int | None
    run: int
    start: str
    verdict: str
    reason: str
    events: list[Event]
    touchdown: Touchdown | None
    published: list[PublishedNumber]
    provenance: dict[str, Any]
    flown: Flown
    telemetry_rows: np.ndarray
    drawn: dict[str, float]
    without_commands: WithoutCommands | None = None
    not_yet_modelled: tuple[str, ...] = NOT_YET_MODELLED

    def __repr__(self) -> str:
        drawn = "undispersed" if self.seed is None else f"seed {self.seed}, run {self.run}"
        return f"<Flight of {self.mission.mission.name}, {self.case}, {drawn}: {self.verdict}>"

    @property
    def case(self) -> str:
        """Name of the case that was flown."""
        return self.mission.case

    @cached_property
    def faults(self) -> list[FlownFault]:
        """What was planned to break, and when it did."""
        return faults_flown(self.flown)

    @cached_property
    def commands(self) -> list[FlownCommand]:
        """What reached the lander of the uplink, and what became of it."""
        return commands_flown(self.flown, self.telemetry_rows)

    @property
    def rest(self) -> Rest | None:
        """What came of the landing after the first touch; None without contact, or where it broke the lander."""
        return rest_of(self.flown.last)

    @cached_property
    def history(self) -> "pl.DataFrame":
        """Truth, estimate, its error and 1 sigma, commands and measurements: one row a tick, SI and radians, unit at the end of each name."""
        import polars as pl

        rows = self.flown.record
        frame = columns(rows)
        latitude, longitude = places(rows["position_site"], self.flown.scene.start.site_axes_me, self.flown.scene.start.site_position_me)
        frame["latitude_deg"], frame["longitude_deg"] = latitude, longitude
        return pl.DataFrame(frame).with_columns(mode=_mode_names(rows["mode"]))

    @cached_property
    def telemetry(self) -> "pl.DataFrame":
        """What the avionics published: one row a tick, all of it the computer's belief."""
        import polars as pl

        return pl.DataFrame(columns(self.telemetry_rows)).with_columns(mode=_mode_names(self.telemetry_rows["mode"]))

    def to_json(self) -> dict[str, Any]:
        """What stands in `flight.json`; numbers that are not finite become null."""
        published = [{key: getattr(number, key) for key in ("name", "published", "flown", "unit", "role")} for number in self.published]
        content = {
            "mission": self.mission.mission.name,
            "case": self.case,
            "seed": self.seed,
            "run": self.run,
            "verdict": self.verdict,
            "reason": self.reason,
            "touchdown": None if self.touchdown is None else asdict(self.touchdown),
            "rest": None if self.rest is None else asdict(self.rest),
            "events": [asdict(event) for event in self.events],
            "faults": [asdict(fault) for fault in self.faults],
            "commands": [asdict(command) for command in self.commands],
            "without_commands": None if self.without_commands is None else asdict(self.without_commands),
            "published": published,
            "provenance": self.provenance,
            "not_yet_modelled": list(self.not_yet_modelled),
        }
        return dict(plain(content))

    def save(self, folder: str | Path) -> Path:
        """Write mission.toml, history.parquet, telemetry.parquet, report.html and flight.json (last) into `folder`, made where it is missing.

        Each file is written beside and renamed. Raises PeriluneError when the folder cannot be written.
        """
        from perilune.flight.save import save

        return save(self, Path(folder))

    def plot(self) -> "matplotlib.figure.Figure":
        """Height, speeds, thrust and propellant, and the error of the estimate in its 3 sigma, from ignition on, as a matplotlib figure."""
        from perilune.flight.plot import plot

        return plot(self)


def places(position_site: np.ndarray, axes_me: np.ndarray, site_me: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude [deg] of positions (n, 3) in the site's axes."""
    x, y, z = (position_site @ axes_me + site_me).T
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def _mode_names(modes: np.ndarray) -> Any:
    """Numbers of modes as a column of their names."""
    import polars as pl

    return pl.Series("mode", np.array(MODES, dtype=object)[modes], dtype=pl.Enum(MODES))
