"""The random draws against the known answers of their inventors."""

import numpy as np
import warp as wp

from perilune.base.random import host_philox, philox, vec4u
from perilune.base.vector import u32
from perilune.validation.rows import Check, Measured

# Philox4x32-10 in kat_vectors of the Random123 distribution (Salmon et al. 2011): counter, key, result.
KNOWN = (
    ((0x00000000,) * 4, (0x00000000,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
)


@wp.kernel(module="unique")
def words(counter: wp.array(dtype=vec4u), keys: wp.array2d(dtype=u32), out: wp.array(dtype=vec4u)):  # type: ignore[valid-type]
    """The generator as a flight calls it."""
    i = wp.tid()
    out[i] = philox(counter[i], keys[i, 0], keys[i, 1])


def wrong_words() -> Measured:
    """How many of the published words, from the kernel and from the host, are not reproduced."""
    counters, keys, answers = (np.array(column, np.uint32) for column in zip(*KNOWN, strict=True))
    out = wp.zeros(len(KNOWN), dtype=vec4u, device="cpu")
    wp.launch(words, len(KNOWN), [wp.array(counters, dtype=vec4u, device="cpu"), wp.array(keys, dtype=u32, device="cpu")], [out], device="cpu")
    host = np.vstack([host_philox(c[None, :], int(k[0]) | int(k[1]) << 32) for c, k in zip(counters, keys, strict=True)])
    return float(np.count_nonzero(out.numpy() != answers) + np.count_nonzero(host != answers)), "of 24 words"


CHECKS = [
    Check(
        "random draws",
        "Philox4x32-10 in the kernel and on the host, words that differ",
        "known-answer vectors of Random123",
        0.0,
        "words",
        wrong_words,
    )
]
