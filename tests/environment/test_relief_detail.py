"""What must be true of the synthetic relief: the laws it claims, no seams in its tiles, the same bits from the same seed."""

import numpy as np
import pytest
from pydantic import ValidationError

from perilune.environment import relief_detail as detail
from perilune.environment.relief_detail import ReliefChoice, crater_profile, describe, detail_tiles, drawn_craters, drawn_rocks


@pytest.fixture(scope="module")
def tiles():
    return {name: np.asarray(table["tile"]) for name, table in detail_tiles(ReliefChoice()).items()}


@pytest.mark.parametrize(("band", "period", "limits"), [("fine", 1024.0, (4, 8, 16, 32)), ("coarse", 16384.0, (64, 90))])
def test_craters_in_equilibrium_are_as_many_as_trask_counted(band, period, limits):
    diameter = np.concatenate([drawn_craters(ReliefChoice(seed=seed), band)["diameter"] for seed in range(4)])
    lost = 10**-1.1 * (64.0**-2 if band == "fine" else 0)
    for limit in limits:
        expected = 4 * period**2 * (10**-1.1 * limit**-2 - lost)
        assert (diameter > limit).sum() == pytest.approx(expected, abs=4 * np.sqrt(expected) + 2)


def test_craters_above_equilibrium_follow_the_production_exponent():
    diameter = np.concatenate([drawn_craters(ReliefChoice(seed=seed), "coarse")["diameter"] for seed in range(8)])
    big = diameter[diameter > 100.0]
    slope = len(big) / np.log(big / 100.0).sum()  # maximum likelihood of a power law
    assert slope == pytest.approx(2.8, abs=4 * 2.8 / np.sqrt(len(big)))


def test_density_factor_scales_the_number_of_craters():
    one, half = (len(drawn_craters(ReliefChoice(crater_density_factor=f), "fine")["diameter"]) for f in (1.0, 0.5))
    assert half == pytest.approx(one / 2, abs=1)


def test_craters_lie_evenly_over_the_tile():
    craters = drawn_craters(ReliefChoice(), "fine")
    counts, _, _ = np.histogram2d(craters["east"], craters["north"], bins=8, range=[[0, 1024]] * 2)
    chi2 = ((counts - counts.mean()) ** 2 / counts.mean()).sum()
    assert abs(chi2 - 63) < 4 * np.sqrt(2 * 63)


def test_a_crater_is_as_deep_from_rim_to_floor_as_it_says():
    r = np.linspace(0, 3, 30001)
    profile = crater_profile(r, 10.0)
    assert profile.max() - profile[0] == pytest.approx(10.0, abs=1e-3)
    assert r[profile.argmax()] == pytest.approx(1.0, abs=1e-3)
    assert profile.max() == pytest.approx(10.0 * 0.036 / 0.196, abs=1e-3)
    assert abs(profile[-1]) < 1e-4


def test_walls_of_fresh_craters_are_no_steeper_than_regolith_stands():
    r = np.linspace(0, 3, 3001)
    diameter = np.geomspace(4, 4000, 30)
    steepest = [
        np.degrees(np.arctan(np.abs(np.gradient(crater_profile(r, d), r * x / 2)).max()))
        for x, d in zip(diameter, detail.fresh_depth(diameter), strict=True)
    ]
    assert 15 < min(steepest) and max(steepest) < 35


@pytest.mark.parametrize("percent", [0.4, 1.0, 3.0])
def test_rocks_cover_the_share_of_ground_that_the_law_gives(percent):
    diameter = drawn_rocks(ReliefChoice(rock_abundance_percent=percent))["diameter"]
    k = percent / 100
    q = 0.5648 + 0.01285 / k
    for limit in (0.3, 0.5, 0.8):
        expected = k * (np.exp(-q * limit) - np.exp(-q * 5.0))
        covered = (np.pi / 4 * diameter[diameter > limit] ** 2).sum() / 128.0**2
        assert covered == pytest.approx(expected, rel=0.05, abs=np.pi / 4 / 128.0**2)


def test_rock_tile_holds_the_rocks_that_were_drawn(tiles):
    share = (tiles["rocks"] > 0).mean()
    diameter = drawn_rocks(ReliefChoice())["diameter"]
    assert share == pytest.approx((np.pi / 4 * diameter**2).sum() / 128.0**2, rel=0.1)
    assert 0.8 * diameter.max() / 2 < tiles["rocks"].max() <= diameter.max() / 2


def test_map_error_has_unit_variance_and_falls_to_1_over_e_at_4_km():
    fields = [detail.map_error_field(ReliefChoice(seed=seed)).astype(float) for seed in range(12)]
    assert all(f.mean() == pytest.approx(0, abs=1e-6) and f.std() == pytest.approx(1, abs=1e-6) for f in fields)
    for lag_m, expected in [(2000, np.exp(-0.25)), (4000, np.exp(-1)), (8000, np.exp(-4)), (20000, 0.0)]:
        lag = lag_m // 500
        correlation = np.mean([(f * np.roll(f, lag, axis)).mean() for f in fields for axis in (0, 1)])
        assert correlation == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("name", ["coarse", "fine", "rocks", "field"])
def test_tiles_have_no_seam(tiles, name):
    tile = tiles[name].astype(float)
    for axis in (0, 1):
        steps = np.sqrt(np.mean((np.roll(tile, -1, axis) - tile) ** 2, axis=1 - axis))
        assert steps[-1] < 1.05 * steps[:-1].max()
        assert name == "rocks" or steps[-1] > 0.3 * np.median(steps)


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_crater_tiles_leave_the_mean_height_to_lola(tiles, name):
    assert abs(tiles[name].mean(dtype=float)) < 1e-4


def test_same_seed_gives_the_same_bits_and_another_seed_another_ground():
    choice = ReliefChoice(seed=11)
    assert detail.crater_tile(choice, "fine").tobytes() == detail.crater_tile(choice, "fine").tobytes()
    assert detail.crater_tile(choice, "fine").tobytes() != detail.crater_tile(ReliefChoice(seed=12), "fine").tobytes()


def test_cached_tiles_are_the_bits_that_were_made(tiles):
    assert np.asarray(detail_tiles(ReliefChoice())["fine"]["tile"]).tobytes() == detail.crater_tile(ReliefChoice(), "fine").tobytes()


def test_a_band_that_is_off_is_flat():
    off = detail_tiles(ReliefChoice(coarse_craters=False, fine_craters=False, rocks=False))
    assert all((off[name]["tile"] == 0).all() for name in ("coarse", "fine", "rocks"))
    assert "no craters or rocks" in describe(ReliefChoice(detail_radius_km=0))
    assert "no craters or rocks" in describe(ReliefChoice(coarse_craters=False, fine_craters=False, rocks=False))


def test_description_says_what_is_real_and_names_law_and_seed():
    text = describe(ReliefChoice(seed=77))
    assert all(word in text for word in ("real LOLA", "synthetic", "Trask 1966", "seed 77", "150 km")) and text.count(". ") == 0


@pytest.mark.parametrize("bad", [{"seed": -1}, {"crater_density_factor": float("nan")}, {"rock_abundance_percent": 50}, {"rock": True}])
def test_refuses_what_cannot_be(bad):
    with pytest.raises(ValidationError):
        ReliefChoice(**bad)
