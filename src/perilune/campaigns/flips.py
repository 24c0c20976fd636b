"""What flipped a run between two campaigns: each group of the changes tried by itself, forward from A and backward from B."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.campaigns.campaign import schedule_of
from perilune.campaigns.counterfactual import AT_ONCE, NOISES, other_noise
from perilune.campaigns.differences import Difference, Group, between
from perilune.campaigns.fly_part import Given, fly_given, given_values
from perilune.campaigns.pairs import Flip
from perilune.campaigns.plan import Plan
from perilune.campaigns.results import Campaign
from perilune.campaigns.standing import LANDED, Watcher
from perilune.flight.flying import prepare
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    from perilune.mission.fault_schedule import Schedule

SCHEDULE = "fault schedule"


def schedule_group(a: Campaign, b: Campaign) -> Group | None:
    """The fault schedules as a group, where they differ."""
    hashes = [campaign.store.plan.schedule_hash for campaign in (a, b)]
    if hashes[0] == hashes[1]:
        return None
    words = ["none" if h is None else h[:8] for h in hashes]
    return Group(SCHEDULE, (Difference(SCHEDULE, *words, *words),))


def look_into(
    a: Campaign, b: Campaign, groups: Sequence[Group], flips: list[Flip], threads: int | None, watch: Watcher | None
) -> list[dict[str, str]]:
    """Fill in what flipped each run; the groups that could not be flown by themselves, each with the reason."""
    if not flips:
        return []
    start_warp()
    sides = 2 * (len(groups) if len(groups) > 1 else 0) + 2
    done = [0]

    def step() -> None:
        if watch:
            watch("finding what flipped the runs", None, done[0] / sides)
        done[0] += 1

    runs = np.array([flip.run for flip in flips], np.int64)
    noise = [_landed_with_other_noise(campaign, runs, threads, step) for campaign in (a, b)]
    for flip, in_a, in_b in zip(flips, *noise, strict=True):
        flip.repeats_a = in_a if flip.verdict_a == LANDED else NOISES - in_a
        flip.repeats_b = in_b if flip.verdict_b == LANDED else NOISES - in_b
    untested = []
    if len(groups) == 1:
        for flip in flips:
            flip.forward = flip.backward = [groups[0].name]
    for group in groups if len(groups) > 1 else ():
        try:
            forward, backward = (_landed_between(base, other, group, runs, threads, step) for base, other in ((a, b), (b, a)))
        except PeriluneError as error:
            untested.append({"group": group.name, "because": str(error)})
            continue
        for flip, ahead, back in zip(flips, forward, backward, strict=True):
            if ahead == (flip.verdict_b == LANDED):
                flip.forward.append(group.name)
            if back == (flip.verdict_a == LANDED):
                flip.backward.append(group.name)
    for flip in flips:
        _conclude(flip, len(groups))
    return untested


def _landed_between(base: Campaign, other: Campaign, group: Group, runs: np.ndarray, threads: int | None, step: Callable[[], None]) -> list[bool]:
    """Whether each run lands as in `base` with one group of what `other` has."""
    step()
    if group.key == SCHEDULE:
        schedule = schedule_of(other.store, other.mission)[0]
        return _landed(base.mission, base.store.plan, given_values(base.mission, base.store.plan, schedule, runs), threads)
    mission = between(base.mission, other.mission, [group])
    given = given_values(mission, base.store.plan, _schedule(base), runs)
    return _landed(mission, base.store.plan, given, threads)


def _landed_with_other_noise(campaign: Campaign, runs: np.ndarray, threads: int | None, step: Callable[[], None]) -> list[int]:
    """Under how many of `NOISES` other noises each run lands."""
    step()
    own = given_values(campaign.mission, campaign.store.plan, _schedule(campaign), runs)
    places = np.repeat(np.arange(len(runs)), NOISES)
    noises = np.array([other_noise(int(run), key + 1) for run in runs for key in range(NOISES)], np.int64)
    given = Given(noises, {path: values[places] for path, values in own.drawn.items()}, [own.faults[k] for k in places])
    landed = _landed(campaign.mission, campaign.store.plan, given, threads)
    return np.reshape(landed, (len(runs), NOISES)).sum(axis=1).tolist()


def _landed(mission: Mission, plan: Plan, given: Given, threads: int | None) -> list[bool]:
    scene, out = prepare(mission), []
    for low in range(0, len(given.runs), AT_ONCE):
        some = slice(low, low + AT_ONCE)
        part = Given(given.runs[some], {path: values[some] for path, values in given.drawn.items()}, given.faults[some])
        _, rows = fly_given(scene, replace(plan, mission_hash=mission.hash), part, threads)
        out += [verdict == LANDED for verdict in rows["verdict"]]
    return out


def _schedule(campaign: Campaign) -> "Schedule | None":
    return schedule_of(campaign.store, campaign.mission)[0]


def _conclude(flip: Flip, changed: int) -> None:
    """Name what flipped a run, and say whether both ways of asking agree."""
    forward, backward = flip.forward, flip.backward
    both = [name for name in forward if name in backward]
    flip.agrees = forward == backward and bool(forward)
    if changed == 0:
        flip.cause, words = "nothing that was changed", "nothing was changed between the two: the builds differ, or a file was altered"
    elif changed == 1:
        flip.cause, words = both[0], f"{both[0]}, all that was changed"
    elif flip.agrees and len(both) == 1:
        flip.cause, words = both[0], f"{both[0]} flips it in A, and set back in B it ends as in A"
    elif both:
        flip.cause, words = " or ".join(both), _ways(forward, backward)
    elif forward:
        flip.cause, words = " or ".join(forward), f"either of {_ways(forward, backward)}" if len(forward) > 1 else _ways(forward, backward)
    elif backward:
        flip.cause = " and ".join(backward) + (" together" if len(backward) > 1 else " with others")
        words = f"it took more than one thing: {_ways(forward, backward)}"
    else:
        flip.cause, words = "no single one", _ways(forward, backward)
    flip.text = f"{flip.direction}: {words}; with other noise it ends so in {flip.repeats_a} of {NOISES} in A and {flip.repeats_b} of {NOISES} in B"


def _ways(forward: list[str], backward: list[str]) -> str:
    one = f"in A {' or '.join(forward)} alone flips it" if forward else "in A nothing alone flips it"
    other = f"in B setting back {' or '.join(backward)} alone undoes it" if backward else "in B setting back nothing alone undoes it"
    return f"{one}, {other}"
