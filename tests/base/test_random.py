"""What must be true of the random draws: the published generator, the same numbers in kernel and host, standard normal, never shared."""

import numpy as np
import pytest
import warp as wp

from perilune.base.random import channel_of, host_normals, host_philox, host_uniforms, normal2, philox, uniform2, vec4u
from perilune.base.vector import u32, u64, vec2

# Philox4x32-10 in the file kat_vectors of the Random123 distribution: counter, key, result.
KNOWN = [
    ([0x00000000] * 4, [0x00000000] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0], [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]),
]


@wp.kernel(module="unique")
def words(counter: wp.array(dtype=vec4u), key0: u32, key1: u32, out: wp.array(dtype=vec4u)):
    i = wp.tid()
    out[i] = philox(counter[i], key0, key1)


@wp.kernel(module="unique")
def draws(seed: u64, runs: wp.array(dtype=u32), channel: u32, draw: u32, normals: wp.array(dtype=vec2), uniforms: wp.array(dtype=vec2)):
    i = wp.tid()
    normals[i] = normal2(seed, runs[i], channel, draw)
    uniforms[i] = uniform2(seed, runs[i], channel, draw)


def drawn(seed, runs, channel, draw=0):
    runs = np.asarray(runs, np.uint32)
    normals, uniforms = wp.zeros(len(runs), dtype=vec2, device="cpu"), wp.zeros(len(runs), dtype=vec2, device="cpu")
    wp.launch(draws, len(runs), [u64(seed), wp.array(runs, dtype=u32, device="cpu"), u32(channel), u32(draw), normals, uniforms], device="cpu")
    return normals.numpy(), uniforms.numpy()


@pytest.mark.parametrize(("counter", "key", "result"), KNOWN)
def test_generator_gives_the_published_words(counter, key, result):
    out = wp.zeros(1, dtype=vec4u, device="cpu")
    inputs = [wp.array(np.array([counter], np.uint32), dtype=vec4u, device="cpu"), u32(key[0]), u32(key[1]), out]
    wp.launch(words, 1, inputs, device="cpu")
    assert out.numpy()[0].tolist() == result
    assert host_philox(np.array([counter], np.uint32), key[0] | key[1] << 32)[0].tolist() == result


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 7, 2**64 - 1])
@pytest.mark.parametrize("channel", [1, channel_of("lander.main_engine.thrust_n")])
def test_host_draws_what_the_kernel_draws(seed, channel):
    runs = np.array([0, 1, 2, 9999, 2**32 - 1], np.uint32)
    normals, uniforms = drawn(seed, runs, channel, 41)
    assert np.array_equal(host_uniforms(seed, runs, channel, 41), uniforms)
    assert host_normals(seed, runs, channel, 41) == pytest.approx(normals, rel=1e-14, abs=1e-14)


def test_every_part_of_the_counter_and_the_whole_seed_matter():
    base = {"seed": 5, "runs": [3], "channel": 7, "draw": 11}
    changed = [
        {},
        {"seed": 6},
        {"seed": 5 + 2**32},
        {"runs": [4]},
        {"channel": 8},
        {"draw": 12},
        {"runs": [7], "channel": 3},
        {"draw": 3, "runs": [11]},
    ]
    values = [tuple(drawn(**base | change)[0][0]) for change in changed]
    assert len(set(values)) == len(values)


def test_normals_have_the_moments_and_the_shape_of_the_standard_normal():
    from scipy.stats import kstest

    n = 100_000
    x = host_normals(2026, np.arange(n, dtype=np.uint32), 3).ravel()
    m = len(x)
    assert abs(x.mean()) < 4.5 / np.sqrt(m)
    assert abs(x.var() - 1) < 4.5 * np.sqrt(2 / m)
    assert abs((x**3).mean()) < 4.5 * np.sqrt(15 / m)
    assert abs((x**4).mean() - 3) < 4.5 * np.sqrt(96 / m)
    assert kstest(x, "norm").pvalue > 1e-4


def test_uniforms_fill_the_open_interval_evenly():
    from scipy.stats import kstest

    u = host_uniforms(2026, np.arange(100_000, dtype=np.uint32), 4)
    assert u.min() > 0 and u.max() < 1
    assert kstest(u[:, 0], "uniform").pvalue > 1e-4 and kstest(u[:, 1], "uniform").pvalue > 1e-4


def test_runs_channels_draws_and_the_two_of_a_pair_are_independent():
    n = 50_000
    runs = np.arange(n, dtype=np.uint32)
    columns = [*host_normals(9, runs, 1).T, *host_normals(9, runs, 2).T, *host_normals(9, runs, 1, 1).T, *host_normals(10, runs, 1).T]
    columns.append(np.roll(columns[0], 1))
    table = np.array(columns)
    off = ~np.eye(len(table), dtype=bool)
    assert np.abs(np.corrcoef(table)[off]).max() < 5 / np.sqrt(n)
    assert np.abs(np.corrcoef(table**2)[off]).max() < 5 / np.sqrt(n)


def test_no_two_of_a_million_draws_are_the_same():
    runs = np.arange(1000, dtype=np.uint32)
    seen = np.concatenate([host_uniforms(1, runs, channel, draw)[:, 0] for channel in range(1, 11) for draw in range(100)])
    assert len(np.unique(seen)) == len(seen) == 1_000_000


def test_channel_of_a_dispersed_value_depends_on_its_path_alone_and_never_meets_a_device():
    paths = [f"lander.part_{i}.value_m" for i in range(2000)]
    numbers = [channel_of(path) for path in paths]
    assert numbers == [channel_of(path) for path in paths]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) >= 0x80000000 and max(numbers) < 2**32
