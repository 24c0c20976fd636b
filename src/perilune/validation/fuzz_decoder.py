"""What the fuzzer does with the decoder of the ground: a program of its own, as Atheris follows what it sees imported.

`python -m perilune.validation.fuzz_decoder CORPUS [options of libFuzzer]`. The first two bytes of an input say in pieces of which size the rest comes
in. Mutations are those of libFuzzer; half of them are given right check words, to reach what is behind the check word as well. Tables, which take a
hundred times as long as the reading, are made of every `TABLES`-th trial on the average.

Assumptions and limitations: of the program only the room `downlink` is followed, regular expressions, numpy and polars not.
"""

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from zlib import crc32

TABLES = 100


def target(decode_module: Any, sizes: dict[int, int], plainly_read: Callable[..., Any]) -> Callable[[bytes], None]:
    """One trial: the bytes at once, in pieces, and by the independent reader; all must say the same, and tables must come of it."""
    from fastcrc import crc16  # type: ignore[import-not-found, unused-ignore]

    def try_one(data: bytes) -> None:
        size, stream = 1 + int.from_bytes(data[:2], "big") % 400, data[2:]
        reader = decode_module.PacketReader()
        found = [packet for at in range(0, len(stream), size) for packet in reader.feed(stream[at : at + size])] + reader.close()
        counters, plain = reader.counters, plainly_read(stream, sizes)
        assert [packet.data for packet in found] == [packet for _, packet in plain.packets]
        for apid, sequence, packet in found:
            assert len(packet) == sizes[apid] and crc16.ibm_3740(packet[:-2]) == int.from_bytes(packet[-2:], "big")
            assert (apid, sequence) == (int.from_bytes(packet[:2], "big") & 0x7FF, int.from_bytes(packet[2:4], "big") & 0x3FFF)
        assert counters.received_bytes == len(stream) == counters.skipped_bytes + sum(len(packet.data) for packet in found)
        assert (counters.packets, counters.refused_check_words) == (len(found), plain.refused_check_words)
        assert counters.out_of_order == dict(plain.out_of_order) and counters.missing == dict(plain.missing)
        if crc32(data) % TABLES == 0:
            decoded = decode_module.decode(stream)
            assert len(decoded.together()) + decoded.counters.refused_values == len(found)
            assert replace(decoded.counters, refused_values=0) == counters

    return try_one


def with_check_words(data: bytes, sizes: dict[int, int]) -> bytes:
    """The input with right headers and check words where packets of known kinds begin."""
    from fastcrc import crc16

    out, at = bytearray(data), 2
    while at + 6 <= len(out):
        size = sizes.get(int.from_bytes(out[at : at + 2], "big") & 0x7FF)
        if size is None or at + size > len(out):
            at += 1
            continue
        out[at] = 0x08 | out[at] & 0x07
        out[at + 2] |= 0xC0
        out[at + 4 : at + 6] = (size - 7).to_bytes(2, "big")
        out[at + size - 2 : at + size] = crc16.ibm_3740(bytes(out[at : at + size - 2])).to_bytes(2, "big")
        at += size
    return bytes(out)


def main() -> None:
    """Run the fuzzer; it ends the process itself."""
    import atheris

    with atheris.instrument_imports(include=["perilune.downlink"]):
        from perilune.downlink import decode
        from perilune.downlink.dictionary import PACKETS
    from perilune.validation.plain_reader import plainly_read

    sizes = {packet.apid: packet.size for packet in PACKETS}

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        mutated = atheris.Mutate(data, most)
        return with_check_words(mutated, sizes) if random.Random(seed).getrandbits(1) else mutated

    atheris.Setup(sys.argv, target(decode, sizes, plainly_read), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
