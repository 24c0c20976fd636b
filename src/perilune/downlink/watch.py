"""The ground watch: what the controllers of a landing notice, try and conclude, from the packets that came and the clock alone.

A signal is lost by a stated rule, the planned touchdown passes without a confirmation, restarts are commanded by turns, and at last the mission is
ended; or a landing is confirmed, and nothing more is sent. The same object watches a flight that is under way and a finished stream.

Assumptions and limitations: times are those at the station, in seconds past the flight's epoch; the rule is `[ground.recovery]` of the mission file;
alarms are raised from `warning` on and cleared once for `CLEARED_S` within limits; whether the lander ought to be in sight is told by the plan that
the caller gives (always, without one). All rules assumed, but that Resilience's signal was lost at 19:15:30, a restart commanded and the mission
concluded between 08:00 and 09:00 JST (ispace, 6 June 2025, see docs/confirmation.md).
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from perilune.downlink.alarms import Alarms
from perilune.downlink.confirmation import CONFIRMED, CONTRADICTED, Confirmation, Planned, confirm, planned_of
from perilune.downlink.decode import PacketReader, ReceivedPacket, tables_of
from perilune.downlink.dictionary import BY_APID, BY_NAME
from perilune.environment.time import format_utc, tdb_from_utc
from perilune.mission.ground import Recovery

if TYPE_CHECKING:
    from datetime import datetime

    from perilune.mission.schema import Mission

KEPT_S = 120.0  # of packets, for the confirmation
CONFIRM_EVERY_S = 2.0


class Action(NamedTuple):
    """A command to be released: its name and its arguments, as in `messages.commands`."""

    command: str
    arguments: dict[str, str | float]


class Entry(NamedTuple):
    """A line of the log: when, past the epoch and in UTC at the station, of which kind, and in words.

    Kinds: `signal-acquired`, `loss-of-signal`, `mode`, `alarm-raised`, `alarm-cleared`, `touchdown-passed`, `attempt`, `answered`, `unanswered`,
    `landing-confirmed`, `landing-contradicted`, `mission-ended`.
    """

    time_s: float
    time_utc: str
    kind: str
    sentence: str


@dataclass
class Watch:
    """One landing watched; make it with `watch_of`."""

    epoch_utc: "str | datetime"
    planned_touchdown_s: float
    rule: Recovery = field(default_factory=Recovery)
    planned: Planned = field(default_factory=Planned)
    in_sight: Callable[[float], bool] | None = None
    log: list[Entry] = field(default_factory=list)
    conclusion: Confirmation | None = None
    is_lost: bool = False
    has_ended: bool = False
    attempts: int = 0  # since the signal was lost

    def __post_init__(self) -> None:
        self._epoch_tdb_s = tdb_from_utc(self.epoch_utc)
        self._reader, self._alarms = PacketReader(), Alarms()
        self._recent: deque[tuple[float, ReceivedPacket]] = deque()
        self._heard_s: float | None = None  # when a packet came last
        self._silent_since_s: float | None = None  # in sight and without a packet
        self._next_attempt_s = np.inf
        self._mode = -1
        self._says_touchdown = self._has_passed = False
        self._concluded_s = -np.inf

    @property
    def is_confirmed(self) -> bool:
        """Whether the landing was confirmed at any time."""
        return any(entry.kind == "landing-confirmed" for entry in self.log)

    @property
    def next_due_s(self) -> float:
        """When, without a packet before, the clock alone brings something about; infinite after the mission's end."""
        if self.has_ended:
            return float("inf")
        due = [] if self._has_passed else [self.planned_touchdown_s]
        if not self.is_lost and self._silent_since_s is not None:
            due.append(self._silent_since_s + self.rule.loss_of_signal_s)
        if self.is_lost and not self.is_confirmed:
            due += [self._next_attempt_s, self.planned_touchdown_s + self.rule.give_up_after_s]
        return min(due, default=float("inf"))

    def update(self, now_s: float, packets: Iterable[tuple[float, bytes]] = ()) -> list[Action]:
        """Take what came since the last call (time at the station and bytes, in the order of arrival), then the clock; what is to be released."""
        for time_s, data in packets:
            for packet in self._reader.feed(data):
                self._take(time_s, packet)
        if self.has_ended:
            return []
        self._look_for_silence(now_s)
        if not self._has_passed and now_s >= self.planned_touchdown_s:
            self._has_passed = True
            if not self.is_confirmed:
                self._note(now_s, "touchdown-passed", "The planned time of touchdown has passed, and no landing is confirmed.")
        self._conclude(now_s)
        return self._recover(now_s)

    def _note(self, time_s: float, kind: str, sentence: str) -> None:
        self.log.append(Entry(time_s, format_utc(self._epoch_tdb_s + time_s, 1), kind, sentence))

    def _take(self, time_s: float, packet: ReceivedPacket) -> None:
        if self._heard_s is None:
            self._note(time_s, "signal-acquired", "The first packet came.")
        elif self.is_lost:
            self._note(time_s, "signal-acquired", f"Packets come again, after {time_s - self._heard_s:.1f} s of silence.")
            if self.attempts:
                self._note(time_s, "answered", f"Attempt {self.attempts} is answered.")
        self._heard_s = self._silent_since_s = time_s
        self.is_lost, self.attempts, self._next_attempt_s = False, 0, np.inf
        self._recent.append((time_s, packet))
        while self._recent[0][0] < time_s - KEPT_S:
            self._recent.popleft()
        values = np.frombuffer(packet.data, BY_APID[packet.apid].dtype)[0]
        if packet.apid == BY_NAME["housekeeping"].apid:
            self._take_housekeeping(time_s, values)
        for kind, sentence in self._alarms.look(time_s, BY_APID[packet.apid], values):
            self._note(time_s, kind, sentence)

    def _take_housekeeping(self, time_s: float, values: Any) -> None:
        labels = next(one.labels for one in BY_NAME["housekeeping"].fields if one.name == "mode")
        mode = int(values["mode"])
        if mode != self._mode and mode < len(labels):
            self._mode = mode
            self._note(time_s, "mode", f"The lander is in the mode {labels[mode]}.")
        self._says_touchdown = bool(values["touchdown"])

    def _look_for_silence(self, now_s: float) -> None:
        if self.in_sight is not None and not self.in_sight(now_s):
            self._silent_since_s = None
            return
        if self._silent_since_s is None:
            self._silent_since_s = now_s
        silent = now_s - self._silent_since_s
        if not self.is_lost and silent >= self.rule.loss_of_signal_s:
            self.is_lost, self.attempts = True, 0
            self._next_attempt_s = now_s + self.rule.first_attempt_after_s
            last = "" if self._heard_s is None else f", the last at {format_utc(self._epoch_tdb_s + self._heard_s, 1)}"
            self._note(now_s, "loss-of-signal", f"The signal is lost: no frame for {silent:.0f} s{last}.")
            self._concluded_s = -np.inf

    def _conclude(self, now_s: float) -> None:
        """Say once that the landing is confirmed, once that it is contradicted."""
        if self.is_confirmed or not self._recent or now_s - self._concluded_s < CONFIRM_EVERY_S or not (self._says_touchdown or self.is_lost):
            return
        if self.is_lost and np.isfinite(self._concluded_s):
            return  # nothing new has come
        self._concluded_s = now_s
        before, self.conclusion = self.conclusion, confirm(tables_of(packet for _, packet in self._recent), self.planned)
        if self.conclusion.conclusion == CONFIRMED:
            self._note(now_s, "landing-confirmed", self.conclusion.reason)
        elif self.conclusion.conclusion == CONTRADICTED and (before is None or before.conclusion != CONTRADICTED):
            self._note(now_s, "landing-contradicted", self.conclusion.reason)

    def _recover(self, now_s: float) -> list[Action]:
        if not self.is_lost or self.is_confirmed:
            return []
        if now_s >= self.planned_touchdown_s + self.rule.give_up_after_s:
            self._unanswered(now_s)
            self.has_ended = True
            made = sum(entry.kind == "attempt" for entry in self.log)
            why = f" {self.conclusion.reason}" if self.conclusion is not None and self.conclusion.conclusion == CONTRADICTED else ""
            self._note(now_s, "mission-ended", f"The mission is ended: no signal, {made} attempts made, no landing confirmed.{why}")
            return []
        if now_s < self._next_attempt_s or (self.in_sight is not None and not self.in_sight(now_s)):
            return []
        self._unanswered(now_s)
        if self.attempts >= self.rule.attempts:
            self._next_attempt_s = np.inf
            return []
        command = self.rule.commands[self.attempts % len(self.rule.commands)]
        self.attempts += 1
        self._next_attempt_s = now_s + self.rule.spacing_s
        self._note(now_s, "attempt", f"Attempt {self.attempts}: {command} is armed and commanded.")
        return [Action("arm", {"command": command}), Action(command, {})]

    def _unanswered(self, now_s: float) -> None:
        if self.attempts and np.isfinite(self._next_attempt_s):
            self._note(now_s, "unanswered", f"Attempt {self.attempts} was not answered.")


def watch_of(mission: "Mission", in_sight: Callable[[float], bool] | None = None) -> Watch:
    """The watch of a mission's landing, by its plan; `in_sight` says of a time past the epoch whether the plan has the lander in sight."""
    plan = mission.planned
    epoch, touchdown = tdb_from_utc(plan.start.epoch_utc), tdb_from_utc(plan.site.planned_touchdown_utc)
    rule = plan.ground.recovery if plan.ground is not None and plan.ground.recovery is not None else Recovery()
    return Watch(plan.start.epoch_utc, touchdown - epoch, rule, planned_of(mission), in_sight)


def watch_stream(
    watch: Watch, heard: Iterable[tuple[float, bytes]], from_s: float, until_s: float, step_s: float = 1.0
) -> list[tuple[float, Action]]:
    """Let a watch see a finished stream (time at the station and bytes) and the clock, second by second; what it would have released, and when."""
    waiting, released = deque(heard), []
    for now_s in np.arange(from_s, until_s + 0.5 * step_s, step_s).tolist():
        due = []
        while waiting and waiting[0][0] <= now_s:
            due.append(waiting.popleft())
        released += [(now_s, action) for action in watch.update(now_s, due)]
        if watch.has_ended:
            break
    return released
