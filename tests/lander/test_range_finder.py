"""What must be true of a range finder: where it is silent, when it speaks, and how far off it is."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.range_finder import RangeFinder, RangeFinderParams, RangeFinderState, beam_body, measure_range, range_due
from perilune.messages.measurements import RangeMeasurement

TICK = 0.1


@wp.kernel(module="unique")
def sound(
    ps: wp.array(dtype=RangeFinderParams),
    truth: wp.array(dtype=real),
    cosine: wp.array(dtype=real),
    tick_length: real,
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=RangeMeasurement),
    due: wp.array(dtype=wp.bool),
):
    i = wp.tid()
    s = RangeFinderState()
    for k in range(truth.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        out[i, k] = measure_range(ps[0], s, u64(5), u32(i), k, tick_length, real(k) * tick_length, truth[k], cosine[k], now)
        due[k] = range_due(ps[0], k, tick_length)


@wp.kernel(module="unique")
def point(ps: wp.array(dtype=RangeFinderParams), out: wp.array(dtype=vec3)):
    out[0] = beam_body(ps[0])


@pytest.fixture
def sounded(lander_file, fault):
    def run(truth, cosine=1.0, runs=1, told=None, during=(0, 0), **changed):
        truth = np.atleast_1d(np.asarray(truth, float))
        cosine = np.broadcast_to(np.asarray(cosine, float), truth.shape).copy()
        packs = pack(RangeFinder(**lander_file["range_finder"] | changed), RangeFinderParams)
        out, due = wp.zeros((runs, len(truth)), dtype=RangeMeasurement, device="cpu"), wp.zeros(len(truth), dtype=wp.bool, device="cpu")
        arrays = [wp.array(packs, dtype=RangeFinderParams, device="cpu"), wp.array(truth, dtype=real, device="cpu")]
        wp.launch(sound, runs, [*arrays, wp.array(cosine, dtype=real, device="cpu"), TICK, told or fault(), *during, out, due], device="cpu")
        return out.numpy(), due.numpy().astype(bool)

    return run


def valid_ticks(out):
    return np.flatnonzero(out[0]["valid"]).tolist()


def test_is_silent_above_its_reach_and_where_there_is_no_ground(sounded):
    assert sounded([892.9, 893.0, 893.1, -1.0], reach_m=893)[0]["valid"].tolist() == [[True, True, False, False]]


def test_is_silent_beyond_its_incidence_limit(sounded):
    assert sounded([100, 100, 100], np.cos(np.radians([59.9, 60.1, 120])))[0]["valid"].tolist() == [[True, False, False]]


def test_without_errors_it_gives_the_truth_and_its_time(sounded):
    out, _ = sounded([1000.0, 990.0, 980.0])
    assert out[0]["range"].tolist() == [1000.0, 990.0, 980.0]
    assert out[0]["time"] == pytest.approx([0.0, 0.1, 0.2])


def test_scale_and_bias_are_fixed_and_noise_is_a_standard_deviation(sounded):
    out, _ = sounded([1000.0], runs=20000, scale_percent=0.1, bias_m=-0.4, noise_m=0.3)
    error = out[:, 0]["range"] - 1000.0
    assert error.mean() == pytest.approx(1.0 - 0.4, abs=4.5 * 0.3 / np.sqrt(20000))
    assert error.std() == pytest.approx(0.3, rel=4.5 / np.sqrt(40000))


def test_range_is_never_negative(sounded):
    out, _ = sounded([0.5], runs=2000, noise_m=0.3, outlier_probability=0.5)
    assert out["valid"].all() and out["range"].min() == 0.0


@pytest.mark.parametrize(("rate_hz", "latency_s", "due", "arrives"), [(2.0, 0.3, [0, 5, 10, 15], [3, 8, 13, 18]), (5.0, 0.0, [0, 2, 4], [0, 2, 4])])
def test_speaks_at_its_rate_and_late_by_its_latency_of_the_time_it_sampled(sounded, rate_hz, latency_s, due, arrives):
    truth = 1000.0 - np.arange(20.0)
    out, asked = sounded(truth, rate_hz=rate_hz, latency_s=latency_s)
    assert np.flatnonzero(asked).tolist()[: len(due)] == due
    assert valid_ticks(out)[: len(arrives)] == arrives
    assert out[0]["range"][arrives].tolist() == truth[due].tolist()
    assert out[0]["time"][arrives] == pytest.approx(np.array(due) * TICK)


def test_what_it_is_told_between_its_samples_does_not_matter(sounded):
    truth = np.where(np.arange(20) % 5 == 0, 1000.0, np.nan)
    out, _ = sounded(truth, rate_hz=2.0, latency_s=0.3, acquisition_s=0.5)
    assert valid_ticks(out) == [8, 13, 18]


def test_first_valid_range_needs_an_unbroken_return(sounded):
    truth = np.full(40, 500.0)
    truth[[0, 1, 20]] = -1.0
    out, _ = sounded(truth, acquisition_s=1.0)
    assert valid_ticks(out) == [*range(12, 20), *range(31, 40)]


def test_dropouts_and_outliers_come_as_often_as_said_and_do_not_break_the_lock(sounded):
    from scipy.stats import kstest

    out, _ = sounded(np.full(100, 1000.0), runs=400, dropout_probability=0.2, outlier_probability=0.1, outlier_m=50.0, acquisition_s=0.5)
    settled = out[:, 5:]
    n = settled.size
    assert not out[:, :5]["valid"].any()
    assert settled["valid"].mean() == pytest.approx(0.8, abs=4.5 * np.sqrt(0.16 / n))
    heard = settled["range"][settled["valid"].astype(bool)]
    strange = heard[heard != 1000.0] - 1000.0
    assert len(strange) / len(heard) == pytest.approx(0.1, abs=4.5 * np.sqrt(0.09 / len(heard)))
    assert kstest(strange, "uniform", args=(-50.0, 100.0)).pvalue > 1e-4


def test_a_silent_sensor_gives_zeros_and_not_the_truth(sounded):
    out, _ = sounded([4000.0, 100.0], reach_m=3000, dropout_probability=1.0)
    assert out[0]["range"].tolist() == [0.0, 0.0] and not out[0]["valid"].any()


@pytest.mark.parametrize(
    ("name", "size", "ranges"),
    [
        ("bias", 5.0, [100, 104, 103, 102, 96]),
        ("bias", -500.0, [100, 0, 0, 0, 96]),
        ("scale", 0.1, [100, 108.9, 107.8, 106.7, 96]),
        ("stuck", 0.0, [100, 99, 99, 99, 96]),
        ("spike", 50.0, [100, 149, 98, 97, 96]),
        ("false_return", 7.0, [100, 7, 7, 7, 96]),
        ("dropout", 0.0, [100, 0, 0, 0, 96]),
        ("short_reach", 97.5, [100, 0, 0, 97, 96]),
    ],
)
def test_a_fault_changes_its_range_as_long_as_it_lasts(sounded, fault, name, size, ranges):
    out, _ = sounded([100, 99, 98, 97, 96], told=fault(f"range_finder.{name}", size), during=(1, 4))
    assert out[0]["range"] == pytest.approx(ranges)
    assert out[0]["valid"].tolist() == [r > 0 or name == "bias" for r in ranges]


def test_a_false_return_needs_no_ground_and_no_lock(sounded, fault):
    out, _ = sounded(np.full(30, -1.0), told=fault("range_finder.false_return", 40.0), during=(5, 8), acquisition_s=1.0)
    assert valid_ticks(out) == [5, 6, 7] and out[0]["range"][6] == 40.0


def test_late_fault_delays_what_it_says_and_a_short_reach_breaks_the_lock(sounded, fault):
    out, _ = sounded(np.full(20, 900.0), told=fault("range_finder.late", 0.3), during=(0, 99), rate_hz=2.0, latency_s=0.1)
    assert valid_ticks(out) == [4, 9, 14, 19] and out[0]["time"][9] == pytest.approx(0.5)
    out, _ = sounded(np.full(40, 900.0), told=fault("range_finder.short_reach", 500.0), during=(20, 22), acquisition_s=0.5)
    assert valid_ticks(out) == [*range(5, 20), *range(27, 40)]


def test_a_fault_of_another_device_changes_nothing(sounded, fault):
    kept, _ = sounded(np.full(20, 900.0), runs=3, noise_m=0.3)
    out, _ = sounded(np.full(20, 900.0), runs=3, told=fault("landing_radar.bias", 9.0), during=(0, 99), noise_m=0.3)
    assert np.array_equal(out["range"], kept["range"]) and np.array_equal(out["valid"], kept["valid"])


@pytest.mark.parametrize(("cant_deg", "beam"), [(0.0, (0, 0, -1)), (90.0, (-1, 0, 0)), (30.0, (-0.5, 0, -np.sqrt(0.75)))])
def test_beam_is_canted_from_below_towards_minus_x(lander_file, cant_deg, beam):
    out = wp.zeros(1, dtype=vec3, device="cpu")
    packs = pack(RangeFinder(**lander_file["range_finder"] | {"cant_deg": cant_deg}), RangeFinderParams)
    wp.launch(point, 1, [wp.array(packs, dtype=RangeFinderParams, device="cpu"), out], device="cpu")
    assert out.numpy()[0] == pytest.approx(beam, abs=1e-15)


@pytest.mark.parametrize("bad", [{"reach_m": -1.0}, {"reach_m": float("nan")}, {"rech_m": 1.0}, {"latency_s": 0.2}, {"dropout_probability": 1.1}])
def test_refuses_what_cannot_be(lander_file, bad):
    with pytest.raises(ValidationError):
        RangeFinder(**lander_file["range_finder"] | bad)
