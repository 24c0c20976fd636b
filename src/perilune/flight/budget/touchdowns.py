"""Touchdowns of many flights as rows of numbers: where, how fast, when and with how much propellant each met the ground.

Assumptions and limitations: east and north speed at contact are those of the record's last two rows before it, carried on in a line (0.1 s at most);
speeds are those of the centre of mass over the ground.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perilune.flight.flown import Flown, miss_of, touchdown_of
from perilune.flight.fly import written_rows
from perilune.flight.flying import fly_recorded
from perilune.flight.pdi import tick_before_ignition
from perilune.flight.setup import Scene, build_batch
from perilune.flight.verdict import BROKEN, CRASHED, OUT_OF_PROPELLANT, judge

AT_ONCE = 16  # flights whose records are held at a time: some 8 MB each

COMPONENTS = (
    ("position_east_m", "position east", "m"),
    ("position_north_m", "position north", "m"),
    ("velocity_east_m_s", "velocity east", "m/s"),
    ("velocity_north_m_s", "velocity north", "m/s"),
    ("velocity_down_m_s", "velocity down", "m/s"),
    ("time_s", "time", "s"),
    ("propellant_kg", "usable propellant", "kg"),
)
"""What is told of a touchdown: key, words, unit. Position from the site, time past the epoch."""

LOST = (CRASHED, OUT_OF_PROPELLANT, BROKEN)


@dataclass(frozen=True)
class Touchdowns:
    """Flights' touchdowns: values (n, 7) in the order of `COMPONENTS`, not a number without contact; and their verdicts (n,)."""

    values: np.ndarray
    verdicts: np.ndarray

    def kept(self, reference: str) -> np.ndarray:
        """Which flights count beside one that ended with the verdict `reference`: those with a touchdown, lost ones only if it was lost so too."""
        lost = np.isin(self.verdicts, [word for word in LOST if word != reference])
        return np.asarray(~lost & np.isfinite(self.values).all(axis=1))

    def left_out(self, reference: str) -> dict[str, int]:
        """How many do not count, by their verdict."""
        words, counts = np.unique(self.verdicts[~self.kept(reference)], return_counts=True)
        return {str(word): int(count) for word, count in zip(words, counts, strict=True)}


def fly_touchdowns(
    scene: Scene, seed: int | None, runs: np.ndarray, drawn: dict[str, np.ndarray] | None = None, told: Callable[[int], None] | None = None
) -> Touchdowns:
    """Fly runs from the mission's start to their ends; `drawn` as in `build_batch`, `told` hears how many have ended since it was last called."""
    values, verdicts = [], []
    from_tick = tick_before_ignition(scene)
    for low in range(0, len(runs), AT_ONCE):
        part = slice(low, low + AT_ONCE)
        batch = build_batch(scene, seed, runs[part], None if drawn is None else {path: given[part] for path, given in drawn.items()})
        first = batch.states.copy()
        recording = fly_recorded(scene, batch, publish=False, from_tick=from_tick)
        for i in range(len(batch.states)):
            history = written_rows(recording.history[i])
            values.append(touchdown_row(Flown(scene, batch.packs[i], first[i], batch.states[i], recording.events[i], history)))
        verdicts.append(judge(scene.mission.limits, batch.states))
        if told:
            told(len(batch.states))
    return Touchdowns(np.array(values).reshape(-1, len(COMPONENTS)), np.concatenate(verdicts) if verdicts else np.empty(0, dtype=str))


def touchdown_row(flown: Flown) -> np.ndarray:
    """One flight's touchdown in the order of `COMPONENTS`."""
    touchdown, rows = touchdown_of(flown), flown.history
    if touchdown is None:
        return np.full(len(COMPONENTS), np.nan)
    contact = flown.last["contact"]
    t = float(contact["time"])
    north, east = miss_of(flown.scene, contact["position_me"])
    aloft = rows[rows["time"] <= t][-2:]
    velocity = np.full(3, np.nan)
    if len(aloft):
        step = float(aloft["time"][-1] - aloft["time"][0])
        share = (t - float(aloft["time"][-1])) / step if step > 0.0 else 0.0
        velocity = aloft["velocity_site"][-1] + share * (aloft["velocity_site"][-1] - aloft["velocity_site"][0])
    return np.array([east, north, velocity[0], velocity[1], touchdown.vertical_speed_m_s, t, touchdown.propellant_left_kg])
