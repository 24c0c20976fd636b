"""What must be true of a lander on its legs: what they carry, what they keep, where it comes to rest, and that nothing is made from nothing."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import vec3
from perilune.lander.legs import Legs, LegsParams, pad_body
from perilune.validation import leg_bench
from perilune.validation.legs import CRUSHED, HOLDING, INERTIA, MASS_KG, SPRUNG, on_slopes, random_landings

WEIGHT = MASS_KG * 1.62


@wp.kernel(module="unique")
def place(ps: wp.array(dtype=LegsParams), out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = pad_body(ps[0], i)


def loads(moment):
    return np.array([float(moment["body"][f"pad{i}"]["load"]) for i in range(4)])


def strokes(moment):
    return np.array([float(moment["body"][f"pad{i}"]["stroke"]) for i in range(4)])


def drop(legs=CRUSHED, down=1.5, across=0.0, slope_deg=0.0, height=1.0, span=6.0, every=0.02, **body):
    drops = on_slopes(np.array([slope_deg]), legs, height)
    drops["body"]["velocity"][0] = across, 0.0, -down
    for key, value in body.items():
        drops["body"][key][0] = value
    return leg_bench.run(drops, span, every)[0]


def test_four_pads_stand_in_a_square_at_their_radius():
    out = wp.zeros(4, dtype=vec3, device="cpu")
    wp.launch(place, 4, [wp.array(pack(Legs(**CRUSHED), LegsParams), dtype=LegsParams, device="cpu"), out], device="cpu")
    pads = out.numpy()
    assert np.linalg.norm(pads, axis=1) == pytest.approx(1.3, rel=1e-14)
    assert np.linalg.norm(pads - np.roll(pads, 1, axis=0), axis=1) == pytest.approx(1.3 * 2**0.5, rel=1e-14)
    assert pads[0][0] > 0 and pads[0][1] > 0 and np.all(pads[:, 2] == 0)


def test_at_rest_the_legs_carry_the_weight():
    last = drop()[-1]
    assert loads(last) == pytest.approx(WEIGHT / 4.0, rel=1e-9)
    assert np.abs(last["body"]["velocity"]).max() < 1e-9 and np.abs(last["body"]["rate"]).max() < 1e-9


def test_at_rest_on_a_slope_friction_carries_its_part_and_the_lower_legs_the_more():
    last = drop(down=0.5, slope_deg=10.0)[-1]
    held = sum(last["body"][f"pad{i}"]["hold"] for i in range(4))
    a = np.radians(10.0)
    lean = -2.0 * np.arctan2(last["body"]["attitude"][1], last["body"]["attitude"][3])
    assert loads(last).sum() == pytest.approx(WEIGHT * np.cos(a), rel=1e-9)
    assert held == pytest.approx([-WEIGHT * np.sin(a), 0.0, 0.0], abs=1e-6 * WEIGHT)
    higher = loads(last)[[0, 3]].sum() - loads(last)[[1, 2]].sum()
    centre = float(last["body"]["position"][2])
    place = np.array([last["body"][f"pad{i}"]["place"] for i in range(4)]) - last["body"]["position"]
    torque = np.cross(place * [1, 1, 0] - [0, 0, centre], np.array([last["body"][f"pad{i}"]["hold"] for i in range(4)]))
    torque += np.cross(place * [1, 1, 0], loads(last)[:, None] * [0, 0, 1])
    assert higher > 0 and np.abs(torque.sum(axis=0)).max() < 1e-6 * WEIGHT and abs(lean) < 0.2


def test_a_core_never_carries_more_than_its_crush_force_and_never_grows_back():
    moments = drop(down=1.5, across=0.3, rate=(0.05, 0.02, 0.0), every=1e-3)
    history = np.array([strokes(m) for m in moments[::10]])
    assert moments["highest_load"][-1] == pytest.approx(CRUSHED["crush_force_n"], rel=1e-12)
    assert np.all(np.diff(history, axis=0) >= 0) and history[-1].min() > 0.02


def test_a_sprung_leg_without_damping_gives_back_all_it_took():
    moments = drop(SPRUNG | {"damping_n_s_per_m": 0.0}, down=1.0, span=2.0, every=1e-3)
    through_the_sag = np.sqrt(1.0 + 1.62**2 * MASS_KG / (4.0 * SPRUNG["stiffness_n_per_m"]))
    assert moments["body"]["velocity"][:, 2].max() == pytest.approx(through_the_sag, rel=1e-4) and strokes(moments[-1]).max() == 0.0


def test_a_leg_at_the_end_of_its_stroke_meets_a_stiff_stop():
    last = drop(down=4.0, span=10.0)
    assert strokes(last[-1]) == pytest.approx(CRUSHED["stroke_limit_m"], abs=1e-12)
    assert last["highest_load"][-1] > 5.0 * CRUSHED["crush_force_n"]


def test_a_pad_on_a_rock_stands_higher_by_the_rock():
    drops = on_slopes(np.zeros(1), CRUSHED, 1.0)
    drops["points"][0, 0, 2] = 0.2
    drops["body"]["position"][0, 2] += 0.2
    drops["body"]["velocity"][0, 2] = -0.5
    drops["body"]["rate"][0, 0] = 0.01
    last = leg_bench.run(drops, 12.0)[0, -1]
    feet = np.array([last["body"][f"pad{i}"]["place"][2] + float(last["body"][f"pad{i}"]["stroke"]) for i in range(4)])
    up = 1.0 - 2.0 * float(last["body"]["attitude"][0] ** 2 + last["body"]["attitude"][1] ** 2)
    assert np.linalg.norm(last["body"]["velocity"]) < 1e-3
    assert feet[0] == pytest.approx(0.2, abs=0.002) and abs(feet[2]) < 0.002
    assert abs(min(feet[[1, 3]])) < 0.002 < 0.05 < max(feet[[1, 3]])  # on three pads, the fourth hangs
    assert np.degrees(np.arccos(up)) == pytest.approx(np.degrees(np.arctan2(0.2, 2.6)), abs=4.0)


def test_a_turning_lander_is_stopped_by_friction_alone():
    """Its spin about the vertical ends after I w / (mu m g r) with all four pads sliding about the middle."""
    legs = CRUSHED | {"damping_n_s_per_m": 3e4, "side_stiffness_n_per_m": 1e6}
    moments = drop(legs, down=0.0, rate=(0.0, 0.0, 0.8), every=5e-3, height=0.01)
    spin = moments["body"]["rate"][:, 2]
    time = moments["time"]
    slowing = (spin[40] - spin[60]) / (time[60] - time[40])
    assert slowing == pytest.approx(0.5 * WEIGHT * 1.3 / INERTIA[2], rel=0.02)
    assert abs(spin[-1]) < 1e-9


def test_a_lander_in_the_air_falls_and_turns_as_a_free_body_does():
    moments = drop(down=-1.0, across=0.2, rate=(0.1, -0.05, 0.2), span=0.5)
    t = moments["time"]
    assert moments["body"]["position"][:, 2] == pytest.approx(1.0 + t - 0.81 * t**2, abs=1e-12)
    assert moments["kinetic"] + MASS_KG * 1.62 * (moments["body"]["position"][:, 2] - 1.0) == pytest.approx(moments["kinetic"][0], rel=1e-6)


def test_no_part_of_the_work_is_taken_back():
    moments = leg_bench.run(random_landings(), 8.0)
    for part in ("crush", "damping", "friction"):
        work = moments["body"]["work"][part]
        assert np.diff(work, axis=1).min() > -0.02 and work[:, -1].min() >= 0.0


def test_crushing_takes_its_force_times_its_stroke():
    last = drop(down=1.5, every=1e-3)[-1]
    assert float(last["body"]["work"]["crush"]) == pytest.approx(CRUSHED["crush_force_n"] * strokes(last).sum(), rel=0.01)


def test_the_same_landing_has_the_same_bits_alone_and_in_a_batch():
    drops = random_landings(12)
    together, alone = leg_bench.run(drops, 3.0), leg_bench.run(drops[7:8], 3.0)
    assert together[7]["body"]["position"].tobytes() == alone[0]["body"]["position"].tobytes()
    assert together[7]["body"]["rate"].tobytes() == alone[0]["body"]["rate"].tobytes()


def test_a_finer_step_changes_a_landing_little():
    """A stop that is never met makes the step finer by its stiffness alone, here from 1 to 0.2 ms."""
    ends = [drop(CRUSHED | {"stop_stiffness_n_per_m": k}, across=0.1, rate=(0.02, 0.03, 0.0))[-1]["body"] for k in (1e6, 6e7)]
    assert ends[0]["position"] == pytest.approx(ends[1]["position"], abs=2e-3)
    assert ends[0]["attitude"] == pytest.approx(ends[1]["attitude"], abs=1e-3)


@pytest.mark.parametrize("bad", [{"friction": -0.1}, {"radius_m": 0.0}, {"stiffness_n_per_m": 0.0}, {"count": 3}, {"crush_force_n": float("nan")}])
def test_refuses_legs_that_cannot_be(bad):
    with pytest.raises(ValidationError):
        Legs(**HOLDING | bad)
