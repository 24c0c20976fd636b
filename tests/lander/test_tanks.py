"""What must be true of the liquid in a spherical tank, against integrals over discs and the whole, the half and the empty sphere."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.structs import records
from perilune.base.vector import real
from perilune.lander.lander import Lander, LanderParams, LanderState
from perilune.lander.tanks import Liquid, Tank, TankParams, drain, load_tanks, main_left_kg, shape_liquid

R, DENSITY = 0.4, 1000.0
FULL = DENSITY * 4 / 3 * np.pi * R**3
TANK = {"density_kg_m3": DENSITY, "radius_m": R, "position_m": (0.0, 0.0, 1.0)}


@wp.kernel(module="unique")
def shape(tanks: wp.array(dtype=TankParams), left: wp.array(dtype=real), out: wp.array(dtype=Liquid)):
    i = wp.tid()
    liquid = Liquid()
    liquid.left = left[i]
    shape_liquid(tanks[0], liquid)
    out[i] = liquid


@wp.kernel(module="unique")
def empty(amount: real, out: wp.array(dtype=real)):
    liquid = Liquid()
    liquid.left = real(200.0)
    for i in range(out.shape[0]):
        drain(liquid, amount)
        out[i] = liquid.left


def shaped(*fills):
    left = np.array(fills) * FULL
    out = wp.zeros(len(left), dtype=Liquid, device="cpu")
    wp.launch(shape, len(left), [packed(), wp.array(left, dtype=real, device="cpu"), out], device="cpu")
    return out.numpy()


def packed():
    return wp.array(pack(Tank(**TANK), TankParams), dtype=TankParams, device="cpu")


def discs(surface):
    """Volume, first and second moment of heights, and second moment of radii of discs up to a surface, by Gauss's rule (exact for polynomials)."""
    z, w = np.polynomial.legendre.leggauss(12)
    z, w = -1 + (z + 1) * (surface + 1) / 2, w * (surface + 1) / 2
    area = np.pi * (1 - z**2)
    return w @ area, w @ (area * z), w @ (area * z**2), w @ (area * (1 - z**2)) / 2


@pytest.mark.parametrize("fill", [0.001, 0.03, 0.3, 0.5, 0.77, 0.95, 0.999])
def test_liquid_is_the_segment_of_its_sphere(fill):
    liquid = shaped(fill)[0]
    volume, first, second, axial = discs(liquid["surface"])
    assert volume == pytest.approx(fill * 4 / 3 * np.pi, rel=1e-9)
    assert liquid["depth"] == pytest.approx(-first / volume * R, rel=1e-8)
    mass = fill * FULL
    assert liquid["axial"] == pytest.approx(mass * R**2 * axial / volume, rel=1e-7)
    assert liquid["transverse"] == pytest.approx(mass * R**2 * (axial / 2 + second) / volume, rel=1e-8)


def test_half_a_sphere_has_its_centroid_three_eighths_down():
    liquid = shaped(0.5)[0]
    assert liquid["surface"] == pytest.approx(0.0, abs=1e-15)
    assert liquid["depth"] == pytest.approx(0.375 * R, rel=1e-13)
    assert [liquid["axial"], liquid["transverse"]] == pytest.approx([0.4 * FULL / 2 * R**2] * 2, rel=1e-13)


def test_full_tank_is_a_solid_sphere_and_an_empty_one_nothing():
    full, nothing = shaped(1.0, 0.0)
    assert full["depth"] == pytest.approx(0.0, abs=1e-3 * R)
    assert [full["axial"], full["transverse"]] == pytest.approx([0.4 * FULL * R**2] * 2, rel=1e-3)
    assert nothing["axial"] == nothing["transverse"] == 0.0 and np.isfinite(nothing["depth"])


def test_last_drops_lie_at_the_bottom():
    assert shaped(1e-5)["depth"][0] == pytest.approx(R * (1 - 2 / 3 * np.sqrt(4e-5 / 3)), rel=1e-4)  # a shallow cap: two thirds of its depth


def test_no_tank_holds_less_than_nothing():
    out = wp.zeros(3, dtype=real, device="cpu")
    wp.launch(empty, 1, [96.0, out], device="cpu")
    assert out.numpy().tolist() == [104.0, 8.0, 0.0]


def test_what_is_loaded_is_shared_in_its_ratio(lander_file):
    packs, states = pack(Lander(**lander_file), LanderParams, 2), records(LanderState, 2)
    packs["tanks"]["loaded_ratio"][1] = 3.0
    load_tanks(states, packs, np.array([262.5, 400.0]))
    assert states["fuel"]["left"].tolist() == [100.0, 100.0] and states["oxidiser"]["left"].tolist() == [162.5, 300.0]
    assert main_left_kg(states).tolist() == [262.5, 400.0]


@pytest.mark.parametrize("bad", [{"radius_m": 0.0}, {"density_kg_m3": float("nan")}, {"radius": 0.4}])
def test_refuses_a_tank_that_cannot_be(bad):
    with pytest.raises(ValidationError):
        Tank(**TANK | bad)


def test_refuses_to_load_more_than_a_tank_holds(lander_file):
    lander_file["tanks"]["fuel"]["radius_m"] = 0.3
    with pytest.raises(ValidationError, match=r"tanks.fuel .* holds 99.0 kg"):
        Lander(**lander_file)
