"""The commanding desk: releases commands towards the lander, whoever asks for them, and follows each until its report is in or is given up.

A command leaves the station as it is released and is on board one light time later, in the control tick in which its last bit is in; where no station
that may send has the lander in its sky, it goes nowhere, which the desk does not know: it sees only that no report comes.

Assumptions and limitations: the transmission itself takes no time; a report is matched by the count that the front end gave; for a packet of a `raw`
line no report is awaited.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.control_room.front_end import stamped
from perilune.downlink.dictionary import BY_NAME as PACKETS
from perilune.downlink.growing import Uplink
from perilune.downlink.primary_header import SEQUENCE_COUNTS
from perilune.downlink.received import Heard
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import BY_CODE, OUTCOMES

WAIT_S = 30.0  # of the flight, for a report
LONGEST_WAIT_S = 3600.0


@dataclass
class Released:
    """One command: who asked for it, when it left, when it is on board, and what was reported of it; times in seconds past the flight's epoch."""

    command: str
    arguments: dict[str, Any]
    origin: str
    sequence: int | None
    released_s: float
    on_board_s: float
    wait_s: float
    packet_hex: str
    outcome: str | None = None
    reported_s: float | None = None
    is_given_up: bool = False

    @property
    def words(self) -> str:
        """The command with its arguments."""
        return " ".join([self.command, *(f"{name}={value}" for name, value in self.arguments.items())])


@dataclass
class Desk:
    """The desk of one session.

    `uplink` tells how it stands between station and lander, `send_up(on_board_s, data)` hands a packet to the lander's receiver, and `answer(client,
    told, is_last)` tells a console.
    """

    uplink: Callable[[], Uplink]
    send_up: Callable[[float, bytes], bool]
    answer: Callable[[int, dict[str, Any], bool], None]
    next_count: int = 0
    released: list[Released] = field(default_factory=list)
    _awaited: dict[int, Released] = field(default_factory=dict)
    _asked_by: dict[int, int] = field(default_factory=dict)

    def ask(self, now_s: float, client: int, asked: dict[str, Any]) -> None:
        """A console's question: release its command and tell it so, or why not."""
        try:
            name, arguments, wait_s = str(asked.get("command", "")), asked.get("arguments") or {}, asked.get("wait_s", WAIT_S)
            if not isinstance(arguments, dict):
                raise PeriluneError("arguments are no object; give them by name")
            if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not 0.0 < wait_s <= LONGEST_WAIT_S:
                raise PeriluneError(f"wait_s {wait_s!r} is no patience; give seconds above 0, at most {LONGEST_WAIT_S:g}")
            one = self.command(now_s, name, arguments, "console", float(wait_s))
        except PeriluneError as error:
            self.answer(client, {"state": "refused", "why": str(error)}, False)
            return
        if one.sequence is not None:
            self._asked_by[one.sequence] = client
        self._tell(one, "released")

    def command(self, now_s: float, name: str, arguments: dict[str, Any], origin: str, wait_s: float = WAIT_S) -> Released:
        """Release a command; raises PeriluneError where there is no such command, its arguments do not fit, or nothing more can go up."""
        data = command_packet(name, arguments, self.next_count)
        return self._release(now_s, name, arguments, origin, self._count(), data, wait_s)

    def packet(self, now_s: float, data: bytes, is_raw: bool) -> Released:
        """Release a telecommand packet of a station, stamped unless its line is raw."""
        known = BY_CODE.get(data[6]) if len(data) > 6 else None
        name = "packet" if known is None else known.name
        if is_raw:
            return self._release(now_s, name, {}, "raw", None, data, WAIT_S)
        return self._release(now_s, name, {}, "station", self.next_count, stamped(data, self._count()), WAIT_S)

    def hear(self, heard: Sequence[Heard]) -> list[Released]:
        """Look for reports in what was received; the commands of which one came."""
        kind, done = PACKETS["verification"], []
        for received_s, packet in heard:
            if packet.apid != kind.apid:
                continue
            values = np.frombuffer(packet.data, kind.dtype)[0]
            one = self._awaited.pop(int(values["command_sequence"]), None)
            if one is not None and int(values["command_code"]) in (0, bytes.fromhex(one.packet_hex)[6]):
                one.outcome, one.reported_s = OUTCOMES[min(int(values["command_outcome"]), len(OUTCOMES) - 1)], received_s
                self._tell(one, "report", is_last=False)
                done.append(one)
        return done

    def tick(self, now_s: float, is_over: bool = False) -> list[Released]:
        """Give up on reports that have not come in time; the commands that they were of."""
        late = [one for one in self._awaited.values() if is_over or now_s > one.released_s + one.wait_s]
        for one in late:
            del self._awaited[int(one.sequence or 0)]
            one.is_given_up = True
            self._tell(one, "no-report")
        return late

    def _count(self) -> int:
        count, self.next_count = self.next_count, (self.next_count + 1) % SEQUENCE_COUNTS
        return count

    def _release(self, now_s: float, name: str, arguments: dict[str, Any], origin: str, sequence: int | None, data: bytes, wait_s: float) -> Released:
        uplink = self.uplink()
        one = Released(name, dict(arguments), origin, sequence, now_s, now_s + uplink.light_time_s, wait_s, data.hex())
        if uplink.is_open and not self.send_up(one.on_board_s, data):
            raise PeriluneError(f"command {name}: too many commands were released in this session; start another")
        self.released.append(one)
        if sequence is not None:
            self._awaited[sequence] = one
        return one

    def _tell(self, one: Released, state: str, is_last: bool = False) -> None:
        client = None if one.sequence is None else self._asked_by.get(one.sequence)
        if client is not None:
            self.answer(client, {"state": state, **asdict(one)}, is_last)
