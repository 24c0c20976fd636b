"""The Δv budget of one flight: what its engines gave, what gravity and steering cost, what it would have cost at best, and what was left.

For every phase (an unbroken stretch of one mode of the sequencer) and for the whole flight to the last tick before contact:

    Δv       = sum of |push| over the ticks in which engines burn                             (integral of thrust / mass)
    thrusters = the same over ticks in which the attitude thrusters alone fire
    Δv + thrusters = speed taken off + gravity loss + steering loss + unaccounted
    speed    = |u| at the begin - |u| at the end, u the velocity over the turning ground
    gravity  = integral of g' . u/|u| dt, g' as felt on the turning ground                    (gains are negative, as in a coast to perilune)
    steering = sum of |push| (1 - cos of the angle between push and -u)                       (cosine loss)
    rocket   = sum of c ln(m before / m after), c = thrust / flow of the engines that burn    (Tsiolkovsky; a check from the tanks)
    ideal    = E at the begin - E at the end, E² = |u|² + 2 (U - U at contact), U = -GM/r     (the speed of a free fall to the site's radius)

No thrust takes off E faster than its size over mass, since dE/dt = (|u|/E) a . u/|u|: `ideal` is the least that any Δv can be, reached by a push
against the velocity at the ground's level. What is unaccounted is numerics.
Propellant of the engines in a tick is the fall of the main tanks, shared in proportion to the engines' nominal flows at their levels; what leaves
the tanks without a push is `leaked`. Margin: the main propellant at the last tick before contact, less what cannot leave the tanks and what stays
in one of them when the other has run dry at the mixture that was burnt (`trapped`); as speed by the rocket equation with the engines that burnt
last, and as seconds of hovering there, t = Δv / g'.

Assumptions and limitations: a push along the velocity (a climb, a hop) counts twice its size as steering loss, as the reference is a braking
descent; a hover, and a sidestep in it, count as steering where they do not slow the lander; the last part of a tick before contact, less than 0.1 s,
is left out; the check's Isp is that of the flown lander at each tick's mean level, so that transients within a tick show as its difference.
Sources of the form: Tsiolkovsky's equation; losses as in Curtis, Orbital Mechanics for Engineering Students, section 11.4, as recalled; the energy
bound follows from the line above it.
"""

from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.base.vector import STANDARD_GRAVITY
from perilune.flight.budget.felt import Felt, felt
from perilune.flight.flown import FlightRecord, Flown

BURNING_KG = 1e-9  # leaves the main tanks at least in a tick in which engines burn
LEAST_SHARE = 0.2  # of the push that the propellant could have given: below it, it did not leave through an engine
EARTH_GRAVITY_M_S2 = float(STANDARD_GRAVITY)


@dataclass(frozen=True)
class Phase:
    """One phase's account, or that of the flight; m/s, s and kg."""

    name: str
    begin_s: float
    end_s: float
    delta_v_m_s: float
    speed_taken_off_m_s: float
    gravity_loss_m_s: float
    steering_loss_m_s: float
    unaccounted_m_s: float
    ideal_m_s: float
    rocket_equation_m_s: float
    thrusters_m_s: float
    engine_propellant_kg: dict[str, float]
    leaked_kg: float
    attitude_propellant_kg: float

    @property
    def duration_s(self) -> float:
        """How long it took."""
        return self.end_s - self.begin_s


@dataclass(frozen=True)
class Margin:
    """What was left at the last tick before contact; None where no engine ever burnt."""

    loaded_kg: float
    left_kg: float
    unusable_kg: float
    trapped_kg: float
    usable_kg: float
    delta_v_m_s: float | None
    hover_s: float | None
    attitude_loaded_kg: float
    attitude_left_kg: float


@dataclass(frozen=True)
class DeltaV:
    """The account of a flight: its phases in order, their sum under power and from the start, what was used after contact, what was left."""

    phases: list[Phase]
    under_power: Phase
    total: Phase
    margin: Margin
    used_after_contact_kg: float
    reached_ground: bool
    engines: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Engine:
    """One group of engines as a budget sees it, tick by tick, shape (n,): the flow that its level or command means, and its exhaust speed at it.

    Where neither level nor command says that it ran, both are those of full thrust, and `is_known` is false.
    """

    name: str
    flow_kg_s: np.ndarray
    exhaust_m_s: np.ndarray
    is_known: np.ndarray


def engines_of(pack: FlightRecord, history: np.ndarray) -> list[Engine]:
    """Every group of engines that the flown lander has and whose level was recorded (a row's is the mean over the tick before it)."""
    lander, recorded, found = pack["lander"], history.dtype.names or (), []
    for key in lander.dtype.names:
        stem = key.removesuffix("s").removesuffix("_engine")
        device = lander[key]
        names = device.dtype.names or ()
        if f"{stem}_level" not in recorded or not {"thrust", "isp"} <= set(names) or ("present" in names and not device["present"]):
            continue
        level = history[f"{stem}_level"][1:]
        commands = [history[name][:-1] for name in (f"command_{stem}_engine", f"command_{stem}_duty") if name in recorded]
        command = commands[0] if commands else level
        ran = (level > 0.0) | (command > 0.0)
        set_level = np.where(level > 0.0, level, np.where(command > 0.0, command, 1.0))
        exhaust = exhaust_speed(device, set_level)
        thrust = float(device["thrust"]) * (float(device["count"]) if "count" in names else 1.0)
        found.append(Engine(key.replace("_", " "), thrust * set_level / exhaust, exhaust, ran))
    return found


def exhaust_speed(device: FlightRecord, level: np.ndarray) -> np.ndarray:
    """Exhaust speed [m/s] of a group of engines at levels, shape (n,): Isp g0, less the droop below full level that `lander.engines` gives it."""
    names, below = device.dtype.names or (), 1.0 - level
    droop, quadratic = (float(device[name]) if name in names else 0.0 for name in ("isp_droop", "isp_droop_quadratic"))
    return np.asarray(float(device["isp"]) * (1.0 - below * (droop + below * quadratic)) * EARTH_GRAVITY_M_S2)


def delta_v_budget(flown: Flown) -> DeltaV:
    """The account of a flight with its whole record.

    Raises PeriluneError where the record holds no two ticks before contact.
    """
    rows, contact = flown.history, flown.event("contact")
    aloft = len(rows) if contact is None else int(np.searchsorted(rows["time"], float(contact["time"]), side="right"))
    if aloft < 2:
        raise PeriluneError("the flight has no record before its contact, so there is nothing to account for; fly it from its start")
    account = _Account(flown, rows[:aloft])
    changes = np.flatnonzero(np.diff(rows["mode"][: aloft - 1])) + 1
    edges = [0, *(int(i) for i in changes), aloft - 1]
    names = _numbered([MODES[int(rows["mode"][low])] for low in edges[:-1]])
    phases = [account.phase(name, low, high) for name, low, high in zip(names, edges[:-1], edges[1:], strict=True)]
    return DeltaV(
        phases=phases,
        under_power=account.phase("under power", *account.powered(edges)),
        total=account.phase("flight", 0, aloft - 1),
        margin=account.margin(),
        used_after_contact_kg=float(rows["main_propellant"][aloft - 1] - rows["main_propellant"][-1]),
        reached_ground=contact is not None,
        engines=[engine.name for engine in account.engines],
    )


def _flows(engines: list[Engine], zero: np.ndarray) -> list[np.ndarray]:
    """Nominal flow [kg/s] of each group in each tick, 0 of those that did not run; where none is known to have run, all at full thrust."""
    none_known = sum((engine.is_known for engine in engines), zero) == 0.0
    return [np.where(engine.is_known | none_known, engine.flow_kg_s, 0.0) for engine in engines]


def _numbered(names: list[str]) -> list[str]:
    """Names of phases, a mode that comes again with its number."""
    return [f"{name} {names[: i + 1].count(name)}" if names[:i].count(name) else name for i, name in enumerate(names)]


class _Account:
    """The ticks of one flight before contact, of which phases are sums."""

    def __init__(self, flown: Flown, rows: np.ndarray) -> None:
        self.flown, self.rows = flown, rows
        self.felt: Felt = felt(flown.scene, rows)
        self.engines = engines_of(flown.pack, rows)
        mass, zero = rows["mass"], np.zeros(len(rows) - 1)
        self.used = -np.diff(rows["main_propellant"])
        self.attitude = -np.diff(rows["rcs_propellant"])
        flows = _flows(self.engines, zero)
        flow = sum(flows, zero)
        thrust = sum((f * engine.exhaust_m_s for f, engine in zip(flows, self.engines, strict=True)), zero)
        self.exhaust = np.divide(thrust, flow, out=zero.copy(), where=flow > 0.0)
        slowest = min((float(engine.exhaust_m_s.min()) for engine in self.engines), default=np.inf)
        self.burning = (self.used > BURNING_KG) & (self.felt.push > LEAST_SHARE * slowest * self.used / mass[:-1])
        given = np.where(self.burning, self.used, 0.0)
        self.shares = [np.divide(f, flow, out=zero.copy(), where=flow > 0.0) * given for f in flows]
        self.leaked = self.used - given
        lost = -np.diff(mass)
        part = np.divide(self.used, lost, out=zero.copy(), where=lost > 0.0)
        self.rocket = np.where(self.burning, self.exhaust * part * np.log(mass[:-1] / mass[1:]), 0.0)
        gm = float(flown.scene.world.harmonics.gm)
        radius = np.linalg.norm(rows["position_mci"], axis=1)
        self.fall_speed = np.sqrt(np.maximum(self.felt.speed**2 + 2.0 * gm * (1.0 / radius[-1] - 1.0 / radius), 0.0))

    def phase(self, name: str, low: int, high: int) -> Phase:
        """The account of the ticks from row `low` to row `high`."""
        ticks = slice(low, high)
        push, burning = self.felt.push[ticks], self.burning[ticks]
        alone = ~burning & (self.attitude[ticks] > 0.0)
        spent, by_thrusters, gravity = float(push[burning].sum()), float(push[alone].sum()), float(self.felt.gravity[ticks].sum())
        taken = float(self.felt.speed[low] - self.felt.speed[high])
        steering = float((push - self.felt.along[ticks])[burning | alone].sum())
        return Phase(
            name=name,
            begin_s=float(self.rows["time"][low]),
            end_s=float(self.rows["time"][high]),
            delta_v_m_s=spent,
            speed_taken_off_m_s=taken,
            gravity_loss_m_s=gravity,
            steering_loss_m_s=steering,
            unaccounted_m_s=spent + by_thrusters - taken - gravity - steering,
            ideal_m_s=float(self.fall_speed[low] - self.fall_speed[high]),
            rocket_equation_m_s=float(self.rocket[ticks].sum()),
            thrusters_m_s=by_thrusters,
            engine_propellant_kg={engine.name: float(share[ticks].sum()) for engine, share in zip(self.engines, self.shares, strict=True)},
            leaked_kg=float(self.leaked[ticks].sum()),
            attitude_propellant_kg=float(self.attitude[ticks].sum()),
        )

    def powered(self, edges: list[int]) -> tuple[int, int]:
        """The rows from the begin of the first phase in which engines burn to the end of the last; the whole record where none does."""
        burning = [(low, high) for low, high in pairwise(edges) if self.burning[low:high].any()]
        return (burning[0][0], burning[-1][1]) if burning else (edges[0], edges[-1])

    def trapped(self, unusable_kg: float) -> float:
        """What stays in one main tank when the other has given all it can, at the ratio that this flight burnt (else of the load)."""
        names, lander = self.rows.dtype.names or (), self.flown.pack["lander"]
        if not {"fuel", "oxidiser"} <= set(names) or "tanks" not in (lander.dtype.names or ()):
            return 0.0
        loaded = float(lander["tanks"]["loaded_ratio"])
        fuel, oxidiser = (self.rows[name].astype(float) for name in ("fuel", "oxidiser"))
        burnt = fuel[0] - fuel[-1]
        ratio = (oxidiser[0] - oxidiser[-1]) / burnt if burnt > 0.0 else loaded
        fuel_left = max(fuel[-1] - unusable_kg / (1.0 + loaded), 0.0)
        oxidiser_left = max(oxidiser[-1] - unusable_kg * loaded / (1.0 + loaded), 0.0)
        return float(fuel_left + oxidiser_left - (1.0 + ratio) * min(fuel_left, oxidiser_left / ratio)) if ratio > 0.0 else 0.0

    def margin(self) -> Margin:
        """What was left at the end of the account."""
        mass = self.flown.pack["lander"]["mass"]
        left, unusable = float(self.rows["main_propellant"][-1]), float(mass["main_unusable"])
        trapped = self.trapped(unusable)
        usable, burnt = max(left - unusable - trapped, 0.0), np.flatnonzero(self.burning)
        speed = hover = None
        if burnt.size:
            whole = float(self.rows["mass"][-1])
            speed = float(self.exhaust[burnt[-1]] * np.log(whole / (whole - usable)))
            hover = speed / float(self.felt.weight[-1])
        first = self.rows[0]
        return Margin(
            loaded_kg=float(first["main_propellant"]),
            left_kg=left,
            unusable_kg=unusable,
            trapped_kg=trapped,
            usable_kg=usable,
            delta_v_m_s=speed,
            hover_s=hover,
            attitude_loaded_kg=float(first["rcs_propellant"]),
            attitude_left_kg=float(self.rows["rcs_propellant"][-1]),
        )
