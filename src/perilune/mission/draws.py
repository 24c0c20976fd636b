"""Drawn values: what each run of a campaign is given in place of the mission's numbers, written into the plant and read back out of it.

A draw depends on seed, run index and path only (correlated ones on the other paths of their block, those of a sampling plan on the plan), so run k is
the same alone and in any batch, and one more dispersion moves no other. The values are in the file's units until they enter the packs.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.parameters import leaves, pack, pack_slot
from perilune.base.random import channel_of, host_normals, host_uniforms
from perilune.mission.correlations import mixed
from perilune.mission.dispersions import Dispersion, components, refusal, value_at
from perilune.mission.distributions import OF_NORMAL_DEVIATES, from_normals, from_uniforms, normals_of
from perilune.mission.fault_slots import fault_leaves, fault_numbers
from perilune.mission.paths import find, in_words, is_inside
from perilune.mission.sampling import Spread
from perilune.mission.schema import Mission
from perilune.mission.start import START_ERRORS

ADVICE = "; make its dispersion narrower or a truncated_normal"


def draw(mission: Mission, seed: int | None, runs: np.ndarray, sampling: Spread | None = None) -> dict[str, np.ndarray]:
    """The value of every dispersed number in each run, by its dotted path, shape (n,), in the file's units.

    Without a seed, and for what the case holds, it is the mission's own value in every run. Left out, `sampling` is independent.

    Raises
    ------
    PeriluneError
        When seed or run index does not fit the generator or the sampling plan, or a drawn value lies outside the range of its key.
    """
    runs = np.asarray(runs)
    check_key(seed, runs)
    named = [(path, dispersion) for dispersion in mission.dispersions for path in components(mission, dispersion.path)]
    own = {path: float(value_at(mission, path)) for path, _ in named}  # type: ignore[arg-type]
    if seed is None:
        return {path: np.full(len(runs), own[path]) for path, _ in named}
    uniforms = None if sampling is None else sampling.uniforms(sorted(path for path, d in named if d.distribution != "fixed"), seed, runs)
    normals = _normals(mission, dict(named), seed, runs, uniforms)
    drawn = {}
    for path, dispersion in named:
        if {path, dispersion.path} & set(mission.held):
            drawn[path] = np.full(len(runs), own[path])
            continue
        if path in normals:
            drawn[path] = from_normals(dispersion, own[path], normals[path])
        else:
            u = host_uniforms(seed, runs, channel_of(path))[:, 0] if uniforms is None else uniforms.get(path, np.zeros(len(runs)))
            drawn[path] = from_uniforms(dispersion, own[path], u)
        _check_range(path, drawn[path], runs)
    return drawn


def _normals(
    mission: Mission, named: dict[str, Dispersion], seed: int, runs: np.ndarray, uniforms: dict[str, np.ndarray] | None
) -> dict[str, np.ndarray]:
    """The standard normal deviates of those numbers that are drawn by one, correlated where the mission says so."""
    paths = [path for path, dispersion in named.items() if dispersion.distribution in OF_NORMAL_DEVIATES]
    if uniforms is None:
        normals = {path: host_normals(seed, runs, channel_of(path))[:, 0] for path in paths}
    else:
        normals = {path: normals_of(uniforms[path]) for path in paths}
    for block in mission.correlations:
        normals |= mixed(block, normals)
    return normals


def check_key(seed: int | None, runs: np.ndarray) -> None:
    """Raise PeriluneError when a seed or a run index does not fit the generator."""
    if seed is not None and not 0 <= seed < 2**64:
        raise PeriluneError(f"seed {seed} does not fit the generator; it is a whole number from 0 to 2^64 - 1")
    if runs.size and not (0 <= int(runs.min()) and int(runs.max()) < 2**32):
        raise PeriluneError(f"run {int(runs.min())} to {int(runs.max())} does not fit the generator; runs count from 0 to 2^32 - 1")


def check_given(mission: Mission, drawn: dict[str, np.ndarray], runs: np.ndarray) -> None:
    """Raise PeriluneError when a value given in place of a draw is of no number that can differ from run to run, or outside the range of its key."""
    dispersed = {path for dispersion in mission.dispersions for path in components(mission, dispersion.path)}
    for path, values in drawn.items():
        reason = None if path in dispersed else refusal(mission, path)
        if reason is not None:
            raise PeriluneError(f"given values: {path} {reason}")
        if len(values) != len(runs):
            raise PeriluneError(f"given values: {path} has {len(values)} values for {len(runs)} runs; give one for each")
        wild = np.flatnonzero(~np.isfinite(values))
        if wild.size:
            raise PeriluneError(f"run {int(runs[wild[0]])} is given {path} = {values[wild[0]]:g}; it must be finite")
        _check_range(path, values, runs, "is given", "")


def _check_range(path: str, values: np.ndarray, runs: np.ndarray, how: str = "draws", advice: str = ADVICE) -> None:
    leaf = find(Mission, path)
    bounds = leaf.bounds if leaf is not None else ()
    for extreme in (int(values.argmin()), int(values.argmax())) if values.size else ():
        if not is_inside(float(values[extreme]), bounds):
            raise PeriluneError(f"run {int(runs[extreme])} {how} {path} = {values[extreme]:g}, which must be {in_words(bounds)}{advice}")


def truth_packs(mission: Mission, count: int) -> dict[str, np.ndarray]:
    """The per-run packs of the truth, `count` of each and undispersed, by the mission's table: `lander`, `environment`, `start`, `faults`."""
    from perilune.environment.relief import ReliefDraw
    from perilune.lander.lander import LanderParams

    start = np.zeros(count, START_ERRORS)
    for path, value in leaves(mission.start):
        if "_error_" in path:
            slot, factor = pack_slot(start, path)
            slot[:] = value * factor
    return {
        "lander": pack(mission.lander, LanderParams, count),
        "environment": pack(mission.environment, ReliefDraw, count),
        "start": start,
        "faults": fault_numbers(mission, count),
    }


def apply(drawn: dict[str, np.ndarray], packs: dict[str, np.ndarray]) -> None:
    """Write drawn values into the packs, run by run, in SI."""
    for path, values in drawn.items():
        slot, factor = _slot(packs, path)
        slot[:] = values * factor


def read_back(mission: Mission, drawn: dict[str, np.ndarray], packs: dict[str, np.ndarray]) -> int:
    """Compare every number that the packs hold with what was drawn or, undispersed, stands in the mission; return how many numbers were compared.

    Raises
    ------
    PeriluneError
        When one differs in any bit: then something else was flown than was asked for.
    """
    compared = 0
    for path in drawn:
        _slot(packs, path)
    for path, value in (*leaves(mission), *fault_leaves(mission)):
        if path.partition(".")[0] not in packs or isinstance(value, str) or value is None:
            continue
        for component, own in _numbers(path, value):
            try:
                slot, factor = _slot(packs, component)
            except PeriluneError:
                continue
            asked = drawn[component] * factor if component in drawn else np.full(len(slot), float(own) * factor)
            differs = np.flatnonzero(~(slot == asked))
            if differs.size:
                k = int(differs[0])
                raise PeriluneError(
                    f"{component}: {asked[k]!r} was asked for and {slot[k]!r} is in the plant (element {k} of the batch, in SI); "
                    "this is a fault of the program, please report it"
                )
            compared += 1
    return compared


def _numbers(path: str, value: Any) -> Iterator[tuple[str, float]]:
    """Every single number of a value, with its path."""
    if isinstance(value, tuple):
        for i, element in enumerate(value):
            yield from _numbers(f"{path}.{i}", element)
    else:
        yield path, value


def _slot(packs: dict[str, np.ndarray], path: str) -> tuple[np.ndarray, float]:
    table, _, rest = path.partition(".")
    try:
        return pack_slot(packs[table], rest)
    except KeyError:
        raise PeriluneError(f"{path}: no per-run pack holds this number, so it cannot differ from run to run") from None
