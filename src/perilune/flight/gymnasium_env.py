"""Gymnasium environments: an agent flies the last part of a landing, on what the sensors say and the avionics believe, in the place of guidance.

An episode begins where the avionics of the mission reach `takeover` (the vertical leg), in a run drawn by the episode's seed. From there the agent
commands engines and torque every control tick (0.1 s); the avionics go on navigating, and what they publish is observed beside what the sensors
measured. The truth is in `info` alone.

| space | what |
|-------|------|
| observation `telemetry` | every number that the avionics publish, SI, in the order of `TELEMETRY_NAMES` |
| observation `measurements` | every number that the sensors hand over, SI, in the order of `MEASUREMENT_NAMES` |
| action | main engine (0 to 1), duty of the assist engines (0 to 1), torque about body x, y, z (-1 to 1 of what the thrusters can give) |

Reward (assumed): -0.01 a kilogram of main propellant; at the end +1 for the verdict `landed`, otherwise -1.

Assumptions and limitations: torque becomes on-times by the table of the avionics, what is too little for a pulse waits; a run that never reaches
`takeover` is drawn again; one environment runs on one core.
"""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_space

from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.base.structs import layout
from perilune.flight.advance import advance, new_events
from perilune.flight.flying import prepare
from perilune.flight.lockstep import Lockstep, OwnAvionics
from perilune.flight.pdi import build_pdi_batch
from perilune.flight.setup import Batch
from perilune.flight.state import FLYING, TICK_S
from perilune.flight.verdict import LANDED, judge
from perilune.lander.tanks import main_left_kg
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry
from perilune.mission.loader import load

REWARD_PER_KG, REWARD_LANDED, REWARD_LOST = -0.01, 1.0, -1.0
RUNS = 1 << 31
ACTIONS = 5
TRIES = 20


def flat_names(dtype: np.dtype, prefix: str = "") -> list[str]:
    """The name of every number in a record, in the order of `flattened`."""
    names = []
    for name in dtype.names or ():
        kind, shape = dtype[name].base, dtype[name].shape
        if kind.names:
            names += flat_names(kind, f"{prefix}{name}.")
        elif shape:
            names += [f"{prefix}{name}.{'.'.join(map(str, index))}" for index in np.ndindex(shape)]
        else:
            names.append(f"{prefix}{name}")
    return names


def flattened(rows: np.ndarray) -> np.ndarray:
    """Records (n,) as numbers (n, k)."""
    parts = []
    for name in rows.dtype.names or ():
        column = rows[name]
        parts.append(flattened(column) if column.dtype.names else np.asarray(column, dtype=np.float64).reshape(len(rows), -1))
    return np.concatenate(parts, axis=1)


TELEMETRY_NAMES, MEASUREMENT_NAMES = flat_names(layout(Telemetry)), flat_names(layout(Measurements))


def spaces() -> tuple[gymnasium.spaces.Dict, gymnasium.spaces.Box]:
    """Observation and action space of one landing."""
    box = gymnasium.spaces.Box
    observed: dict[str, gymnasium.spaces.Space[Any]] = {
        name: box(-np.inf, np.inf, (len(names),), np.float64) for name, names in (("telemetry", TELEMETRY_NAMES), ("measurements", MEASUREMENT_NAMES))
    }
    return gymnasium.spaces.Dict(observed), box(np.array([0.0, 0.0, -1.0, -1.0, -1.0]), np.ones(5), dtype=np.float64)


class Landings:
    """Landings side by side, each begun and flown by itself."""

    def __init__(self, mission: str | Path, case: str | None, takeover: str, count: int):
        if takeover not in MODES[1:-1]:
            raise PeriluneError(f"takeover {takeover!r} is no mode to take over in; choose one of {', '.join(MODES[1:-1])}")
        start_warp()
        self.scene = prepare(load(mission, case=case))
        self.stop_mode = MODES.index(takeover)
        self.limits = self.scene.mission.limits
        batch = build_pdi_batch(self.scene, 0, np.zeros(count, dtype=np.int64))
        self.lockstep = Lockstep(self.scene, batch, new_events(self.scene, count))
        self.own = OwnAvionics(self.scene, count)
        self.own.begins = False
        computer = self.scene.avionics[0]
        self.torque_limit = computer["belief"]["torque_limit"]
        self.allocation = computer["allocation"]
        self.waiting = np.zeros((count, 3))

    @property
    def states(self) -> np.ndarray:
        """The true states (n,)."""
        return self.lockstep.batch.states

    def begin(self, lane: int, seed: int, run: int) -> int:
        """Put a run of a seed, flown to the takeover, into a lane; the run that it became."""
        for k in range(run, run + TRIES):
            one = build_pdi_batch(self.scene, seed, np.array([k % RUNS]))
            advance(self.scene, one, new_events(self.scene, 1), stop_mode=self.stop_mode, threads=1)
            if one.states["status"][0] == FLYING:
                break
        else:
            raise PeriluneError(f"none of {TRIES} runs of {self.scene.mission.mission.name} reaches {MODES[self.stop_mode]}; fly one to see why")
        batch: Batch = self.lockstep.batch
        batch.packs[lane], batch.states[lane] = one.packs[0], one.states[0]
        self.own.memories[lane] = one.states["avionics"][0]
        self.waiting[lane] = 0.0
        return k % RUNS

    def observe(self) -> dict[str, np.ndarray]:
        """Measure, navigate, and say what there is to see."""
        measured = self.lockstep.sense()
        _, published = self.own.compute(measured, self.lockstep.time_s)
        self.lockstep.published[:] = published
        return {"telemetry": flattened(published), "measurements": flattened(measured)}

    def act(self, actions: np.ndarray) -> np.ndarray:
        """Fly one tick; the rewards (n,)."""
        if actions.shape != (len(self.states), ACTIONS) or not np.isfinite(actions).all():
            raise PeriluneError(
                f"action: {np.squeeze(actions).tolist()} is no action; give {ACTIONS} finite numbers, see perilune.flight.gymnasium_env"
            )
        commands, flown = self.lockstep.commands, self.states["status"] == FLYING
        before = self.propellant()
        commands["main_engine"], commands["assist_duty"] = actions[:, 0], actions[:, 1]
        commands["torque_body"] = actions[:, 2:] * self.torque_limit
        commands["thruster_on"] = self.on_times(commands["torque_body"])
        commands["radar_position"] = 1
        self.own.memories["last"] = commands
        self.lockstep.act()
        reward = REWARD_PER_KG * (before - self.propellant())
        ended = flown & (self.states["status"] != FLYING)
        return np.where(flown, reward + np.where(ended, np.where(self.verdicts() == LANDED, REWARD_LANDED, REWARD_LOST), 0.0), 0.0)

    def on_times(self, torque: np.ndarray) -> np.ndarray:
        """On-times (n, thrusters) [s] of torques (n, 3): each axis fires its column of the table once that is worth a pulse."""
        self.waiting += torque * TICK_S
        columns = 2 * np.arange(3) + (self.waiting < 0.0)
        size = np.abs(self.waiting)
        fired = np.where(size >= self.allocation["bit"][columns], size, 0.0)
        on = np.einsum("tna,na->nt", self.allocation["duty"][:, columns], fired)
        self.waiting[fired > 0.0] = 0.0
        return np.where(on < self.allocation["minimum_on"], 0.0, np.minimum(on, TICK_S))

    def propellant(self) -> np.ndarray:
        """Main propellant left (n,) [kg]."""
        return main_left_kg(self.states["lander"])

    def verdicts(self) -> np.ndarray:
        """The verdicts (n,), of use where a flight has ended."""
        return judge(self.limits, self.states)

    def truth(self) -> dict[str, np.ndarray]:
        """What is true (n, ...), for judging and never for flying."""
        body, contact = self.states["body"], self.states["contact"]
        names = ("position", "velocity", "attitude", "rate")
        return {f"true_{name}": body[name].copy() for name in names} | {"time_s": self.lockstep.time_s, "contact_time_s": contact["time"].copy()}


class LandingEnv(gymnasium.Env):
    """One landing an episode; `gymnasium.make("perilune/Resilience-v0")`.

    Parameters
    ----------
    mission : a name of the catalogue or the path of a mission file
    case : the case to fly; left out, the mission's own
    takeover : the mode of the avionics in which the agent takes over
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, mission: str | Path = "resilience", case: str | None = None, takeover: str = "vertical", render_mode: str | None = None):
        self.observation_space, self.action_space = spaces()
        self.render_mode = render_mode
        self.landings = Landings(mission, case, takeover, 1)
        self.drawn_seed = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin an episode: the dispersions and the noise of the run that the generator draws."""
        super().reset(seed=seed)
        if seed is not None:
            self.drawn_seed = seed
        run = self.landings.begin(0, self.drawn_seed, int(self.np_random.integers(RUNS)))
        return self._first(self.landings.observe()), {"seed": self.drawn_seed, "run": run, **self._first(self.landings.truth())}

    def step(self, action: np.ndarray) -> tuple[dict[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """One control tick."""
        reward = self.landings.act(np.asarray(action, dtype=np.float64)[None, :])
        ended = bool(self.landings.states["status"][0] != FLYING)
        info: dict[str, Any] = self._first(self.landings.truth())
        if ended:
            info["verdict"] = str(self.landings.verdicts()[0])
        return self._first(self.landings.observe()), float(reward[0]), ended, False, info

    @staticmethod
    def _first(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.array(values[0]) for name, values in arrays.items()}


class LandingVectorEnv(gymnasium.vector.VectorEnv):
    """Landings side by side in one batch; an episode that has ended begins anew with the next step (`AutoresetMode.NEXT_STEP`)."""

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": gymnasium.vector.AutoresetMode.NEXT_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        mission: str | Path = "resilience",
        case: str | None = None,
        takeover: str = "vertical",
        max_episode_steps: int | None = None,
        render_mode: str | None = None,
    ):
        self.num_envs, self.render_mode, self.longest = num_envs, render_mode, max_episode_steps
        self.single_observation_space, self.single_action_space = spaces()
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.landings = Landings(mission, case, takeover, num_envs)
        self.steps, self.over = np.zeros(num_envs, dtype=np.int64), np.zeros(num_envs, dtype=bool)
        self.drawn_seed = 0

    def reset(self, *, seed: int | list[int] | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Begin an episode in every lane."""
        if isinstance(seed, list):
            raise PeriluneError("seed: one number for the whole batch; its lanes draw runs of their own")
        super().reset(seed=seed)
        if seed is not None:
            self.drawn_seed = seed
        for lane in range(self.num_envs):
            self._begin(lane)
        return self.landings.observe(), self.landings.truth()

    def step(self, actions: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One control tick in every lane that flies; a new episode in one that has ended."""
        again = np.flatnonzero(self.over)
        rewards = self.landings.act(np.asarray(actions, dtype=np.float64))
        self.steps += 1
        for lane in again:
            self._begin(int(lane))
        ended = self.landings.states["status"] != FLYING
        cut = ~ended & (self.longest is not None and self.steps >= (self.longest or 0))
        self.over = ended | cut
        rewards[again] = 0.0
        info: dict[str, Any] = self.landings.truth()
        if ended.any():
            info["verdict"], info["_verdict"] = np.where(ended, self.landings.verdicts(), ""), ended
        return self.landings.observe(), rewards, ended, cut, info

    def _begin(self, lane: int) -> None:
        self.landings.begin(lane, self.drawn_seed, int(self.np_random.integers(RUNS)))
        self.steps[lane], self.over[lane] = 0, False
