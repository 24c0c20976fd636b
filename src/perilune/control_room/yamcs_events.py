"""What the ground notes of a session, among the events of Yamcs: signal lost, touchdown passed, attempts, no answer, the mission ended.

What the lander tells of itself (modes, its events, its values beyond their limits) Yamcs finds in the packets, and it is not told twice.

Assumptions and limitations: a thread of its own posts, so that a slow server holds no flight up; what a server that has died should have heard is
dropped.
"""

import threading
from datetime import datetime
from queue import SimpleQueue

from perilune.control_room.yamcs_rest import create_event

SOURCE = "ground"
OF_THE_LANDER = ("mode", "alarm-raised", "alarm-cleared", "client")  # kinds of the session's log that are not told, connections of clients among them
SEVERITY = {
    "loss-of-signal": "WARNING",
    "touchdown-passed": "WARNING",
    "refused": "WATCH",
    "no-report": "WARNING",
    "unanswered": "WARNING",
    "landing-contradicted": "DISTRESS",
    "mission-ended": "CRITICAL",
}  # assumed; all others INFO
CLOSING_S = 10.0


class GroundEvents:
    """The events of the ground on their way to the instance of a server."""

    def __init__(self, address: str, instance: str) -> None:
        self._address, self._instance = address, instance
        self._waiting: SimpleQueue[tuple[datetime, str, str] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._post, name="yamcs-events", daemon=True)
        self._thread.start()

    def tell(self, utc: datetime, kind: str, sentence: str) -> None:
        """Note what happened, as the session's log has it."""
        if kind not in OF_THE_LANDER:
            self._waiting.put((utc, kind, sentence))

    def close(self) -> None:
        """Wait until all are told, `CLOSING_S` at most."""
        self._waiting.put(None)
        self._thread.join(CLOSING_S)

    def _post(self) -> None:
        while (one := self._waiting.get()) is not None:
            utc, kind, sentence = one
            create_event(self._address, self._instance, utc, SOURCE, kind, SEVERITY.get(kind, "INFO"), sentence)
