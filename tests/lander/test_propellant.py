"""What must be true of mass properties, against sums over a cloud of points and the laws of inertia."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real
from perilune.lander.propellant import MassNow, MassParams, MassProperties, mass_now
from perilune.lander.tanks import Liquid, Tanks, TanksParams, shape_liquid


@wp.kernel(module="unique")
def weigh(
    masses: wp.array(dtype=MassParams), tanks: wp.array(dtype=TanksParams), fuel: real, oxidiser: real, rcs_left: real, out: wp.array(dtype=MassNow)
):
    f, o = Liquid(), Liquid()
    f.left = fuel
    o.left = oxidiser
    shape_liquid(tanks[0].fuel, f)
    shape_liquid(tanks[0].oxidiser, o)
    out[0] = mass_now(masses[0], tanks[0], f, o, rcs_left)


def weighed(lander_file, fuel, oxidiser, rcs_left):
    masses = wp.array(pack(MassProperties(**lander_file["mass"]), MassParams), dtype=MassParams, device="cpu")
    tanks = wp.array(pack(Tanks(**lander_file["tanks"]), TanksParams), dtype=TanksParams, device="cpu")
    out = wp.zeros(1, dtype=MassNow, device="cpu")
    wp.launch(weigh, 1, [masses, tanks, fuel, oxidiser, rcs_left, out], device="cpu")
    return out.numpy()[0]


def segment_points(tank, mass):
    """Scattered points of the liquid that settles in a sphere, and the mass of each."""
    r = tank["radius_m"]
    points = np.random.default_rng(1).uniform(-r, r, (800_000, 3))
    points = points[np.linalg.norm(points, axis=1) < r]
    points = points[np.argsort(points[:, 2])]
    share = mass / (tank["density_kg_m3"] * 4 / 3 * np.pi * r**3)
    kept = points[: round(share * len(points))]
    return np.full(len(kept), mass / len(kept)), kept + tank["position_m"]


def test_dry_lander_is_what_the_file_says(lander_file):
    now, mass_file = weighed(lander_file, 0.0, 0.0, 0.0), lander_file["mass"]
    assert now["mass"] == 340.0
    assert now["cg"] == pytest.approx(mass_file["dry_cg_m"], rel=1e-14)
    assert now["inertia"] == pytest.approx(mass_file["dry_inertia_kg_m2"], rel=1e-14)


@pytest.mark.parametrize(("fuel", "oxidiser"), [(160.0, 260.0), (60.0, 110.0)])
def test_loaded_lander_is_the_sum_over_its_points(lander_file, fuel, oxidiser):
    mass_file, tanks = lander_file["mass"], lander_file["tanks"]
    tanks["oxidiser"]["position_m"] = (0.2, -0.1, 0.6)

    def pair(mass, at, inertia):
        """Six points with the mass, centre and inertia given: two on each axis, from sum(m x²) of each axis."""
        second = np.sum(inertia) / 2 - np.asarray(inertia)
        points = np.vstack([np.diag(np.sqrt(3 * second / mass)), -np.diag(np.sqrt(3 * second / mass))]) + at
        return np.full(6, mass / 6), points

    parts = [
        pair(340.0, mass_file["dry_cg_m"], mass_file["dry_inertia_kg_m2"]),
        segment_points(tanks["fuel"], fuel),
        segment_points(tanks["oxidiser"], oxidiser),
        (np.array([20.0]), np.array([[0, 0, 1.4]])),
    ]
    m, r = np.concatenate([p[0] for p in parts]), np.vstack([p[1] for p in parts])
    cg = m @ r / m.sum()
    d = r - cg
    diagonal = [m @ (d[:, 1] ** 2 + d[:, 2] ** 2), m @ (d[:, 0] ** 2 + d[:, 2] ** 2), m @ (d[:, 0] ** 2 + d[:, 1] ** 2)]
    now = weighed(lander_file, fuel, oxidiser, 20.0)
    assert now["mass"] == pytest.approx(m.sum())
    assert now["cg"] == pytest.approx(cg, abs=1e-3)
    assert now["inertia"] == pytest.approx(diagonal, rel=3e-3)


def test_inertia_stays_one_of_a_body_as_the_tanks_run_empty(lander_file):
    for left in np.linspace(0, 1, 8):
        x, y, z = weighed(lander_file, 160 * left, 260 * left, 5.0)["inertia"]
        assert x < y + z and y < x + z and z < x + y


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"main_unusable_kg": 421.0}, "main_unusable_kg"),
        ({"dry_inertia_kg_m2": (10.0, 10.0, 30.0)}, "dry_inertia_kg_m2"),
        ({"dry_inertia_kg_m2": (10.0, -10.0, 10.0)}, "dry_inertia_kg_m2"),
        ({"dry_cg_m": (0.0, 0.0, -1.0)}, "dry_cg_m"),
        ({"dry_mass_kg": 0.0}, "dry_mass_kg"),
        ({"dry_mass_kg": float("nan")}, "dry_mass_kg"),
    ],
)
def test_refuses_masses_that_contradict_each_other(lander_file, bad, word):
    with pytest.raises(ValidationError, match=word):
        MassProperties(**lander_file["mass"] | bad)
