"""The budget of a mission: Δv and propellant of the undispersed flight, phase by phase, and what each error source does to the touchdown."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text, plain
from perilune.base.tables import write_atomically
from perilune.flight.budget.delta_v import DeltaV, delta_v_budget
from perilune.flight.budget.error_budget import LEAST_RUNS, Contribution, ErrorBudget, Sample, error_budget, flights_of
from perilune.flight.budget.touchdowns import COMPONENTS
from perilune.flight.flight import Flight
from perilune.flight.fly import fly, in_case
from perilune.flight.flying import Progress, prepare
from perilune.flight.save import check_writable, save_mission
from perilune.mission.draws import draw
from perilune.mission.schema import Mission

also_written: dict[str, Callable[["Budget", Path], None]] = {}
"""Files that rooms above add to the folder, such as the report: how to write each, by its name."""


@dataclass(frozen=True, repr=False)
class Budget:
    """What `budget` found; `errors` is None where none was asked for or none can be made, and `no_errors` says why."""

    flight: Flight
    seed: int
    runs: int
    delta_v: DeltaV
    errors: ErrorBudget | None
    no_errors: str

    def __repr__(self) -> str:
        return f"<Budget of {self.mission.mission.name}, {self.mission.case}: {self.delta_v.total.delta_v_m_s:.0f} m/s, {self.runs} runs>"

    @property
    def mission(self) -> Mission:
        """The mission as flown."""
        return self.flight.mission

    def to_json(self) -> dict[str, Any]:
        """What stands in `budget.json`; numbers that are not finite become null."""
        content = {
            "mission": self.mission.mission.name,
            "case": self.mission.case,
            "undispersed": {"verdict": self.flight.verdict, "reason": self.flight.reason},
            "delta_v": self.delta_v.to_json(),
            "error_budget": None if self.errors is None else errors_to_json(self.errors),
            "no_error_budget_because": self.no_errors or None,
            "seed": self.seed,
            "runs": self.runs,
            "provenance": {**self.flight.provenance, "seed": self.seed},
            "not_yet_modelled": list(self.flight.not_yet_modelled),
        }
        return dict(plain(content))

    def save(self, folder: str | Path) -> Path:
        """Write mission.toml, report.html and budget.json (last) into `folder`, made where it is missing; each file beside and renamed.

        Raises PeriluneError when the folder cannot be written.
        """
        folder = Path(folder)
        check_writable(folder)
        save_mission(self.mission, folder)
        for name, write in also_written.items():
            write(self, folder / name)
        write_atomically(folder / "budget.json", lambda part: part.write_text(as_text(self), encoding="utf-8"))
        return folder


def budget(mission: Mission | str | Path, case: str | None = None, seed: int = 1, runs: int = 200, progress: Progress | None = None) -> Budget:
    """Draw up the budget of a mission.

    Parameters
    ----------
    mission : a loaded mission, a name of the catalogue or the path of a mission file
    case : the case; left out, the one that the mission is loaded in
    seed, runs : the dispersed flights beside which the linear covariance stands; without runs only the Δv budget is made, from one flight
    progress : called with what is being done and the share that is done

    Raises
    ------
    PeriluneError
        One sentence on a mission, case, seed or number of runs that cannot be flown.

    Example
    -------
    >>> import perilune
    >>> perilune.budget("resilience", runs=0).delta_v.margin.hover_s > 30.0
    True
    """
    if runs < 0 or 0 < runs < LEAST_RUNS:
        raise PeriluneError(f"runs is {runs}; choose 0 for the Δv budget alone, or at least {LEAST_RUNS}")
    asked = in_case(mission, case)
    draw(asked, seed, np.arange(runs))
    flight = fly(asked, progress=progress)
    delta_v = delta_v_budget(flight.flown)
    errors, why = None, "no dispersed flights were asked for"
    if runs:
        scene = prepare(asked)
        ended, all_of_them = [0], flights_of(scene, runs)

        def told(label: str, count: int) -> None:
            ended[0] += count
            if progress:
                progress(f"flying: {label}", ended[0] / all_of_them)

        try:
            errors, why = error_budget(scene, seed, runs, told), ""
        except PeriluneError as error:
            why = str(error)
    return Budget(flight, seed, runs, delta_v, errors, why)


def errors_to_json(errors: ErrorBudget) -> dict[str, Any]:
    """The error budget with the touchdown's components by name."""
    components = {
        key: {
            "undispersed": errors.reference[i],
            "mean": errors.sample.mean[i],
            "linear_sigma": errors.linear_sigma[i],
            "linear_sigma_bounds": errors.linear_bounds[:, i],
            "sample_sigma": errors.sample_sigma[i],
            "sample_sigma_bounds": errors.sample_bounds[:, i],
            "agrees": bool(errors.agrees[i]),
            "explained": errors.explained[i],
        }
        for i, (key, _, _) in enumerate(COMPONENTS)
    }
    return {
        "components": components,
        "sources": [_source(c) for c in errors.contributions],
        "covariance_order": [key for key, _, _ in COMPONENTS],
        "linear_covariance": errors.linear,
        "sample_covariance": errors.sample.covariance,
        "flights": {
            "sample": _flights(errors.sample),
            "noise": _flights(errors.noise),
            "map": None if errors.pattern is None else _flights(errors.pattern),
        },
        "not_linear": errors.not_linear,
    }


def _source(made: Contribution) -> dict[str, Any]:
    sigma = {key: made.sigma[i] for i, (key, _, _) in enumerate(COMPONENTS)}
    return {"name": made.name, "sigma": sigma, "parts": [_source(part) for part in made.parts]}


def _flights(sample: Sample) -> dict[str, Any]:
    return {"flown": sample.flown, "kept": sample.kept, "left_out": sample.left_out}


def as_text(made: Budget) -> str:
    """`budget.json` as text."""
    return json_text(made.to_json())
