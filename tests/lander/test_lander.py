"""What must be true of the lander as a whole: it packs wholly, and every number in the kernel is reached by its path in the file."""

import numpy as np
import pytest
from pydantic import ValidationError

from perilune.base.parameters import leaves, pack, pack_slot, split_unit
from perilune.lander.lander import Lander, LanderParams, LanderState
from perilune.lander.sensors import channels

KEPT_FROM_THE_KERNEL = {"name", "imu.grade", "legs.count", "radio"}
WORDS = {"nearest": 0, "up": 1}


def struct_leaves(dtype, prefix=""):
    for name in dtype.names:
        if dtype[name].names:
            yield from struct_leaves(dtype[name], f"{prefix}{name}.")
        else:
            yield prefix + name


def test_every_number_of_the_file_arrives_in_the_kernel_under_its_path(lander_file, sensor_file):
    lander = Lander(**lander_file | sensor_file)
    packs = pack(lander, LanderParams, count=3)
    reached = set()
    for path, value in leaves(lander):
        if path in KEPT_FROM_THE_KERNEL:
            continue
        slot, factor = pack_slot(packs, path)
        assert slot.shape[0] == 3
        value = WORDS.get(value, value) if isinstance(value, str) else value
        numbers = np.asarray(value, float) * factor
        held = slot[:, : len(numbers)] if numbers.ndim else slot  # an array may have room for more thrusters than there are
        assert held == pytest.approx(np.broadcast_to(numbers, held.shape), rel=1e-15, abs=0)
        reached.add(".".join(split_unit(word)[0] for word in path.split(".")))
    present = {f"{device}.present" for device in (*sensor_file, "range_finder", "star_tracker", "slosh", "main_engine", "assist_engines")}
    assert reached == set(struct_leaves(packs.dtype)) - present
    assert all(packs[sensor]["present"].all() for sensor in sensor_file)


def test_a_sensor_that_the_lander_lacks_is_absent_in_the_kernel(lander_file, sensor_file):
    packs = pack(Lander(**lander_file), LanderParams)
    assert not any(packs[sensor][field].any() for sensor in sensor_file for field in packs[sensor].dtype.names)


def test_a_dispersed_value_changes_that_value_alone(lander_file):
    packs = pack(Lander(**lander_file), LanderParams, count=2)
    slot, factor = pack_slot(packs, "range_finder.incidence_limit_deg")
    slot[1] = 30.0 * factor
    assert packs["range_finder"]["incidence_limit"].tolist() == pytest.approx([np.radians(60), np.radians(30)])
    packs["range_finder"]["incidence_limit"][1] = packs["range_finder"]["incidence_limit"][0]
    assert packs[0] == packs[1]


def test_units_arrive_in_si(lander_file):
    lander_file["imu"]["gyro_bias_deg_h"] = (1.0, 0.0, 0.0)
    packs = pack(Lander(**lander_file), LanderParams)[0]
    assert packs["imu"]["gyro_bias"][0] == pytest.approx(4.84813681e-6, rel=1e-8)
    assert packs["imu"]["angle_random_walk"] == pytest.approx(5.8177642e-7, rel=1e-7)  # HG9900 as NavToolkit converts it
    assert packs["imu"]["velocity_random_walk"] == pytest.approx(5 * 9.80665e-6)
    assert packs["star_tracker"]["noise"] == pytest.approx(20 * np.pi / 648000)


def test_state_starts_as_zeros_with_nothing_on_its_way():
    state = np.zeros(1, LanderState.numpy_dtype())[0]
    assert not state["imu"]["is_drawn"] and not state["range_finder"]["is_pending"] and not state["star_tracker"]["is_pending"]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("mass.dry_cg_m", (1.0, 0.0, 1.0), "pads"),
        ("mass.main_unusable_kg", 500.0, "main_unusable_kg"),
        ("star_tracker.latency_s", 0.6, "latency_s"),
        ("range_finder.latency_s", 0.11, "latency_s"),
        ("range_finder.reach", 3.0, "reach"),
        ("legs.count", 3, "count"),
        ("legs.damping_n_s_per_m", 1e7, "too stiff or too damped"),
        ("imu.grade", "", "grade"),
        ("attitude_thrusters.directions", 6 * ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0)), "about all three axes alone"),
        ("attitude_thrusters.thrust_n", 2 * (15.0, 15.0, 15.0, 15.0, 15.0, 0.0), r"about -z alone"),
    ],
)
def test_refuses_a_lander_that_cannot_be(lander_file, path, value, words):
    room, key = path.split(".")
    lander_file[room][key] = value
    with pytest.raises(ValidationError, match=words) as refused:
        Lander(**lander_file)
    assert refused.value.error_count() == 1


def test_no_two_sources_of_noise_share_a_channel():
    numbers = [int(value) for name, value in vars(channels).items() if name.isupper()]
    assert len(numbers) >= 11 and len(set(numbers)) == len(numbers)
    assert max(numbers) < 0x80000000
