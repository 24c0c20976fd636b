"""The engine on a CUDA device: whole parts fly there at once, made ready and written by this machine's cores."""

from dataclasses import dataclass

import numpy as np

from perilune.base.start_warp import start_warp
from perilune.campaigns.builds import this_build
from perilune.campaigns.columns import rows_of
from perilune.campaigns.engine import Deliver, Work
from perilune.campaigns.fly_part import given_to, make_ready

TOGETHER = 32  # parts of a campaign in one launch: 8,192 flights


@dataclass(frozen=True)
class Device:
    """A device of Warp by its name, such as `cuda:0`; its flights are marked with the device's name instead of the processor's."""

    name: str

    def check(self) -> None:
        """Raise PeriluneError where there is no such device."""
        from perilune.flight.on_device import device_named

        start_warp()
        device_named(self.name)

    def fly(self, work: Work, deliver: Deliver) -> None:
        """Fly the pieces in order; raises PeriluneError where there is no such device."""
        from perilune.flight.on_device import device_named, fly_on, move_scene

        device = device_named(self.name)
        build = {**this_build(), "cpu": device.name}
        scene = move_scene(work.scene, device)

        def told(ended: int) -> None:
            work.standing.in_the_air = ended
            work.tell()

        for first in range(0, len(work.pieces), TOGETHER):
            pieces = work.pieces[first : first + TOGETHER]
            runs = np.concatenate([np.arange(low, high, dtype=np.int64) for low, high in pieces])
            ready = make_ready(work.scene, work.plan, given_to(work.scene, work.plan, work.schedule, runs))
            fly_on(scene, device, ready.batch, ready.events, told)
            rows = rows_of(work.scene, ready.batch, ready.events, ready.given.faults)
            for low, high in pieces:
                if not deliver(low, high, rows.slice(int(np.searchsorted(runs, low)), high - low), build):
                    return
