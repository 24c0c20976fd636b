"""What the ground of a session saw, as its report tells it."""

import numpy as np

from perilune.control_room.session import Session
from perilune.report.ground_seen import Commanded, GroundSeen, Noted, Piece

STOPPED = "The session was stopped from outside before it had come to its end."


def seen_of(session: Session, was_stopped: bool) -> GroundSeen:
    """What a session that has ended leaves to be told."""
    watch = session.watch
    log = [Noted(*entry) for entry in watch.log]
    ends = [one.sentence for one in log if one.kind in ("mission-ended", "landing-confirmed")]
    concluded = watch.conclusion
    return GroundSeen(
        log=log,
        commands=[Commanded(one.words, one.origin, one.released_s, one.on_board_s, one.outcome, one.reported_s) for one in session.desk.released],
        received_s=np.array([one.received_time_s for one in session.heard]),
        conclusion=None if concluded is None else concluded.conclusion,
        reason="" if concluded is None else concluded.reason,
        evidence=() if concluded is None else [Piece(one.name, one.finding, one.sentence) for one in concluded.evidence],
        ended=STOPPED if was_stopped else ends[-1] if ends else "The session ended without a conclusion.",
    )
