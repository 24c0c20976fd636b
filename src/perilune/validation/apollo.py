"""Apollo 11 against its telemetry: the mission `apollo-11` flown undispersed beside what was recorded of Eagle's descent, nothing fitted.

Compared are the height above the ground with the landing radar's slant ranges, and the descent propellant used with the digitised telemetry; beside
the height stands the slant range that the modelled beam would have, cast along the same antenna axis through the modelled ground.

Assumptions and limitations: the recorded range is a slant range, taken here for the height (the beam was near the vertical from the yaw to windows up
on, less so before); the later points, flown by the commander's hand, are shown and not scored; ours is one flight, with the noise of seed 0.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import warp as wp

from perilune.base.vector import quat, real, vec3
from perilune.environment.beam import range_along_beam
from perilune.environment.relief import Relief, ReliefDraw
from perilune.flight.flight import Flight
from perilune.flight.flown import Flown
from perilune.flight.fly import fly

DATA = Path(__file__).parent / "data" / "apollo_11_descent.toml"
FOOT_M, KILOPOUND_KG = 0.3048, 453.59237
START_TFI_S = 26.0  # the mission begins at throttle-up
HEIGHT_FROM_TFI_S = 300.0
HEIGHT_BOUND_PERCENT, PROPELLANT_BOUND_PERCENT = 8.0, 5.0
FARTHEST_BEAM_M = 60_000.0
BRAKING_MODE = 1  # index into avionics.sequencer.MODES; the antenna is in its first position up to the end of braking


@dataclass(frozen=True)
class Recorded:
    """One recorded quantity: times [s from ignition], values in SI, and up to when the automatic descent lasted."""

    tfi_s: np.ndarray
    value: np.ndarray
    scored_until_tfi_s: float
    provenance: str

    @property
    def scored(self) -> np.ndarray:
        """Which points belong to the descent that is modelled."""
        return self.tfi_s <= self.scored_until_tfi_s


@dataclass(frozen=True)
class Comparison:
    """A recorded quantity, ours at the same times (NaN after our contact), and which points count against the bound."""

    recorded: Recorded
    ours: np.ndarray
    counts: np.ndarray

    @property
    def error_percent(self) -> np.ndarray:
        """Ours over the recorded value, less one."""
        return 100.0 * (self.ours / self.recorded.value - 1.0)

    @property
    def worst_percent(self) -> float:
        """Largest error of those that count."""
        return float(np.abs(self.error_percent[self.counts]).max())


@cache
def recorded() -> dict[str, Recorded]:
    """`radar_range` [m] and `propellant_used` [kg] of Eagle's descent."""
    factors = {"ft": FOOT_M, "klb": KILOPOUND_KG}
    out = {}
    for name, table in tomllib.loads(DATA.read_text("utf-8")).items():
        points = np.array(table["points"])
        out[name] = Recorded(points[:, 0], points[:, 1] * factors[table["unit"]], table["scored_until_tfi_s"], table["provenance"])
    return out


@cache
def eagle() -> Flight:
    """The undispersed flight of `apollo-11`."""
    return fly("apollo-11")


def at_tfi(flight: Flight, column: str, tfi_s: np.ndarray) -> np.ndarray:
    """A column of the record at times from ignition, linear between rows; NaN where there is none, and after contact."""
    times = flight.history["time_s"].to_numpy() + START_TFI_S
    end = flight.flown.last["contact"]["time"]
    last = times[-1] if end < 0.0 else float(end) + START_TFI_S
    values = np.interp(tfi_s, times, flight.history[column].to_numpy(), left=np.nan, right=np.nan)
    return np.where(tfi_s <= last, values, np.nan)


def height_beside_radar(flight: Flight) -> Comparison:
    """Our height above the ground beside the radar's slant ranges; counted from 300 s on, as far as the descent was automatic."""
    radar = recorded()["radar_range"]
    return Comparison(radar, at_tfi(flight, "height_m", radar.tfi_s), radar.scored & (radar.tfi_s >= HEIGHT_FROM_TFI_S))


def beam_beside_radar(flight: Flight) -> Comparison:
    """The slant range of our beam beside the radar's, at the points at which the height is counted."""
    radar = recorded()["radar_range"]
    return Comparison(radar, beam_ranges(flight, radar.tfi_s), radar.scored & (radar.tfi_s >= HEIGHT_FROM_TFI_S))


def propellant_beside_telemetry(flight: Flight) -> Comparison:
    """The descent propellant used of what was loaded, beside the telemetry."""
    telemetry = recorded()["propellant_used"]
    loaded = flight.mission.lander.mass.main_loaded_kg
    return Comparison(telemetry, loaded - at_tfi(flight, "main_propellant_kg", telemetry.tfi_s), telemetry.scored)


@wp.kernel(module="unique")
def cast_beams(
    relief: Relief,
    draw: ReliefDraw,
    origins: wp.array(dtype=vec3),  # type: ignore[valid-type]
    beams: wp.array(dtype=vec3),  # type: ignore[valid-type]
    reach: real,
    ranges: wp.array(dtype=real),  # type: ignore[valid-type]
):
    """Slant range [m] of each beam (ME axes), below zero where it meets no ground within `reach`."""
    i = wp.tid()
    ranges[i] = range_along_beam(relief, draw, origins[i], beams[i], reach)


def beam_ranges(flight: Flight, tfi_s: np.ndarray) -> np.ndarray:
    """Slant range [m] along the modelled radar's range beam at each time, however far its reach; NaN where it meets no ground or after contact."""
    flies, origins, beams = _beams(flight, tfi_s)
    out = np.full(len(tfi_s), np.nan)
    if not flies.any():
        return out
    ranges = wp.zeros(len(origins), dtype=real, device="cpu")
    relief = [flight.flown.scene.world.relief, _environment(flight.flown)]
    inputs = [*relief, wp.array(origins, dtype=vec3, device="cpu"), wp.array(beams, dtype=vec3, device="cpu"), real(FARTHEST_BEAM_M)]
    wp.launch(cast_beams, dim=len(origins), inputs=inputs, outputs=[ranges], device="cpu")
    met = ranges.numpy()
    out[flies] = np.where(met >= 0.0, met, np.nan)
    return out


def beam_leans(flight: Flight, tfi_s: np.ndarray) -> np.ndarray:
    """Angle [deg] between that beam and the local vertical at each time; NaN after contact."""
    flies, origins, beams = _beams(flight, tfi_s)
    out = np.full(len(tfi_s), np.nan)
    down = -np.einsum("ij,ij->i", origins, beams) / np.linalg.norm(origins, axis=1)
    out[flies] = np.degrees(np.arccos(np.clip(down, -1.0, 1.0)))
    return out


def _beams(flight: Flight, tfi_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At which times the lander flies, shape (n,), and there its place [m] and the direction of its range beam, ME axes, shape (m, 3) each."""
    from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
    from perilune.lander.sensors.landing_radar import LandingRadarParams, radar_beam

    flown = flight.flown
    params = _as_struct(flown, LandingRadarParams)
    rows = [flown.row_index(float(t) - START_TFI_S) for t in tfi_s]
    contact = float(flown.last["contact"]["time"])
    flies = np.array([row is not None and (contact < 0.0 or t - START_TFI_S < contact) for row, t in zip(rows, tfi_s, strict=True)])
    history = flown.history[[row for row, is_flying in zip(rows, flies, strict=True) if is_flying and row is not None]]
    start = flown.scene.start
    origins = history["position_site"] @ start.site_axes_me + start.site_position_me
    me_from_mci = ME_FROM_PA @ rotation_pa_from_mci(start.epoch_tdb_s + history["time"]) if len(history) else np.empty((0, 3, 3))
    beams = np.empty_like(origins)
    for i, row in enumerate(history):
        position = wp.int32(1 if row["mode"] > BRAKING_MODE else 0)
        in_mci = wp.quat_rotate(quat(*row["attitude_mci_from_body"].tolist()), radar_beam(params, position, wp.int32(0)))
        beams[i] = me_from_mci[i] @ np.array(in_mci)
    return flies, origins, beams


def _as_struct(flown: Flown, struct: Any) -> Any:
    from perilune.base.structs import struct_from

    return struct_from(flown.pack["lander"]["landing_radar"], struct)


def _environment(flown: Flown) -> Any:
    from perilune.base.structs import struct_from

    return struct_from(flown.pack["environment"], ReliefDraw)
