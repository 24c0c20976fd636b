"""Counter-based random draws: Philox4x32-10, keyed by seed; the counter is (draw, channel, run), so no draw moves another.

The only state is a counter. A channel belongs to one noise source of one device; within it the draw index is the tick (or the count of
that source's own draws). The same stream is offered to kernels (`normal2`, `uniform2`) and to the host (`host_normals`, `host_uniforms`).
Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC'11; known-answer vectors of the Random123 distribution.
"""

import hashlib

import numpy as np
import warp as wp

from perilune.base.vector import HALF, ONE, TWO_PI, real, u32, u64, vec2

vec4u = wp.types.vector(length=4, dtype=u32)
M0, M1, LOW = (wp.constant(u64(x)) for x in (0xD2511F53, 0xCD9E8D57, 0xFFFFFFFF))
W0, W1 = (wp.constant(u32(x)) for x in (0x9E3779B9, 0xBB67AE85))
UNIT = wp.constant(real(2.0**-53))
SHIFT_32, SHIFT_11 = wp.constant(u64(32)), wp.constant(u64(11))


@wp.func
def philox(counter: vec4u, key0: u32, key1: u32) -> vec4u:
    """Four random 32-bit words for one counter and key."""
    c = counter
    k0 = key0
    k1 = key1
    for _ in range(10):
        a = M0 * u64(c[0])
        b = M1 * u64(c[2])
        c = vec4u(u32(b >> SHIFT_32) ^ c[1] ^ k0, u32(b & LOW), u32(a >> SHIFT_32) ^ c[3] ^ k1, u32(a & LOW))
        k0 += W0
        k1 += W1
    return c


@wp.func
def uniform2(seed: u64, run: u32, channel: u32, draw: u32) -> vec2:
    """Two independent uniform draws in the open interval (0, 1)."""
    c = philox(vec4u(draw, channel, run, u32(0)), u32(seed & LOW), u32(seed >> SHIFT_32))
    u = (real(((u64(c[0]) << SHIFT_32) | u64(c[1])) >> SHIFT_11) + HALF) * UNIT
    v = (real(((u64(c[2]) << SHIFT_32) | u64(c[3])) >> SHIFT_11) + HALF) * UNIT
    return vec2(u, v)


@wp.func
def cos_sin_turns(turns: real) -> vec2:
    """Cosine and sine of an angle in turns (0 to 1), by the fdlibm polynomials within an eighth of a turn: the same bits whatever the libm."""
    quarter = wp.floor(real(4.0) * turns + HALF)
    x = (turns - quarter * real(0.25)) * TWO_PI
    z = x * x
    q = int(quarter)
    s5 = real(-2.50507602534068634195e-08) + z * real(1.58969099521155010221e-10)
    s3 = real(8.33333333332248946124e-03) + z * (real(-1.98412698298579493134e-04) + z * (real(2.75573137070700676789e-06) + z * s5))
    sine = x + x * z * (real(-1.66666666666666324348e-01) + z * s3)
    c5 = real(2.08757232129817482790e-09) + z * real(-1.13596475577881948265e-11)
    c3 = real(-1.38888888888741095749e-03) + z * (real(2.48015872894767294178e-05) + z * (real(-2.75573143513906633035e-07) + z * c5))
    cosine = ONE - HALF * z + z * z * (real(4.16666666666666019037e-02) + z * c3)
    sign = wp.where((q & 2) == 2, real(-1.0), ONE)
    if (q & 1) == 1:
        return vec2(-sine * sign, cosine * sign)
    return vec2(cosine * sign, sine * sign)


@wp.func
def normal2(seed: u64, run: u32, channel: u32, draw: u32) -> vec2:
    """Two independent standard normal draws (Box–Muller)."""
    uv = uniform2(seed, run, channel, draw)
    return cos_sin_turns(uv[1]) * wp.sqrt(real(-2.0) * wp.log(uv[0]))


def channel_of(path: str) -> int:
    """The channel of a dispersed value, from its dotted path; its high bit is set, so it never meets a device's channel."""
    return 0x80000000 | int.from_bytes(hashlib.sha256(path.encode()).digest()[:4], "big") & 0x7FFFFFFF


def host_philox(counter: np.ndarray, key: int) -> np.ndarray:
    """The words of `philox` for counters of shape (n, 4) uint32 and one 64-bit key, shape (n, 4) uint32."""
    c = counter.astype(np.uint64)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[:, 0], np.uint64(0xCD9E8D57) * c[:, 2]
        c = np.stack([(b >> np.uint64(32)) ^ c[:, 1] ^ np.uint64(k0), b & mask, (a >> np.uint64(32)) ^ c[:, 3] ^ np.uint64(k1), a & mask], axis=1)
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c.astype(np.uint32)


def host_uniforms(seed: int, runs: np.ndarray, channel: int, draw: int | np.ndarray = 0) -> np.ndarray:
    """For each run index the two uniform draws of `uniform2`, shape (n, 2); `draw` is one index for all, or one for each."""
    counter = np.zeros((len(runs), 4), np.uint32)
    counter[:, 0], counter[:, 1], counter[:, 2] = draw, channel, runs
    c = host_philox(counter, seed).astype(np.uint64)
    pairs = np.stack([(c[:, 0] << np.uint64(32)) | c[:, 1], (c[:, 2] << np.uint64(32)) | c[:, 3]], axis=1)
    return ((pairs >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def host_normals(seed: int, runs: np.ndarray, channel: int, draw: int = 0) -> np.ndarray:
    """For each run index two standard normal draws, shape (n, 2)."""
    u = host_uniforms(seed, runs, channel, draw)
    radius, angle = np.sqrt(-2.0 * np.log(u[:, 0])), 2.0 * np.pi * u[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
