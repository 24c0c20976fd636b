"""In what two missions differ, leaf by leaf of truth and plan, and the missions between them: one with a single group of the other's differences.

A mission has two views: the truth, and what was planned, from which the flight software takes its beliefs. Each leaf is compared in both. What only
the reader sees (`mission`, `published`, names of cases) and what decides nothing in a flight (`requirements`) is left out.

Assumptions and limitations: a whole array is one leaf. Where a group cannot stand alone (a sensor's tuning without the sensor), the mission with it
cannot be flown; that is said, with the reason.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from perilune.campaigns.groups import group_of_difference
from perilune.mission.emit import to_toml
from perilune.mission.loader import read
from perilune.mission.schema import Mission

LEFT_OUT = ("mission", "published", "cases", "requirements")
SPREAD = ("dispersions", "correlations", "held")
CASE = "between"
MISSING: Any = object()


@dataclass(frozen=True)
class Difference:
    """A leaf in which two missions differ: its value in the truth of each and, where that is another, in what was planned (None: not there)."""

    path: str
    a: Any
    b: Any
    planned_a: Any
    planned_b: Any

    def __str__(self) -> str:
        if self.path == "held":
            changed = sorted({*self.a} ^ {*self.b})
            return f"{', '.join(changed)} {'not drawn in B' if {*self.b} > {*self.a} else 'not drawn in A' if {*self.a} > {*self.b} else 'not drawn'}"
        if isinstance(self.a, list | dict) or isinstance(self.b, list | dict):
            return self.path
        truth_only = " (truth only)" if self.planned_a == self.planned_b else ""
        return f"{self.path} {_word(self.a)} → {_word(self.b)}{truth_only}"


@dataclass(frozen=True)
class Group:
    """Differences that are tried together; `name` is what flipped runs are put down to."""

    key: str
    differences: tuple[Difference, ...]

    @property
    def name(self) -> str:
        """In a word or two: `terrain` of another place, `policy` of another way with refused ranges, a single leaf by its path, else the group."""
        paths = {difference.path for difference in self.differences}
        if self.key == "site" and paths & {"site.latitude_deg", "site.longitude_deg", "site.heading_deg"}:
            return "terrain"
        if "avionics.navigation.gate_policy" in paths:
            return "policy"
        return self.differences[0].path if len(self.differences) == 1 and self.key != "dispersions" else self.key

    @property
    def text(self) -> str:
        """The name with what differs."""
        words = [str(difference) for difference in self.differences[:3]]
        if self.name == self.differences[0].path:
            return words[0]
        more = len(self.differences) - len(words)
        return f"{self.name} ({', '.join(words)}{f' and {more} more' if more > 0 else ''})"

    def to_json(self) -> dict[str, Any]:
        """As it stands in `compare.json`."""
        return {"name": self.name, "group": self.key, "paths": [vars(difference) for difference in self.differences]}


def differences(a: Mission, b: Mission) -> list[Group]:
    """What differs between two missions, in named groups; a start that differs beside the site belongs to it."""
    (truth_a, planned_a), (truth_b, planned_b) = _views(a), _views(b)
    paths = dict.fromkeys([*_unequal(truth_a, truth_b), *_unequal(planned_a, planned_b)])
    found = [Difference(path, *(_leaf(view, path) for view in (truth_a, truth_b, planned_a, planned_b))) for path in paths]
    keys = {path: "dispersions" if path in SPREAD else group_of_difference(path) for path in paths}
    if "site" in keys.values():
        keys = {path: "site" if key == "start" else key for path, key in keys.items()}
    return [Group(key, tuple(d for d in found if keys[d.path] == key)) for key in dict.fromkeys(keys.values())]


def between(base: Mission, other: Mission, groups: Sequence[Group]) -> Mission:
    """`base` with the values of `other` in some groups of their differences, in the truth and in the plan each.

    Raises PeriluneError where such a mission cannot be flown.
    """
    (truth, planned), (other_truth, other_planned) = _views(base), _views(other)
    for difference in (d for group in groups for d in group.differences):
        _put(truth, difference.path, _leaf(other_truth, difference.path, MISSING))
        _put(planned, difference.path, _leaf(other_planned, difference.path, MISSING))
    held = truth.pop("held")
    planned.pop("held")
    written = base.model_dump(mode="json") | planned | {"faults": truth["faults"]}
    truth_alone = {path: _leaf(truth, path) for path in _unequal(planned, truth) if path != "faults"}
    description = "Between two missions"
    written["cases"] = {CASE: {"description": description, "set": truth_alone, "hold": held, "faults": []}}
    written["mission"] |= {"case": CASE}
    written["published"] = []
    return read(to_toml(Mission.model_validate_json(json.dumps(written))), base.mission.name)


def _views(mission: Mission) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and plan as documents, without what no flight depends on; the dispersions that the case holds stand under `held`."""
    out = []
    for view in (mission, mission.planned):
        document = view.model_dump(mode="json")
        out.append({key: value for key, value in document.items() if key not in LEFT_OUT} | {"held": sorted(mission.held)})
    out[1]["faults"] = out[0]["faults"]
    return out[0], out[1]


def _unequal(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """The paths at which two documents differ, as deep as both are tables."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in dict.fromkeys([*a, *b]):
            yield from _unequal(a.get(key), b.get(key), f"{path}.{key}" if path else key)
    elif a != b:
        yield path


def _leaf(document: dict[str, Any], path: str, default: Any = None) -> Any:
    value: Any = document
    for word in path.split("."):
        if not isinstance(value, dict) or word not in value:
            return default
        value = value[word]
    return value


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set or, where the other mission has none, take away a leaf; a table that lacks is not made."""
    *above, last = path.split(".")
    table: Any = document
    for word in above:
        table = table.get(word) if isinstance(table, dict) else None
    if isinstance(table, dict):
        if value is MISSING:
            table.pop(last, None)
        else:
            table[last] = value


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
