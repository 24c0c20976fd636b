"""The recording of a session: what was received, when, and the log, on disk at most a second after it happened.

`telemetry.ccsds` holds the packets in the order in which they came, and nothing else; `received.jsonl` says when, a line for every instant:
`{"received_s": 3604.2, "packets": 9, "bytes": 1022}` [s past the flight's epoch, at the station; how many packets came then, and how many bytes they
have in telemetry.ccsds]; `log.jsonl` has a line for everything that is to be told. Packets are written before the line that counts them.

Assumptions and limitations: what was written outlives the program at once, a failure of the machine once a second of the wall; after either, the last
line of a file may be cut short, and telemetry.ccsds may hold packets that are not counted yet.
"""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perilune.base.errors import PeriluneError
from perilune.downlink.received import Heard

TELEMETRY, RECEIVED, LOG = "telemetry.ccsds", "received.jsonl", "log.jsonl"
SYNC_EVERY_S = 1.0


class Recording:
    """The three files of a session in its folder, emptied at its start."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._files = {name: open(folder / name, "wb", buffering=0) for name in (TELEMETRY, RECEIVED, LOG)}
        except OSError as error:
            raise PeriluneError(f"{folder}: cannot write here ({error.strerror}); choose another folder") from error
        self.folder, self.packets = folder, 0
        self._synced = time.monotonic()

    def receive(self, heard: Sequence[Heard]) -> None:
        """Keep packets, in the order in which they came."""
        at = 0
        while at < len(heard):
            end = at
            while end < len(heard) and heard[end].received_time_s == heard[at].received_time_s:
                end += 1
            data = b"".join(one.packet.data for one in heard[at:end])
            self._write(TELEMETRY, data)
            self._line(RECEIVED, {"received_s": heard[at].received_time_s, "packets": end - at, "bytes": len(data)})
            at = end
        self.packets += len(heard)

    def log(self, **told: Any) -> None:
        """Keep a line of the log."""
        self._line(LOG, told)

    def sync(self, is_due: bool = False) -> bool:
        """Have it on the disk, once a second or where it is due; whether it was."""
        now = time.monotonic()
        if not is_due and now - self._synced < SYNC_EVERY_S:
            return False
        self._synced = now
        for file in self._files.values():
            os.fsync(file.fileno())
        return True

    def close(self) -> None:
        """End it."""
        self.sync(True)
        for file in self._files.values():
            file.close()

    def _line(self, name: str, told: dict[str, Any]) -> None:
        self._write(name, json.dumps(told, ensure_ascii=False).encode() + b"\n")

    def _write(self, name: str, data: bytes) -> None:
        try:
            left = memoryview(data)
            while left:
                left = left[self._files[name].write(left) or 0 :]
        except OSError as error:
            raise PeriluneError(f"{self._files[name].name}: cannot be written ({error.strerror}); free some space") from error
