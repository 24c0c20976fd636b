"""The whole flight again with its truth step halved: how much of the touchdown is the integrator's.

Two studies, both with copies of the kernel that differ in nothing but the step. Open loop: the plant flies the commands that the planned flight
recorded, so that only its own integration differs; every ten seconds it takes its attitude from the record, which the loop would have held (pulses
and swinging liquids leave some centimetres). Closed loop (`--full`): computer included; sensors are without noise there, because noise drawn at
another rate is another flight. For the same reason its attitude thrusters have pulses of 0.5 ms and more: in the coast a shortest pulse of 20 ms that
comes a tick earlier or later turns the lander elsewhere within its dead band, and the flight that follows is another one, metres away; the rows *as
flown* show that, under a bound of their own. Over LOLA alone the closed loop converges; over rocks and craters a beam that is a millimetre off
strikes another rock, and touchdowns scatter by what one range is worth. The control period of 0.1 s, over which the field's residual is held, stays.
"""

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import warp as wp

from perilune.base.structs import records
from perilune.base.vector import quat, real, vec3
from perilune.flight import advance, kernel, plant
from perilune.flight.events import EventRow
from perilune.flight.setup import Scene, build_batch, build_scene
from perilune.flight.state import FLYING, STATUS_FLYING, STEPS_PER_TICK, TICK, TICK_S, FlightPack, FlightState, World
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import ImuMeasurement
from perilune.mission.loader import load
from perilune.validation import scenes
from perilune.validation.planned_descent import plain_flight
from perilune.validation.rows import Check, Measured

ARC_TICKS = wp.constant(100)

NO_NOISE = {
    "lander.imu.gyro_instability_deg_h": 0.0,
    "lander.imu.angle_random_walk_deg_rt_h": 0.0,
    "lander.imu.accel_instability_ug": 0.0,
    "lander.imu.velocity_random_walk_ug_rt_hz": 0.0,
    "lander.star_tracker.noise_arcsec": 0.0,
    "lander.range_finder.noise_m": 0.0,
}
FINE_PULSES = {"lander.attitude_thrusters.minimum_on_ms": 0.5}
LOLA_ALONE = {f"environment.relief.{key}": False for key in ("coarse_craters", "fine_craters", "rocks")}


def _copy(module: ModuleType, name: str) -> ModuleType:
    """A second instance of a module under another name, its functions not yet compiled."""
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_{name}", str(module.__file__))
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{module.__name__} has no source file, which a copy with another step needs")
    copy = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = copy
    spec.loader.exec_module(copy)
    return copy


@cache
def plant_at(steps: int) -> Any:
    """The plant with `steps` truth steps a tick."""
    if steps == STEPS_PER_TICK:
        return plant
    copy: Any = _copy(plant, f"{steps}_steps")
    copy.STEPS, copy.STEP = wp.constant(steps), wp.constant(real(TICK_S / steps))
    return copy


@cache
def replay_kernel(steps: int) -> Any:
    """A kernel that lets the plant fly given commands, one a tick."""
    fly_plant = plant_at(steps).fly_plant

    @wp.kernel(module="unique")
    def replay(
        world: World,
        packs: wp.array(dtype=FlightPack),  # type: ignore[valid-type]
        states: wp.array(dtype=FlightState),  # type: ignore[valid-type]
        commands: wp.array(dtype=Actuation),  # type: ignore[valid-type]
        heights: wp.array(dtype=real),  # type: ignore[valid-type]
        attitudes: wp.array(dtype=quat),  # type: ignore[valid-type]
        rates: wp.array(dtype=vec3),  # type: ignore[valid-type]
        events: wp.array2d(dtype=EventRow),  # type: ignore[valid-type]
        increments: wp.array2d(dtype=ImuMeasurement),  # type: ignore[valid-type]
    ):
        s = states[0]
        for k in range(commands.shape[0]):
            if s.status == STATUS_FLYING:
                if k % ARC_TICKS == 0:
                    s.body.attitude = attitudes[k]
                    s.body.rate = rates[k]
                fly_plant(world, packs[0], s, commands[k], heights[k], events, increments, 0, 0)
                s.tick += 1
                s.time = real(s.tick) * TICK
        states[0] = s

    return replay


@cache
def replayed(steps: int, plain: bool = False) -> np.ndarray:
    """Position [m], velocity [m/s] in mci and body rate [rad/s], shape (3, 3), in the last tick before contact, flown with the recorded commands."""
    scene, (batch, events, rows) = plain_flight() if plain else (scenes.landing_scene(), scenes.planned_flight())
    ignition = int(np.searchsorted(rows["time"], float(events["time"][0]) - 1e-6))
    last = int(np.searchsorted(rows["time"], float(batch.states["contact"]["time"][0]))) - 1
    first, flown = rows[ignition], rows[ignition:last]
    states: Any = records(FlightState, 1)
    body, lander = states["body"], states["lander"]
    body["position"], body["velocity"] = first["position_mci"], first["velocity_mci"]
    body["attitude"], body["rate"] = first["attitude_mci_from_body"], first["rate_body"]
    lander["fuel"]["left"], lander["oxidiser"]["left"], lander["rcs_left"] = first["fuel"], first["oxidiser"], first["rcs_propellant"]
    states["contact"]["time"] = states["dry_time"] = -1.0
    states["time"], states["tick"], states["status"] = first["time"], ignition, FLYING
    commands: Any = records(Actuation, len(flown))
    commands["main_engine"], commands["assist_duty"] = flown["command_main_engine"], flown["command_assist_duty"]
    commands["thruster_on"] = flown["command_thruster_on"]
    inputs = [scene.world] + [
        wp.array(array, dtype=kind, device="cpu", copy=False)
        for array, kind in ((batch.packs, FlightPack), (states, FlightState), (commands, Actuation))
    ]
    inputs += [
        wp.array(np.ascontiguousarray(flown[name]), dtype=kind, device="cpu")
        for name, kind in (("height", real), ("attitude_mci_from_body", quat), ("rate_body", vec3))
    ]
    wp.launch(
        replay_kernel(steps),
        1,
        inputs,
        [wp.zeros((1, 64), dtype=EventRow, device="cpu"), wp.empty((0, 0), dtype=ImuMeasurement, device="cpu")],
        device="cpu",
    )
    if int(states["status"][0]) != FLYING or abs(float(states["time"][0]) - float(rows[last]["time"])) > 1e-6:
        raise RuntimeError("the commands of the recorded flight did not lead to its last tick before contact")
    return np.array([states["body"][name][0] for name in ("position", "velocity", "rate")])


def replay_difference() -> Measured:
    """How far [m] the replay at the flight's own step ends from the flight itself: it must be the same flight."""
    batch, _, rows = scenes.planned_flight()
    last = rows[int(np.searchsorted(rows["time"], float(batch.states["contact"]["time"][0]))) - 1]
    return float(np.linalg.norm(replayed(STEPS_PER_TICK)[0] - last["position_mci"]))


def open_loop_difference(steps: int, plain: bool) -> Measured:
    """Distance [m] in the last tick before contact between `steps` truth steps a tick and twice as many."""
    apart = np.linalg.norm(replayed(steps, plain) - replayed(2 * steps, plain), axis=1)
    return float(apart[0]), f"velocity apart {apart[1]:.1e} m/s, body rate {apart[2]:.1e} rad/s"


@cache
def quiet_scene(smooth: bool, fine: bool) -> Scene:
    """The planned flight with sensors without noise, over LOLA alone or over all of the relief, with fine pulses or with those of the mission."""
    return build_scene(load("resilience", overrides={**NO_NOISE, **(LOLA_ALONE if smooth else {}), **(FINE_PULSES if fine else {})}))


@cache
def flyer_at(steps: int) -> Any:
    """What advances a flight with `steps` truth steps and inertial increments a tick, computer included."""
    if steps == STEPS_PER_TICK:
        return advance
    stepped: Any = _copy(kernel, f"{steps}_steps")
    for name in ("fly_plant", "kinematics", "masses", "pad_clearance"):
        setattr(stepped, name, getattr(plant_at(steps), name))
    flyer: Any = _copy(advance, f"{steps}_steps")
    flyer.build_kernel = stepped.build_kernel
    return flyer


@cache
def closed_loop(steps: int, smooth: bool, fine: bool) -> Any:
    """The contact at the end of the whole flight."""
    scene, flyer = quiet_scene(smooth, fine), flyer_at(steps)
    batch = build_batch(scene, None, np.array([0]))
    flyer.advance(scene, batch, flyer.new_events(scene, 1), threads=1)
    contact = batch.states["contact"][0]
    if not float(contact["time"]) > 0.0:
        raise RuntimeError(f"the flight without sensor noise did not come to the ground with {steps} steps a tick")
    return contact


def closed_loop_difference(steps: int, smooth: bool, fine_pulses: bool) -> Measured:
    """Distance [m] of the places of touchdown between `steps` a tick and twice as many."""
    coarse, fine = (closed_loop(n, smooth, fine_pulses) for n in (steps, 2 * steps))
    apart = float(np.linalg.norm(coarse["position_me"] - fine["position_me"]))
    changes = ", ".join(
        f"{label} {abs(float(coarse[name] - fine[name])):.1e} {unit}"
        for label, name, unit in (("time", "time", "s"), ("vertical speed", "vertical_speed", "m/s"), ("horizontal speed", "horizontal_speed", "m/s"))
    )
    return apart, f"apart: {changes}"


CHECKS = (
    [
        Check("replay of the planned flight", "position before contact, recorded commands, 20 ms", "the flight itself", 0.0, "m", replay_difference),
    ]
    + [
        Check(
            f"step halving, plant{label}{finer}",
            f"position before contact, recorded commands, {what}, {100 // steps} against {50 // steps} ms",
            "half the step",
            tolerance,
            "m",
            lambda steps=steps, plain=plain: open_loop_difference(steps, plain),  # type: ignore[misc]
            (),
            steps > STEPS_PER_TICK,
        )
        for label, what, plain, tolerance in (
            ("", "plain engines, liquids at rest", True, 0.01),
            (" with pulses and slosh", "as flown", False, 0.1),
        )
        for finer, steps in (("", STEPS_PER_TICK), (", finer", 2 * STEPS_PER_TICK))
    ]
    + [
        Check(
            f"step halving, whole flight{label}",
            f"place of touchdown, computer included, sensors without noise, {what}, {100 // steps} against {50 // steps} ms",
            "half the step",
            tolerance,
            "m",
            lambda steps=steps, smooth=smooth, fine=fine: closed_loop_difference(steps, smooth, fine),  # type: ignore[misc]
            (),
            True,
        )
        for label, what, steps, smooth, fine, tolerance in (
            ("", "LOLA alone, fine pulses", STEPS_PER_TICK, True, True, 0.1),
            (", finer", "LOLA alone, fine pulses", 2 * STEPS_PER_TICK, True, True, 0.1),
            (", rough ground", "craters and rocks, fine pulses", STEPS_PER_TICK, False, True, 1.0),
            (", rough ground, finer", "craters and rocks, fine pulses", 2 * STEPS_PER_TICK, False, True, 1.0),
            (", as flown", "craters and rocks, pulses of 20 ms", STEPS_PER_TICK, False, False, 10.0),
            (", as flown, finer", "craters and rocks, pulses of 20 ms", 2 * STEPS_PER_TICK, False, False, 10.0),
        )
    ]
)
