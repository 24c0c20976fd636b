"""Budgets against what they share nothing with: the Δv of a flight's motion with its tanks, a coast's push with nothing, differences with samples."""

from functools import cache

import numpy as np

from perilune.flight.budget.delta_v import DeltaV, delta_v_budget
from perilune.flight.budget.error_budget import error_budget
from perilune.flight.budget.felt import felt
from perilune.flight.flown import Flown
from perilune.flight.fly import fly
from perilune.flight.flying import prepare
from perilune.mission.loader import load
from perilune.validation import landings
from perilune.validation.rows import Check, Measured

FEW_RUNS, SINGLE_RUNS = 40, 60


@cache
def planned() -> tuple[Flown, DeltaV]:
    """The undispersed planned flight and its account."""
    flown = fly("resilience").flown
    return flown, delta_v_budget(flown)


def rocket_equation() -> Measured:
    """Largest difference of the two Δv, over the phases."""
    account = planned()[1]
    off = max(abs(phase.delta_v_m_s - phase.rocket_equation_m_s) for phase in account.phases)
    return off, f"{account.total.delta_v_m_s:.2f} m/s in all, losses {account.total.gravity_loss_m_s + account.total.steering_loss_m_s:.2f} m/s"


def quiet_coast() -> Measured:
    """Sum of the sizes of what gravity did not do, over the ticks of the coast in which no thruster fires."""
    flown, _ = planned()
    coast = flown.history[flown.history["mode"] == 0]
    quiet = np.diff(coast["rcs_propellant"]) == 0.0
    return float(felt(flown.scene, coast).push[quiet].sum()), f"{int(quiet.sum())} ticks"


def sources_one_by_one() -> Measured:
    """Largest share by which the linear horizontal speed of a source, with noise and the undispersed drift, is off that of flights with it alone."""
    mission = load("resilience")
    errors = error_budget(prepare(mission), landings.SEED, FEW_RUNS)
    still = errors.noise.covariance[2, 2] + errors.noise.covariance[3, 3] + float((errors.noise.mean[2:4] ** 2).sum())
    parts = [part for made in errors.contributions for part in made.parts or [made]]
    worst, said = 0.0, []
    for name, sampled in landings.drift_budget(SINGLE_RUNS).items():
        paths = landings.ERROR_SOURCES[name]
        here = [part for part in parts if part.name.startswith(paths) or ("environment." in paths and part.name == "map error")]
        linear = float(np.sqrt((still + sum(part.covariance[2, 2] + part.covariance[3, 3] for part in here)) / 2.0))
        worst = max(worst, abs(linear / sampled - 1.0))
        said.append(f"{name} {linear:.2f} beside {sampled:.2f} m/s")
    return 100.0 * worst, "; ".join(said)


CHECKS = [
    Check("Δv of a flight", "each phase, from the motion", "Isp g0 ln(m0/m) from the tanks, Tsiolkovsky", 0.01, "m/s", rocket_equation),
    Check("push of a coast", "change of velocity that gravity does not give, 48 min", "nothing pushes a coasting lander", 1e-4, "m/s", quiet_coast),
    Check(
        "error sources one by one",
        "horizontal speed at contact that each source makes, by differences of 1 sigma",
        "flights with that source alone dispersed, 60 each",
        25.0,
        "%",
        sources_one_by_one,
        full=True,
    ),
]
