"""Requirements: what a campaign of this mission is to show, each a sentence of the mission file.

    requirements = ["landing probability >= 0.99 at confidence 0.9", "miss_m < 500 at 0.95 confidence 0.9"]

The first asks that the share of landings be 0.99 or more; the second, that 0.95 or more of all runs touch down less than 500 m from the site. They
decide nothing in a flight, and do not count into the mission's hash: a campaign can be asked anew without being flown again.
"""

import operator
import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator

from perilune.mission.paths import nearest, readable

# What a touchdown can be asked for, with the range in which a bound on it makes sense.
QUANTITIES: dict[str, tuple[str, float, float]] = {
    "miss_m": ("distance on the ground from the site to the first touch", 0.0, 1e7),
    "vertical_speed_m_s": ("vertical speed (positive down) at the first touch", -100.0, 1e4),
    "horizontal_speed_m_s": ("horizontal speed at the first touch", 0.0, 1e4),
    "tilt_deg": ("angle between the lander's axis and the vertical at the first touch", 0.0, 180.0),
    "slope_deg": ("slope of the ground at the first touch", 0.0, 90.0),
    "propellant_left_kg": ("usable main propellant left at the first touch", 0.0, 1e6),
}
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
FORMS = '"landing probability >= 0.99 at confidence 0.9" or "miss_m < 500 at 0.95 confidence 0.9"'
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LARGEST_SHARE = 0.9999999  # beyond it no campaign is long enough: 23 million runs without a loss at confidence 0.9


@dataclass(frozen=True)
class Requirement:
    """A share of all runs, required at a confidence: of those that land, or (with a quantity) of those that touch down with it beyond a bound."""

    text: str
    share: float
    confidence: float
    quantity: str | None = None
    comparison: str = ">="
    bound: float = 0.0

    @property
    def column(self) -> str:
        """The column of a campaign's table that the quantity stands in."""
        return "verdict" if self.quantity is None else f"touchdown_{self.quantity}"

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values of the quantity lie on the right side of the bound, shape as given; NaN does not."""
        return COMPARISONS[self.comparison](values, self.bound)


def requirement_of(text: str) -> Requirement:
    """The requirement that a sentence states. Raises ValueError with the rest of a sentence on what is wrong with it."""
    words = text.split()
    if words[:2] == ["landing", "probability"]:
        if len(words) != 7 or words[4:6] != ["at", "confidence"]:
            raise ValueError(f'cannot be read; write "landing probability >= 0.99 at confidence 0.9", not {_cut(text)}')
        if words[2] != ">=":
            raise ValueError(f"compares a landing probability by {_cut(words[2])}; it must be >=")
        return Requirement(" ".join(words), _share(words[3]), _confidence(words[6]))
    if len(words) != 7 or words[3] != "at" or words[5] != "confidence":
        raise ValueError(f"cannot be read; write {FORMS}, not {_cut(text)}")
    quantity, comparison = words[:2]
    if quantity not in QUANTITIES:
        near = nearest(quantity.removeprefix("touchdown_"), list(QUANTITIES))
        raise ValueError(
            f"asks for {_cut(quantity)}; {f'did you mean {near}? ' if near else ''}there are landing probability, {', '.join(QUANTITIES)}"
        )
    if comparison not in COMPARISONS:
        raise ValueError(f"compares {quantity} by {_cut(comparison)}; it must be one of {', '.join(COMPARISONS)}")
    _, least, most = QUANTITIES[quantity]
    bound = _number(words[2], f"the bound of {quantity}")
    if not least <= bound <= most:
        raise ValueError(f"bounds {quantity} by {words[2]}; it must be at least {readable(least)}, at most {readable(most)}")
    return Requirement(" ".join(words), _share(words[4]), _confidence(words[6]), quantity, comparison, bound)


def _number(word: str, what: str) -> float:
    if not NUMBER.fullmatch(word):
        raise ValueError(f"gives {_cut(word)} as {what}; it must be a number, as in {FORMS}")
    return float(word)


def _share(word: str) -> float:
    value = _number(word, "the share of runs")
    if not 0.0 < value <= LARGEST_SHARE:
        raise ValueError(f"requires a share of {_cut(word)}; it must be above 0, at most {LARGEST_SHARE}, such as 0.99")
    return value


def _confidence(word: str) -> float:
    value = _number(word, "the confidence")
    if not 0.5 <= value <= LARGEST_SHARE:
        raise ValueError(f"asks for a confidence of {_cut(word)}; it must be at least 0.5, at most {LARGEST_SHARE}, such as 0.9")
    return value


def _cut(text: str) -> str:
    return f'"{text if len(text) <= 60 else text[:57] + "…"}"'


def _checked(text: str) -> str:
    requirement_of(text)
    return text


RequirementText = Annotated[str, AfterValidator(_checked)]
"""A requirement as the mission file writes it, refused where it cannot be read."""
