"""What must be true of the updates by velocimeter, radar speeds, position fix and Sun: the best linear ones, by partial derivatives that are right.

Each is held against an update in NumPy, all rows at once in Joseph's form, whose rows are differences of the measurement worked out plainly; the
position fix against a filter that carries the fixes' slow error as three more states which it never corrects.
"""

import numpy as np
import pytest
import warp as wp

from perilune.avionics.arrivals import use_arrivals
from perilune.avionics.belief import BeliefParams, OnBoard
from perilune.avionics.navigation import NavigationParams, NavigationState
from perilune.base.structs import records, struct_from
from perilune.base.vector import real
from perilune.environment.ephemeris import moon_centred_position
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import map_heights
from perilune.messages.measurements import Measurements
from perilune.validation.plain_filter import conjugate, cross_matrix, exponential, logarithm, matrix, multiply
from perilune.validation.scenes import landing_scene

TICK, NOW, CG = 0.1, 3500.0, 1.1
R, V, A = slice(0, 3), slice(3, 6), slice(6, 9)
SIZE = np.array([100.0] * 3 + [1.0] * 3 + [1e-3] * 3 + [1e-7] * 3 + [1e-4] * 3 + [50.0])
RADIUS = 1737400.0


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def arrive(
    ps: wp.array(dtype=NavigationParams),
    bs: wp.array(dtype=BeliefParams),
    on_board: OnBoard,
    states: wp.array(dtype=NavigationState),
    ms: wp.array(dtype=Measurements),
    time: real,
):
    n = states[0]
    use_arrivals(ps[0], bs[0], on_board, n, ms[0], real(1.1), time, real(0.1))
    states[0] = n


def me_at(time):
    return ME_FROM_PA @ rotation_pa_from_mci(np.array([landing_scene().start.epoch_tdb_s + time]))[0]


def moon_rate(time):
    turn = me_at(time + 1.0).T @ me_at(time - 1.0)  # of what is fixed to the Moon over two seconds, in mci
    return 0.5 * np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2.0


def covariance_of(seed):
    root = np.random.default_rng(seed).normal(size=(16, 20))
    correlation = root @ root.T
    size = SIZE / np.sqrt(np.diag(correlation))
    return correlation * np.outer(size, size)


class Situation:
    """An estimate over Mare Frigoris, 5 km up at 200 m/s and turning, with what it was one and two ticks ago."""

    def __init__(self, seed=1):
        rng = np.random.default_rng(seed)
        up = me_at(NOW).T @ landing_scene().start.site_axes_me[2]
        self.state = records(NavigationState, 1)
        n = self.state[0]
        n["position_mci"], n["velocity_mci"] = up * (RADIUS + 3000.0), rng.normal(size=3) * 120.0
        n["attitude"] = exponential(rng.normal(size=3))
        n["rate_body"] = rng.normal(size=3) * 0.05
        for name in ("turn_1", "turn_2"):
            n[name] = exponential(n["rate_body"] * TICK + rng.normal(size=3) * 1e-3)
        n["turn"] = (0.0, 0.0, 0.0, 1.0)
        n["gained_1"], n["gained_2"] = rng.normal(size=(2, 3)) * 0.3
        n["covariance"] = covariance_of(seed)
        self.n, self.rng = n, rng

    def motion(self, age, error=None):
        """Position, velocity and attitude `age` [s] ago, the estimate of today off by `error` (9,)."""
        n, error = self.n, np.zeros(9) if error is None else error
        r, v = n["position_mci"] + error[R], n["velocity_mci"] + error[V]
        q = multiply(exponential(error[A]), n["attitude"])
        for gained, turn in ((n["gained_1"], n["turn_1"]), (n["gained_2"], n["turn_2"]))[: round(age / TICK)]:
            r, v, q = r - (v - 0.5 * gained) * TICK, v - gained, multiply(q, conjugate(turn))
        return r, v, matrix(q)

    def used(self, measured, belief=None, time=NOW, **tuning):
        """The state after what arrived."""
        p, b, m = records(NavigationParams, 1), records(BeliefParams, 1), records(Measurements, 1)
        p["gate_sigma"], p["gate_patience"] = 5.0, 5
        for sensor, values in tuning.items():
            p[sensor]["present"] = True
            for name, value in values.items():
                p[sensor][name] = value
        for name, value in (belief or {}).items():
            b[name] = value
        for sensor, values in measured.items():
            for name, value in values.items():
                m[sensor][name] = value
        after = self.state.copy()
        inputs = [wp.array(p, dtype=NavigationParams, device="cpu"), wp.array(b, dtype=BeliefParams, device="cpu"), landing_scene().on_board]
        states = wp.array(after, dtype=NavigationState, device="cpu", copy=False)
        wp.launch(arrive, 1, [*inputs, states, wp.array(m, dtype=Measurements, device="cpu"), time], device="cpu")
        return after[0]


def slopes(measure):
    """Rows of the partial derivatives of `measure(error)` by position, velocity and attitude, by differences."""
    steps = [1.0] * 3 + [0.01] * 3 + [1e-4] * 3
    return np.array([(measure(s * e) - measure(-s * e)) / (2.0 * s) for s, e in zip(steps, np.eye(9), strict=True)]).T


def joseph(before, rows, noise):
    """Gain and covariance of one update with all rows."""
    h = np.zeros((len(rows), 16))
    h[:, :9] = rows
    gain = np.linalg.solve(h @ before @ h.T + noise, h @ before).T
    kept = np.eye(16) - gain @ h
    return gain, kept @ before @ kept.T + gain @ noise @ gain.T


def correction(before, after):
    turn = logarithm(multiply(after["attitude"], conjugate(before["attitude"])))
    parts = [after[k] - before[k] for k in ("position_mci", "velocity_mci")], [after[k] - before[k] for k in ("gyro_bias", "accel_bias")]
    return np.concatenate([*parts[0], turn, *parts[1], [after["map_error"] - before["map_error"]]])


def agree(before, after, gain, innovation, covariance, share=1e-6):
    assert correction(before, after) / SIZE == pytest.approx(gain @ innovation / SIZE, abs=share * np.abs(gain @ innovation / SIZE).max())
    assert np.abs((after["covariance"] - covariance) / np.outer(SIZE, SIZE)).max() < 1e-6


def cone(count):
    turn = 2.0 * np.pi * np.arange(count) / count
    b = np.zeros((4, 3))
    b[:count] = np.c_[-0.38 * np.cos(turn) - 0.3, -0.38 * np.sin(turn), np.full(count, -0.9)]
    b[:count] /= np.linalg.norm(b[:count], axis=1)[:, None]
    return b


def speeds_of(situation, beams, age, error=None):
    r, v, c = situation.motion(age, error)
    swing = c @ np.cross(situation.n["rate_body"], [0.0, 0.0, -CG])
    return (c @ beams.T).T @ (v - np.cross(moon_rate(NOW - age), r) + swing)


@pytest.mark.parametrize(("age", "count"), [(0.0, 3), (0.1, 4), (0.2, 1)])
def test_a_velocimeters_beams_update_as_the_whole_matrix_does(age, count):
    s, beams = Situation(), cone(count)
    innovation = s.rng.normal(size=count) * 0.5
    speed = np.zeros(4)
    speed[:count] = speeds_of(s, beams[:count], age) + innovation
    tuning = {"noise": 0.3, "noise_share": 0.0, "slow": 0.0, "gate_sigma": 50.0}
    measured = {"velocimeter": {"time": NOW - age, "beams": 2**count - 1, "speed": speed}}
    after = s.used(measured, {"velocimeter_beams": beams}, velocimeter=tuning)
    gain, covariance = joseph(s.n["covariance"], slopes(lambda e: speeds_of(s, beams[:count], age, e)), 0.09 * np.eye(count))
    agree(s.n, after, gain, innovation, covariance, share=1e-5)
    assert after["speeds_used"] == count


def test_only_the_beams_that_answered_count_and_a_share_of_the_speed_is_noise():
    s, beams = Situation(2), cone(3)
    true = speeds_of(s, beams[:3], 0.1)
    measured = {"velocimeter": {"time": NOW - 0.1, "beams": 0b101, "speed": np.append(true + 0.4, 0.0)}}
    tuning = {"noise": 1e-3, "noise_share": 0.01, "slow": 0.0, "gate_sigma": 50.0}
    after = s.used(measured, {"velocimeter_beams": beams}, velocimeter=tuning)
    rows = slopes(lambda e: speeds_of(s, beams[:3], 0.1, e))[[0, 2]]
    gain, covariance = joseph(s.n["covariance"], rows, np.diag((0.01 * true[[0, 2]]) ** 2))
    agree(s.n, after, gain, np.full(2, 0.4), covariance, share=1e-5)


@pytest.mark.parametrize("position", [0, 1])
def test_a_radars_speeds_are_those_of_the_antennas_position(position):
    s, first, second = Situation(3), cone(4), cone(4)[:, [1, 0, 2]]
    beams = (first, second)[position][1:]
    innovation = np.array([0.3, -0.2, 0.5])
    measured = {"landing_radar": {"time": NOW - 0.1, "beams": 7, "speed": speeds_of(s, beams, 0.1) + innovation, "position": position}}
    tuning = {"velocity_noise": 0.5, "velocity_noise_share": 0.0, "velocity_slow": 0.0, "velocity_gate_sigma": 50.0}
    after = s.used(measured, {"radar_beams_first": first, "radar_beams_second": second}, landing_radar=tuning)
    gain, covariance = joseph(s.n["covariance"], slopes(lambda e: speeds_of(s, beams, 0.1, e)), 0.25 * np.eye(3))
    agree(s.n, after, gain, innovation, covariance, share=1e-5)


def test_one_wrong_beam_is_refused_alone():
    s, beams = Situation(), cone(3)
    speed = np.append(speeds_of(s, beams[:3], 0.0), 0.0)
    speed[1] += 1000.0
    tuning = {"noise": 0.3, "noise_share": 0.0, "slow": 0.0, "gate_sigma": 5.0}
    measured = {"velocimeter": {"time": NOW, "beams": 7, "speed": speed}}
    after = s.used(measured, {"velocimeter_beams": beams}, velocimeter=tuning)
    rows = slopes(lambda e: speeds_of(s, beams[:3], 0.0, e))[[0, 2]]
    _, covariance = joseph(s.n["covariance"], rows, 0.09 * np.eye(2))
    assert after["velocimeter_gate"]["refused"] == 1 and after["speeds_used"] == 2
    assert np.abs((after["covariance"] - covariance) / np.outer(SIZE, SIZE)).max() < 1e-6
    assert np.linalg.norm(after["velocity_mci"] - s.n["velocity_mci"]) < 1e-5


def test_speeds_never_teach_more_than_their_slow_error():
    s, beams = Situation(), cone(3)
    slow = 0.001 * np.linalg.norm(s.n["velocity_mci"] - np.cross(moon_rate(NOW), s.n["position_mci"]))
    tuning = {"noise": 0.01, "noise_share": 0.0, "slow": 0.001, "gate_sigma": 50.0}
    for _ in range(30):
        speed = np.append(speeds_of(s, beams[:3], 0.0), 0.0)
        s.state[0] = s.used({"velocimeter": {"time": NOW, "beams": 7, "speed": speed}}, {"velocimeter_beams": beams}, velocimeter=tuning)
    h = np.zeros((3, 16))
    h[:, :9] = slopes(lambda e: speeds_of(s, beams[:3], 0.0, e))
    known = np.sqrt(np.diag(h @ s.n["covariance"] @ h.T))
    assert known.max() < 1.05 * slow and known.min() > 0.9 * slow


def fix_of(situation, age, error=None):
    r, _, c = situation.motion(age, error)
    return r - c @ [0.0, 0.0, CG]


def local_axes(position_me):
    up = position_me / np.linalg.norm(position_me)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    return np.array([east, np.cross(up, east), up])


@pytest.mark.parametrize("age", [0.0, 0.2])
def test_position_fixes_update_as_a_filter_that_carries_their_slow_error_and_leaves_it(age):
    """Three fixes, axis by axis: nineteen states in NumPy, of which the last three, the slow error, are never corrected (Schmidt)."""
    s = Situation(4)
    noise, slow, stretch = 20.0, 15.0, np.array([1.0, 1.0, 2.0])
    tuning = {"noise": noise, "noise_share": 0.0, "slow_error": slow, "slow_correlation": 1e9, "vertical_factor": 2.0, "gate_sigma": 50.0}
    p = np.zeros((19, 19))
    p[:16, :16], p[16:, 16:] = s.n["covariance"], np.diag((slow * stretch) ** 2)
    for _ in range(3):
        me = me_at(NOW - age)
        place = me @ fix_of(s, age)
        axes = local_axes(place)
        off = s.rng.normal(size=3) * 30.0
        after = s.used({"position_fix": {"time": NOW - age, "position_me": place + off @ axes, "valid": True}}, position_fix=tuning)
        x = np.zeros(16)
        for i, row in enumerate(axes @ me):
            h = np.r_[row, np.zeros(13), np.eye(3)[i]][None, :]
            variance = (noise * stretch[i]) ** 2
            gain = p @ h.T / (h @ p @ h.T + variance)
            gain[16:] = 0.0
            x += gain[:16, 0] * (off[i] - row @ x[:3])
            kept = np.eye(19) - gain @ h
            p = kept @ p @ kept.T + variance * gain @ gain.T
        assert after["fix_used"] and after["considers"]
        assert correction(s.n, after) / SIZE == pytest.approx(x / SIZE, abs=1e-5 * np.abs(x / SIZE).max())
        assert np.abs((after["covariance"] - p[:16, :16]) / np.outer(SIZE, SIZE)).max() < 1e-6
        assert after["fix_error"] / SIZE[:, None] == pytest.approx(p[:16, 16:] / SIZE[:, None], abs=1e-6 * slow)
        s.state[0] = after


def test_fixes_without_end_teach_the_position_no_better_than_the_slow_error():
    s = Situation(5)
    tuning = {"noise": 20.0, "noise_share": 0.0, "slow_error": 15.0, "slow_correlation": 1e9, "vertical_factor": 1.0, "gate_sigma": 50.0}
    for _ in range(300):
        place = me_at(NOW) @ fix_of(s, 0.0)
        s.state[0] = s.used({"position_fix": {"time": NOW, "position_me": place, "valid": True}}, position_fix=tuning)
    sigma = np.sqrt(np.linalg.eigvalsh(s.n["covariance"][R, R]))
    assert sigma == pytest.approx(np.full(3, np.sqrt(15.0**2 + 20.0**2 / 300)), rel=0.05)


def test_a_share_of_the_height_is_noise_and_an_outlier_is_refused_whole():
    s = Situation(6)
    place = me_at(NOW) @ fix_of(s, 0.0)
    height = np.linalg.norm(place) - RADIUS - map_heights(landing_scene().on_board.relief, place[None, :] / np.linalg.norm(place))[0]
    tuning = {"noise": 1.0, "noise_share": 0.01, "slow_error": 0.0, "slow_correlation": 1e9, "vertical_factor": 1.0, "gate_sigma": 5.0}
    after = s.used({"position_fix": {"time": NOW, "position_me": place, "valid": True}}, position_fix=tuning)
    axes = local_axes(place) @ me_at(NOW)
    _, covariance = joseph(s.n["covariance"], np.c_[axes, np.zeros((3, 6))], (0.01 * height) ** 2 * np.eye(3))
    assert np.abs((after["covariance"] - covariance) / np.outer(SIZE, SIZE)).max() < 1e-4
    far = place + 2000.0 * local_axes(place)[0]
    refused = s.used({"position_fix": {"time": NOW, "position_me": far, "valid": True}}, position_fix=tuning)
    assert refused["fix_gate"]["refused"] == 1 and not refused["fix_used"]
    assert np.array_equal(refused["position_mci"], s.n["position_mci"]) and np.array_equal(refused["covariance"], s.n["covariance"])


def sun_of(situation):
    t = np.array([landing_scene().start.epoch_tdb_s + NOW])
    way = moon_centred_position("sun", t)[0] - situation.n["position_mci"]
    return way / np.linalg.norm(way)


@pytest.mark.parametrize("age", [0.0, 0.1])
def test_a_sun_direction_updates_the_attitude_but_not_about_itself(age):
    s = Situation(7)
    sun, c = sun_of(s), s.motion(age)[2]
    turned = np.array([2e-4, -1e-4, 3e-4])  # truth minus estimate, about mci axes
    seen = c.T @ (np.eye(3) - cross_matrix(turned)) @ sun
    measured = {"sun_sensor": {"time": NOW - age, "direction_body": seen / np.linalg.norm(seen), "valid": True}}
    after = s.used(measured, sun_sensor={"noise": 5e-4, "slow": 0.0, "gate_sigma": 50.0})
    across = np.linalg.svd(sun[None, :])[2][1:]
    rows = np.zeros((2, 9))
    rows[:, A] = [np.cross(sun, e) for e in across]
    gain, covariance = joseph(s.n["covariance"], rows, 25e-8 * np.eye(2))
    agree(s.n, after, gain, rows[:, A] @ turned, covariance, share=2e-3)
    about = np.zeros(16)
    about[A] = sun
    plain = np.diag(SIZE**2)
    s.n["covariance"] = plain
    alone = s.used(measured, sun_sensor={"noise": 5e-4, "slow": 0.0, "gate_sigma": 50.0})
    assert about @ alone["covariance"] @ about == pytest.approx(about @ plain @ about)


def test_a_sun_far_off_is_refused():
    s = Situation(8)
    measured = {"sun_sensor": {"time": NOW, "direction_body": s.motion(0.0)[2].T @ np.roll(sun_of(s), 1), "valid": True}}
    after = s.used(measured, sun_sensor={"noise": 5e-4, "slow": 0.0, "gate_sigma": 5.0})
    assert after["sun_gate"]["refused"] == 1 and np.array_equal(after["covariance"], s.n["covariance"])


@pytest.mark.parametrize(("age", "used"), [(0.0, True), (0.2, True), (0.3, False), (5.0, False), (-0.2, False)])
def test_what_is_older_than_the_filter_can_look_back_is_left_unused(age, used):
    s, beams = Situation(), cone(3)
    s.n["covariance"][A, A] += 0.01 * np.eye(3)
    wide = {"noise": 0.3, "noise_share": 0.0, "gate_sigma": 1e6}
    measured = {
        "velocimeter": {"time": NOW - age, "beams": 7, "speed": np.append(speeds_of(s, beams[:3], 0.0), 0.0)},
        "position_fix": {"time": NOW - age, "position_me": me_at(NOW) @ fix_of(s, 0.0), "valid": True},
        "star_tracker": {"time": NOW - age, "attitude": s.n["attitude"], "valid": True},
    }
    fix = {**wide, "slow_error": 1.0, "slow_correlation": 1e9, "vertical_factor": 1.0}
    after = s.used(measured, {"velocimeter_beams": beams}, velocimeter={**wide, "slow": 0.0}, position_fix=fix)
    assert bool(after["fix_used"]) == used and (after["speeds_used"] == 3) == used
    assert np.array_equal(after["covariance"], s.n["covariance"]) == (not used)


def test_a_sensor_that_the_filter_is_not_told_of_is_not_listened_to():
    s = Situation()
    measured = {
        "velocimeter": {"time": NOW, "beams": 7, "speed": np.ones(4)},
        "landing_radar": {"time": NOW, "beams": 7, "speed": np.ones(3), "range": 1000.0, "range_valid": True},
        "position_fix": {"time": NOW, "position_me": np.ones(3), "valid": True},
        "sun_sensor": {"time": NOW, "direction_body": (0.0, 0.0, 1.0), "valid": True},
    }
    after = s.used(measured)
    assert np.array_equal(after["covariance"], s.n["covariance"]) and np.array_equal(after["position_mci"], s.n["position_mci"])


def test_struct_of_the_state_holds_what_the_updates_need():
    state = struct_from(records(NavigationState, 1)[0], NavigationState)
    assert not state.considers and state.velocimeter_gate.refused == 0
