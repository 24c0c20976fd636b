"""Guidance laws side by side: the same runs of the same seed flown by each, with what they used, where they came down and how often they failed.

Assumptions and limitations: the laws differ, nothing else does: ignition, gates, engines and limits are the mission's, tuned for the law that it
names, so that another may do better with gates of its own. A law is saturated where braking commands the most or the least thrust it may.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from perilune.avionics.guidance.choice import law_of
from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text
from perilune.base.tables import write_atomically
from perilune.flight.flown import Flown
from perilune.flight.fly import in_case
from perilune.flight.fly_many import fly_many
from perilune.flight.flying import Progress
from perilune.flight.provenance import provenance
from perilune.flight.save import check_writable, save_law, save_mission
from perilune.lander.tanks import main_left_kg
from perilune.mission.emit import to_toml
from perilune.mission.loader import read
from perilune.mission.schema import Mission

also_written: dict[str, Callable[["LawComparison", Path], None]] = {}
"""Files that rooms above add to the folder, such as the picture: how to write each, by its name."""

AT_LIMIT = 1e-4  # of full thrust
CURVE_STEP = 10  # ticks between the points of a curve
NUMBERS = ("propellant_used_kg", "miss_m", "braking_s", "saturated_percent", "vertical_speed_m_s", "horizontal_speed_m_s", "tilt_deg")


@dataclass(frozen=True)
class Curve:
    """One flight from half a minute before ignition on: time after ignition [s], altitude [m], height above ground [m], level distance
    to the site [m], speed [m/s] and commanded thrust as a share of full thrust."""

    time_s: np.ndarray
    altitude_m: np.ndarray
    height_m: np.ndarray
    range_m: np.ndarray
    speed_m_s: np.ndarray
    thrust_share: np.ndarray


@dataclass(frozen=True)
class LawFlights:
    """One law's flights: a row a run (`NUMBERS`, `verdict`, `reason`; None without contact), and the first run's curve."""

    law: str
    mission: Mission
    rows: list[dict[str, Any]]
    curve: Curve | None

    @property
    def verdicts(self) -> dict[str, int]:
        """How often each verdict came, the most frequent first."""
        return dict(Counter(row["verdict"] for row in self.rows).most_common())

    def values(self, key: str) -> np.ndarray:
        """One of `NUMBERS` over the runs that have it."""
        return np.array([row[key] for row in self.rows if row[key] is not None], dtype=float)


@dataclass(frozen=True)
class LawComparison:
    """What `compare_laws` found."""

    mission: Mission
    seed: int
    runs: int
    laws: list[LawFlights] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """What stands in `guidance.json`."""
        about = self.mission.mission
        listed = [
            {
                "law": Path(flights.law).name,
                "mission_hash": flights.mission.hash,
                "verdicts": flights.verdicts,
                **{key: summary(flights.values(key)) for key in NUMBERS},
                "flights": flights.rows,
            }
            for flights in self.laws
        ]
        source = {**provenance(self.mission, self.seed, 0, "doi"), "runs": self.runs}
        for key in ("run", "guidance_law", "guidance_law_sha256"):
            source.pop(key)
        return {"mission": about.name, "case": self.mission.case, "seed": self.seed, "runs": self.runs, "laws": listed, "provenance": source}

    def save(self, folder: str | Path) -> Path:
        """Write mission.toml, the picture and guidance.json (last) into `folder`; each file beside and renamed. PeriluneError where it cannot be."""
        folder = Path(folder)
        check_writable(folder)
        for flights in self.laws:
            save_law(flights.mission, folder)
        save_mission(self.mission, folder)
        for name, write in also_written.items():
            write(self, folder / name)
        write_atomically(folder / "guidance.json", lambda part: part.write_text(as_text(self), encoding="utf-8"))
        return folder


def as_text(made: LawComparison) -> str:
    """`guidance.json` as text."""
    return json_text(made.to_json())


def summary(values: np.ndarray) -> dict[str, float] | None:
    """Mean, spread and extremes, or None where no flight has the number."""
    if not len(values):
        return None
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return {
        "mean": float(values.mean()),
        "sigma": spread,
        "least": float(values.min()),
        "median": float(np.median(values)),
        "largest": float(values.max()),
    }


def compare_laws(
    mission: Mission | str | Path, laws: Sequence[str], case: str | None = None, seed: int = 1, runs: int = 20, progress: Progress | None = None
) -> LawComparison:
    """Fly runs 0 to `runs` - 1 of a seed by each law, a name or the path of a user's Python file.

    Every law is looked over and compiled before the first flight. Raises PeriluneError with one sentence on a mission, case, seed or law that cannot
    be flown.

    Example
    -------
    >>> from perilune.flight.compare_laws import compare_laws
    >>> [flights.verdicts for flights in compare_laws("resilience", ["e-guidance"], runs=2).laws]
    [{'landed': 2}]
    """
    if runs < 1:
        raise PeriluneError(f"runs is {runs}; choose at least 1")
    if not laws:
        raise PeriluneError("no law is named; name one or more, with commas between them")
    asked = in_case(mission, case)
    missions = {law: with_law(asked, law) for law in dict.fromkeys(laws)}
    for flown in missions.values():
        law_of(flown.planned.avionics.guidance.law)
    made = LawComparison(asked, seed, runs)
    for law, flown in missions.items():
        made.laws.append(_fly_by(law, flown, seed, runs, progress))
    return made


def with_law(mission: Mission, law: str) -> Mission:
    """The mission with another guidance law."""
    return read(to_toml(mission), mission.mission.name, case=mission.case, guidance=law)


def _fly_by(law: str, mission: Mission, seed: int, runs: int, progress: Progress | None) -> LawFlights:
    curves: list[Curve] = []

    def look(flown: Flown) -> dict[str, Any]:
        if not curves and len(flown.history):
            curves.append(_curve(flown))
        return _numbers(flown)

    def told(label: str, share: float) -> None:
        if progress:
            progress(f"{law}: {label}", share)

    frame = fly_many(mission, seed, runs, progress=told, look=look)
    columns = {"miss_m": "touchdown_miss_m", "tilt_deg": "touchdown_tilt_deg"}
    columns |= {f"{way}_speed_m_s": f"touchdown_{way}_speed_m_s" for way in ("vertical", "horizontal")}
    keys = ("run", "verdict", "reason", *NUMBERS)
    rows = [{key: row[columns.get(key, key)] for key in keys} for row in frame.iter_rows(named=True)]
    return LawFlights(law, mission, rows, curves[0] if curves else None)


def _numbers(flown: Flown) -> dict[str, Any]:
    """Propellant of all engines that a run used [kg], its braking [s], and the share of it at a limit of thrust [%]."""
    before, after = (main_left_kg(state["lander"]) + state["lander"]["rcs_left"] for state in (flown.first, flown.last))
    used = float(before - after)
    braking = flown.history[flown.history["mode"] == MODES.index("braking")]
    if not len(braking):
        return {"propellant_used_kg": used, "braking_s": None, "saturated_percent": None}
    most, least = thrust_limits(flown)
    share = braking["command_thrust"] / most
    saturated = (share > 1.0 - AT_LIMIT) | (share < least / most + AT_LIMIT)
    return {
        "propellant_used_kg": used,
        "braking_s": float(braking["time"][-1] - braking["time"][0]),
        "saturated_percent": 100.0 * float(saturated.mean()),
    }


def thrust_limits(flown: Flown) -> tuple[float, float]:
    """Most and least thrust [N] that braking may command, as the computer believes."""
    packed = flown.scene.avionics[0]
    most = float(packed["belief"]["main_thrust"] + packed["belief"]["assist_thrust"])
    if packed["targets"]["present"]:
        return most, float(packed["targets"]["least_thrust"])
    return most, float(packed["guidance"]["least_braking_thrust"]) * most


def _curve(flown: Flown) -> Curve:
    rows = flown.history[::CURVE_STEP]
    under_power = flown.history["mode"] >= MODES.index("braking")
    ignition = float(flown.history["time"][np.argmax(under_power)])
    across = np.hypot(rows["position_site"][:, 0], rows["position_site"][:, 1])
    speed = np.linalg.norm(rows["velocity_site"], axis=1)
    return Curve(
        rows["time"] - ignition, rows["altitude"].copy(), rows["height"].copy(), across, speed, rows["command_thrust"] / thrust_limits(flown)[0]
    )
