"""Faults and values that single runs are given must fly as a mission flies that has them itself, or be refused."""

import numpy as np
import pytest
from equipment import LANDING_RADAR, PLAIN, SUN_SENSOR, VELOCIMETER, scene_of

from bitwise import bits
from perilune.base.errors import PeriluneError
from perilune.flight.advance import advance, new_events
from perilune.flight.coast_faults import BLIND
from perilune.flight.fly import batch_from, fly
from perilune.flight.flying import prepare
from perilune.flight.pdi import coast_of
from perilune.flight.setup import build_batch, build_scene
from perilune.mission.emit import to_toml
from perilune.mission.faults import PlannedFault
from perilune.mission.loader import load, read
from perilune.mission.run_faults import with_faults

MISSION = load("resilience")
SEED = 5
DROPOUT = PlannedFault(fault="range_finder.dropout", height_m=2000.0, duration_s=20.0)
BIAS = PlannedFault(fault="range_finder.bias", size_m=40.0)
WEAK = PlannedFault(fault="main_engine.shortfall", size_percent=3.0, event="vertical")
GYRO = PlannedFault(fault="imu.gyro_bias", axis="y", size_deg_s=0.05, before_touchdown_s=120.0)
GIVEN = [(DROPOUT, GYRO), (), (BIAS,), (WEAK, BIAS)]
QUIET = [
    *(f"range_finder.{kind}" for kind in BLIND),
    *(f"{group}.{kind}" for group in ("main_engine", "assist_engines") for kind in ("shortfall", "early_shutdown", "hard_start", "nozzle_loss")),
    "main_engine.stuck_closed",
    "assist_engines.stuck_closed",
]  # what leaves the coast of Resilience as it is
MORE_QUIET = [f"{device}.{kind}" for device in ("landing_radar", "velocimeter") for kind in BLIND] + ["contact_probes.stuck_open"]
RANGING = PLAIN + VELOCIMETER.format(noise=0.03, latency=0.1, acquisition=0.0, dropout=0.0) + LANDING_RADAR + SUN_SENSOR


def planned(name, **given):
    """A fault of some size."""
    from perilune.mission.faults import known

    fault = known(name)
    size = {} if fault.unit is None else {f"size_{fault.unit}": 2.0}
    return PlannedFault(fault=name, **size, **({"unit": 0} if fault.names_one else {}), **given)


@pytest.fixture(scope="module")
def scene():
    return prepare(MISSION)


@pytest.fixture(scope="module")
def from_pdi(scene):
    """Four runs with faults of their own, flown together."""
    batch = batch_from(scene, SEED, np.arange(4), "pdi", faults=GIVEN)
    advance(scene, batch, new_events(scene, 4))
    return batch


def test_without_own_faults_the_packs_are_as_before(scene):
    assert bits(build_batch(scene, SEED, np.arange(2)).packs) == bits(build_batch(scene, SEED, np.arange(2), faults=[(), ()]).packs)


@pytest.mark.parametrize("run", [0, 2])
def test_a_run_with_faults_of_its_own_flies_alone_as_in_the_batch(from_pdi, run):
    flight = fly("resilience", seed=SEED, run=run, start="pdi", faults=GIVEN[run])
    assert bits(flight.flown.pack) == bits(from_pdi.packs[run])
    last, other = flight.flown.last, from_pdi.states[run]
    assert all(bits(last[name]) == bits(other[name]) for name in last.dtype.names if name != "said")
    assert [fault.planned for fault in flight.faults] == [str(fault) for fault in GIVEN[run]]


def test_from_the_burn_a_run_with_own_faults_flies_as_a_mission_that_has_them(scene):
    runs = np.array([2, 3])
    batch = batch_from(scene, SEED, runs, "doi", faults=GIVEN[2:])
    advance(scene, batch, new_events(scene, 2))
    for k in range(2):
        mission = load("resilience", faults=[str(fault) for fault in GIVEN[2 + k]])
        own = build_scene(mission, sorted(scene.marks_m))
        alone = build_batch(own, SEED, runs[k : k + 1])
        advance(own, alone, new_events(own, 1))
        assert bits(alone.packs) == bits(batch.packs[k : k + 1]) and bits(alone.states) == bits(batch.states[k : k + 1])


@pytest.mark.parametrize("text, names", [(PLAIN, QUIET), (RANGING, MORE_QUIET)])
def test_faults_that_begin_in_the_coast_unfelt_are_handed_over_as_begun(text, names):
    """Against missions that have them: their coasts are flown with the faults, ours without."""
    scene = scene_of(text)
    for low in range(0, len(names), 6):
        some = [planned(name, **({"duration_s": 300.0} if k % 2 else {"time_s": 12.34})) for k, name in enumerate(names[low : low + 6])]
        ours = batch_from(scene, SEED, np.array([7]), "pdi", faults=[some])
        own = build_scene(with_faults(scene.mission, some), sorted(scene.marks_m))
        theirs = batch_from(own, SEED, np.array([7]), "pdi")
        assert bits(ours.packs) == bits(theirs.packs)
        for flown in (ours, theirs):
            advance(scene, flown, new_events(scene, 1), coast_of(scene).end_s + 0.1)
        assert bits(ours.states) == bits(theirs.states)
        assert ours.states["faults"]["begun"][0] == (1 << len(some)) - 1
        assert ours.states["faults"]["ended"][0] == sum(1 << k for k in range(1, len(some), 2))


@pytest.mark.parametrize(
    "name, given",
    [
        ("imu.gyro_bias", {}),
        ("attitude_thrusters.stuck_open", {"time_s": 100.0}),
        ("tanks.leak", {"before_touchdown_s": 3000.0}),
        ("computer.overload", {"mode": "coast"}),
        ("range_finder.false_return", {}),
        ("main_engine.stuck_open", {}),
        ("range_finder.bias", {"height_m": 50_000.0}),
    ],
)
def test_faults_that_change_the_coast_are_refused_at_pdi(scene, name, given):
    with pytest.raises(PeriluneError, match=rf"^start pdi: run 9: fault {name}.* in the coast.*; fly from doi$"):
        batch_from(scene, SEED, np.array([8, 9]), "pdi", faults=[(), (planned(name, **given),)])


def test_given_values_are_flown_in_place_of_the_drawn(scene):
    drawn = build_batch(scene, SEED, np.array([3])).drawn
    given = {path: float(values[0]) for path, values in drawn.items()} | {"lander.main_engine.thrust_n": 5900.0}
    flight = fly("resilience", seed=SEED, run=3, start="pdi", drawn=given)
    batch = batch_from(scene, SEED, np.array([3]), "pdi", {path: np.array([value]) for path, value in given.items()})
    advance(scene, batch, new_events(scene, 1))
    assert flight.flown.pack["lander"]["main_engine"]["thrust"] == 5900.0
    assert bits(flight.flown.last["body"]) == bits(batch.states["body"])
    assert flight.drawn == given == flight.provenance["given_values"]


def test_the_draws_given_back_are_the_flight_of_the_seed(scene):
    for start in ("doi", "pdi"):
        drawn = batch_from(scene, SEED, np.array([3]), start)
        again = batch_from(scene, SEED, np.array([3]), start, drawn.drawn)
        assert bits(drawn.packs) == bits(again.packs) and bits(drawn.states) == bits(again.states)


@pytest.mark.parametrize(
    "values, says",
    [
        ({"lander.main_engine.isp": np.array([300.0])}, "lander.main_engine.isp is no path of the mission; did you mean lander.main_engine.isp_s?"),
        ({"site.latitude_deg": np.array([0.0])}, "site.latitude_deg shapes the tables"),
        ({"lander.velocimeter.tilt_deg": np.array([1.0])}, "lander.velocimeter.tilt_deg stands nowhere in this mission"),
        ({"lander.main_engine.isp_s": np.array([-3.0])}, "run 4 is given lander.main_engine.isp_s = -3, which must be above 50, below 1000"),
        ({"lander.main_engine.isp_s": np.array([np.nan])}, "run 4 is given lander.main_engine.isp_s = nan; it must be finite"),
        ({"lander.main_engine.isp_s": np.array([300.0, 300.0])}, "has 2 values for 1 runs"),
    ],
)
def test_given_values_that_cannot_be_flown_are_refused(scene, values, says):
    with pytest.raises(PeriluneError) as caught:
        build_batch(scene, SEED, np.array([4]), values)
    assert says in str(caught.value)


def test_faults_that_do_not_fit_are_refused_with_their_run(scene):
    for faults, says in [
        ([(), (DROPOUT,) * 7], "run 11: 7 faults are too many; a flight has room for 6 in all"),
        (
            [(), (planned("velocimeter.dropout"),)],
            "run 11: fault velocimeter.dropout: fault is 'velocimeter.dropout', but this lander has no velocimeter",
        ),
        ([(PlannedFault(fault="range_finder.bias"),), ()], "run 10: fault range_finder.bias: has no size_m"),
        ([()], "given for 1 runs and 2 are flown"),
    ]:
        with pytest.raises(PeriluneError) as caught:
            build_batch(scene, SEED, np.array([10, 11]), faults=faults)
        assert says in str(caught.value)


def test_own_faults_stand_behind_those_of_the_mission_and_share_its_room():
    text = PLAIN + '\n[[faults]]\nfault = "imu.stuck"\nmode = "landed"\n'
    scene = build_scene(read(text))
    slots = build_batch(scene, SEED, np.array([0, 1]), faults=[(BIAS,), ()]).packs["faults"]
    assert slots["count"].tolist() == [2, 1] and slots["size"][0, 1] == 40.0
    with pytest.raises(PeriluneError, match="6 faults beside the mission's 1 are too many"):
        build_batch(scene, SEED, np.array([0]), faults=[(BIAS,) * 6])


@pytest.mark.parametrize("case", ["planned", "as-flown"])
def test_a_mission_with_faults_added_is_read_back_as_it_is(case):
    mission = with_faults(load("resilience", case=case), [DROPOUT, BIAS])
    again = read(to_toml(mission), case=case)
    assert again.faults == mission.faults and again.hash == mission.hash and again.planned.hash == mission.planned.hash
    assert with_faults(load("resilience", case=case), []) == load("resilience", case=case)
