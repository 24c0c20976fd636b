"""What a hostile or broken link does to packets, drawn from a seed: cut, turned, repeated, mixed, too long, random, and in pieces of any size."""

import random
from collections.abc import Iterator, Sequence

HEADER_BYTES = 6
DAMAGE = ("whole", "truncated", "flipped", "burst", "length field", "over-long", "duplicated", "reordered", "random", "forged")
"""`forged` is a right header with random content and check word; `flipped` turns 1 to 20 bits anywhere, `burst` up to 16 in a row."""


def hostile_packets(packets: Sequence[bytes], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` packets, one after another round and round, each with its damage and the bytes that arrive instead; one in two is left whole."""
    draw = random.Random(seed)
    held = b""  # of a reordered one, which comes behind the next
    for n in range(count):
        how = draw.choice(DAMAGE) if draw.getrandbits(1) else "whole"
        data = packets[n % len(packets)]
        if how == "reordered" and not held:
            held = data
            continue
        yield how, damaged(data, how, draw)
        if held:
            yield "reordered", held
            held = b""
    if held:
        yield "reordered", held


def damaged(data: bytes, how: str, draw: random.Random) -> bytes:
    """The bytes that arrive instead of the packet."""
    if how == "truncated":
        return data[: draw.randrange(len(data))]
    if how == "flipped":
        return turned(data, sum(1 << bit for bit in draw.sample(range(8 * len(data)), draw.randint(1, 20))))
    if how == "burst":
        return turned(data, (draw.getrandbits(16) | 1) << draw.randrange(8 * len(data) - 15))
    if how == "length field":
        return data[:4] + draw.randbytes(2) + data[HEADER_BYTES:]
    if how == "over-long":
        return data + draw.randbytes(draw.randint(1, 200))
    if how == "duplicated":
        return data * draw.randint(2, 4)
    if how == "random":
        return draw.randbytes(draw.randint(1, 300))
    if how == "forged":
        return data[:HEADER_BYTES] + draw.randbytes(len(data) - HEADER_BYTES)
    return data


def turned(data: bytes, mask: int) -> bytes:
    """The bytes with the bits of `mask` turned; its lowest bit is the last of all."""
    return (int.from_bytes(data, "big") ^ mask).to_bytes(len(data), "big")


def pieces(data: bytes, seed: int) -> Iterator[bytes]:
    """The bytes in pieces of 1 to 4,096, small ones more often than large ones; now and then an empty one."""
    draw, at = random.Random(seed), 0
    while at < len(data):
        size = int(2.0 ** draw.uniform(0.0, draw.choice((2, 7, 12)))) * (draw.random() > 0.01)
        yield data[at : at + size]
        at += size


def free_bits(size: int) -> list[int]:
    """The bits of a packet of `size` bytes outside its length field (bytes 4 and 5), from the last of all on."""
    return [bit for bit in range(8 * size) if not 8 * size - 48 <= bit < 8 * size - 32]


def bursts(size: int, longest: int = 16) -> Iterator[int]:
    """Every burst of 3 to `longest` bits outside the length field, as masks: its first and last bit, and all that can be between."""
    free = free_bits(size)
    outside = set(free)
    for length in range(3, longest + 1):
        places = [bit for bit in free if bit + length - 1 in outside]
        for inner in range(1 << (length - 2)):
            burst = 1 << (length - 1) | inner << 1 | 1
            yield from (burst << bit for bit in places)
