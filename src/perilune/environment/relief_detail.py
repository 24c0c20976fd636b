"""Synthetic relief below LOLA's resolution: craters and rocks drawn from published size-frequency laws, and the on-board map's error.

Tiles are periodic squares, made from an integer seed by counter-based draws, so the same choice gives the same ground (on another kind of
CPU up to rounding). Bilinear cells of 8 m, 1 m and 0.125 m: a crater at the small end of its band is 4 to 8 cells wide.

Craters. Number larger than D [m] per m²: `10^-1.1 D^-2` up to the largest diameter in equilibrium (Trask 1966, JPL TR 32-800: 10^10.9 D^-2 per
10^6 km², as quoted by NASA's synthterrain), and above it the exponent -2.8 of a production population (Moore, Boyce and Hahn 1980, abstract).
Fresh depth/diameter falls with size after Stopar et al. 2017 (0.21 above 400 m … 0.13 above 40 m, as quoted by synthterrain, with its extrapolation
to 0.10 below 10 m); rim height/depth 0.036/0.196 (Pike 1977 after Melosh 1989, as quoted by synthterrain). Assumed: a crater's depth is the
fresh one times 0.15 + 0.85 u², u uniform and the order of birth, as for a population that is mostly old; a crater levels what was inside its
rim; the profile of `crater_profile`.

Rocks. Share of the ground under rocks larger than D: `k exp(-q D)`, the exponential form that Di et al. 2016 found at the Chang'E-3 site and Li and
Wu 2018 over mare (abstracts). Assumed (recalled, not checked against the papers): q = 0.5648 + 0.01285/k per m after Li and Wu, k near 0.4 %
as Diviner's mare mean (Bandfield et al. 2011). Assumed: rocks are paraboloids half as high as wide.

Map error. A Gaussian random field of unit variance with the correlation exp(-(d/L)²).
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.random import host_normals, host_uniforms
from perilune.base.tables import cached_arrays

VERSION = 1  # of the recipe below: raise it when a tile's values change
COARSE_SIDE, COARSE_SPACING, COARSE_DIAMETERS = 2048, 8.0, (64.0, 4000.0)  # cells, m, m
FINE_SIDE, FINE_SPACING, FINE_DIAMETERS = 1024, 1.0, (4.0, 64.0)
ROCK_SIDE, ROCK_SPACING, ROCK_DIAMETERS = 1024, 0.125, (0.3, 5.0)
FIELD_SIDE, FIELD_SPACING = 256, 500.0
BLOCK = 16  # cells a side of the blocks whose slope and height are bounded for the march of a beam
EQUILIBRIUM_DENSITY, EQUILIBRIUM_EXPONENT, PRODUCTION_EXPONENT = 10.0**-1.1, 2.0, 2.8
FRESH_DEPTHS = ((400.0, 0.21), (200.0, 0.17), (100.0, 0.15), (40.0, 0.13), (10.0, 0.11), (0.0, 0.10))  # lower diameter [m], depth/diameter
RIM_OF_DEPTH = 0.036 / 0.196
SHALLOWEST = 0.15  # of the fresh depth
RIM_WIDTH_INSIDE, RIM_WIDTH_OUTSIDE, PROFILE_END = 0.25, 0.6, 3.0  # crater radii
ROCK_HEIGHT_OF_DIAMETER = 0.5
CHANNELS = {"coarse": 1, "fine": 2, "rocks": 3, "field": 4}


class ReliefChoice(Parameters):
    """What the mission file says of the ground near the site."""

    seed: Annotated[int, Field(ge=0, lt=2**63, description="draws the synthetic craters, rocks and map-error field; assumed")] = 2
    coarse_craters: Annotated[bool, Field(description="synthetic craters of 64 m to 4 km")] = True
    fine_craters: Annotated[bool, Field(description="synthetic craters of 4 to 64 m")] = True
    rocks: Annotated[bool, Field(description="synthetic rocks of 0.3 to 5 m")] = True
    crater_density_factor: Annotated[float, Field(ge=0, le=3, description="crater number over that of the law; source: 1 is Trask 1966")] = 1.0
    equilibrium_diameter_m: Annotated[
        float, Field(gt=0, le=1000, description="largest crater diameter in equilibrium, the law steepens above; assumed, as on Sinus Medii")
    ] = 100.0
    rock_abundance_percent: Annotated[
        float,
        Field(ge=0, le=5, description="share k of the ground under rocks of any size; assumed, near Diviner's mare mean"),
    ] = 0.4
    detail_radius_km: Annotated[float, Field(ge=0, le=300, description="synthetic detail and map error end this far from the site; assumed")] = 150.0
    map_correlation_km: Annotated[float, Field(ge=2, le=16, description="distance at which the map error's correlation is 1/e; assumed")] = 4.0


def describe(choice: ReliefChoice, map_on_board: str = "lola") -> str:
    """What of the relief is real and what is not, in one sentence: the first line of every report; `map_on_board` is "lola" or "flat"."""
    error = f"error a random field correlated over {choice.map_correlation_km:g} km."
    on_board = (
        f"the on-board map is LOLA, its {error}" if map_on_board == "lola" else f"the on-board map is level at the site's height; LOLA's {error}"
    )
    law = f"Trask 1966 × {choice.crater_density_factor:g}" if choice.crater_density_factor != 1 else "Trask 1966"
    bands = [(choice.coarse_craters, f"craters of 64 m to 4 km ({law}, steeper above {choice.equilibrium_diameter_m:g} m)")]
    bands += [(choice.fine_craters, f"craters of 4 to 64 m ({law})")]
    bands += [(choice.rocks, f"rocks of 0.3 to 5 m (k exp(-qD), k = {choice.rock_abundance_percent:g} %)")]
    made = ", ".join(text for wanted, text in bands if wanted and choice.detail_radius_km > 0) or "no craters or rocks"
    return (
        "Relief: real LOLA heights (3.8 km a pixel at the equator, interpolated); all below that is synthetic: "
        f"{made}, seed {choice.seed}, within {choice.detail_radius_km:g} km of the site; {on_board}"
    )


def craters_larger_than(diameter: np.ndarray | float, choice: ReliefChoice) -> np.ndarray | float:
    """Number of craters larger than `diameter` [m] per m²."""
    turn = choice.equilibrium_diameter_m
    exponent = np.where(np.asarray(diameter) > turn, PRODUCTION_EXPONENT, EQUILIBRIUM_EXPONENT)
    return choice.crater_density_factor * EQUILIBRIUM_DENSITY * turn**-EQUILIBRIUM_EXPONENT * (np.asarray(diameter) / turn) ** -exponent


def rock_share_over(diameter: np.ndarray | float, k: float) -> np.ndarray | float:
    """Share of the ground under rocks larger than `diameter` [m]."""
    return k * np.exp(-(0.5648 + 0.01285 / k) * np.asarray(diameter)) if k > 0 else np.zeros_like(np.asarray(diameter, float))


def fresh_depth(diameter: np.ndarray) -> np.ndarray:
    """Depth [m] of fresh craters of the given diameters [m], rim to floor; linear in log D between the middles of Stopar's classes."""
    lower = np.array([20.0 / 10**0.5, 20.0, 63.2, 141.4, 282.8, 565.7])
    ratio = np.array([r for _, r in reversed(FRESH_DEPTHS)])
    return diameter * np.interp(np.log(diameter), np.log(lower), ratio)


def crater_profile(r: np.ndarray, depth: float) -> np.ndarray:
    """Height [m] over the old surface at `r` crater radii from the centre: a bowl `(1 - r²)²` in a Gaussian rim, smooth everywhere.

    The rim's crest is at r = 1, the floor lies `depth` below it; its wall is steepest near half the radius: 18° for fresh craters
    of a few metres, 34° for those above 400 m.
    """
    rim = RIM_OF_DEPTH * depth
    width = np.where(r < 1.0, RIM_WIDTH_INSIDE, RIM_WIDTH_OUTSIDE)
    bowl = np.clip(1.0 - r * r, 0.0, None)
    return rim * np.exp(-(((r - 1.0) / width) ** 2)) - (depth - rim) * bowl * bowl


def drawn_craters(choice: ReliefChoice, band: str) -> dict[str, np.ndarray]:
    """East, north, diameter and depth [m] of every crater of the `coarse` or `fine` tile, and its `age`: 0 the oldest, 1 the youngest."""
    side, spacing, (smallest, largest) = (
        (COARSE_SIDE, COARSE_SPACING, COARSE_DIAMETERS) if band == "coarse" else (FINE_SIDE, FINE_SPACING, FINE_DIAMETERS)
    )
    period = side * spacing
    most, least = float(craters_larger_than(smallest, choice)), float(craters_larger_than(largest, choice))
    runs = np.arange(round((most - least) * period**2))
    place = host_uniforms(choice.seed, runs, CHANNELS[band], 0) * period
    size, age = host_uniforms(choice.seed, runs, CHANNELS[band], 1).T
    diameters = np.geomspace(smallest, largest, 4001)
    density = np.asarray(craters_larger_than(diameters, choice))
    diameter = np.exp(np.interp(np.log(most + (least - most) * size), np.log(density[::-1]), np.log(diameters[::-1]))) if len(runs) else np.zeros(0)
    depth = fresh_depth(diameter) * (SHALLOWEST + (1.0 - SHALLOWEST) * age**2) if len(runs) else np.zeros(0)
    return {"east": place[:, 0], "north": place[:, 1], "diameter": diameter, "depth": depth, "age": age}


def crater_tile(choice: ReliefChoice, band: str) -> np.ndarray:
    """Heights [m] of a periodic tile of craters, zero on average, shape (side, side), float32, [north, east]."""
    side, spacing = (COARSE_SIDE, COARSE_SPACING) if band == "coarse" else (FINE_SIDE, FINE_SPACING)
    tile = np.zeros((side, side))
    craters = drawn_craters(choice, band)
    for i in np.argsort(craters["age"], kind="stable"):
        rows, columns, r = _cells_around(craters["east"][i], craters["north"][i], 0.5 * craters["diameter"][i], PROFILE_END, side, spacing)
        cells = np.ix_(rows, columns)
        old = tile[cells]
        erased = np.clip(1.0 - r * r, 0.0, None) ** 2
        if erased.any():
            old += erased * ((old * erased).sum() / erased.sum() - old)
        tile[cells] = old + np.where(r < PROFILE_END, crater_profile(r, craters["depth"][i]), 0.0)
    return (tile - tile.mean()).astype(np.float32)


def drawn_rocks(choice: ReliefChoice) -> dict[str, np.ndarray]:
    """East, north and diameter [m] of every rock of the tile: sizes by stratified draws from the area law, positions uniform."""
    k, period = choice.rock_abundance_percent * 0.01, ROCK_SIDE * ROCK_SPACING
    edges = np.geomspace(*ROCK_DIAMETERS, 2001)
    share = np.asarray(rock_share_over(edges, k))
    number = np.concatenate([[0.0], np.cumsum(-np.diff(share) / (np.pi / 4 * edges[1:] * edges[:-1]))]) * period**2
    runs = np.arange(round(number[-1]))
    place = host_uniforms(choice.seed, runs, CHANNELS["rocks"], 0) * period
    jitter = host_uniforms(choice.seed, runs, CHANNELS["rocks"], 1)[:, 0]
    diameter = np.interp(runs + jitter, number, edges) if len(runs) else np.zeros(0)
    return {"east": place[:, 0], "north": place[:, 1], "diameter": diameter}


def rock_tile(choice: ReliefChoice) -> np.ndarray:
    """Heights [m] of a periodic tile of rocks, shape (side, side), float32, [north, east]; the highest of overlapping rocks counts."""
    tile = np.zeros((ROCK_SIDE, ROCK_SIDE))
    rocks = drawn_rocks(choice)
    for east, north, diameter in zip(rocks["east"], rocks["north"], rocks["diameter"], strict=True):
        rows, columns, r = _cells_around(east, north, 0.5 * diameter, 1.0, ROCK_SIDE, ROCK_SPACING)
        dome = ROCK_HEIGHT_OF_DIAMETER * diameter * np.clip(1.0 - r * r, 0.0, None)
        tile[np.ix_(rows, columns)] = np.maximum(tile[np.ix_(rows, columns)], dome)
    return tile.astype(np.float32)


def _cells_around(east: float, north: float, radius: float, reach: float, side: int, spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Wrapped rows and columns of the cells within `reach` radii of a centre, and their distance in radii."""
    half = int(np.ceil(reach * radius / spacing)) + 1
    column, row = round(east / spacing), round(north / spacing)
    columns, rows = np.arange(column - half, column + half + 1), np.arange(row - half, row + half + 1)
    r = np.hypot((rows * spacing - north)[:, None], (columns * spacing - east)[None, :]) / radius
    return rows % side, columns % side, r


def map_error_field(choice: ReliefChoice) -> np.ndarray:
    """A periodic Gaussian random field of zero mean and unit variance, shape (256, 256), float32, [north, east]."""
    white = host_normals(choice.seed, np.arange(FIELD_SIDE**2 // 2), CHANNELS["field"]).reshape(FIELD_SIDE, FIELD_SIDE)
    away = np.minimum(np.arange(FIELD_SIDE), FIELD_SIDE - np.arange(FIELD_SIDE)) * FIELD_SPACING / (choice.map_correlation_km * 1e3)
    correlation = np.exp(-(away[:, None] ** 2 + away[None, :] ** 2))
    power = np.clip(np.fft.fft2(correlation).real, 0.0, None)
    field = np.fft.ifft2(np.fft.fft2(white) * np.sqrt(power)).real
    return ((field - field.mean()) / field.std()).astype(np.float32)


def block_bounds(tile: np.ndarray, spacing: float, block: int) -> np.ndarray:
    """Steepest slope and greatest height of a periodic, bilinear tile in each block of `block`² cells and its eight neighbours, shape (n, n, 2)."""
    to_east = np.abs(np.roll(tile, -1, axis=1) - tile)
    to_north = np.abs(np.roll(tile, -1, axis=0) - tile)
    slope = np.hypot(np.maximum(to_east, np.roll(to_east, -1, axis=0)), np.maximum(to_north, np.roll(to_north, -1, axis=1))) / spacing
    n = len(tile) // block
    bounds = np.stack([part.reshape(n, block, n, block).max(axis=(1, 3)) for part in (slope, tile)], axis=-1)
    for axis in (0, 1):
        bounds = np.maximum(bounds, np.maximum(np.roll(bounds, 1, axis), np.roll(bounds, -1, axis)))
    return np.nextafter(bounds.astype(np.float32), np.float32(np.inf))


def _table(make: Callable[[], np.ndarray], spacing: float) -> dict[str, np.ndarray]:
    tile = make()
    bounds = block_bounds(tile.astype(float), spacing, BLOCK)
    return {"tile": tile, "bounds": bounds, "extremes": np.array([tile.min(), tile.max(), bounds[..., 0].max()], np.float64)}


def detail_tiles(choice: ReliefChoice) -> dict[str, dict[str, np.ndarray]]:
    """The tables `coarse`, `fine`, `rocks` and `field`, from the cache where this choice has been made before; a band that is off is flat.

    Each holds `tile` (heights [m], `field` of unit variance), `bounds` of its blocks and its `extremes`: lowest, highest, steepest slope.
    """
    laws = {
        "density": EQUILIBRIUM_DENSITY,
        "exponents": [EQUILIBRIUM_EXPONENT, PRODUCTION_EXPONENT],
        "depths": FRESH_DEPTHS,
        "shallowest": SHALLOWEST,
    }
    laws |= {"rim": [RIM_OF_DEPTH, RIM_WIDTH_INSIDE, RIM_WIDTH_OUTSIDE, PROFILE_END], "rock_height": ROCK_HEIGHT_OF_DIAMETER}
    grids = [COARSE_SIDE, COARSE_SPACING, COARSE_DIAMETERS, FINE_SIDE, FINE_SPACING, FINE_DIAMETERS, ROCK_SIDE, ROCK_SPACING, ROCK_DIAMETERS]
    craters = {"seed": choice.seed, "factor": choice.crater_density_factor, "turn_m": choice.equilibrium_diameter_m}
    shape: dict[str, Any] = {"version": VERSION, "laws": laws, "grids": [*grids, FIELD_SIDE, FIELD_SPACING, BLOCK]}
    parts: dict[str, tuple[bool, dict[str, Any], float, Callable[[], np.ndarray]]] = {
        "coarse": (choice.coarse_craters, craters, COARSE_SPACING, lambda: crater_tile(choice, "coarse")),
        "fine": (choice.fine_craters, craters, FINE_SPACING, lambda: crater_tile(choice, "fine")),
        "rocks": (choice.rocks, {"seed": choice.seed, "percent": choice.rock_abundance_percent}, ROCK_SPACING, lambda: rock_tile(choice)),
        "field": (True, {"seed": choice.seed, "correlation_km": choice.map_correlation_km}, FIELD_SPACING, lambda: map_error_field(choice)),
    }
    flat: dict[str, np.ndarray] = {"tile": np.zeros((2, 2), np.float32), "bounds": np.zeros((1, 1, 2), np.float32), "extremes": np.zeros(3)}
    tables = {}
    for name, (wanted, own, spacing, make) in parts.items():
        build = partial(_table, make, spacing)
        tables[name] = cached_arrays(f"relief-{name}", shape | own, build) if wanted else flat
    return tables
