"""The packets of a flight: from the rows that the avionics published to the bytes that leave the antenna.

A finished flight and a live one use the same `Sender`: it takes telemetry in stretches of any length and carries counters, the budget of the present
second and what the derived fields remember, so that the stretches make no difference.

Assumptions and limitations: a packet holds the values of its tick, nothing is averaged; a periodic packet falls due where the tick by the computer's
clock is a multiple of its period, and is not made up for where the computer was away; what the bit rate leaves out takes no sequence count. Telemetry
from before there were commands is sent as that of a flight that nobody commanded.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.downlink.bit_rate import Budget
from perilune.downlink.derived import Columns, Memory, events_in, reports_in, with_range_age
from perilune.downlink.dictionary import BY_APID, COLUMNS, EVENT_PACKET, PACKETS, UNCOMMANDED, VERIFICATION_PACKET
from perilune.downlink.fields import TICKS_A_SECOND, Field, Packet
from perilune.downlink.primary_header import SEQUENCE_COUNTS, primary_header
from perilune.downlink.recorder import Kept, Recorder
from perilune.downlink.time_code import time_codes
from perilune.messages.commands import BY_NAME, OUTCOMES
from perilune.messages.crc import CHECK_BYTES, sealed

if TYPE_CHECKING:
    import polars as pl

DUMP, EXECUTED = BY_NAME["dump-recorder"].code, OUTCOMES.index("executed")
BIT_RATE_BIT_S = 8_000.0
"""Where a mission has no radio; assumed, after what was received of HAKUTO-R Mission 1 (destevez.net, 2023)."""


class SentPacket(NamedTuple):
    """One packet as it was sent: seconds past the flight's epoch by the computer's clock, whose it is, its count, its bytes, and the row of telemetry
    in whose tick it was sent, counted from the first that the `Sender` was given."""

    time_s: float
    apid: int
    sequence: int
    data: bytes
    row: int


class _Chosen(NamedTuple):
    """A packet that goes out: its row, whose it is, its place among those of its kind, its number in the recorder, and whether it was sent before."""

    row: int
    apid: int
    n: int
    number: int
    is_again: bool


class Sender:
    """Makes packets of telemetry, stretch by stretch; `epoch_utc` as in the mission file, `bit_rate_bit_s` what the link carries."""

    def __init__(self, epoch_utc: str | datetime, bit_rate_bit_s: float = BIT_RATE_BIT_S) -> None:
        self.epoch_utc = epoch_utc
        self._budget = Budget(PACKETS, bit_rate_bit_s)
        self._memory = Memory()
        self._recorder = Recorder()
        self._counts = dict.fromkeys((packet.apid for packet in PACKETS), 0)
        self._rows = 0  # taken so far

    def send(self, telemetry: "pl.DataFrame") -> list[SentPacket]:
        """The packets of the next rows of telemetry, in the order of time and, within a tick, of priority.

        Raises
        ------
        PeriluneError
            Where a column is missing.
        """
        return self.send_columns(columns_of(telemetry))

    def send_columns(self, telemetry: Columns) -> list[SentPacket]:
        """As `send`, of the columns of telemetry.parquet as arrays, modes by their numbers; any number of them more than is sent."""
        rows = with_range_age({name: telemetry[name] for name in COLUMNS}, self._memory)
        reports = reports_in(rows, self._memory)
        events = events_in(rows, self._memory)
        ticks = np.rint(rows["time_s"] * TICKS_A_SECOND).astype(np.int64)
        due = {packet.apid: np.flatnonzero(ticks % packet.every_ticks == 0) for packet in PACKETS if packet.is_periodic}
        due[EVENT_PACKET.apid], due[VERIFICATION_PACKET.apid] = events["row"], reports
        order = sorted((row, packet.priority, packet.apid, n) for packet in PACKETS for n, row in enumerate(due[packet.apid].tolist()))
        every_tick = ticks.tolist()
        chosen = self._chosen(order, every_tick, rows, self._dumps(rows, reports))
        codes = time_codes(self.epoch_utc, rows["time_s"])
        made = {}
        for packet in PACKETS:
            at = np.array([one.n for one in chosen if one.apid == packet.apid and not one.is_again], dtype=np.int64)
            values = events if packet is EVENT_PACKET else rows
            made[packet.apid] = iter(
                self._encoded(packet, values, at if packet is EVENT_PACKET else due[packet.apid][at], codes[due[packet.apid][at]])
            )
        times = rows["time_s"].tolist()
        before = self._rows
        self._rows += len(times)
        sent = []
        for one in chosen:
            sequence, data = self._recorder.read(one.number) if one.is_again else next(made[one.apid])
            if not one.is_again:
                self._recorder.fill(one.number, sequence, data)
            sent.append(SentPacket(times[one.row], one.apid, sequence, data, before + one.row))
        self._recorder.forget()
        return sent

    def _dumps(self, rows: Columns, reports: np.ndarray) -> dict[int, tuple[float, float]]:
        """The rows in which a dump of the recorder was commanded, and of which times."""
        is_dump = (rows["command_code"][reports] == DUMP) & (rows["command_outcome"][reports] == EXECUTED)
        first, second = rows["command_argument_1"], rows["command_argument_2"]
        return {row: (float(first[row]), float(second[row])) for row in reports[is_dump].tolist()}

    def _chosen(
        self, order: list[tuple[int, int, int, int]], ticks: list[int], rows: Columns, dumps: dict[int, tuple[float, float]]
    ) -> "list[_Chosen]":
        """What goes out of these rows, in its order: what is due and fits, then what is sent again."""
        chosen, times, at = [], rows["time_s"].tolist(), 0
        for row in range(len(times)):
            while at < len(order) and order[at][0] == row:
                _, _, apid, n = order[at]
                at += 1
                if self._budget.takes(apid, ticks[row]):
                    number = self._recorder.keep(Kept(times[row], apid, BY_APID[apid].size))
                    chosen.append(_Chosen(row, apid, n, number, False))
            if row in dumps:
                self._recorder.ask(*dumps[row])
            while (again := self._recorder.peek()) is not None and self._budget.takes_again(8 * again[1].size, ticks[row]):
                self._recorder.taken()
                chosen.append(_Chosen(row, again[1].apid, -1, again[0], True))
        return chosen

    def _encoded(self, packet: Packet, values: Columns, at: np.ndarray, codes: np.ndarray) -> list[tuple[int, bytes]]:
        """Counts and bytes of the packets of a kind whose values stand at `at` of their columns."""
        first = self._counts[packet.apid]
        self._counts[packet.apid] = (first + len(at)) % SEQUENCE_COUNTS
        counts = [(first + n) % SEQUENCE_COUNTS for n in range(len(at))]
        header = primary_header(packet.apid, 0, packet.size)
        records = np.zeros(len(at), packet.dtype)
        records["packet_id"], records["length"], records["time"] = header.packet_id.raw(), header.data_len, codes
        records["sequence_control"] = header.packet_seq_control.raw() + np.array(counts, dtype=np.uint16)
        for field in packet.fields:
            records[field.name] = as_sent(field, values[field.name][at])
        content, size = records.tobytes(), packet.size
        return [(count, sealed(content[n * size : (n + 1) * size - CHECK_BYTES])) for n, count in enumerate(counts)]


def sent_packets(telemetry: "pl.DataFrame", epoch_utc: str | datetime, bit_rate_bit_s: float = BIT_RATE_BIT_S) -> list[SentPacket]:
    """All packets of a flight from its telemetry (the frame of telemetry.parquet)."""
    return Sender(epoch_utc, bit_rate_bit_s).send(telemetry)


def stream_of(packets: Sequence[SentPacket]) -> bytes:
    """Packets one after another, as they stand in telemetry.ccsds."""
    return b"".join(packet.data for packet in packets)


def columns_of(telemetry: "pl.DataFrame") -> Columns:
    """The columns that are sent, as arrays; modes by their numbers."""
    import polars as pl

    telemetry = telemetry.with_columns(pl.lit(value).alias(name) for name, value in UNCOMMANDED.items() if name not in telemetry.columns)
    missing = [name for name in COLUMNS if name not in telemetry.columns]
    if missing:
        raise PeriluneError(f"telemetry: the column {missing[0]} is missing; give the telemetry.parquet that `perilune fly` wrote")
    labels = {field.name: field.labels for packet in PACKETS for field in packet.fields if field.labels and not field.derived}
    labels = {name: kinds for name, kinds in labels.items() if not telemetry[name].dtype.is_numeric()}
    numbered = telemetry.select(COLUMNS).with_columns(pl.col(name).cast(pl.Enum(kinds)).to_physical() for name, kinds in labels.items())
    return {name: numbered[name].to_numpy() for name in COLUMNS}


def as_sent(field: Field, values: np.ndarray) -> np.ndarray:
    """Values in the encoding of a field; a whole number that it does not hold becomes the nearest that it does."""
    kind = np.dtype(field.dtype)
    if kind.kind in "iu":
        bounds = np.iinfo(kind)
        return np.clip(values.astype(np.int64), bounds.min, bounds.max).astype(kind)
    with np.errstate(over="ignore"):
        return values.astype(kind)
