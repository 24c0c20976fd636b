"""After its flight a lander must stand on the Moon as a body at rest does, measure and talk on; the flight itself must not change by it."""

import numpy as np
import pytest

from bitwise import bits
from perilune.base.errors import PeriluneError
from perilune.base.structs import joined
from perilune.downlink.confirmation import CONFIRMED, confirm, planned_of
from perilune.downlink.decode import decode
from perilune.downlink.packets import sent_packets, stream_of
from perilune.flight.fly import batch_from, fly
from perilune.flight.flying import fly_recorded
from perilune.flight.setup import Batch
from perilune.flight.state import FALLEN, STANDING, STAYING
from perilune.flight.staying import fly_stay, staying
from perilune.flight.verdict import NOT_LANDED
from perilune.mission.faults import PlannedFault

SIDEREAL_RAD_S = 2.0 * np.pi / (27.321661 * 86_400.0)  # the Moon's turn


@pytest.fixture(scope="module")
def stay(planned):
    return planned.flown.stay


@pytest.fixture(scope="module")
def said(planned, stay):
    """What the computer published in the stay."""
    return planned.telemetry_rows[-len(stay) :]


def batch_of(*flights):
    flown = [flight.flown for flight in flights]
    return Batch(np.zeros(len(flown), np.int64), {}, joined([one.pack[None] for one in flown], 0), joined([np.array([one.last]) for one in flown], 0))


def test_the_telemetry_goes_on_for_thirty_seconds_without_a_gap(planned, stay, said):
    assert stay["time"][0] == planned.flown.last["time"] and len(stay) == len(said) == 300
    assert np.allclose(np.diff(planned.telemetry_rows["time"]), 0.1, atol=1e-9) and np.all(said["mass"] > 0.0)
    assert np.all(said["touchdown"]) and np.all(said["thrust_command"] == 0.0)


def test_specific_force_at_rest_is_the_weight_to_the_noise_of_the_unit(planned, said):
    """White noise over a tick of 0.1 s, a bias of some ten micro-g; the weight is that of the sphere but for the mass concentrations."""
    force = said["specific_force_body"]
    place = planned.flown.last["body"]["position"]
    weight = np.linalg.norm(planned.flown.last["ground"]["gravity"])
    assert weight == pytest.approx(4.9028e12 / (place @ place), rel=4e-3)
    imu = planned.mission.lander.imu
    noise = imu.velocity_random_walk_ug_rt_hz * 9.80665e-6 / np.sqrt(0.1)
    bias = imu.accel_instability_ug * 9.80665e-6
    assert np.linalg.norm(force.mean(axis=0)) == pytest.approx(weight, abs=4.0 * (bias + noise / np.sqrt(len(force))))
    assert force.std(axis=0) == pytest.approx(noise, rel=0.15)


def test_attitude_turns_with_the_moon(planned, stay):
    from scipy.spatial.transform import Rotation

    first, last = Rotation.from_quat(stay["attitude_mci_from_body"][[1, -1]])
    turned = (last * first.inv()).as_rotvec()
    expected = SIDEREAL_RAD_S * (stay["time"][-1] - stay["time"][1])
    assert np.linalg.norm(turned) == pytest.approx(expected, rel=1e-3)  # libration in longitude is slow beside it
    assert turned[2] / np.linalg.norm(turned) > 0.9  # about the Moon's pole, some 24° from that of the ICRF
    assert np.linalg.norm(said_rate(planned), axis=1).mean() < 1e-4


def said_rate(planned):
    return planned.telemetry_rows["rate_body"][-300:]


def test_it_stands_still_on_the_ground_that_turns(stay):
    assert np.ptp(stay["position_site"][1:], axis=0).max() < 1e-6
    assert np.linalg.norm(stay["velocity_site"][1:], axis=1).max() < 1e-9
    moved = np.linalg.norm(np.diff(stay["position_mci"], axis=0), axis=1) / 0.1
    assert moved == pytest.approx(np.linalg.norm(stay["velocity_mci"][1:], axis=1), rel=1e-6)
    assert np.ptp(stay["main_propellant"]) == 0.0


def test_a_lander_that_broke_says_nothing_after_the_first_touch(lost):
    assert len(lost.flown.stay) == 0 and lost.flown.record is lost.flown.history
    assert lost.telemetry_rows["time"][-1] <= lost.flown.last["contact"]["time"]


def test_a_lander_whose_engines_still_shake_it_does_not_come_to_rest_by_the_end_of_its_record():
    """Its unit saturates below the jolt of the touch, so that the computer goes on thrusting; a stay would silence the engines that it hears."""
    fault = PlannedFault(fault="imu.accel_saturation", height_m=14.0, size_m_s2=4.8)
    flight = fly("resilience", start="pdi", faults=[fault])
    assert flight.verdict == NOT_LANDED and not flight.rest.is_at_rest and len(flight.flown.stay) == 0
    assert flight.telemetry["thrust_command_n"][-1] > 0.0
    sent = sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc)
    assert confirm(decode(stream_of(sent)), planned_of(flight.mission)).conclusion != CONFIRMED


def test_only_what_stands_or_lies_stays(planned, lost):
    batch = batch_of(planned, lost, planned)
    batch.states["status"][2] = FALLEN
    after = staying(batch)
    assert after.states["status"].tolist() == [STAYING, lost.flown.last["status"], STAYING]
    assert batch.states["status"].tolist()[0] == STANDING and np.all(after.states["ground"]["legs"]["rate"][2] == 0.0)


def test_the_flight_is_the_same_with_a_stay_of_any_length_and_without_one():
    none, long = (fly("resilience", seed=5, run=2, start="pdi", stay_s=stay_s) for stay_s in (0.0, 40.0))
    assert len(none.flown.stay) == 0 and len(long.flown.stay) == 400
    assert bits(none.flown.last) == bits(long.flown.last) and bits(none.flown.history) == bits(long.flown.history)
    a, b = none.to_json(), long.to_json()
    assert all(a[key] == b[key] for key in a if key != "provenance")


def test_a_batch_stays_as_each_of_its_flights_does_alone(planned):
    """And without a stay none of it is flown: a campaign, which asks for none, pays nothing."""
    scene = planned.flown.scene
    batch = batch_from(scene, 3, np.arange(2), "pdi")
    recording = fly_recorded(scene, batch, record=False, publish=False)
    assert recording.history.shape[1] == 0 and set(batch.states["status"]) <= {STANDING}
    before = batch.states.tobytes()
    together = fly_stay(scene, batch, 3.0)[0]
    assert batch.states.tobytes() == before
    alone = Batch(batch.runs[1:], {}, batch.packs[1:], batch.states[1:])
    rows = fly_stay(scene, alone, 3.0)[0]
    assert all(np.array_equal(together[1][name], rows[0][name]) for name in rows.dtype.names)


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_a_time_that_cannot_be_is_refused(wrong):
    with pytest.raises(PeriluneError, match="stay_s"):
        fly("resilience", start="pdi", stay_s=wrong)
