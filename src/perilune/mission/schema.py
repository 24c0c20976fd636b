"""The mission file as a model: one lander, its flight software and one site, composed of the models of the parts themselves.

Every number stands under a key that ends in its unit, in that unit. What a mission is made of is decided here; what each part means is decided
where the part is modelled. `contradictions` names what no single key can be blamed for.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, field_validator

from perilune.avionics.computer import Avionics
from perilune.avionics.guidance.legs import Guidance
from perilune.base.parameters import Parameters
from perilune.environment.relief_detail import ReliefChoice
from perilune.lander.lander import Lander
from perilune.mission.commands import PlannedCommand
from perilune.mission.correlations import Correlation
from perilune.mission.dispersions import Dispersion
from perilune.mission.faults import PlannedFault
from perilune.mission.ground import Ground
from perilune.mission.instant import Utc
from perilune.mission.limits import Limits
from perilune.mission.published import Published
from perilune.mission.requirements import RequirementText
from perilune.mission.start import DescentOrbit, Start, StateAtSite


class About(Parameters):
    """What is flown, for the reader; nothing here is computed with."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="short name, as in the catalogue")]
    title: Annotated[str, Field(min_length=1, description="full name")]
    summary: Annotated[str, Field(min_length=1, max_length=200, description="one line for the catalogue")]
    vehicle: Annotated[str, Field(min_length=1, description="the lander")]
    outcome: Annotated[str, Field(description="what happened in reality")] = ""
    case: Annotated[str | None, Field(description="the case that is flown unless another is asked for; left out: `planned`")] = None


class Site(Parameters):
    """Where and when the lander is to touch down."""

    name: Annotated[str, Field(min_length=1, description="name of the place")]
    latitude_deg: Annotated[float, Field(ge=-90, le=90, description="latitude, mean-Earth frame")]
    longitude_deg: Annotated[float, Field(ge=-180, le=360, description="east longitude, mean-Earth frame")]
    heading_deg: Annotated[float, Field(ge=-180, le=360, description="direction of flight over the site, clockwise from north")]
    planned_touchdown_utc: Annotated[Utc, Field(description="planned instant of touchdown; times before touchdown count to it")]


class Environment(Parameters):
    """The Moon that is flown over, and how wrong the map on board is about it."""

    gravity_degree: Annotated[int, Field(ge=2, le=1200, description="highest degree of the GRGM1200A field that acts on the lander")] = 150
    third_bodies: Annotated[bool, Field(description="whether Earth and Sun attract the lander")] = True
    map_error_m: Annotated[float, Field(ge=0, le=5000, description="error of the on-board map in height, 1 sigma, correlated over the ground")] = 0.0
    map_offset_east_m: Annotated[float, Field(ge=-1e6, le=1e6, description="shifts the pattern of the map error east")] = 0.0
    map_offset_north_m: Annotated[float, Field(ge=-1e6, le=1e6, description="shifts the pattern of the map error north")] = 0.0
    relief: Annotated[ReliefChoice, Field(description="the ground")]


class Case(Parameters):
    """One way to fly the mission: what differs from the file, and which dispersions are not drawn."""

    description: Annotated[str, Field(min_length=1, description="one sentence on what this case is")]
    set: Annotated[dict[str, Any], Field(description="values that replace those of the file, by dotted path", default_factory=dict)]
    hold: Annotated[tuple[str, ...], Field(description="paths of dispersions that stay at their mean in this case")] = ()
    faults: Annotated[tuple[PlannedFault, ...], Field(description="what breaks in this case, beside the faults of the file")] = ()
    commands: Annotated[tuple[PlannedCommand, ...], Field(description="what is commanded in this case, beside the commands of the file")] = ()

    @field_validator("set", mode="before")
    @classmethod
    def _flatten(cls, value: Any) -> Any:
        return dict(dotted(value)) if isinstance(value, dict) else value


class Mission(Parameters):
    """A whole mission: who lands what where, from which orbit, through which errors, and what was published about it."""

    mission: Annotated[About, Field(description="what is flown")]
    site: Annotated[Site, Field(description="where the lander is to touch down")]
    environment: Annotated[Environment, Field(description="the Moon")]
    start: Annotated[Start, Field(description="the end of the descent orbit insertion burn, or a state near the site")]
    lander: Annotated[Lander, Field(description="the vehicle as physics")]
    avionics: Annotated[Avionics, Field(description="the flight software and what it believes")]
    ground: Annotated[Ground | None, Field(description="the stations on Earth that listen; without them or without a radio there is no link")] = None
    limits: Annotated[Limits, Field(description="what counts as a soft landing")]
    published: Annotated[tuple[Published, ...], Field(description="published numbers beside which the flown ones are printed")] = ()
    dispersions: Annotated[tuple[Dispersion, ...], Field(description="what varies from run to run when a seed is given")] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(description="which dispersed numbers move together")] = ()
    faults: Annotated[tuple[PlannedFault, ...], Field(description="what breaks, in every case; the truth only")] = ()
    commands: Annotated[tuple[PlannedCommand, ...], Field(description="what reaches the lander of the uplink, in every case")] = ()
    requirements: Annotated[tuple[RequirementText, ...], Field(description="what a campaign is to show, a sentence each (see below)")] = ()
    cases: Annotated[dict[str, Case], Field(description="named ways to fly the mission; `planned` is the default", default_factory=dict)]

    _planned: "Mission | None" = PrivateAttr(default=None)
    _written: "Mission | None" = PrivateAttr(default=None)

    @property
    def planned(self) -> "Mission":
        """The same mission without what its case sets of the truth (`is_truth`): what the avionics may believe."""
        return self if self._planned is None else self._planned

    @property
    def written(self) -> "Mission":
        """The same mission without any setting of its case: what stands in the file, and what the user set."""
        return self if self._written is None else self._written

    def beside(self, planned: "Mission", written: "Mission") -> "Mission":
        """This mission as the truth of a case."""
        flown = self.model_copy()
        flown._planned, flown._written = planned, written
        return flown

    @property
    def case(self) -> str:
        """Name of the case that this mission is flown in."""
        return self.mission.case or "planned"

    @property
    def held(self) -> tuple[str, ...]:
        """Paths of the dispersions that are not drawn in this case."""
        return self.cases[self.case].hold if self.case in self.cases else ()

    @property
    def hash(self) -> str:
        """Identity of the mission as flown: SHA-256 (hexadecimal) over every value of it; comments and layout do not count.

        A guidance law of the user's own counts with the content of its file, not with its name or place. Requirements, the radio and the stations on
        Earth decide nothing in a flight and do not count, so that a campaign can be asked anew and a link reckoned anew without flying again.
        """
        from perilune.avionics.guidance.choice import identity_of

        views = [self.model_dump(mode="json"), self.planned.model_dump(mode="json")]
        for view in views:
            del view["requirements"], view["ground"], view["lander"]["radio"]
            for table in (view, *view["cases"].values()):
                if not table["commands"]:
                    del table["commands"]  # as it was before there were any
            view["avionics"]["guidance"]["law"] = identity_of(view["avionics"]["guidance"]["law"])
        content = json.dumps(views, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def is_truth(path: str) -> bool:
    """Whether the number under `path` belongs to the truth alone, so that the avionics cannot know when a case sets it."""
    return path.startswith(("lander.", "environment.", "faults.")) or (path.startswith("start.") and "_error_" in path)


def dotted(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested tables with its dotted path."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


SURFACE_GRAVITY_M_S2 = 1.62  # mean; recalled, within 0.5 % of the field anywhere
LONGEST_LATENCY_S = 0.2  # two control ticks, which the filter looks back
ASSIST_MARGIN = 1.1  # assumed: thrust over weight that the terminal leg needs to check its sink


TUNED_SENSORS = ("landing_radar", "velocimeter", "position_fix", "sun_sensor")  # those that [avionics.navigation] may tell the filter of


def _unflyable(mission: Mission) -> Iterator[tuple[str, str]]:
    """What the guidance cannot fly, whatever the orbit."""
    from perilune.avionics.guidance import LAWS
    from perilune.avionics.guidance.choice import no_such_law
    from perilune.avionics.guidance.law_file import is_law_file, look_over

    guidance, lander = mission.avionics.guidance, mission.lander
    if is_law_file(guidance.law):
        look_over(Path(guidance.law))
    elif guidance.law not in LAWS:
        yield "avionics.guidance.law", no_such_law(guidance.law)
    if guidance.tuning.kr < 2.0 * (guidance.tuning.gamma + 2.0):
        yield (
            "avionics.guidance.tuning.kr",
            f"is {guidance.tuning.kr:g}, below 2 (gamma + 2) with a gamma of {guidance.tuning.gamma:g}; fp2dg's second exponent would be negative",
        )
    heights = ("gate_height_m", "vertical_height_m", "terminal_height_m", "final_height_m") if isinstance(guidance, Guidance) else ()
    for upper, lower in pairwise(heights):
        if getattr(guidance, lower) >= getattr(guidance, upper):
            yield (
                f"avionics.guidance.{lower}",
                f"is {getattr(guidance, lower):g}, not below {upper} ({getattr(guidance, upper):g}); the legs go downward",
            )
    for sensor in ("star_tracker", "range_finder", *TUNED_SENSORS):
        device = getattr(lander, sensor)
        latency_s = 0.0 if device is None else device.latency_s
        if latency_s > LONGEST_LATENCY_S:
            yield (
                f"lander.{sensor}.latency_s",
                f"is {latency_s:g}; the computer remembers its attitude for {LONGEST_LATENCY_S:g} s, so choose at most that",
            )
    for sensor in TUNED_SENSORS:
        if getattr(mission.avionics.navigation, sensor) is not None and getattr(lander, sensor) is None:
            yield (
                f"avionics.navigation.{sensor}",
                f"tells the filter of a sensor that the lander lacks; add [lander.{sensor}] or leave this table out",
            )
    if mission.avionics.touchdown.cut_at_probes and lander.contact_probes is None:
        yield "avionics.touchdown.cut_at_probes", "waits for contact probes that the lander lacks; add [lander.contact_probes] or leave it out"
    if not isinstance(guidance, Guidance):
        return
    if lander.assist_engines is None:
        yield "avionics.guidance", "ends on assist engines, which the lander lacks; add [lander.assist_engines] or fly by targets (plan)"
        return
    assist = lander.assist_engines.count * lander.assist_engines.thrust_n
    weight = lander.mass.dry_mass_kg * SURFACE_GRAVITY_M_S2
    if assist < ASSIST_MARGIN * weight:
        yield (
            "lander.assist_engines.thrust_n",
            f"gives {assist:.0f} N from all assist engines, which alone carry the lander at the end; its dry weight of {weight:.0f} N needs "
            f"{ASSIST_MARGIN:g} times as much",
        )


def contradictions(mission: Mission) -> Iterator[tuple[str, str]]:
    """What does not fit together: the path to point at, and a sentence that goes on from it."""
    start, limits, site = mission.start, mission.limits, mission.site
    if isinstance(start, DescentOrbit) and start.perilune_altitude_km > start.apolune_altitude_km:
        yield (
            "start.perilune_altitude_km",
            f"is {start.perilune_altitude_km:g} km, above the apolune of {start.apolune_altitude_km:g} km; perilune is the lower of the two",
        )
    if site.planned_touchdown_utc <= start.epoch_utc:
        yield "site.planned_touchdown_utc", "is not after start.epoch_utc; the lander touches down after its flight begins"
    if isinstance(start, StateAtSite) and start.main_used_kg >= mission.lander.mass.main_loaded_kg:
        yield "start.main_used_kg", f"is {start.main_used_kg:g}, not less than lander.mass.main_loaded_kg ({mission.lander.mass.main_loaded_kg:g})"
    yield from _unflyable(mission)
    for key in ("vertical_speed_m_s", "horizontal_speed_m_s"):
        if getattr(limits, key) > limits.structural_speed_m_s:
            yield f"limits.{key}", f"is {getattr(limits, key):g}, above limits.structural_speed_m_s; a soft landing does not break the lander"
    for i, number in enumerate(mission.published):
        if number.case is not None and number.case != "planned" and number.case not in mission.cases:
            yield f"published.{i}.case", f"names no case of this file: {number.case!r}; there are {', '.join(['planned', *mission.cases])}"
    if mission.mission.case not in (None, "planned", *mission.cases):
        yield "mission.case", f"names no case of this file: {mission.mission.case!r}; there are {', '.join(['planned', *mission.cases])}"
