"""Dispersions: which numbers of the truth vary from run to run, how widely, and after which source.

A dispersion moves a value about the one that stands in the mission, so that the undispersed flight is the flight at every mean. It edits the truth
only: what the avionics believe stays what the undispersed mission says. It can reach any number that a per-run pack holds, by its dotted path;
`.0`, `.1`, `.2` name one component of a vector and `.*` all three, each drawn by itself. What shapes a table is refused with the reason.
"""

import functools
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, leaves, pack_slot
from perilune.base.structs import records
from perilune.mission.fault_slots import FAULT_NUMBERS
from perilune.mission.paths import find, in_words, is_inside, nearest
from perilune.mission.start import START_ERRORS

if TYPE_CHECKING:
    from perilune.mission.schema import Mission

REASONS = {
    "avionics": "is what the avionics believe; a dispersion edits the truth only",
    "site": "shapes the tables that a whole campaign shares; fly another mission file instead",
    "environment": "shapes the tables that a whole campaign shares; only the map's error and offsets can be dispersed",
    "faults": "is no number of a planned fault; only its time, height, duration and size can be dispersed",
    "start": "is the planned orbit; disperse the errors of start instead",
    "limits": "decides the verdict, not the flight; it is the same in every run",
    "requirements": "is what a campaign is to show, not a number of the flight",
    "mission": "is not a number of the flight",
    "published": "is a published number, not one of the flight",
    "dispersions": "is a dispersion itself",
    "correlations": "is no number of the flight",
    "cases": "belongs to a case, not to the flight",
}
SPREADS = ("sigma", "sigma_percent", "cut_sigma", "half_width", "sigma_ln", "values", "weights", "value")


class Dispersion(Parameters):
    """How one number of the truth varies from run to run about its value in the mission."""

    path: Annotated[str, Field(min_length=1, description="dotted path of the number; `.0` `.1` `.2` one component of a vector, `.*` all three")]
    distribution: Annotated[
        Literal["normal", "truncated_normal", "uniform", "log_normal", "choice", "fixed"],
        Field(description="`fixed` gives every dispersed run the same `value`, and the undispersed flight the mission's"),
    ] = "normal"
    sigma: Annotated[float | None, Field(ge=0, description="1 sigma in the unit of the path's key (normal, truncated_normal)")] = None
    sigma_percent: Annotated[float | None, Field(ge=0, le=100, description="1 sigma in percent of the mission's value, instead of `sigma`")] = None
    cut_sigma: Annotated[float | None, Field(gt=0, le=10, description="draws stay within this many sigma (truncated_normal)")] = None
    half_width: Annotated[float | None, Field(ge=0, description="draws stay within this about the mission's value, same unit (uniform)")] = None
    sigma_ln: Annotated[
        float | None, Field(ge=0, le=5, description="1 sigma of the natural logarithm; the mission's value is the median (log_normal)")
    ] = None
    values: Annotated[tuple[float, ...], Field(description="the values that are drawn from, same unit (choice)")] = ()
    weights: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...],
        Field(description="how often each of `values` is drawn, in proportion; left out: all alike (choice)"),
    ] = ()
    value: Annotated[float | None, Field(description="the value itself, same unit (fixed)")] = None
    source: Annotated[str, Field(min_length=1, description="where the spread comes from, or `assumed`")]

    @model_validator(mode="after")
    def _is_complete(self) -> "Dispersion":
        needed = {
            "normal": {"sigma", "sigma_percent"},
            "truncated_normal": {"sigma", "sigma_percent", "cut_sigma"},
            "uniform": {"half_width"},
            "log_normal": {"sigma_ln"},
            "choice": {"values", "weights"},
            "fixed": {"value"},
        }[self.distribution]
        given = {key for key in SPREADS if getattr(self, key) not in (None, ())}
        if given - needed:
            raise ValueError(f"{sorted(given - needed)[0]} does not belong to the distribution {self.distribution}")
        if "sigma" in needed and len(given & {"sigma", "sigma_percent"}) != 1:
            raise ValueError(f"the distribution {self.distribution} takes either sigma or sigma_percent")
        missing = needed - given - {"sigma", "sigma_percent", "weights"}
        if missing:
            raise ValueError(f"the distribution {self.distribution} needs {missing.pop()}")
        if self.distribution == "choice" and len(self.values) < 2:
            raise ValueError("the distribution choice needs at least two values; a single one is fixed")
        if self.weights and (len(self.weights) != len(self.values) or not sum(self.weights) > 0.0):
            raise ValueError(f"weights must be one for each of the {len(self.values)} values, and not all 0")
        return self


def components(mission: "Mission", path: str) -> list[str]:
    """The paths of single numbers that `path` stands for: itself, or with `.*` those of a vector's components."""
    if not path.endswith(".*"):
        return [path]
    value = value_at(mission, path[:-2])
    return [f"{path[:-2]}.{i}" for i in range(len(value))] if isinstance(value, tuple) else []


def _outside(mission: "Mission", i: int, dispersion: Dispersion) -> Iterator[tuple[str, str]]:
    """Named values that the key's range does not allow."""
    leaf = find(type(mission), dispersion.path.removesuffix(".*"))
    named = {"value": dispersion.value} | {f"values.{j}": value for j, value in enumerate(dispersion.values)}
    for key, value in named.items():
        if leaf is not None and value is not None and not is_inside(value, leaf.bounds):
            yield f"dispersions.{i}.{key}", f"is {value:g}; {dispersion.path} must be {in_words(leaf.bounds)}"


def is_given(mission: "Mission", path: str) -> bool:
    """Whether a number stands under a path of the planned faults."""
    words = path.split(".")
    if len(words) != 3 or not words[1].isdigit() or int(words[1]) >= len(mission.faults):
        return False
    return isinstance(value_at(mission, path), float)


def value_at(mission: object, path: str) -> object:
    """The value that stands under a dotted path of single keys and indices; None in a device that the mission lacks."""
    value = mission
    for word in path.split("."):
        if value is None:
            return None
        value = value[int(word)] if isinstance(value, tuple) else value[word] if isinstance(value, dict) else getattr(value, word, None)
    return value


@functools.cache
def packs() -> dict[str, np.ndarray]:
    """One empty element of each per-run pack that the truth is made of, by the mission's table."""
    from perilune.environment.relief import ReliefDraw
    from perilune.lander.lander import LanderParams

    structs: dict[str, Any] = {"lander": LanderParams, "environment": ReliefDraw}
    rows = {"start": np.zeros(1, START_ERRORS), "faults": np.zeros(1, FAULT_NUMBERS)}
    return {**rows, **{name: records(struct, 1) for name, struct in structs.items()}}


def refusal(mission: "Mission", path: str) -> str | None:
    """Why the number under `path` cannot be dispersed, going on from the path; None when it can."""
    table = path.partition(".")[0]
    bare = path[:-2] if path.endswith(".*") else path
    leaf = find(type(mission), bare)
    if leaf is None:
        near = nearest(bare, list(dispersable(mission)))
        return f"is no path of the mission; {f'did you mean {near}?' if near else 'it goes from table to key, such as lander.mass.dry_mass_kg'}"
    if table not in packs():
        return REASONS.get(table, "is no number of the flight")
    if table == "faults" and not is_given(mission, bare):
        return f"is given nowhere; there are {len(mission.faults)} faults here, counted from 0, and only a number that stands in one can be dispersed"
    if value_at(mission, bare) is None:
        return "stands nowhere in this mission: its device is not aboard, or its table is of another kind"
    kind = leaf.kind
    is_vector = typing.get_origin(kind) is tuple
    if is_vector and typing.get_origin(typing.get_args(kind)[0]) is tuple:
        return f"is an array of vectors; disperse one number of it ({bare}.0.0) or one vector ({bare}.0.*)"
    if path.endswith(".*") and not is_vector:
        return "is no vector; leave out the .*"
    if is_vector and not path.endswith(".*"):
        return f"is a vector; disperse one component ({bare}.0) or all of them ({bare}.*)"
    if kind is int or kind is bool:
        return f"is a {'count' if kind is int else 'switch'} and shapes what is flown; only continuous numbers are dispersed"
    if not is_vector and kind is not float:
        return "is not a number"
    try:
        for component in components(mission, path):
            value_at(mission, component)
            pack_slot(packs()[table], component.partition(".")[2])
    except IndexError:
        return "counts farther than the array in the mission goes"
    except KeyError:
        return REASONS.get(table, "is held in no per-run pack; only what the kernel holds for each run can be dispersed")
    return None


def dispersable(mission: "Mission") -> Iterator[str]:
    """Every path that a dispersion can name (vectors by their bare path)."""
    for path, value in leaves(mission):
        table, _, rest = path.partition(".")
        if table not in packs() or isinstance(value, bool | int | str) or value is None:
            continue
        try:
            pack_slot(packs()[table], rest)
        except KeyError:
            continue
        yield path


def conflicts(mission: "Mission") -> Iterator[tuple[str, str]]:
    """What is wrong with the dispersions and with what the cases hold: the path in the file to point at, and the rest of a sentence."""
    seen: dict[str, int] = {}
    for i, dispersion in enumerate(mission.dispersions):
        reason = refusal(mission, dispersion.path)
        if reason is not None:
            yield f"dispersions.{i}.path", f"names {dispersion.path!r}, which {reason}"
            continue
        for component in components(mission, dispersion.path):
            if component in seen:
                yield f"dispersions.{i}.path", f"disperses {component} a second time; leave one of the two out"
                break
            seen[component] = i
            if dispersion.sigma_percent is not None and value_at(mission, component) == 0.0:
                yield f"dispersions.{i}.sigma_percent", f"is a share of {component}, which is 0 in the mission; give sigma instead"
            if dispersion.distribution == "log_normal" and not float(value_at(mission, component)) > 0.0:  # type: ignore[arg-type]
                yield f"dispersions.{i}.path", f"names {component}, which is not above 0 in the mission, as the median of a log-normal must be"
        yield from _outside(mission, i, dispersion)
    listed = {d.path for d in mission.dispersions} | set(seen)
    for name, case in mission.cases.items():
        for j, path in enumerate(case.hold):
            if path not in listed:
                near = nearest(path, sorted(listed))
                yield f"cases.{name}.hold.{j}", f"names {path!r}, which is not dispersed{f'; did you mean {near}?' if near else ''}"
