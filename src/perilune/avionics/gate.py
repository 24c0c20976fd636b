"""The gate before a scalar measurement: what does not fit is refused, and what would teach more than a slow error allows is weighed down.

Assumptions and limitations: each sensor has a gate of its own with the mission's policy and patience for what is refused again and again (`reject`,
`distrust`, `inflate`), as the range finder has. A slow error is no state of the filter: the noise taken with a measurement is raised until the
filter, after the update, knows the measured quantity no better than the slow error; where it knows it better already, the measurement is left
unused. So the covariance stays honest, at the price of what the slow error's constancy could have taught.
Source: gate after Bar-Shalom, Li and Kirubarajan, "Estimation with applications to tracking and navigation", 2001, section 5.4; raised noise is a
form of underweighting (Zanetti, DeMars and Bishop, JGCD 33(5), 2010, recalled), here with the floor as the condition.
"""

import warp as wp

from perilune.avionics.navigation import POLICY_DISTRUST, POLICY_REJECT, Gate, NavigationParams, NavigationState
from perilune.base.vector import real, vec3

REFUSED, PASSED, INFLATED = wp.constant(0), wp.constant(1), wp.constant(2)


@wp.func
def noise_with_slow(predicted: real, noise: real, slow: real) -> real:
    """Variance to take with a measurement of white variance `noise` and slow variance `slow`; below zero where it has nothing to teach.

    `predicted` is the variance with which the filter knows the measured quantity before the update; after it that is `slow` at the least.
    """
    if predicted <= slow:
        return real(-1.0)
    return wp.max(noise + slow, predicted * slow / (predicted - slow))


@wp.func
def ask_gate(p: wp.ref[NavigationParams], gate: wp.ref[Gate], innovation: real, variance: real, sigma: real) -> wp.int32:
    """Whether a measurement whose innovation has this `variance` passes a gate of `sigma`; a refusal is counted and dealt with by the policy."""
    if gate.distrusted:
        return REFUSED
    if innovation * innovation <= sigma * sigma * variance:
        return PASSED
    gate.refused += 1
    gate.in_row += 1
    if gate.in_row < p.gate_patience or p.gate_policy == POLICY_REJECT:
        return REFUSED
    if p.gate_policy == POLICY_DISTRUST:
        gate.distrusted = True
        return REFUSED
    return INFLATED


@wp.func
def add_variance(n: wp.ref[NavigationState], first: wp.int32, direction: vec3, variance: real):
    """Enlarge the uncertainty of the three states from `first` on along one direction."""
    for i in range(3):
        for j in range(3):
            n.covariance[first + i, first + j] = n.covariance[first + i, first + j] + variance * direction[i] * direction[j]
