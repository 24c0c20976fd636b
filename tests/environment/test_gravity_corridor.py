"""The corridor table against the direct sum, its edges, its cache, and what it refuses."""

import numpy as np
import pytest
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.vector import vec3
from perilune.environment.gravity import Harmonics, harmonic_acceleration, harmonics_struct, load_coefficients
from perilune.environment.gravity_corridor import GravityCorridor, build_corridor, corridor_acceleration, inside_corridor, no_corridor

SPHERE_M = 1737400.0
END = np.array([0.491, -0.040, 0.870]) / np.linalg.norm([0.491, -0.040, 0.870])  # Mare Frigoris
POLE = np.cross(END, [0.1, 0.97, 0.2])
POLE /= np.linalg.norm(POLE)
AHEAD = np.cross(POLE, END)


@wp.kernel(module="unique")
def evaluate(
    corridor: GravityCorridor,
    field: Harmonics,
    position: wp.array(dtype=vec3),
    table: wp.array(dtype=vec3),
    direct: wp.array(dtype=vec3),
    inside: wp.array(dtype=wp.bool),
):
    i = wp.tid()
    table[i] = corridor_acceleration(corridor, field, position[i])
    direct[i] = harmonic_acceleration(field, position[i])
    inside[i] = inside_corridor(corridor, position[i])


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERILUNE_CACHE", str(folder))
        yield folder


def direction(angle_deg, across_m=0.0):
    a, b = np.radians(angle_deg), across_m / SPHERE_M
    return np.cos(b)[..., None] * (np.cos(a)[..., None] * END + np.sin(a)[..., None] * AHEAD) + np.sin(b)[..., None] * POLE


def low_corridor(degree, progress=None, nudge=0.0):
    start = direction(np.array(-8.0 + nudge), np.array(0.0))
    return build_corridor(load_coefficients(degree), start, END, 20.0e3 + nudge, -8000.0, 40000.0, 10.0e3, progress)


def evaluated(corridor, degree, position):
    outputs = [wp.zeros(len(position), dtype=t, device="cpu") for t in (vec3, vec3, wp.bool)]
    inputs = [corridor, harmonics_struct(load_coefficients(degree)), wp.array(position, dtype=vec3, device="cpu")]
    wp.launch(evaluate, len(position), inputs, outputs, device="cpu")
    return [o.numpy() for o in outputs]


@pytest.mark.parametrize("degree", [8, 20, 150])
def test_table_holds_a_millionth_of_a_metre_per_second_squared_below_40_km(degree):
    draws = np.random.default_rng(degree)
    angle, across, altitude = draws.uniform(-8.0, 0.0, 2000), draws.uniform(-20.0e3, 20.0e3, 2000), draws.uniform(-8000.0, 40000.0, 2000)
    table, direct, inside = evaluated(low_corridor(degree), degree, direction(angle, across) * (SPHERE_M + altitude)[:, None])
    error = np.linalg.norm(table - direct, axis=1)
    print(f"degree {degree}: largest {error.max():.1e}, root mean square {np.sqrt(np.mean(error**2)):.1e} m/s² of {np.abs(direct).max():.1e}")
    assert inside.all()
    assert 0.0 < error.max() < 1.0e-6


def test_outside_is_the_direct_sum_bit_for_bit():
    angle = np.array([-30.0, 20.0, 90.0, 179.0, -4.0, -4.0, -4.0, -4.0, -4.0])
    across = np.array([0.0, 0.0, 0.0, 0.0, 60.0e3, -60.0e3, 0.0, 0.0, 0.0])
    altitude = np.array([1.0e4, 1.0e4, 1.0e4, 1.0e4, 1.0e4, 1.0e4, 41.0e3, -9.0e3, -40.0e3])
    table, direct, inside = evaluated(low_corridor(50), 50, direction(angle, across) * (SPHERE_M + altitude)[:, None])
    assert not inside.any()
    assert np.array_equal(table, direct)


def test_no_corridor_is_the_direct_sum_everywhere():
    position = np.random.default_rng(2).normal(size=(50, 3)) * 1.2e6
    table, direct, inside = evaluated(no_corridor(), 8, np.vstack([position, SPHERE_M * np.eye(3)]))
    assert not inside.any()
    assert np.array_equal(table, direct)


def test_an_interrupted_build_leaves_no_table(own_cache):
    class Interrupt(BaseException):
        pass

    def interrupt(_):
        raise Interrupt

    with pytest.raises(Interrupt):
        low_corridor(30, interrupt)
    seen: list[float] = []
    low_corridor(30, seen.append)
    assert seen[-1] == 1.0


def test_nothing_jumps_from_cell_to_cell_nor_at_the_edge():
    angle = np.linspace(-10.0, 2.0, 40001)  # 9 m steps, from outside through the table to outside
    table, direct, inside = evaluated(low_corridor(50), 50, direction(angle, np.zeros(angle.size)) * (SPHERE_M + 5000.0))
    assert inside.any() and not inside.all()
    jump = np.linalg.norm(np.diff(table - direct, axis=0), axis=1)
    steps_within = inside[1:] == inside[:-1]
    assert jump[steps_within].max() < 1.0e-8
    assert jump.max() < 1.0e-6


def test_a_long_and_bowed_track_lies_inside_its_corridor():
    along = np.radians(np.linspace(0.0, 200.0, 201))
    turn = np.radians(0.6) * along / along[-1]  # the Moon turns below a polar orbit
    plane = np.stack([np.cos(along), np.zeros_like(along), np.sin(along)], axis=1)
    track = np.stack([np.cos(turn) * plane[:, 0], -np.sin(turn) * plane[:, 0], plane[:, 2]], axis=1)
    draws = np.random.default_rng(1)
    left = np.cross(track, np.roll(track, -1, axis=0))
    left[-1] = left[-2]
    left /= np.linalg.norm(left, axis=1, keepdims=True)
    aside = draws.choice([-9.9e3, 9.9e3], 201)[:, None] / SPHERE_M
    position = (track + left * aside) * (SPHERE_M + draws.uniform(-4.0e3, 1.0e5, 201))[:, None]
    corridor = build_corridor(load_coefficients(8), track[0], track[-1], 1.0e4, -5.0e3, 1.2e5, 1.0e4, via_pa_directions=track[20:-1:20])
    table, direct, inside = evaluated(corridor, 8, position)
    assert inside.all()
    assert np.abs(table - direct).max() < 1.0e-6


def test_small_changes_of_a_mission_use_the_table_that_is_there():
    first = low_corridor(20)
    seen: list[float] = []
    second = low_corridor(20, seen.append, nudge=-0.003)
    assert seen == []
    assert np.array_equal(first.coefficients.numpy(), second.coefficients.numpy())


def test_another_field_is_another_table():
    assert low_corridor(20).coefficients.shape != low_corridor(50).coefficients.shape
    position = direction(np.array([-3.0]), np.zeros(1)) * SPHERE_M
    table = [evaluated(low_corridor(degree), degree, position)[0] for degree in (20, 50)]
    assert np.abs(table[0] - table[1]).max() > 1.0e-5


@pytest.mark.parametrize("damage", ["flipped", "truncated", "emptied"])
def test_a_damaged_table_is_built_again(own_cache, damage):
    whole = low_corridor(8).coefficients.numpy().copy()
    for file in own_cache.glob("gravity_corridor/*/coefficients.npy"):
        content = bytearray(file.read_bytes())
        content[-1000] ^= 1
        file.write_bytes({"flipped": content, "truncated": content[:-8], "emptied": b""}[damage])
    seen: list[float] = []
    assert np.array_equal(low_corridor(8, seen.append).coefficients.numpy(), whole)
    assert seen[-1] == 1.0 and seen == sorted(seen)
    again: list[float] = []
    low_corridor(8, again.append)
    assert again == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"end_pa_direction": (1.0, 0.0, 0.0)},
        {"end_pa_direction": (-1.0, 0.0, 0.0)},
        {"highest_m": -9000.0},
        {"half_width_m": 0.0},
        {"margin_m": 6.0e6},
        {"half_width_m": float("nan")},
        {"lowest_m": -50000.0},
    ],
)
def test_refuses_a_corridor_that_is_none(wrong):
    right = {"start_pa_direction": (1.0, 0.0, 0.0), "end_pa_direction": (0.0, 1.0, 0.0), "half_width_m": 1.0e4}
    right |= {"lowest_m": -8000.0, "highest_m": 2.0e4, "margin_m": 1.0e4}
    with pytest.raises(PeriluneError, match="gravity corridor"):
        build_corridor(load_coefficients(8), **{**right, **wrong})


def test_refuses_a_table_that_would_not_fit():
    with pytest.raises(PeriluneError, match="too many"):
        build_corridor(load_coefficients(200), (1.0, 0.0, 0.0), (-1.0, 0.1, 0.0), 1.0e6, -8000.0, 2.0e5, 1.0e5)
