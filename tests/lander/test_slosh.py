"""What must be true of the pendulum that stands for a liquid, against a solution of its own of the linear problem and the statics of the tank."""

import numpy as np
import pytest
import warp as wp
from numpy.polynomial.legendre import Legendre, leggauss

from perilune.base.parameters import pack
from perilune.base.vector import real
from perilune.lander.propellant import MassNow, MassParams, MassProperties, mass_now
from perilune.lander.slosh import Bob, Hub, Slosh, SloshParams, bob_of, pendulum_length, split_hub
from perilune.lander.tanks import Liquid, Tank, TankParams, Tanks, TanksParams, shape_liquid


@wp.kernel(module="unique")
def lengths(surface: wp.array(dtype=real), out: wp.array(dtype=real)):
    i = wp.tid()
    out[i] = pendulum_length(surface[i])


@wp.kernel(module="unique")
def hang(tank: wp.array(dtype=TankParams), slosh: wp.array(dtype=SloshParams), left: wp.array(dtype=real), out: wp.array(dtype=Bob)):
    i = wp.tid()
    liquid = Liquid()
    liquid.left = left[i]
    shape_liquid(tank[0], liquid)
    out[i] = bob_of(tank[0], liquid, slosh[0], real(2.0))


@wp.kernel(module="unique")
def split(
    masses: wp.array(dtype=MassParams),
    tanks: wp.array(dtype=TanksParams),
    slosh: wp.array(dtype=SloshParams),
    whole: wp.array(dtype=MassNow),
    hubs: wp.array(dtype=Hub),
):
    f, o = Liquid(), Liquid()
    f.left = real(100.0)
    o.left = real(160.0)
    shape_liquid(tanks[0].fuel, f)
    shape_liquid(tanks[0].oxidiser, o)
    whole[0] = mass_now(masses[0], tanks[0], f, o, real(5.0))
    hubs[0] = split_hub(whole[0], bob_of(tanks[0].fuel, f, slosh[0], real(2.0)), bob_of(tanks[0].oxidiser, o, slosh[0], real(2.0)))


def first_mode(y, degree=13):
    """Eigenvalue and swinging share of the first lateral mode of a liquid in a unit sphere, its surface at `y`, and the depth of its centroid.

    Ritz: stationary values of the kinetic energy over the surface integral of the potential, in polynomials of height and squared radius.
    """
    nodes, weights = leggauss(48)
    z, wz = (-1 + y) / 2 + (y + 1) / 2 * nodes, weights * (y + 1) / 2
    s, ws = (nodes + 1) / 2, weights / 2
    rim = 1.0 if y > 0 else np.sqrt(1 - y * y)
    edge = np.sqrt(1 - y * y)
    r = np.outer(np.sqrt(1 - z**2), s)
    volume_weight = (np.outer(wz * np.sqrt(1 - z**2), ws) * r).ravel()
    height = np.repeat((2 * z + 1 - y) / (1 + y), len(s))
    r = r.ravel()
    surface_weight = ws * edge * s * edge
    f, fr, fz, fs = [], [], [], []
    for i in range(degree):
        radial, slope = Legendre.basis(i), Legendre.basis(i).deriv()
        q, dq = radial(2 * (r / rim) ** 2 - 1), slope(2 * (r / rim) ** 2 - 1)
        for j in range(degree - i):
            p, dp = Legendre.basis(j)(height), Legendre.basis(j).deriv()(height)
            f.append(q * p)
            fr.append((q + 4 * (r / rim) ** 2 * dq) * p)
            fz.append(r * q * dp * 2 / (1 + y))
            fs.append(edge * s * radial(2 * (edge * s / rim) ** 2 - 1))
    f, fr, fz, fs = (np.array(rows) for rows in (f, fr, fz, fs))
    energy = np.pi * sum((rows * volume_weight) @ rows.T for rows in (f, fr, fz))
    surface = np.pi * (fs * surface_weight) @ fs.T
    lever = np.pi * (fs * surface_weight) @ (edge * s)
    values, vectors = np.linalg.eigh(energy)
    kept = values > values[-1] * 1e-13
    basis = vectors[:, kept] / np.sqrt(values[kept])
    inverse, modes = np.linalg.eigh(basis.T @ surface @ basis)
    mode = basis @ modes[:, -1]
    volume = np.pi * (2 / 3 + y - y**3 / 3)
    share = (mode @ lever) ** 2 / (mode @ surface @ mode) / inverse[-1] / volume
    return 1 / inverse[-1], share, np.pi * (1 - y * y) ** 2 / 4 / volume


def fitted(y):
    out = wp.zeros(1, dtype=real, device="cpu")
    wp.launch(lengths, 1, [wp.array([y], dtype=real, device="cpu"), out], device="cpu")
    return out.numpy()[0]


TANK = {"density_kg_m3": 1000.0, "radius_m": 0.4, "position_m": (0.0, 0.0, 1.0)}


def hung(*lefts, **slosh):
    packs = [
        wp.array(pack(m, t), dtype=t, device="cpu") for m, t in ((Tank(**TANK), TankParams), (Slosh(**{"damping_percent": 1.0} | slosh), SloshParams))
    ]
    out = wp.zeros(len(lefts), dtype=Bob, device="cpu")
    wp.launch(hang, len(lefts), [*packs, wp.array(np.array(lefts), dtype=real, device="cpu"), out], device="cpu")
    return out.numpy()


@pytest.mark.parametrize(("depth", "published"), [(0.2, 1.0723), (1.0, 1.5602), (1.6, 2.6864)])
def test_our_solution_of_the_linear_problem_is_the_published_one(depth, published):
    assert first_mode(depth - 1.0)[0] == pytest.approx(published, rel=1e-4)


@pytest.mark.parametrize("y", [-0.95, -0.6, -0.2, 0.0, 0.3, 0.6, 0.8])
def test_length_is_that_of_the_linear_problem(y):
    eigenvalue, share, depth = first_mode(y)
    assert fitted(y) == pytest.approx(1 / eigenvalue, rel=1.2e-3)
    assert share <= depth * eigenvalue * (1 + 1e-5), "the swinging mass holds the first mode"
    assert depth * eigenvalue - share < 0.009, "and less than a hundredth of the liquid from higher ones"


def test_last_drops_swing_as_a_bead_in_a_bowl():
    assert fitted(-1.0) == pytest.approx(1.0, rel=1e-15)
    bob = hung(1e-3)[0]
    assert bob["length"] == pytest.approx(0.4, rel=0.01) and bob["mass"] == pytest.approx(1e-3, rel=0.02)


def test_nothing_swings_in_a_full_tank_and_nothing_is_divided_by_zero_in_an_empty_one():
    full, empty = hung(1000.0 * 4 / 3 * np.pi * 0.4**3, 0.0)
    assert full["mass"] < 0.5
    assert empty["mass"] < 1e-8 and np.isfinite(empty["inverse_length"]) and np.isfinite(empty["inverse_mass"])


def test_share_scales_the_swinging_mass_and_damping_the_force_of_the_wall():
    whole, half, bare = hung(120.0)[0], hung(120.0, swinging_percent=50.0)[0], hung(120.0, damping_percent=0.0)[0]
    assert half["mass"] == pytest.approx(whole["mass"] / 2) and half["length"] == whole["length"]
    assert bare["drag"] == 0.0
    assert whole["drag"] == pytest.approx(2 * 0.01 * whole["mass"] * whole["length"] * np.sqrt(2.0 / whole["length"]))


def test_hub_and_bobs_at_rest_are_the_whole_lander(lander_file):
    parts = (
        (MassProperties(**lander_file["mass"]), MassParams),
        (Tanks(**lander_file["tanks"]), TanksParams),
        (Slosh(damping_percent=1.0), SloshParams),
    )
    whole, hubs = wp.zeros(1, dtype=MassNow, device="cpu"), wp.zeros(1, dtype=Hub, device="cpu")
    wp.launch(split, 1, [*(wp.array(pack(m, t), dtype=t, device="cpu") for m, t in parts), whole, hubs], device="cpu")
    whole, hub = whole.numpy()[0], hubs.numpy()[0]
    centre = whole["cg"] + hub["offset"]
    bobs = [(b["mass"], centre + b["hinge"] - [0, 0, b["length"]]) for b in (hub["fuel"], hub["oxidiser"])]
    assert all(20.0 < m < 150.0 for m, _ in bobs), "bobs worth the name"
    assert hub["mass"] + sum(m for m, _ in bobs) == pytest.approx(whole["mass"])
    cg = (hub["mass"] * centre + sum(m * at for m, at in bobs)) / whole["mass"]
    assert cg == pytest.approx(whole["cg"], abs=1e-12)

    def moments(m, at):
        d = at - whole["cg"]
        return m * (d @ d - d * d)

    total = hub["inertia"] + moments(hub["mass"], centre) + sum(moments(m, at) for m, at in bobs)
    assert total == pytest.approx(whole["inertia"], rel=1e-12)
    assert (hub["inertia"] > 0).all()
