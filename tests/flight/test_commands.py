"""Commands reach a flight packet by packet: each acts as it says, or is refused for its first fault and changes nothing."""

import numpy as np
import pytest

from perilune.avionics.sequencer import MODES
from perilune.base.start_warp import start_warp
from perilune.flight.commands import with_uplink
from perilune.flight.fly import batch_from, in_case, published_rows, written_rows
from perilune.flight.flying import fly_recorded, prepare
from perilune.flight.state import TICK_S
from perilune.flight.verdict import judge
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import OUTCOMES
from perilune.messages.crc import sealed
from perilune.mission.faults import PlannedFault
from perilune.mission.run_faults import with_faults

HANG = PlannedFault(fault="computer.hang", time_s=600.0)
ARM = command_packet("arm", {"command": "restart-computer"}, 1)
RESTART = command_packet("restart-computer", {}, 2)
NO_OPERATION = command_packet("no-operation", {}, 1)


class Flown:
    """A flight, of Resilience where nothing else is said, that packets reach at given times [s past the epoch]."""

    def __init__(self, packets=(), faults=(), start="pdi", name="resilience"):
        start_warp()
        mission = in_case(name, None)
        scene = with_uplink(prepare(mission), [(round(t / TICK_S), data) for t, data in packets])
        batch = batch_from(scene, None, np.array([0]), start, None, [tuple(faults)] if faults else None)
        recording = fly_recorded(scene, batch)
        self.history, self.telemetry = written_rows(recording.history[0]), published_rows(recording.telemetry[0])
        self.last = batch.states[0]
        self.verdict = str(judge(with_faults(mission, faults).limits, batch.states)[0])

    def begins(self, mode):
        """When a mode begins [s past the epoch]."""
        return float(self.history["time"][np.argmax(self.history["mode"] == MODES.index(mode))])

    def at(self, column, t):
        """A column of the history at `t`."""
        return self.history[column][np.searchsorted(self.history["time"], t - 1e-6)]

    @property
    def outcomes(self):
        """What became of each packet, in the order in which they were told of."""
        steps = np.flatnonzero(np.diff(self.telemetry["command_count"], prepend=0))
        return [OUTCOMES[code] for code in self.telemetry["command_outcome"][steps]]


@pytest.fixture(scope="module")
def alone():
    return Flown()


@pytest.fixture(scope="module")
def first_s(alone):
    return float(alone.history["time"][0])


def test_each_refusal_has_its_reason_and_changes_nothing_but_what_is_said_of_it(alone, first_s):
    flipped = bytearray(NO_OPERATION)
    flipped[-1] ^= 1
    unknown = sealed(bytes([*NO_OPERATION[:6], 99, 0]))
    hold = command_packet("hold", {"duration_s": 20.0}, 4)
    nan = sealed(command_packet("set-range-gate", {"sigmas": 5.0}, 5)[:8] + b"\x7f\xc0\x00\x00")
    sent = [
        (b"\x18\xc8", "wrong-length"),
        (b"\x00" * 40, "wrong-length"),
        (b"\x08" + NO_OPERATION[1:], "wrong-header"),
        (bytes(flipped), "wrong-check-word"),
        (NO_OPERATION, "executed"),
        (sealed(bytes([*NO_OPERATION[:2], 0xC0, 1, *NO_OPERATION[4:8]])), "used-count"),
        (sealed(bytes([*unknown[:2], 0xC0, 2, *unknown[4:8]])), "unknown-code"),
        (command_packet("restart-computer", {}, 3), "not-armed"),
        (hold, "wrong-mode"),
        (nan, "out-of-range"),
        (sealed(command_packet("dump-recorder", {"from_s": 1.0, "to_s": 2.0}, 6)[:8] + b"\x40\x00\x00\x00\x3f\x80\x00\x00"), "out-of-range"),
        (sealed(command_packet("arm", {"command": "restart-computer"}, 7)[:8] + b"\x02"), "out-of-range"),
    ]
    flown = Flown([(first_s + 2.0 + k, data) for k, (data, _) in enumerate(sent)])
    assert flown.outcomes == [outcome for _, outcome in sent]
    assert flown.telemetry["commands_refused"][-1] == len(sent) - 1
    assert flown.history.tobytes() == alone.history.tobytes()
    said = [name for name in alone.telemetry.dtype.names if not name.startswith("command")]
    assert all(flown.telemetry[name].tobytes() == alone.telemetry[name].tobytes() for name in said)


def test_a_packet_sent_again_is_refused_and_so_is_an_old_one(first_s):
    later = command_packet("no-operation", {}, 9)
    packets = [NO_OPERATION, NO_OPERATION, later, command_packet("no-operation", {}, 8), command_packet("no-operation", {}, 10)]
    flown = Flown([(first_s + 2.0 + k, data) for k, data in enumerate(packets)])
    assert flown.outcomes == ["executed", "used-count", "executed", "used-count", "executed"]


def test_packets_that_come_at_once_are_taken_one_a_tick(first_s):
    flown = Flown([(first_s + 2.0, command_packet("no-operation", {}, k)) for k in range(5)])
    assert flown.outcomes == ["executed"] * 5
    steps = np.flatnonzero(np.diff(flown.telemetry["command_count"], prepend=0))
    assert np.all(np.diff(steps) == 1)


def test_a_critical_command_acts_only_when_armed_in_time_and_once(alone, first_s):
    late = Flown([(first_s + 1.0, ARM), (first_s + 32.0, RESTART)])
    assert late.outcomes == ["executed", "not-armed"]
    assert late.history.tobytes() == alone.history.tobytes()
    for other in ("restart-transmitter", "restart-computer"):
        packets = [(first_s + 1.0, command_packet("arm", {"command": other}, 1)), (first_s + 2.0, command_packet("restart-transmitter", {}, 2))]
        packets.append((first_s + 6.0, command_packet("restart-transmitter", {}, 3)))
        flown = Flown(packets)
        acts = other == "restart-transmitter"
        assert flown.outcomes == ["executed", "executed" if acts else "not-armed", "not-armed"]
        silent = flown.history["time"][~flown.history["transmitting"]]
        assert (len(silent) > 0) == acts
        if acts:
            assert silent[0] == pytest.approx(first_s + 2.0) and silent[-1] == pytest.approx(first_s + 3.9)


def test_a_computer_that_hangs_is_brought_back_by_hardware_and_lands_else_it_is_lost():
    lost = Flown([], [HANG], "doi")
    assert lost.verdict not in ("landed",) and lost.telemetry["time"][-1] < 600.0
    saved = Flown([(1500.0, ARM), (1502.0, RESTART)], [HANG], "doi")
    gap = np.argmax(np.diff(saved.telemetry["time"]))
    assert saved.telemetry["time"][gap] == pytest.approx(599.9) and saved.telemetry["time"][gap + 1] == pytest.approx(1507.0)
    assert saved.verdict == "landed"
    assert saved.telemetry["command_count"][-1] == 2 and saved.telemetry["commands_refused"][-1] == 0


def test_a_computer_that_is_away_obeys_nothing():
    flown = Flown(
        [
            (700.0, NO_OPERATION),
            (1500.0, command_packet("arm", {"command": "restart-computer"}, 2)),
            (1502.0, command_packet("restart-computer", {}, 3)),
        ],
        [HANG],
        "doi",
    )
    assert flown.telemetry["command_count"][-1] == 3 and flown.telemetry["commands_refused"][-1] == 1
    assert OUTCOMES[flown.last["decoder"]["outcome"]] == "executed"


def test_a_hold_keeps_the_height_and_then_the_lander_goes_on_down(alone):
    begin = alone.begins("terminal") + 2.0
    flown = Flown([(begin, command_packet("hold", {"duration_s": 12.0}, 1))])
    assert flown.outcomes == ["executed"] and flown.verdict == "landed"
    assert abs(flown.at("vertical_speed", begin + 11.0)) < 0.1 < alone.at("vertical_speed", begin + 11.0)
    assert abs(flown.at("height", begin + 11.0) - flown.at("height", begin + 6.0)) < 0.5
    assert 8.0 < flown.last["contact"]["time"] - alone.last["contact"]["time"] < 13.0
    assert flown.last["contact"]["main_left"] < alone.last["contact"]["main_left"] - 1.0


def test_a_lander_that_flies_to_targets_holds_its_height_too():
    alone = Flown(start="doi", name="apollo-11")
    begin = alone.begins("vertical") + 2.0
    flown = Flown([(begin, command_packet("hold", {"duration_s": 12.0}, 1))], start="doi", name="apollo-11")
    assert flown.outcomes == ["executed"] and flown.verdict == "landed"
    assert abs(flown.at("height", begin + 11.0) - flown.at("height", begin + 6.0)) < 0.5
    assert 8.0 < flown.last["contact"]["time"] - alone.last["contact"]["time"] < 13.0


def test_a_new_site_is_landed_at_as_well_as_the_planned_one(alone, first_s):
    flown = Flown([(first_s + 5.0, command_packet("update-site", {"east_m": 800.0, "north_m": -500.0}, 1))])
    assert flown.verdict == "landed"
    moved = flown.history["position_site"][-1] - alone.history["position_site"][-1]
    assert moved[:2] == pytest.approx([800.0, -500.0], abs=100.0)
    told = flown.telemetry[-1]
    assert (told["site_offset_east"], told["site_offset_north"]) == (800.0, -500.0)
    published, true = told["position_site"], flown.history["position_site"][-1]
    assert [published[0] + 800.0, published[1] - 500.0] == pytest.approx(true[:2], abs=300.0)  # published from the site in use


def test_a_sensor_that_is_left_out_teaches_nothing_until_it_counts_again(alone, first_s):
    no, yes = (command_packet("select-sensor", {"sensor": "range_finder", "use": use}, k) for k, use in enumerate(("no", "yes"), start=1))
    back = alone.begins("vertical")
    flown = Flown([(first_s + 5.0, no), (back, yes)])
    used = flown.telemetry["time"][flown.telemetry["range_valid"]]
    assert used.min() >= back - 1e-6 and alone.telemetry["time"][alone.telemetry["range_valid"]].min() < back - 5.0
    assert flown.history["measured_range_valid"][flown.history["time"] < back].any()


def test_gate_and_antenna_are_as_commanded_and_outlive_a_restart(first_s):
    packets = [
        command_packet("set-range-gate", {"sigmas": 50.0}, 1),
        command_packet("switch-antenna", {"antenna": "antenna-1"}, 2),
        command_packet("arm", {"command": "restart-computer"}, 3),
        command_packet("restart-computer", {}, 4),
    ]
    flown = Flown([(first_s + 1.0 + k, data) for k, data in enumerate(packets)])
    assert flown.outcomes[:2] == ["executed", "executed"]
    assert np.diff(flown.telemetry["time"]).max() == pytest.approx(5.1, abs=0.05)
    assert flown.telemetry["range_gate"][-1] == 50.0 and flown.history["antenna"][-1] == 2
    assert flown.telemetry["antenna"][-1] == 2


def test_a_new_site_and_a_sensor_left_out_outlive_a_restart(first_s):
    packets = [
        command_packet("update-site", {"east_m": 800.0, "north_m": -500.0}, 1),
        command_packet("select-sensor", {"sensor": "range_finder", "use": "no"}, 2),
        command_packet("arm", {"command": "restart-computer"}, 3),
        command_packet("restart-computer", {}, 4),
    ]
    flown = Flown([(first_s + 1.0 + k, data) for k, data in enumerate(packets)])
    assert np.diff(flown.telemetry["time"]).max() > 5.0 and not flown.telemetry["range_valid"].any()
    told = flown.telemetry[-1]
    assert (told["site_offset_east"], told["site_offset_north"], told["sensors_used"] & 1) == (800.0, -500.0, 0)


@pytest.fixture(scope="module")
def after_outages():
    """The row at ignition of a flight whose computer was away in the coast for so many seconds, by command brought back; None: never away."""
    rows = {}
    for away_s in (None, 60.0, 900.0, 1800.0):
        packets = [] if away_s is None else [(598.0 + away_s, ARM), (600.0 + away_s, RESTART)]
        flown = Flown(packets, [] if away_s is None else [HANG], "doi")
        rows[away_s] = flown.history[np.argmax(flown.history["mode"] == MODES.index("braking"))]
    return rows


def test_after_an_outage_in_the_coast_the_filter_is_no_surer_at_ignition_than_one_that_ran_on(after_outages):
    """Along an orbit an error grows faster than on a straight line; what the record forgot of it may only widen it."""
    for what in ("position", "velocity"):
        ran = np.linalg.norm(after_outages[None][f"sigma_{what}_site"])
        for away_s in (60.0, 900.0, 1800.0):
            assert ran < np.linalg.norm(after_outages[away_s][f"sigma_{what}_site"]) < 1.3 * ran


def test_an_outage_in_the_coast_leaves_the_error_at_ignition_as_it_is(after_outages):
    """Nothing is measured in the coast and no thrust is missed: the record carried on is where the running filter would be."""
    errors = [float(np.linalg.norm(row["position_mci"] - row["estimated_position_mci"])) for row in after_outages.values()]
    assert errors == pytest.approx([errors[0]] * 4, abs=1.0)


def test_nothing_is_said_of_a_flight_without_commands_that_came_before_its_start():
    import perilune

    flight = perilune.fly("resilience", case="computer-restart", start="pdi")
    assert flight.verdict == "landed" and flight.without_commands is None


def test_the_restart_in_time_saves_the_landing_and_not_sent_it_is_lost(tmp_path):
    import json

    import perilune

    flight = perilune.fly("resilience", case="computer-restart")
    assert flight.verdict == "landed" and flight.without_commands.verdict == "not-landed"
    assert [one.outcome for one in flight.commands] == [None, "executed"]  # of the first the computer, which hung, told nothing
    flight.save(tmp_path)
    told = json.loads((tmp_path / "flight.json").read_text("utf-8"))
    assert told["without_commands"]["verdict"] == "not-landed" and told["commands"][1]["command"] == "restart-computer"
    again = perilune.fly(tmp_path / "mission.toml")
    assert again.flown.history.tobytes() == flight.flown.history.tobytes()
