"""Where the time of a control tick goes: its pieces, each run alone many times over from states along one descent, against the whole as measured.

Assumptions and limitations: a piece alone finds its tables in the cache and lets the compiler keep what the loop does not change, so that pieces tend
to come out cheaper than in the flight; what calls, copies, events and bookkeeping cost beyond them is the unexplained rest. Sensors are weighted by
how often they fired in the record of the flight whose states are used (run 0).
"""

import time
from functools import cache
from typing import Any

import numpy as np
import tick_pieces
import warp as wp
from closed_loop_speed import SEED, prepared
from tick_pieces import Bench
from timing import table

from perilune.avionics.belief import OnBoard
from perilune.avionics.computer import AvionicsParams
from perilune.base.structs import records, struct_from
from perilune.flight.advance import advance, new_events, shared
from perilune.flight.events import EventRow
from perilune.flight.fly import written_rows
from perilune.flight.flying import fly_recorded
from perilune.flight.pdi import build_pdi_batch
from perilune.flight.propulsion import Drive
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import STEPS_PER_TICK, TICK_S, FlightPack, FlightState, World
from perilune.messages.measurements import ImuMeasurement

EPOCHS, CALLS, REPEATS = 6, 2000, 5
PADS_BELOW_M = 12.0


@cache
def timed(name: str) -> Any:
    """The kernel that runs one piece so many times."""
    piece = getattr(tick_pieces, name)

    @wp.kernel(module="unique", module_options={"max_unroll": 4})
    def run(
        world: World,
        on_board: OnBoard,
        avionics: wp.array(dtype=AvionicsParams),  # type: ignore[valid-type]
        packs: wp.array(dtype=FlightPack),  # type: ignore[valid-type]
        states: wp.array(dtype=FlightState),  # type: ignore[valid-type]
        bench: Bench,
        calls: wp.int32,
    ):
        pack = packs[0]
        s = states[0]
        p = avionics[0]
        for j in range(calls):
            piece(world, on_board, p, pack, s, bench, j)
        states[0] = s

    return run


def a_drive(swings: bool) -> Any:
    """A tick's drive in plain numbers: one engine a group, and two pendulums of a half-full lander."""
    packed = records(Drive, 1)
    packed["main"]["force"], packed["assist"]["force"], packed["swings"] = (0.0, 0.0, 400.0), (0.0, 0.0, 1200.0), swings
    hub = packed["hub"]
    hub["mass"], hub["inertia"], hub["inverse_inertia"], hub["offset"] = 380.0, 250.0, 1.0 / 250.0, (0.0, 0.0, 0.05)
    for bob in ("fuel", "oxidiser"):
        for name, value in (("mass", 60.0), ("inverse_mass", 1.0 / 60.0), ("length", 0.2), ("inverse_length", 5.0), ("drag", 0.4)):
            hub[bob][name] = value
        hub[bob]["hinge"] = (0.0, 0.0, -0.1)
    return struct_from(packed[0], Drive)


class Pieces:
    """Process time of each piece [ns a call], mean over epochs of one descent, at each the best of some repetitions."""

    def __init__(self, scene: Scene, batch: Batch, heights: np.ndarray, at: list[int]) -> None:
        self.scene, self.heights = scene, heights
        self.packs = batch.packs
        self.events = new_events(scene, 1)
        self.states = []
        first = int(batch.states["tick"][0])
        for tick in at:
            advance(scene, batch, self.events, (first + tick) * TICK_S, threads=1)
            self.states.append(batch.states.copy())
        self.empty = [self._run("nothing", i) for i in range(len(at))]

    def _run(self, name: str, epoch: int, calls: int = CALLS) -> float:
        kernel, state = timed(name), self.states[epoch].copy()
        bench = Bench()
        bench.height = float(self.heights[epoch])
        bench.increments = wp.empty((0, 0), dtype=ImuMeasurement, device="cpu")
        bench.events = shared(self.events.copy(), EventRow)
        bench.drive = a_drive(bool(self.packs["lander"]["slosh"]["present"][0]))
        given = [shared(self.scene.avionics, AvionicsParams), shared(self.packs, FlightPack), shared(state, FlightState)]
        inputs = [self.scene.world, self.scene.on_board, *given, bench]
        wp.launch(kernel, 1, [*inputs, 10], device="cpu")
        taken = []
        for _ in range(REPEATS):
            state[:] = self.states[epoch]
            start = time.process_time()
            wp.launch(kernel, 1, [*inputs, calls], device="cpu")
            taken.append(time.process_time() - start)
        return min(taken) / calls * 1e9

    def cost(self, name: str, epochs: list[int] | None = None) -> float:
        chosen = range(len(self.states)) if epochs is None else epochs
        calls = CALLS if name not in ("beam", "ranged", "stars") else CALLS // 10
        return float(np.mean([max(self._run(name, i, calls) - self.empty[i], 0.0) for i in chosen]))


def report(whole_us: float, ticks: float) -> list[str]:
    """The profile as lines of Markdown: ns a tick by piece, their sum, the whole measured (`whole_us` a tick, process time) and the rest between."""
    scene = prepared()
    batch = build_pdi_batch(scene, SEED, np.array([0]))
    recorded = build_pdi_batch(scene, SEED, np.array([0]))
    history = written_rows(fly_recorded(scene, recorded, publish=False, threads=1).history[0])
    flown = int(np.argmax(history["height"] < 2.0)) or len(history)
    at = [round(flown * (i + 0.5) / EPOCHS) for i in range(EPOCHS)]
    pieces = Pieces(scene, batch, history["height"][at], at)
    total = len(history)
    finder = scene.mission.planned.lander.range_finder
    looked = history["height"] <= 1.2 * finder.reach_m + 4000.0  # above, the kernel does not cast the beam
    ranging = [i for i, tick in enumerate(at) if looked[tick]] or [EPOCHS - 1]
    share_of = {
        "beam": np.count_nonzero(looked) / total * min(finder.rate_hz * TICK_S, 1.0),
        "stars": np.count_nonzero(history["measured_star_tracker_valid"]) / total,
        "ranged": np.count_nonzero(history["measured_range_valid"]) / total,
    }
    near = np.count_nonzero((history["height"] < PADS_BELOW_M) & (history["height"] > 0.1)) / total
    five = float(STEPS_PER_TICK)
    rows: list[tuple[str, str, float, list[int] | None, bool]] = [
        ("truth over a tick (plant)", "plant", 1.0, None, True),
        ("  Runge–Kutta step", "step", five, None, False),
        ("  engines: level, thrust, torque, flow", "engines", five, None, False),
        ("  commands, thrust per level, hub and pendulums", "prepare", 1.0, None, False),
        ("  attitude thrusters: pulses, pushes", "thrusters", 1.0, None, False),
        ("  inertial unit: increment and its noise", "imu", five, None, False),
        ("  computer takes an increment", "integrate", five, None, False),
        ("  gravity residual, Earth and Sun", "field", 1.0, None, False),
        ("  fall of an idle lander", "free", 1.0, None, False),
        ("computer's cycle without measurements", "cycle", 1.0, None, True),
        ("  covariance", "covariance", 1.0, None, False),
        ("  believed gravity", "gravity", 1.0, None, False),
        ("  orientation and rate of the Moon", "frames", 1.0, None, False),
        ("  on-board map", "onboard_map", 1.0, None, False),
        ("  variance of the believed height", "sigma", 1.0, None, False),
        ("true height, speeds, tilt", "truth", 1.0, None, True),
        ("masses, three times", "mass", 3.0, None, True),
        ("tracker and range finder: noise, latency", "no_sample", 1.0, None, True),
        ("beam over the relief", "beam", share_of["beam"], ranging, True),
        ("star tracker update", "stars", share_of["stars"], None, True),
        ("range update", "ranged", share_of["ranged"], ranging, True),
        ("pads over the ground, near it", "pads", five * near, [EPOCHS - 1], True),
    ]
    lines, total_ns = [], 0.0
    for name, piece, times, epochs, adds in rows:
        one = pieces.cost(piece, epochs)
        total_ns += one * times if adds else 0.0
        indent = "· " if name.startswith(" ") else ""
        lines.append([f"{indent}{name.strip()}", f"{one:,.0f}", f"{times:.3g}", f"{one * times:,.0f}", f"{one * times / whole_us / 10.0:.1f} %"])
    rest = whole_us * 1e3 - total_ns
    lines.append(["sum of the pieces (without those marked ·, which are parts)", "", "", f"{total_ns:,.0f}", f"{total_ns / whole_us / 10.0:.1f} %"])
    lines.append(["unexplained rest", "", "", f"{rest:,.0f}", f"{rest / whole_us / 10.0:.1f} %"])
    lines.append(["whole tick, measured", "", "", f"{whole_us * 1e3:,.0f}", "100 %"])
    return [
        *table(["piece", "ns a call", "calls a tick", "ns a tick", "share"], lines),
        "",
        f"Process time; {ticks:,.0f} ticks a flight; pieces from {EPOCHS} states along the descent, {CALLS:,} calls each, best of {REPEATS}.",
    ]
