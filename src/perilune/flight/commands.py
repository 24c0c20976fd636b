"""A scene with an uplink of its own: the packets that reach the receiver, and when."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from perilune.base.structs import copy_of
from perilune.flight.advance import shared
from perilune.flight.setup import Scene
from perilune.flight.state import World
from perilune.messages.command_packet import uplink_rows
from perilune.messages.uplink import UplinkPacket


def with_uplink(scene: Scene, packets: Sequence[tuple[int, bytes]]) -> Scene:
    """The same scene, in which these packets reach the lander, each complete in its control tick."""
    return with_rows(scene, uplink_rows(list(packets)))


def with_rows(scene: Scene, rows: np.ndarray) -> Scene:
    """The same scene over rows of an uplink, `UplinkPacket` records in the order of ticks; what is put into them later is found there in flight."""
    world = copy_of(scene.world, World)
    world.uplinks = shared(rows, UplinkPacket)
    return replace(scene, world=world, keep=[*scene.keep, rows])
