"""What a seed draws must have the asked spread, repeat run by run, reach the plant, and never touch what shapes a table."""

import numpy as np
import pytest
from dispersed import with_dispersions

from perilune.base.errors import PeriluneError
from perilune.mission.dispersions import dispersable, refusal
from perilune.mission.distributions import sigma_of
from perilune.mission.draws import apply, draw, read_back, truth_packs
from perilune.mission.loader import load, read
from perilune.mission.start import start_errors

MISSION = load("resilience")
RUNS = np.arange(4000)
DEGREE = np.pi / 180.0


def test_without_a_seed_every_value_is_the_missions():
    drawn = draw(MISSION, None, np.arange(3))
    packs, bare = truth_packs(MISSION, 3), truth_packs(MISSION, 3)
    apply(drawn, packs)
    for name in packs:
        assert packs[name].tobytes() == bare[name].tobytes()
    assert drawn["environment.map_error_m"].tolist() == [0.0, 0.0, 0.0]


def test_drawn_values_have_the_asked_mean_and_spread():
    drawn = draw(MISSION, 7, RUNS)
    means = draw(MISSION, None, np.arange(1))
    for dispersion in MISSION.dispersions:
        if dispersion.distribution == "fixed":
            continue
        for path in [p for p in drawn if p == dispersion.path or (dispersion.path.endswith(".*") and p[:-2] == dispersion.path[:-2])]:
            mean = means[path][0]
            sigma = sigma_of(dispersion, mean)
            assert sigma > 0
            assert abs(drawn[path].mean() - mean) < 4.5 * sigma / len(RUNS) ** 0.5, path
            assert drawn[path].std() == pytest.approx(sigma, rel=0.06), path


def test_no_two_dispersed_values_move_together():
    drawn = draw(MISSION, 7, RUNS)
    columns = np.array([values for values in drawn.values() if values.std() > 0])
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 5.5 / len(RUNS) ** 0.5


def test_a_run_draws_the_same_alone_and_in_any_batch():
    batch, alone = draw(MISSION, 7, RUNS), draw(MISSION, 7, np.array([1234]))
    shuffled = draw(MISSION, 7, RUNS[::-1])
    for path in batch:
        assert batch[path][1234] == alone[path][0]
        assert (batch[path] == shuffled[path][::-1]).all()
    assert draw(MISSION, 8, np.array([1234]))["lander.mass.dry_mass_kg"] != alone["lander.mass.dry_mass_kg"]


def test_one_more_dispersion_moves_no_other():
    one = read(with_dispersions('path = "lander.mass.dry_mass_kg"\nsigma = 1.0'))
    two = read(with_dispersions('path = "lander.main_engine.isp_s"\nsigma = 1.0', 'path = "lander.mass.dry_mass_kg"\nsigma = 1.0'))
    path = "lander.mass.dry_mass_kg"
    assert (draw(one, 3, RUNS)[path] == draw(two, 3, RUNS)[path]).all()


@pytest.mark.parametrize(
    "table, low, high, sigma",
    [
        ('distribution = "uniform"\nhalf_width = 6.0', 334.0, 346.0, 6.0 / 3**0.5),
        ('distribution = "truncated_normal"\nsigma = 2.0\ncut_sigma = 1.5', 337.0, 343.0, 2.0 * 0.7418),  # closed form of the truncated variance
        ('distribution = "fixed"\nvalue = 350.0', 350.0, 350.0, 0.0),
        ("sigma_percent = 0.5", 0.0, 1000.0, 1.7),
    ],
)
def test_distributions(table, low, high, sigma):
    drawn = draw(read(with_dispersions(f'path = "lander.mass.dry_mass_kg"\n{table}')), 3, RUNS)["lander.mass.dry_mass_kg"]
    assert low <= drawn.min() and drawn.max() <= high
    assert drawn.std() == pytest.approx(sigma, rel=0.05, abs=1e-12)


def test_drawn_values_reach_the_plant_in_si():
    packs, drawn = truth_packs(MISSION, 5), draw(MISSION, 7, np.arange(5))
    apply(drawn, packs)
    lander = packs["lander"]
    assert lander["mass"]["dry_cg"][:, 0] == pytest.approx(drawn["lander.mass.dry_cg_m.0"])
    assert (lander["mass"]["dry_cg"][:, 2] == 1.0).all()
    assert lander["main_engine"]["misalignment_x"] == pytest.approx(drawn["lander.main_engine.misalignment_x_deg"] * DEGREE)
    assert lander["imu"]["gyro_bias"][:, 2] == pytest.approx(drawn["lander.imu.gyro_bias_deg_h.2"] * DEGREE / 3600.0)
    assert lander["imu"]["accel_bias"][:, 1] == pytest.approx(drawn["lander.imu.accel_bias_ug.1"] * 9.80665e-6)
    assert lander["range_finder"]["scale"] == pytest.approx(drawn["lander.range_finder.scale_percent"] / 100.0)
    assert (packs["environment"]["map_error"] == 50.0).all()
    position, velocity = start_errors(packs["start"])
    assert (position[:, 0] == drawn["start.position_error_along_track_m"]).all()
    assert (velocity[:, 2] == drawn["start.velocity_error_normal_m_s"]).all()


def test_read_back_sees_a_dispersion_that_was_not_applied():
    packs, drawn = truth_packs(MISSION, 5), draw(MISSION, 7, np.arange(5))
    with pytest.raises(PeriluneError, match="was asked for"):
        read_back(MISSION, drawn, packs)
    apply(drawn, packs)
    assert read_back(MISSION, drawn, packs) > 80


@pytest.mark.parametrize(
    "table, field", [("lander", ("range_finder", "reach")), ("environment", ("map_offset_east",)), ("start", ("velocity_error_radial",))]
)
def test_read_back_sees_a_single_changed_bit(table, field):
    packs, drawn = truth_packs(MISSION, 5), draw(MISSION, 7, np.arange(5))
    apply(drawn, packs)
    slot = packs[table]
    for name in field:
        slot = slot[name]
    slot[3] = np.nextafter(slot[3], np.inf)
    with pytest.raises(PeriluneError, match=f"{table}.*element 3"):
        read_back(MISSION, drawn, packs)


def test_a_case_holds_what_it_names_and_disperses_the_rest():
    flown = load("resilience", case="as-flown")
    drawn, planned = draw(flown, 7, RUNS), draw(MISSION, 7, RUNS)
    held = "start.velocity_error_along_track_m_s"
    assert set(drawn[held]) == {flown.start.velocity_error_along_track_m_s}
    for path in drawn:
        if path != held:
            assert (drawn[path] == planned[path]).all()


def test_everything_dispersable_can_be_written_and_read_back():
    paths = list(dispersable(MISSION))
    assert len(paths) > 60 and all(path.split(".")[0] in ("lander", "start", "environment") for path in paths)
    packs = truth_packs(MISSION, 2)
    drawn = {}
    for path in paths:
        whole = f"{path}.*" if refusal(MISSION, path) is not None else path
        if refusal(MISSION, whole) is None:
            for name in [f"{path}.{i}" for i in range(3)] if whole != path else [path]:
                drawn[name] = np.array([1.25, 2.5])
    apply(drawn, packs)
    assert read_back(MISSION, drawn, packs) >= len(drawn) > 80


@pytest.mark.parametrize(
    "table, says",
    [
        ('path = "avionics.guidance.terminal_sink_m_s"\nsigma = 1.0', "what the avionics believe; a dispersion edits the truth only"),
        ('path = "site.latitude_deg"\nsigma = 1.0', "shapes the tables"),
        ('path = "environment.gravity_degree"\nsigma = 1.0', "count"),
        ('path = "environment.relief.crater_density_factor"\nsigma = 1.0', "shapes the tables"),
        ('path = "environment.third_bodies"\nsigma = 1.0', "switch"),
        ('path = "start.perilune_altitude_km"\nsigma = 1.0', "planned orbit"),
        ('path = "start.epoch_utc"\nsigma = 1.0', "not a number"),
        ('path = "limits.tilt_deg"\nsigma = 1.0', "decides the verdict"),
        ('path = "published.0.value"\nsigma = 1.0', "published number"),
        ('path = "lander.main_engine.count"\nsigma = 1.0', "count"),
        ('path = "lander.imu.grade"\nsigma = 1.0', "not a number"),
        ('path = "lander.mass"\nsigma = 1.0', "not a number"),
        ('path = "lander.mass.dry_cg_m"\nsigma = 1.0', "is a vector"),
        ('path = "lander.mass.dry_cg_m.3"\nsigma = 1.0', "no path"),
        ('path = "lander.mass.dry_mass_kg.*"\nsigma = 1.0', "no vector"),
        ('path = "lander.mass.dry_mass_g"\nsigma = 1.0', "did you mean lander.mass.dry_mass_kg?"),
        ('path = "lander.mass.dry_mass_kg"', "either sigma or sigma_percent"),
        ('path = "lander.mass.dry_mass_kg"\nsigma = 1.0\nsigma_percent = 1.0', "either sigma or sigma_percent"),
        ('path = "lander.mass.dry_mass_kg"\nsigma = -1.0', "at least 0"),
        ('path = "lander.mass.dry_mass_kg"\nsigma = nan', "finite"),
        ('path = "lander.mass.dry_mass_kg"\nhalf_width = 1.0', "half_width does not belong"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "uniform"', "needs half_width"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "truncated_normal"\nsigma = 1.0', "needs cut_sigma"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "fixed"\nvalue = -1.0', "above 0"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "log_normal"\nsigma = 1.0', "sigma does not belong to the distribution log_normal"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "log_normal"', "needs sigma_ln"),
        ('path = "lander.mass.dry_cg_m.0"\ndistribution = "log_normal"\nsigma_ln = 0.1', "not above 0 in the mission, as the median"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "choice"', "needs values"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "choice"\nvalues = [300.0]', "at least two values"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "choice"\nvalues = [300.0, -1.0]', "values.1 is -1"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "choice"\nvalues = [300.0, 310.0]\nweights = [1.0]', "one for each of the 2 values"),
        ('path = "lander.mass.dry_mass_kg"\ndistribution = "choice"\nvalues = [300.0, 310.0]\nweights = [0.0, 0.0]', "not all 0"),
        ('path = "lander.mass.dry_mass_kg"\nsigma = 1.0\nvalues = [300.0, 310.0]', "values does not belong"),
        ('path = "lander.imu.gyro_bias_deg_h.*"\nsigma_percent = 1.0', "is 0 in the mission; give sigma"),
        ('path = "lander.mass.dry_mass_kg"\nsigma = 1.0\n[[dispersions]]\nsource = ""\npath = "lander.mass.dry_mass_kg"', "source has 0 characters"),
    ],
)  # fmt: skip
def test_refuses_a_dispersion_with_the_reason(table, says):
    text = with_dispersions(table)
    with pytest.raises(PeriluneError) as caught:
        read(text, "my.toml")
    assert says in str(caught.value), str(caught.value)
    assert int(str(caught.value).split(":")[1]) >= text.splitlines().index("[[dispersions]]") + 1


def test_refuses_to_disperse_a_number_twice():
    with pytest.raises(PeriluneError, match=r"disperses lander\.mass\.dry_cg_m\.0 a second time"):
        read(with_dispersions('path = "lander.mass.dry_cg_m.0"\nsigma = 1.0', 'path = "lander.mass.dry_cg_m.*"\nsigma = 1.0'))


def test_refuses_a_draw_outside_the_range_of_its_key():
    wide = read(with_dispersions('path = "lander.star_tracker.noise_arcsec"\nsigma = 20.0'))
    with pytest.raises(PeriluneError, match=r"run \d+ draws lander\.star_tracker\.noise_arcsec = -.*at least 0.*truncated_normal"):
        draw(wide, 3, RUNS)


@pytest.mark.parametrize("seed, runs", [(-1, [0]), (2**64, [0]), (1, [-1]), (1, [2**32])])
def test_refuses_seeds_and_runs_that_the_generator_cannot_hold(seed, runs):
    with pytest.raises(PeriluneError, match="does not fit the generator"):
        draw(MISSION, seed, np.array(runs))
