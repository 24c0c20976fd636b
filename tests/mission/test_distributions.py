"""What is drawn must be distributed, and correlated, as the mission file says: against scipy.stats and closed forms."""

import numpy as np
import pytest
from dispersed import DRY, ISP, with_dispersions
from scipy import stats

from perilune.base.errors import PeriluneError
from perilune.base.random import channel_of, host_normals, host_uniforms
from perilune.mission.distributions import from_uniforms, mean_of, sigma_of
from perilune.mission.draws import draw
from perilune.mission.emit import to_toml
from perilune.mission.loader import load, read
from perilune.mission.sampling import Sampling

RUNS = np.arange(4096)
KNOWN = {  # as drawn before there were other distributions
    "lander.main_engine.isp_s": [318.82645104310745, 327.1542930822384, 315.3798236024076],
    "environment.map_offset_east_m": [7012.054692934839, 62886.0368634617, -51123.80838806171],
}
MASS = "lander.mass.dry_mass_kg"
PLANS = [None, Sampling("latin-hypercube", 4096, 4), Sampling("sobol", 4096, 4)]
KINDS = [
    ("sigma = 2.0", stats.norm(340.0, 2.0)),
    ('distribution = "truncated_normal"\nsigma = 2.0\ncut_sigma = 1.5', stats.truncnorm(-1.5, 1.5, 340.0, 2.0)),
    ('distribution = "uniform"\nhalf_width = 6.0', stats.uniform(334.0, 12.0)),
    ('distribution = "log_normal"\nsigma_ln = 0.1', stats.lognorm(0.1, scale=340.0)),
]


@pytest.mark.parametrize("plan", PLANS, ids=["independent", "latin-hypercube", "sobol"])
@pytest.mark.parametrize("table, expected", KINDS)
def test_draws_follow_their_distribution_in_every_plan(table, expected, plan):
    mission = read(with_dispersions(f"{DRY}\n{table}"))
    drawn = draw(mission, 11, RUNS, plan)[MASS]
    assert stats.kstest(drawn, expected.cdf).pvalue > 1e-3
    assert drawn.mean() == pytest.approx(expected.mean(), abs=4.5 * expected.std() / len(RUNS) ** 0.5)
    assert drawn.std() == pytest.approx(expected.std(), rel=0.05)
    dispersion = mission.dispersions[0]
    assert mean_of(dispersion, 340.0) == pytest.approx(expected.mean()) and sigma_of(dispersion, 340.0) == pytest.approx(expected.std())


@pytest.mark.parametrize("table, expected", KINDS)
def test_the_inverse_of_the_cumulative_function_is_that_of_scipy(table, expected):
    dispersion = read(with_dispersions(f"{DRY}\n{table}")).dispersions[0]
    u = np.array([1e-9, 1e-3, 0.2, 0.5, 0.77, 0.999, 1.0 - 1e-9])
    assert from_uniforms(dispersion, 340.0, u) == pytest.approx(expected.ppf(u), rel=1e-12)


@pytest.mark.parametrize("plan", PLANS, ids=["independent", "latin-hypercube", "sobol"])
def test_a_choice_is_drawn_as_often_as_its_weights_say(plan):
    drawn = draw(read(with_dispersions(f'{DRY}\ndistribution = "choice"\nvalues = [350.0, 330.0, 340.0]\nweights = [1, 2, 5]')), 4, RUNS, plan)[MASS]
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [330.0, 340.0, 350.0]
    assert stats.chisquare(counts, len(RUNS) * np.array([2, 5, 1]) / 8.0).pvalue > 1e-3
    even = draw(read(with_dispersions(f'{DRY}\ndistribution = "choice"\nvalues = [350.0, 330.0]')), 4, RUNS, plan)[MASS]
    assert (even == 350.0).mean() == pytest.approx(0.5, abs=0.04)


def test_independent_draws_are_what_they_have_always_been():
    """Bit for bit, by their definition: mean + sigma times the normal, or the uniform, of seed, run and path."""
    mission, runs = load("resilience"), np.array([0, 17, 4711])
    drawn = draw(mission, 7, runs)
    isp, east = "lander.main_engine.isp_s", "environment.map_offset_east_m"
    own = mission.lander.main_engine.isp_s
    assert drawn[isp].tolist() == (own + abs(own) * 1.0 / 100.0 * host_normals(7, runs, channel_of(isp))[:, 0]).tolist()
    assert drawn[east].tolist() == (0.0 + 64000.0 * (2.0 * host_uniforms(7, runs, channel_of(east))[:, 0] - 1.0)).tolist()
    assert drawn[isp] == pytest.approx(KNOWN[isp], rel=1e-14) and drawn[east] == pytest.approx(KNOWN[east], rel=1e-14)


ERRORS = ["start.position_error_along_track_m", "start.velocity_error_radial_m_s", "start.velocity_error_along_track_m_s"]
MATRIX = [[1.0, 0.9, -0.7], [0.9, 1.0, -0.6], [-0.7, -0.6, 1.0]]


def block(paths, matrix):
    return f"paths = {list(paths)}\nmatrix = {matrix}".replace("'", '"')


def correlated(matrix=MATRIX, paths=ERRORS, more=()):
    tables = [*(f'path = "{path}"\nsigma = {sigma}' for path, sigma in zip(ERRORS, (300.0, 0.2, 0.1), strict=True)), f"{ISP}\nsigma = 1.0", *more]
    return with_dispersions(*tables, correlations=[block(paths, matrix)])


@pytest.mark.parametrize("plan", PLANS, ids=["independent", "latin-hypercube", "sobol"])
def test_a_block_has_its_correlations_and_each_member_its_spread(plan):
    drawn = draw(read(correlated()), 3, RUNS, plan)
    columns = np.array([drawn[path] for path in [*ERRORS, "lander.main_engine.isp_s"]])
    expected = np.eye(4)
    expected[:3, :3] = MATRIX
    assert np.corrcoef(columns) == pytest.approx(expected, abs=4.5 / len(RUNS) ** 0.5)
    assert columns.std(axis=1) == pytest.approx([300.0, 0.2, 0.1, 1.0], rel=0.05)
    for column in columns:
        assert stats.kstest(column, "norm", args=(column.mean(), column.std())).pvalue > 1e-3


def test_a_block_moves_no_draw_but_those_of_its_later_members():
    mission, alone = read(correlated()), read(correlated(matrix=[[1, 0], [0, 1]], paths=ERRORS[:2]))
    drawn, other = draw(mission, 3, RUNS), draw(alone, 3, RUNS)
    for path in (ERRORS[0], "lander.main_engine.isp_s"):
        assert (drawn[path] == other[path]).all()
    assert (drawn[ERRORS[1]] != other[ERRORS[1]]).any()
    assert read(to_toml(mission)) == mission


def test_numbers_may_move_as_one():
    drawn = draw(read(correlated(matrix=[[1, 1, -1], [1, 1, -1], [-1, -1, 1]])), 3, RUNS)
    assert drawn[ERRORS[1]] == pytest.approx(drawn[ERRORS[0]] * 0.2 / 300.0)
    assert drawn[ERRORS[2]] == pytest.approx(drawn[ERRORS[0]] * -0.1 / 300.0)


@pytest.mark.parametrize(
    "text, says",
    [
        (correlated([[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]]), "matrix has 0.4 in row 1, column 0, and 0.5 the other way round; it must be symmetric"),
        (correlated([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]), "matrix is not positive semidefinite"),
        (correlated([[1, 1, 0], [1, 1, 0.5], [0, 0.5, 1]]), "matrix is not positive semidefinite"),
        (correlated([[1, 0.5], [0.5, 1]]), "matrix is 2 by 2; 3 paths take 3 rows of 3 numbers"),
        (correlated([[1, 0.5, 0], [0.5, 1], [0, 0, 1]]), "matrix is ragged"),
        (correlated([[1, 0, 0], [0, 2, 0], [0, 0, 1]]), "matrix.1.1 is 2; it must be at least -1, at most 1"),
        (correlated([[1, 0, 0], [0, 0.9, 0], [0, 0, 1]]), "has 0.9 in row 1, column 1"),
        (
            correlated(paths=[*ERRORS[:2], "start.velocity_error_normal_m_s"]),
            "paths.2 names 'start.velocity_error_normal_m_s', which is no number that is",
        ),
        (correlated(paths=[*ERRORS[:2], ERRORS[0]]), f"paths.2 names {ERRORS[0]} a second time"),
        (
            correlated(paths=[*ERRORS[:2], MASS], more=[f'{DRY}\ndistribution = "uniform"\nhalf_width = 1.0']),
            f"paths.2 names {MASS}, whose distribution is uniform; only normal dispersions can be correlated",
        ),
    ],
)
def test_what_is_no_correlation_is_refused_in_one_sentence(text, says):
    with pytest.raises(PeriluneError) as caught:
        read(text, "my.toml")
    message = str(caught.value)
    assert says in message and len(message.splitlines()) == 1
    line = int(message.split(":")[1])
    assert text.splitlines()[line - 1].startswith(("paths", "matrix"))


def test_resilience_disperses_at_least_forty_independent_numbers_each_with_its_source():
    mission = load("resilience")
    drawn = draw(mission, 1, np.arange(2))
    varied = [path for path, values in drawn.items() if values[0] != values[1]]
    assert len(varied) >= 40 and not mission.correlations
    assert all(dispersion.source.strip() for dispersion in mission.dispersions)
