"""What must be true of a Doppler velocimeter: where its beams point, what they say of a known motion, and when they are silent."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3, vec4
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.velocimeter import Velocimeter, VelocimeterParams, VelocimeterState, measure_velocimeter, velocimeter_beam
from perilune.messages.measurements import VelocimeterMeasurement

TICK = 0.1


@wp.kernel(module="unique")
def listen(
    ps: wp.array(dtype=VelocimeterParams),
    ranges: wp.array(dtype=vec4),
    cosines: wp.array(dtype=vec4),
    speeds: wp.array(dtype=vec4),
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=VelocimeterMeasurement),
):
    i = wp.tid()
    s = VelocimeterState()
    for k in range(ranges.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        time = real(k) * real(0.1)
        out[i, k] = measure_velocimeter(ps[0], s, u64(5), u32(i), k, real(0.1), time, ranges[k], cosines[k], speeds[k], now)


@wp.kernel(module="unique")
def point(ps: wp.array(dtype=VelocimeterParams), out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = velocimeter_beam(ps[0], i)


@pytest.fixture
def beams(sensor_file):
    def of(**changed):
        packs = pack(Velocimeter(**sensor_file["velocimeter"] | changed), VelocimeterParams)
        out = wp.zeros(int(packs["beams"][0]), dtype=vec3, device="cpu")
        wp.launch(point, len(out), [wp.array(packs, dtype=VelocimeterParams, device="cpu"), out], device="cpu")
        return out.numpy()

    return of


@pytest.fixture
def heard(sensor_file, fault):
    def run(ranges, speeds=100.0, cosines=1.0, runs=1, told=None, during=(0, 0), **changed):
        ranges = np.asarray(ranges, float)
        ranges = np.broadcast_to(ranges[:, None] if ranges.ndim == 1 else ranges, (len(ranges), 4)).copy()
        cosines, speeds = (np.broadcast_to(np.asarray(x, float), ranges.shape).copy() for x in (cosines, speeds))
        packs = pack(Velocimeter(**sensor_file["velocimeter"] | changed), VelocimeterParams)
        out = wp.zeros((runs, len(ranges)), dtype=VelocimeterMeasurement, device="cpu")
        arrays = [wp.array(x, dtype=vec4, device="cpu") for x in (ranges, cosines, speeds)]
        inputs = [wp.array(packs, dtype=VelocimeterParams, device="cpu"), *arrays, told or fault(), *during, out]
        wp.launch(listen, runs, inputs, device="cpu")
        return out.numpy()

    return run


def ticks_with(out, beams):
    return np.flatnonzero(out[0]["beams"] == beams).tolist()


def test_beams_stand_on_a_cone_about_an_axis_that_leans_towards_minus_x(beams):
    axis = np.array([-np.sin(np.radians(20.0)), 0.0, -np.cos(np.radians(20.0))])
    for count in (1, 2, 3, 4):
        b = beams(beams=count, azimuth_deg=17.0)
        assert np.linalg.norm(b, axis=1) == pytest.approx(np.ones(count))
        assert b @ axis == pytest.approx(np.full(count, np.cos(np.radians(22.5))))
        apart = np.degrees(np.arccos(np.clip(b @ b[0], -1, 1)))
        turn = 2 * np.pi * np.arange(count) / count
        c, s = np.cos(np.radians(22.5)) ** 2, np.sin(np.radians(22.5)) ** 2
        assert apart == pytest.approx(np.degrees(np.arccos(np.clip(c + s * np.cos(turn), -1, 1))), abs=1e-6)
    assert beams(beams=1, tilt_deg=10.0)[0] == pytest.approx([-np.sin(np.radians(32.5)), 0.0, -np.cos(np.radians(32.5))])
    assert beams(beams=1, tilt_deg=0.0, azimuth_deg=90.0)[0] == pytest.approx([0.0, -np.sin(np.radians(22.5)), -np.cos(np.radians(22.5))])


def test_three_beams_give_back_the_velocity(heard, beams):
    velocity = np.array([12.0, -3.0, -40.0])
    speeds = np.append(beams() @ velocity, 0.0)
    out = heard([1000.0], speeds)
    assert out[0, 0]["beams"] == 7 and out[0, 0]["speed"][3] == 0.0
    assert np.linalg.solve(beams(), out[0, 0]["speed"][:3]) == pytest.approx(velocity, abs=1e-12)


def test_each_beam_is_silent_alone_beyond_reach_and_incidence(heard):
    out = heard([[4999.0, 5001.0, -1.0, 100.0]], beams=4)
    assert out[0, 0]["beams"] == 0b1001 and out[0, 0]["speed"].tolist() == [100.0, 0.0, 0.0, 100.0]
    out = heard([[100.0] * 4], cosines=np.cos(np.radians([69.9, 70.1, 0.0, 80.0])), beams=4)
    assert out[0, 0]["beams"] == 0b0101


def test_each_beam_locks_after_an_unbroken_return_of_its_own(heard):
    ranges = np.full((40, 4), 500.0)
    ranges[:3, 0], ranges[10, 1] = -1.0, 9000.0
    out = heard(ranges, acquisition_s=0.5)[0]["beams"]
    assert [np.flatnonzero((out >> i) & 1)[0] for i in range(3)] == [8, 5, 5]
    assert np.flatnonzero((out >> 1) & 1).tolist() == [*range(5, 10), *range(16, 40)]


def test_speaks_at_its_rate_and_late_by_its_latency_of_the_time_it_sampled(heard):
    speeds = 100.0 - np.arange(20.0)[:, None] * np.ones(4)
    out = heard(np.full(20, 900.0), speeds, rate_hz=2.0, latency_s=0.2)
    assert ticks_with(out, 7) == [2, 7, 12, 17]
    assert out[0]["time"][[2, 7, 12, 17]] == pytest.approx([0.0, 0.5, 1.0, 1.5])
    assert out[0]["speed"][[2, 7, 12, 17], 0].tolist() == [100.0, 95.0, 90.0, 85.0]


def test_noise_is_independent_and_a_standard_deviation_about_scale_and_bias(heard):
    n = 20000
    out = heard([100.0], runs=n, beams=4, noise_m_s=0.05, scale_percent=0.1, bias_m_s=-0.02)
    error = out[:, 0]["speed"] - 100.0
    assert error.mean(axis=0) == pytest.approx(np.full(4, 0.08), abs=4.5 * 0.05 / np.sqrt(n))
    assert error.std(axis=0) == pytest.approx(np.full(4, 0.05), rel=4.5 / np.sqrt(2 * n))
    assert np.abs(np.corrcoef(error.T) - np.eye(4)).max() < 4.5 / np.sqrt(n)


def test_dropouts_strike_each_beam_as_often_as_said_and_keep_the_lock(heard):
    out = heard(np.full(60, 100.0), runs=300, dropout_probability=0.3, acquisition_s=1.0)[:, 10:]["beams"]
    for i in range(3):
        assert ((out >> i) & 1).mean() == pytest.approx(0.7, abs=4.5 * np.sqrt(0.21 / out.size))
    assert (out == 0).mean() == pytest.approx(0.027, abs=4.5 * np.sqrt(0.027 / out.size))


@pytest.mark.parametrize(
    ("name", "size", "speeds"),
    [
        ("velocimeter.scale", 0.01, [100.0, 101.0, 101.0, 101.0, 100.0]),
        ("velocimeter.stuck", 0.0, [100.0, 99.0, 99.0, 99.0, 96.0]),
        ("velocimeter.dropout", 0.0, [100.0, 0.0, 0.0, 0.0, 96.0]),
    ],
)
def test_a_fault_changes_what_it_says_as_long_as_it_lasts(heard, fault, name, size, speeds):
    truth = np.array([100.0] * 5 if name.endswith("scale") else [100.0, 99.0, 98.0, 97.0, 96.0])[:, None] * np.ones(4)
    out = heard(np.full(5, 100.0), truth, told=fault(name, size), during=(1, 4))
    assert out[0]["speed"][:, 0] == pytest.approx(speeds)


def test_bias_spike_and_false_return_are_velocities_seen_along_the_beams(heard, beams, fault):
    b = beams()
    bias = heard(np.full(4, 100.0), told=fault("velocimeter.bias", 2.0, axis=1), during=(1, 4))[0]["speed"][:, :3]
    assert bias[0] == pytest.approx([100.0] * 3) and bias[1:] == pytest.approx(100.0 + 2.0 * np.tile(b[:, 1], (3, 1)))
    spike = heard(np.full(4, 100.0), told=fault("velocimeter.spike", 5.0, axis=2), during=(1, 4))[0]["speed"][:, :3]
    assert spike[1] == pytest.approx(100.0 + 5.0 * b[:, 2]) and spike[2:] == pytest.approx(np.full((2, 3), 100.0))
    false = heard(np.full(4, -1.0), told=fault("velocimeter.false_return", -7.0, axis=2), during=(1, 3), acquisition_s=1.0)[0]
    assert false["beams"].tolist() == [0, 7, 7, 0] and false["speed"][1, :3] == pytest.approx(-7.0 * b[:, 2])


def test_short_reach_silences_and_late_delays(heard, fault):
    out = heard(np.linspace(4000.0, 3000.0, 11), told=fault("velocimeter.short_reach", 3500.0), during=(0, 99))
    assert ticks_with(out, 7) == [5, 6, 7, 8, 9, 10]
    out = heard(np.full(20, 100.0), told=fault("velocimeter.late", 0.3), during=(0, 99), rate_hz=2.0, latency_s=0.1)
    assert ticks_with(out, 7) == [4, 9, 14, 19] and out[0]["time"][9] == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [{"beams": 5}, {"beams": 0}, {"cant_deg": 90.0}, {"latency_s": 0.2}, {"noise_m_s": -1.0}, {"rech_m": 1.0}])
def test_refuses_what_cannot_be(sensor_file, bad):
    with pytest.raises(ValidationError):
        Velocimeter(**sensor_file["velocimeter"] | bad)
