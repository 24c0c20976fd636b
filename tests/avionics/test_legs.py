"""What must be true of the legs: the sink profile ends where it should, what is given up is the sideways part, and legs aim where the file says."""

import numpy as np
import pytest
import warp as wp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from perilune.avionics.guidance.legs import (
    Engines,
    GuidanceParams,
    brake_freely,
    braking_leg,
    descend,
    follow_sink_profile,
    limit_tilt,
    limit_with_vertical_priority,
    settle,
    sink_deceleration,
    sink_time_to_go,
)
from perilune.base.parameters import fill
from perilune.base.structs import records
from perilune.base.vector import real, vec3
from perilune.mission.loader import load

GUIDANCE = load("resilience").avionics.guidance
GRAVITY = 1.62


@wp.kernel(module="unique")
def limits(
    demands: wp.array(dtype=vec3),
    most: wp.array(dtype=real),
    tilts: wp.array(dtype=real),
    by_size: wp.array(dtype=vec3),
    by_tilt: wp.array(dtype=vec3),
):
    i = wp.tid()
    by_size[i] = limit_with_vertical_priority(demands[i], most[i])
    by_tilt[i] = limit_tilt(demands[i], tilts[i])


@wp.kernel(module="unique")
def sinks(
    fall: wp.array(dtype=real), sink: wp.array(dtype=real), end: wp.array(dtype=real), last: wp.array(dtype=real), out: wp.array(dtype=wp.vec2d)
):
    i = wp.tid()
    t = sink_time_to_go(fall[i], sink[i], end[i], last[i])
    out[i] = wp.vec2d(t, sink_deceleration(sink[i], end[i], last[i], t))


@wp.kernel(module="unique")
def follow(height: real, sink: real, target: real, end: real, last: real, tick: real, out: wp.array(dtype=vec3)):
    """Follow the profile tick by tick down to its target; height, sink rate and time there."""
    h = height
    s = sink
    t = real(0.0)
    while h > target and t < real(1000.0):
        net = sink_deceleration(s, end, last, sink_time_to_go(h - target, s, end, last))
        h = h - s * tick + real(0.5) * net * tick * tick
        s = s - net * tick
        t = t + tick
    out[0] = vec3(h, s, t)


@wp.kernel(module="unique")
def profile_at(gs: wp.array(dtype=GuidanceParams), heights: wp.array(dtype=real), sink: real, out: wp.array(dtype=wp.vec2d)):
    i = wp.tid()
    out[i] = follow_sink_profile(gs[0], heights[i], sink, real(1.62))


@wp.kernel(module="unique")
def asked(
    gs: wp.array(dtype=GuidanceParams),
    engines: wp.array(dtype=Engines),
    height: wp.array(dtype=real),
    sink: wp.array(dtype=real),
    velocity: wp.array(dtype=vec3),
    braking: wp.array(dtype=vec3),
    descending: wp.array(dtype=vec3),
    settling: wp.array(dtype=vec3),
    gate: wp.array(dtype=vec3),
    times: wp.array(dtype=real),
):
    i = wp.tid()
    g = gs[0]
    d = brake_freely(g, height[i], sink[i], velocity[i], real(1.62), engines[0])
    braking[i] = d.acceleration
    times[i] = d.time_to_go
    d = descend(g, height[i], sink[i], velocity[i], real(1.62), g.drift_time)
    descending[i] = d.acceleration
    settling[i] = settle(g, height[i], sink[i], velocity[i], real(1.62))
    leg = braking_leg(g, engines[0], real(0.5), velocity[i], velocity[i], velocity[i], real(1.62))
    gate[2 * i] = leg.target_position
    gate[2 * i + 1] = leg.target_velocity


def guidance():
    packed = records(GuidanceParams, 1)
    fill(packed[0], GUIDANCE)
    return wp.array(packed, dtype=GuidanceParams, device="cpu")


def vector(v):
    return wp.array(np.atleast_2d(np.asarray(v, float)), dtype=vec3, device="cpu")


def numbers(v):
    return wp.array(np.atleast_1d(np.asarray(v, float)), dtype=real, device="cpu")


def limited(demand, most=1e9, tilt=0.5):
    by_size, by_tilt = wp.zeros(1, dtype=vec3, device="cpu"), wp.zeros(1, dtype=vec3, device="cpu")
    wp.launch(limits, 1, [vector(demand), numbers(most), numbers(tilt), by_size, by_tilt], device="cpu")
    return by_size.numpy()[0], by_tilt.numpy()[0]


component = st.floats(-10.0, 10.0)
demands = st.tuples(component, component, component).map(np.array)


@settings(max_examples=200, deadline=None)
@given(demands, st.floats(0.2, 8.0))
def test_a_demand_is_shortened_sideways_first(demand, most):
    got, _ = limited(demand, most=most)
    assert np.linalg.norm(got) <= most * (1 + 1e-12)
    if np.linalg.norm(demand) <= most:
        assert np.array_equal(got, demand)
        return
    assert got[2] == pytest.approx(np.clip(demand[2], 0.0, 0.98 * most), abs=1e-12)
    assert np.cross(np.append(got[:2], 0), np.append(demand[:2], 0))[2] == pytest.approx(0.0, abs=1e-9) and got[:2] @ demand[:2] >= 0.0
    assert np.linalg.norm(got[:2]) <= np.linalg.norm(demand[:2]) * (1 + 1e-12)
    assert np.linalg.norm(got) == pytest.approx(min(most, np.hypot(np.linalg.norm(demand[:2]), got[2])), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(demands, st.floats(0.01, 1.2))
def test_a_tilt_is_kept_by_giving_up_the_sideways_part(demand, tilt):
    _, got = limited(demand, tilt=tilt)
    assert got[2] == max(demand[2], 0.05) and np.arctan2(np.linalg.norm(got[:2]), got[2]) <= tilt + 1e-12
    if demand[2] > 0.05 and np.arctan2(np.linalg.norm(demand[:2]), demand[2]) < tilt - 1e-12:
        assert got == pytest.approx(demand, rel=1e-14)
    elif np.linalg.norm(demand[:2]) > 1e-6:
        assert np.arctan2(np.linalg.norm(got[:2]), got[2]) == pytest.approx(tilt, rel=1e-9) or np.array_equal(got[:2], demand[:2])
    assert np.cross(np.append(got[:2], 0), np.append(demand[:2], 0))[2] == pytest.approx(0.0, abs=1e-9) and got[:2] @ demand[:2] >= 0.0


@settings(max_examples=100, deadline=None)
@given(st.floats(50.0, 2e4), st.floats(-20.0, 150.0), st.floats(1.0, 90.0), st.floats(0.05, 2.0))
def test_sink_profile_meets_height_sink_rate_and_deceleration(fall, sink, end, last):
    out = wp.zeros(1, dtype=wp.vec2d, device="cpu")
    wp.launch(sinks, 1, [numbers(fall), numbers(sink), numbers(end), numbers(last), out], device="cpu")
    t, first = out.numpy()[0]
    assume(t > 1.5)  # the floor of the time to go, where the profile is left as it was
    s, w = np.polynomial.legendre.leggauss(4)
    at, w = (s + 1) / 2 * t, w * t / 2
    assert sink - w @ (first + (last - first) * at / t) == pytest.approx(end, abs=1e-6)
    assert w @ (sink - first * at - (last - first) * at**2 / (2 * t)) == pytest.approx(fall, rel=1e-9)


@pytest.mark.parametrize(
    ("height", "sink", "target", "end", "last"),
    [(9000.0, 60.0, 4150.0, 81.0, 0.05), (4150.0, 81.0, 2000.0, 60.0, 0.94), (2000.0, 60.0, 100.0, 3.0, 0.94), (893.0, 66.0, 100.0, 3.0, 0.94)],
)
def test_profile_followed_tick_by_tick_arrives_with_its_sink_rate(height, sink, target, end, last):
    out = wp.zeros(1, dtype=vec3, device="cpu")
    wp.launch(follow, 1, [height, sink, target, end, last, 0.1, out], device="cpu")
    h, s, t = out.numpy()[0]
    assert t < 1000.0 and target - 10.0 < h <= target
    assert s == pytest.approx(end, abs=1.0)  # the time to go is never less than 1.5 s, which leaves the end open


def test_the_next_point_of_the_profile_is_gate_then_vertical_then_terminal():
    g, heights, sink = GUIDANCE, [8000.0, 3000.0, 1000.0], 50.0
    gate = (g.gate_height_m, g.gate_sink_m_s, g.gate_deceleration_m_s2)
    vertical = (g.vertical_height_m, g.vertical_sink_m_s, g.net_deceleration_m_s2)
    terminal = (g.terminal_height_m, g.terminal_sink_m_s, g.net_deceleration_m_s2)
    out = wp.zeros(3, dtype=wp.vec2d, device="cpu")
    wp.launch(profile_at, 3, [guidance(), numbers(heights), sink, out], device="cpu")
    for height, (target, end, last), (up, t) in zip(heights, (gate, vertical, terminal), out.numpy(), strict=True):
        first = up - GRAVITY
        if up > 0.3 * GRAVITY * (1 + 1e-12):  # else the engines would have to pull: a share of the weight is always carried
            assert sink - (first + last) / 2 * t == pytest.approx(end, rel=1e-9)
        assert sink * t - (2 * (2 * (sink - end) / t - last) + last) / 6 * t * t == pytest.approx(height - target, rel=1e-9)


def laws(height, sink, velocity, mass=500.0):
    n = len(height)
    engines = records(Engines, 1)
    engines["mass"], engines["largest"], engines["exhaust_speed"] = mass, 1600.0, 2830.0
    out = [wp.zeros(n, dtype=vec3, device="cpu") for _ in range(3)] + [
        wp.zeros(2 * n, dtype=vec3, device="cpu"),
        wp.zeros(n, dtype=real, device="cpu"),
    ]
    inputs = [guidance(), wp.array(engines, dtype=Engines, device="cpu"), numbers(height), numbers(sink), vector(velocity)]
    wp.launch(asked, n, [*inputs, *out], device="cpu")
    return [a.numpy() for a in out]


def test_free_braking_pushes_straight_against_the_drift_within_the_nominal_thrust():
    """Enough height left: the sink profile upward, the rest of the nominal thrust against the drift."""
    velocity = np.array([[30.0, -200.0, -70.0], [0.0, -120.0, -60.0]])
    braking, *_ = laws([9000.0, 8000.0], [70.0, 60.0], velocity)
    nominal = GUIDANCE.nominal_thrust_percent / 100 * 1600.0 / 500.0
    for a, v in zip(braking, velocity, strict=True):
        assert a[:2] @ v[:2] == pytest.approx(-np.linalg.norm(a[:2]) * np.linalg.norm(v[:2]), rel=1e-12)
        assert np.linalg.norm(a) == pytest.approx(nominal, rel=1e-9)


def test_free_braking_holds_the_sink_rate_where_the_drift_would_outlast_the_height():
    slow, fast = laws([5000.0, 5000.0], [40.0, 40.0], [[0.0, -10.0, -40.0], [0.0, -400.0, -40.0]])[0]
    assert fast[2] > slow[2] and np.linalg.norm(fast) == pytest.approx(1600.0 / 500.0) and fast[1] > 0.0


def test_drift_is_taken_out_in_its_time_constant_and_a_still_lander_is_held():
    braking, descending, settling, _, _ = laws([150.0, 15.0], [40.0, GUIDANCE.final_sink_m_s], [[5.0, -2.0, -40.0], [0.0, 0.0, -1.5]])
    assert descending[0][:2] == pytest.approx(np.array([-5.0, 2.0]) / GUIDANCE.drift_time_s)
    assert settling[0][:2] == pytest.approx(np.array([-5.0, 2.0]) / GUIDANCE.drift_time_s)
    assert settling[1] == pytest.approx([0.0, 0.0, GRAVITY], abs=1e-12)  # at the final sink rate below the final height: weight alone
    assert np.isfinite(braking).all()


def test_terminal_sink_rate_falls_linearly_to_the_final_one():
    g = GUIDANCE
    heights = [2 * g.final_height_m, 1.5 * g.final_height_m, g.final_height_m, 0.0, -1.0]
    settling = laws(heights, [g.terminal_sink_m_s] * 5, [[0.0, 0.0, 0.0]] * 5)[2][:, 2]
    wanted = np.array([g.terminal_sink_m_s, (g.terminal_sink_m_s + g.final_sink_m_s) / 2, *[g.final_sink_m_s] * 3])
    assert settling == pytest.approx(GRAVITY + g.sink_gain_per_s * (g.terminal_sink_m_s - wanted), rel=1e-12)


def test_braking_aims_at_the_gate_above_and_short_of_the_site():
    gate = laws([1e4], [50.0], [[1.0, 2.0, 3.0]])[3]
    forward = np.array([np.sin(0.5), np.cos(0.5), 0.0])
    assert gate[0] == pytest.approx([0, 0, GUIDANCE.gate_height_m] - forward * GUIDANCE.gate_behind_m)
    assert gate[1] == pytest.approx(forward * GUIDANCE.gate_forward_m_s - [0, 0, GUIDANCE.gate_sink_m_s])
