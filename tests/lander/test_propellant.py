"""What must be true of mass properties, against sums over a cloud of points and the laws of inertia."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real
from perilune.lander.propellant import MassNow, MassParams, MassProperties, mass_now


@wp.kernel(module="unique")
def weigh(ps: wp.array(dtype=MassParams), main_left: real, rcs_left: real, out: wp.array(dtype=MassNow)):
    out[0] = mass_now(ps[0], main_left, rcs_left)


def weighed(mass_file, main_left, rcs_left):
    packs = wp.array(pack(MassProperties(**mass_file), MassParams), dtype=MassParams, device="cpu")
    out = wp.zeros(1, dtype=MassNow, device="cpu")
    wp.launch(weigh, 1, [packs, main_left, rcs_left, out], device="cpu")
    return out.numpy()[0]


@pytest.fixture
def mass_file(lander_file):
    return lander_file["mass"]


def test_dry_lander_is_what_the_file_says(mass_file):
    now = weighed(mass_file, 0.0, 0.0)
    assert now["mass"] == 340.0
    assert now["cg"] == pytest.approx(mass_file["dry_cg_m"], rel=1e-14)
    assert now["inertia"] == pytest.approx(mass_file["dry_inertia_kg_m2"], rel=1e-14)


def test_full_lander_is_the_sum_over_its_points(mass_file):
    def pair(mass, at, inertia):
        """Six points with the mass, centre and inertia given: two on each axis, from sum(m x²) of each axis."""
        second = np.sum(inertia) / 2 - np.asarray(inertia)
        points = np.vstack([np.diag(np.sqrt(3 * second / mass)), -np.diag(np.sqrt(3 * second / mass))]) + at
        return np.full(6, mass / 6), points

    sphere = np.full(3, 0.4 * 420 * 0.5**2)
    parts = [
        pair(340.0, mass_file["dry_cg_m"], mass_file["dry_inertia_kg_m2"]),
        pair(420.0, (0, 0, 0.9), sphere),
        (np.array([20.0]), np.array([[0, 0, 1.4]])),
    ]
    m, r = np.concatenate([p[0] for p in parts]), np.vstack([p[1] for p in parts])
    cg = m @ r / m.sum()
    tensor = sum(mi * ((d @ d) * np.eye(3) - np.outer(d, d)) for mi, d in zip(m, r - cg, strict=True))
    now = weighed(mass_file, 420.0, 20.0)
    assert now["mass"] == pytest.approx(m.sum())
    assert now["cg"] == pytest.approx(cg, rel=1e-13)
    assert now["inertia"] == pytest.approx(np.diag(tensor), rel=1e-13)
    assert np.abs(tensor - np.diag(np.diag(tensor))).max() < 0.01 * np.diag(tensor).min(), "the neglected products are small here"


def test_inertia_stays_one_of_a_body_as_the_tanks_run_empty(mass_file):
    for left in np.linspace(0, 420, 8):
        x, y, z = weighed(mass_file, left, 5.0)["inertia"]
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
def test_refuses_masses_that_contradict_each_other(mass_file, bad, word):
    with pytest.raises(ValidationError, match=word):
        MassProperties(**mass_file | bad)
