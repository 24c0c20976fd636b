"""The error budget must add up, agree with flights that have every error at once, and count the flights that it leaves out."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.flight.budget.error_budget import (
    LEAST_RUNS,
    _differences,
    _effects,
    _grouped,
    error_budget,
    flights_of,
    sigma_factors,
    summed_up,
)
from perilune.flight.budget.regression import bent, slopes
from perilune.flight.budget.sources import centre, correlation_of, error_sources, group_of
from perilune.flight.budget.touchdowns import COMPONENTS, Touchdowns, fly_touchdowns
from perilune.flight.fly_many import fly_many
from perilune.flight.flying import prepare
from perilune.mission.correlations import Correlation
from perilune.mission.dispersions import Dispersion
from perilune.mission.distributions import mean_of, sigma_of
from perilune.mission.draws import draw
from perilune.mission.loader import load

FEW = ("start.velocity_error_normal_m_s", "lander.imu.accel_bias_ug.*", "lander.assist_engines.thrust_n")
EAST, NORTH, DOWN, TIME, PROPELLANT = 0, 1, 4, 5, 6
RUNS = 40  # half as many are flown with noise alone: of 12 such pairs the share explained would scatter by more than the bound leaves


@pytest.fixture(scope="module")
def mission():
    """Resilience with a few of its dispersions."""
    whole = load("resilience")
    few = whole.model_copy(update={"dispersions": tuple(d for d in whole.dispersions if d.path in FEW)})
    return few.beside(few, few)


@pytest.fixture(scope="module")
def scene(mission):
    return prepare(mission)


@pytest.fixture(scope="module")
def ended():
    """How many flights were said to have ended."""
    return []


@pytest.fixture(scope="module")
def errors(scene, ended):
    return error_budget(scene, 1, RUNS, lambda label, count: ended.append(count))


def planted(verdicts):
    """Touchdowns of flights that ended so; those that never touched the ground have no numbers."""
    values = np.random.default_rng(1).normal(size=(len(verdicts), len(COMPONENTS)))
    values[[word in ("not-landed", "invalid") for word in verdicts]] = np.nan
    return Touchdowns(values, np.array(verdicts))


def test_few_small_errors_act_linearly(errors):
    """Each flight's touchdown is told by its own draws and noise: where it is to 1 %, how fast to 2 %, with engines that pulse as without.

    Of the 1 sigma itself, 40 flights say little.
    """
    assert errors.sample.kept == RUNS
    assert (errors.explained[[EAST, NORTH]] > 0.99).all(), errors.explained
    assert (errors.explained[[2, 3]] > 0.98).all(), errors.explained
    assert errors.agrees[[EAST, NORTH]].all(), (errors.linear_bounds, errors.sample_bounds)


def test_the_parts_add_up_to_the_linear_covariance(errors):
    assert sum(made.covariance for made in errors.contributions) == pytest.approx(errors.linear)
    for made in errors.contributions:
        if made.parts:
            assert sum(part.covariance for part in made.parts) == pytest.approx(made.covariance)
    shares = [made.sigma[0] ** 2 + made.sigma[1] ** 2 for made in errors.contributions]
    assert shares == sorted(shares, reverse=True)
    assert {made.name for made in errors.contributions} == {"state at the start", "accelerometers", "assist engines", "sensor noise"}


def test_a_cross_track_velocity_error_swings_as_the_orbit_does(errors, scene):
    """sigma sin(n t) / n across the track (Hill's equation) over the flight; the descent under power shortens the swing by some per cent."""
    made = next(c for c in errors.contributions if c.name == "state at the start")
    orbit = scene.mission.start
    a = 1737.4e3 + 500.0 * (orbit.apolune_altitude_km + orbit.perilune_altitude_km)
    n = np.sqrt(4.9028e12 / a**3)
    swing = 0.1667 / n * abs(np.sin(n * errors.reference[TIME]))
    assert np.hypot(made.sigma[EAST], made.sigma[NORTH]) == pytest.approx(swing, rel=0.15)


def test_each_touchdown_is_that_of_fly_many(scene, mission):
    made = fly_touchdowns(scene, 1, np.arange(3))
    table = fly_many(mission, 1, 3)
    assert made.verdicts.tolist() == table["verdict"].to_list()
    for column, key in (
        (EAST, "miss_east_m"),
        (NORTH, "miss_north_m"),
        (DOWN, "touchdown_vertical_speed_m_s"),
        (PROPELLANT, "touchdown_propellant_left_kg"),
    ):
        assert made.values[:, column] == pytest.approx(table[key].to_numpy(), abs=1e-9)
    across = table["touchdown_horizontal_speed_m_s"].to_numpy()
    assert np.hypot(made.values[:, 2], made.values[:, 3]) == pytest.approx(across, abs=0.02)


def test_the_differences_hold_the_noise_and_move_one_number_at_a_time(mission):
    sources = error_sources(mission)
    drawn = _differences(centre(mission), sources)
    moved = np.array([drawn[source.path] != source.mean for source in sources])
    assert moved.sum(axis=0).tolist() == [0] + [1] * (2 * len(sources))
    assert len(sources) == 5 and {f"lander.imu.accel_bias_ug.{i}" for i in range(3)} < {source.path for source in sources}


def test_the_same_draws_give_the_same_touchdown(scene, mission):
    runs = np.arange(2)
    asked, given = fly_touchdowns(scene, 1, runs), fly_touchdowns(scene, 1, runs, draw(mission, 1, runs))
    assert np.array_equal(asked.values, given.values)


def test_lost_flights_are_counted_and_left_out_unless_the_reference_was_lost_so():
    verdicts = ["landed"] * 12 + ["hard-landing", "crashed", "crashed", "not-landed", "out-of-propellant", "invalid", "tipped-over"]
    flights = planted(verdicts)
    assert flights.kept("landed").sum() == 14
    assert flights.left_out("landed") == {"crashed": 2, "invalid": 1, "not-landed": 1, "out-of-propellant": 1}
    assert flights.kept("crashed").sum() == 16 and "crashed" not in flights.left_out("crashed")
    made = summed_up(flights, "landed", "planted")
    assert (made.flown, made.kept) == (19, 14)
    assert made.mean == pytest.approx(flights.values[[*range(13), 18]].mean(axis=0))


def test_too_few_touchdowns_are_refused_with_the_numbers():
    with pytest.raises(
        PeriluneError, match=rf"only 3 of 9 flights planted touch down as the undispersed one does \(6 crashed\); at least {LEAST_RUNS}"
    ):
        summed_up(planted(["landed"] * 3 + ["crashed"] * 6), "landed", "planted")


def test_a_difference_with_a_lost_side_is_one_sided_and_said(mission):
    sources = error_sources(mission)[:2]
    flights = planted(["landed", "crashed", "landed", "crashed", "crashed"])
    effects, why = _effects(flights, sources, "landed")
    assert effects[0] == pytest.approx(flights.values[0] - flights.values[2])
    assert not effects[1].any()
    assert why == {
        sources[0].path: "crashed at +1 sigma; one-sided difference",
        sources[1].path: "crashed at +1 sigma and crashed at −1 sigma; left out of the linear budget",
    }


def test_correlated_sources_are_one_with_the_covariance_that_they_make_together(errors, mission):
    """Against J Sigma J^T with the whole matrix."""
    paths = ("start.velocity_error_normal_m_s", "lander.assist_engines.thrust_n")
    block = Correlation(paths=paths, matrix=((1.0, 0.6), (0.6, 1.0)), source="assumed")
    together = mission.model_copy(update={"correlations": (block,)})
    sources = error_sources(together)
    effects = np.random.default_rng(3).normal(size=(len(sources), len(COMPONENTS)))
    matrix = correlation_of(together, sources)
    made = _grouped(sources, effects, matrix, errors.noise, None)
    line = next(m for m in made if m.name == "correlated: " + ", ".join(paths))
    assert sum(m.covariance for m in made) == pytest.approx(effects.T @ matrix @ effects + errors.noise.covariance)
    pair = effects[[i for i, source in enumerate(sources) if source.path in paths]]
    assert line.covariance == pytest.approx(pair.T @ np.array(block.matrix) @ pair)
    alone = _grouped(error_sources(mission), effects, np.eye(len(sources)), errors.noise, None)
    assert sum(m.covariance for m in alone) == pytest.approx(effects.T @ effects + errors.noise.covariance)


def test_bounds_of_a_standard_deviation_are_those_of_chi_squared():
    from scipy.stats import chi2

    for n, within in ((10, 6e-3), (40, 1e-3), (200, 1e-4)):
        exact = [np.sqrt((n - 1) / chi2.ppf(p, n - 1)) for p in (0.975, 0.025)]
        assert sigma_factors(n) == pytest.approx(exact, rel=within)


def test_spread_is_that_of_what_is_drawn():
    from scipy.stats import lognorm, truncnorm

    narrow = Dispersion(path="x", distribution="truncated_normal", sigma=2.0, cut_sigma=1.5, source="assumed")
    assert sigma_of(narrow, 0.0) == pytest.approx(2.0 * truncnorm.std(-1.5, 1.5))
    assert sigma_of(Dispersion(path="x", distribution="uniform", half_width=3.0, source="assumed"), 0.0) == pytest.approx(3.0**0.5)
    assert sigma_of(Dispersion(path="x", sigma_percent=1.0, source="assumed"), 300.0) == pytest.approx(3.0)
    assert sigma_of(Dispersion(path="x", distribution="fixed", value=4.0, source="assumed"), 0.0) == 0.0
    spread = Dispersion(path="x", distribution="log_normal", sigma_ln=0.3, source="assumed")
    assert sigma_of(spread, 5.0) == pytest.approx(lognorm.std(0.3, scale=5.0)) and mean_of(spread, 5.0) == pytest.approx(lognorm.mean(0.3, scale=5.0))
    chosen = Dispersion(path="x", distribution="choice", values=(1.0, 2.0, 4.0), weights=(1.0, 2.0, 1.0), source="assumed")
    assert mean_of(chosen, 9.0) == 2.25 and sigma_of(chosen, 9.0) == pytest.approx((0.25 * 1.25**2 + 0.5 * 0.25**2 + 0.25 * 1.75**2) ** 0.5)


def test_every_dispersion_of_the_catalogue_is_a_source_unless_held():
    mission, as_flown = load("resilience"), load("resilience", case="as-flown")
    paths = {source.path for source in error_sources(mission)}
    assert {f"lander.imu.gyro_bias_deg_h.{i}" for i in range(3)} <= paths
    assert "start.velocity_error_along_track_m_s" in paths
    assert paths - {source.path for source in error_sources(as_flown)} == {"start.velocity_error_along_track_m_s"}
    assert {source.path for source in error_sources(mission) if not source.is_smooth} == {
        f"environment.map_{key}" for key in ("error_m", "offset_east_m", "offset_north_m")
    }


def test_a_number_counts_to_its_device():
    groups = {
        "start.position_error_radial_m": "state at the start",
        "lander.imu.gyro_bias_deg_h.0": "gyros",
        "lander.imu.accel_scale_ppm.2": "accelerometers",
        "lander.landing_radar.scale_percent": "landing radar",
        "environment.map_offset_east_m": "map error",
    }
    assert {path: group_of(path) for path in groups} == groups


def test_the_number_of_flights_is_told_beforehand(scene, errors, ended):
    assert sum(ended) == flights_of(scene, RUNS)


def test_slopes_are_found_within_their_errors():
    rng = np.random.default_rng(2)
    draws, true = rng.normal(size=(400, 3)), np.array([[2.0, 0.0], [0.5, -1.0], [0.0, 3.0]])
    found, error = slopes(draws @ true + rng.normal(size=(400, 2)), draws)
    assert error == pytest.approx(np.full((3, 2), 0.05), rel=0.2)
    assert (np.abs(found - true) < 4.0 * error).all()


def test_a_source_that_acts_only_beyond_a_limit_is_named():
    rng = np.random.default_rng(5)
    draws = rng.normal(size=(200, 2))
    beyond = np.sign(draws[:, 0]) * np.maximum(np.abs(draws[:, 0]) - 1.0, 0.0)  # nothing within 1 sigma
    values = np.zeros((200, len(COMPONENTS)))
    values[:, EAST] = 100.0 * beyond + 10.0 * draws[:, 1]
    effects = np.zeros((2, len(COMPONENTS)))
    effects[1, EAST] = 10.0
    found = bent(["limited", "linear"], effects, values, draws)
    assert list(found) == ["limited"] and found["limited"].startswith("does not act linearly: position east 0 m by a difference of 1 sigma, ")
    assert bent(["limited", "linear"], effects, values[:8], draws[:8]) == {}
