"""The error budget: what each error source does to the touchdown, added up linearly, beside flights that have all of them at once.

The touchdown y (`touchdowns.COMPONENTS`) of the closed loop, plant and computer, is taken as linear in the dispersed inputs about the undispersed
flight, with central differences at 1 sigma of each input and the same draws of noise on both sides:

    s_i = (y(+sigma_i) - y(-sigma_i)) / 2
    C   = sum of s_i s_i^T + C_noise + C_map

C_noise is the covariance of flights with every dispersion held and the noise of seed and run alone, C_map that of flights with the same noise over
other patterns of the map's error (`sources`). Beside it stands the covariance S of flights that have everything dispersed, with the 95 % bounds of
each standard deviation, s sqrt((n - 1) / chi²); linear and sample agree where their bounds overlap. Those of the linear one come from its two
sampled parts. `explained` is the share of the sample's variance that is gone when each flight is predicted from its own draws and its own noise.

Numbers that the mission correlates are one source, whose covariance is the sum of rho_ij s_i s_j^T over its members.

Assumptions and limitations: bounds are those of normal touchdowns; what is not smooth (rocks below a footpad, a mode that
begins a tick later) enters the differences as scatter; flights without a touchdown are left out and counted, so covariances are those of the rest.
Sources: Gelb, Applied Optimal Estimation, 1974, section 6 (covariance analysis by sensitivities), as recalled; chi² by Wilson and Hilferty 1931.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.flight.budget.regression import bent
from perilune.flight.budget.sources import PATTERNS, ErrorSource, centre, correlation_of, error_sources
from perilune.flight.budget.touchdowns import COMPONENTS, Touchdowns, fly_touchdowns
from perilune.flight.setup import Scene
from perilune.mission.draws import draw

LEAST_RUNS = 10  # below that, a covariance of seven numbers says nothing
CONFIDENCE = 0.95
NOISE, PATTERN = "sensor noise", "map error"

Told = Callable[[str, int], None]
"""Hears what is flown and how many flights more have ended."""


@dataclass(frozen=True)
class Contribution:
    """What one source, or a group of them, does to the touchdown: 1 sigma of each component, its covariance, and its numbers one by one."""

    name: str
    sigma: np.ndarray  # (7,)
    covariance: np.ndarray  # (7, 7)
    parts: list["Contribution"]


@dataclass(frozen=True)
class Sample:
    """Flights of one kind: how many flew and how many count, who was left out, mean (7,) and covariance (7, 7) of those that count."""

    flown: int
    kept: int
    left_out: dict[str, int]
    mean: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True)
class ErrorBudget:
    """Linear beside sample; components in the order of `COMPONENTS`."""

    seed: int
    reference: np.ndarray  # (7,) the flight about which all is linear
    reference_verdict: str
    contributions: list[Contribution]  # ranked by their share of the horizontal position's variance
    noise: Sample
    pattern: Sample | None
    sample: Sample
    linear: np.ndarray  # (7, 7)
    linear_bounds: np.ndarray  # (2, 7) 95 % bounds of the linear 1 sigma
    sample_bounds: np.ndarray  # (2, 7) of the sample's
    explained: np.ndarray  # (7,)
    not_linear: dict[str, str]  # sources that could not be differenced or do not act linearly, and why
    points: np.ndarray  # (kept, 7) touchdowns of the sample

    @property
    def linear_sigma(self) -> np.ndarray:
        """1 sigma of each component by the linear budget."""
        return np.asarray(np.sqrt(np.diag(self.linear)))

    @property
    def sample_sigma(self) -> np.ndarray:
        """1 sigma of each component in the sample."""
        return np.asarray(np.sqrt(np.diag(self.sample.covariance)))

    @property
    def agrees(self) -> np.ndarray:
        """Whether the bounds of linear and sample overlap, per component."""
        return np.asarray((self.linear_bounds[0] <= self.sample_bounds[1]) & (self.sample_bounds[0] <= self.linear_bounds[1]))


def error_budget(scene: Scene, seed: int, runs: int, told: Told = lambda label, count: None) -> ErrorBudget:
    """Fly the differences, the noise, the map and the sample of `runs`, and put them side by side.

    Raises PeriluneError with the reason where the undispersed flight has no touchdown or too few flights have one.
    """
    mission, sources = scene.mission, error_sources(scene.mission)
    smooth, about = [source for source in sources if source.is_smooth], centre(scene.mission)
    others = others_of(runs)
    held = {path: np.full(others, value) for path, value in about.items()}

    def hear(label: str) -> Callable[[int], None]:
        return lambda count: told(label, count)

    moved = fly_touchdowns(scene, None, np.zeros(1 + 2 * len(smooth), dtype=np.int64), _differences(about, smooth), hear("sensitivities"))
    verdict = str(moved.verdicts[0])
    if not np.isfinite(moved.values[0]).all():
        raise PeriluneError(f"the undispersed flight does not touch down ({verdict}), so nothing can be linear about it; see its Δv budget")
    quiet = fly_touchdowns(scene, seed, np.arange(others), held, hear("noise alone"))
    noise, pattern = summed_up(quiet, verdict, "with noise alone"), None
    if len(smooth) < len(sources):
        patterns = draw(mission, seed, np.arange(others))
        over = {path: patterns[path] if path.startswith(PATTERNS) else held[path] for path in held}
        patterned = fly_touchdowns(scene, None, np.zeros(others, dtype=np.int64), over, hear("map error alone"))
        pattern = summed_up(patterned, verdict, "over the map's errors")
    flights = fly_touchdowns(scene, seed, np.arange(runs), None, hear("everything dispersed"))
    sample = summed_up(flights, verdict, "with everything dispersed")

    effects, not_linear = _effects(moved, smooth, verdict)
    contributions = _grouped(smooth, effects, correlation_of(mission, smooth), noise, pattern)
    linear = np.sum([c.covariance for c in contributions], axis=0)
    kept, drawn = flights.kept(verdict), draw(mission, seed, np.arange(runs))
    draws = np.array([(drawn[source.path] - about[source.path]) / source.sigma for source in smooth]).reshape(len(smooth), runs).T
    return ErrorBudget(
        seed=seed,
        reference=moved.values[0],
        reference_verdict=verdict,
        contributions=contributions,
        noise=noise,
        pattern=pattern,
        sample=sample,
        linear=linear,
        linear_bounds=_linear_bounds(linear, [part for part in (noise, pattern) if part is not None]),
        sample_bounds=np.sqrt(np.diag(sample.covariance)) * np.array(sigma_factors(sample.kept))[:, None],
        explained=_explained(flights, quiet, verdict, draws, effects),
        not_linear=not_linear | bent([source.path for source in smooth], effects, flights.values[kept], draws[kept]),
        points=flights.values[kept],
    )


def others_of(runs: int) -> int:
    """How many flights with noise alone, and over the map's errors alone, go with a sample of `runs`."""
    return max(LEAST_RUNS, runs // 2)


def flights_of(scene: Scene, runs: int) -> int:
    """How many flights an error budget takes."""
    sources = error_sources(scene.mission)
    smooth = sum(source.is_smooth for source in sources)
    return 1 + 2 * smooth + runs + others_of(runs) * (1 + (smooth < len(sources)))


def _differences(about: dict[str, float], smooth: list[ErrorSource]) -> dict[str, np.ndarray]:
    """Drawn values of the undispersed flight and of each smooth source at plus and minus 1 sigma, shape (1 + 2 n,)."""
    drawn = {path: np.full(1 + 2 * len(smooth), value) for path, value in about.items()}
    for i, source in enumerate(smooth):
        drawn[source.path][1 + 2 * i], drawn[source.path][2 + 2 * i] = source.moved(1.0), source.moved(-1.0)
    return drawn


def _effects(moved: Touchdowns, smooth: list[ErrorSource], verdict: str) -> tuple[np.ndarray, dict[str, str]]:
    """Effect of 1 sigma of each source, (n, 7), by central differences; one-sided where one side is lost, 0 where both are, each with the reason."""
    kept, effects, reasons = moved.kept(verdict), np.zeros((len(smooth), len(COMPONENTS))), {}
    for i, source in enumerate(smooth):
        rows = [row for row in (1 + 2 * i, 2 + 2 * i) if kept[row]]
        steps = {1 + 2 * i: source.moved(1.0) - source.mean, 2 + 2 * i: source.moved(-1.0) - source.mean}
        if len(rows) < 2:
            lost = " and ".join(f"{moved.verdicts[row]} at {'+' if row % 2 else '−'}1 sigma" for row in steps if row not in rows)
            reasons[source.path] = f"{lost}; {'one-sided difference' if rows else 'left out of the linear budget'}"
        ends = [*rows, 0][:2]
        width = steps.get(ends[0], 0.0) - steps.get(ends[-1], 0.0) if rows else 0.0
        if width != 0.0:
            effects[i] = (moved.values[ends[0]] - moved.values[ends[1]]) / width * source.sigma
    return effects, reasons


def summed_up(flights: Touchdowns, verdict: str, what: str) -> Sample:
    """Mean and covariance of the flights that count; raises PeriluneError where they are too few."""
    kept, left_out = flights.kept(verdict), flights.left_out(verdict)
    if kept.sum() < LEAST_RUNS:
        said = ", ".join(f"{count} {word}" for word, count in left_out.items()) or "none was lost"
        raise PeriluneError(
            f"only {int(kept.sum())} of {len(kept)} flights {what} touch down as the undispersed one does ({said}); at least {LEAST_RUNS} must"
        )
    values = flights.values[kept]
    return Sample(len(kept), int(kept.sum()), left_out, values.mean(axis=0), np.cov(values, rowvar=False))


def _grouped(smooth: list[ErrorSource], effects: np.ndarray, correlation: np.ndarray, noise: Sample, pattern: Sample | None) -> list[Contribution]:
    """Contributions by device, the largest share of the horizontal position's variance first, with their numbers in the same order."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for i, source in enumerate(smooth):
        by_line = groups.setdefault(source.group, {})
        with_others = np.outer(effects[i], correlation[i] @ effects)  # summed over the line's members: of each pair rho (s_i s_j^T + s_j s_i^T)
        by_line[source.dispersion] = by_line.get(source.dispersion, np.zeros((len(COMPONENTS),) * 2)) + with_others
    made = []
    for group, covariances in groups.items():
        parts = ranked([contribution(name, covariance) for name, covariance in covariances.items()])
        made.append(contribution(group, np.sum(list(covariances.values()), axis=0), parts))
    made.append(contribution(NOISE, noise.covariance))
    if pattern is not None:
        made.append(contribution(PATTERN, pattern.covariance))
    return ranked(made)


def contribution(name: str, covariance: np.ndarray, parts: list[Contribution] | None = None) -> Contribution:
    """A contribution from its covariance."""
    return Contribution(name, np.sqrt(np.diag(covariance)), covariance, parts or [])


def ranked(made: list[Contribution]) -> list[Contribution]:
    """Largest horizontal position error first."""
    return sorted(made, key=lambda c: -float(c.sigma[0] ** 2 + c.sigma[1] ** 2))


def sigma_factors(n: int) -> tuple[float, float]:
    """What a standard deviation of `n` normal values is multiplied by for its 95 % bounds: sqrt((n - 1) / chi²), Wilson and Hilferty's chi²."""
    k, z = n - 1, NormalDist().inv_cdf(0.5 + 0.5 * CONFIDENCE)

    def chi2_per_degree(z: float) -> float:
        return float((1.0 - 2.0 / (9.0 * k) + z * np.sqrt(2.0 / (9.0 * k))) ** 3)

    return chi2_per_degree(z) ** -0.5, chi2_per_degree(-z) ** -0.5


def _linear_bounds(linear: np.ndarray, sampled: list[Sample]) -> np.ndarray:
    """95 % bounds (2, 7) of the linear 1 sigma, from the scatter of its sampled parts: var of s² is 2 sigma⁴ / (n - 1)."""
    variance = np.diag(linear)
    scatter = np.sqrt(sum((2.0 / (part.kept - 1) * np.diag(part.covariance) ** 2 for part in sampled), np.zeros_like(variance)))
    z = NormalDist().inv_cdf(0.5 + 0.5 * CONFIDENCE)
    return np.sqrt(np.maximum(np.stack([variance - z * scatter, variance + z * scatter]), 0.0))


def _explained(flights: Touchdowns, quiet: Touchdowns, verdict: str, draws: np.ndarray, effects: np.ndarray) -> np.ndarray:
    """Share of the sample's variance (7,) that goes when each flight is predicted from its draws (in sigma) and the flight with its noise alone."""
    alone = quiet.kept(verdict)
    both = np.flatnonzero(flights.kept(verdict)[: len(alone)] & alone)
    if len(both) < LEAST_RUNS:
        return np.full(len(COMPONENTS), np.nan)
    flown, predicted = flights.values[both], quiet.values[both] + draws[both] @ effects
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1.0 - (flown - predicted).var(axis=0) / flown.var(axis=0))
