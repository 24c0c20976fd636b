"""Planned faults: read from file, case and command line, refused in one sentence, held in the slots as they were asked for, and never believed."""

from pathlib import Path

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.lander.faults import AT_HEIGHT, AT_TIME, BEFORE_TOUCHDOWN, FAULTS, IN_MODE, SLOTS, fault_code
from perilune.mission.catalogue import FOLDER
from perilune.mission.draws import apply, draw, read_back, truth_packs
from perilune.mission.emit import to_toml
from perilune.mission.fault_slots import fault_slots, numbers_of
from perilune.mission.faults import PlannedFault, devices_of
from perilune.mission.faults_page import faults_markdown
from perilune.mission.loader import load, read

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")
DROPOUT = "range_finder.dropout@height_m=2000,duration_s=20"


def refused(*faults, text=TEXT):
    with pytest.raises(PeriluneError) as caught:
        read(text, "my.toml", faults=faults)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def slots_of(mission, numbers=None):
    return fault_slots(mission, truth_packs(mission, 1)["faults"] if numbers is None else numbers, 3700.0)


@pytest.mark.parametrize(
    "fault, says",
    [
        ("range_fnder.bias", ["of no device", "did you mean range_finder?", "this lander has range_finder, "]),
        ("range_finder.drop", ["did you mean range_finder.dropout?", "late, short_reach, dropout, bias, scale, stuck, spike, false_return"]),
        ("range_finder", ["is 'range_finder'", "the faults of range_finder are"]),
        ("velocimeter.dropout", ["this lander has no velocimeter", "it has range_finder,"]),
        ("range_finder.bias", ["has no size_m: range_finder.bias needs one"]),
        ("range_finder.bias@size_percent=3", ["size_percent does not belong to range_finder.bias, whose size is given as size_m"]),
        ("range_finder.dropout@size_m=3", ["size_m does not belong to range_finder.dropout, which has no size"]),
        ("range_finder.bias@size_km=3", ["unknown key size_km", "did you mean size_m?"]),
        ("range_finder.late@size_s=-1", ["size_s is -1", "at least 0"]),
        ("main_engine.shortfall@size_percent=101", ["at most 100"]),
        ("imu.stuck@mode=vertial", ["did you mean vertical?"]),
        ("imu.stuck@event=contct", ["did you mean contact?"]),
        ("imu.stuck@height_m=2,time_s=3", ["height_m", "time_s", "leave one of the two out"]),
        ("imu.stuck@duration_s=0", ["duration_s is 0", "above 0"]),
        ("imu.stuck@duration_s=nan", ["duration_s is nan"]),
        ("imu.stuck@height_m=low", ["height_m is 'low'", "must be a number"]),
        ("imu.stuck@height_m=1,height_m=2", ["given twice"]),
        ("imu.stuck@axis=x", ["axis does not belong to imu.stuck"]),
        ("imu.gyro_axis_dead@axis=w", ['axis is the text "w"']),
        ("imu.gyro_axis_dead@unit=1", ["it takes axis"]),
        ("assist_engines.nozzle_loss@unit=6", ["assist_engines counts 0 to 5"]),
        ("assist_engines.nozzle_loss", ["has no unit", "add unit, from 0 to 5"]),
        ("attitude_thrusters.stuck_open@unit=16", ["attitude_thrusters counts 0 to"]),
        ("imu.stuck@", ["names no fault", "such as range_finder.dropout@"]),
        ("imu.stuck@now", ["'now' is no key=value"]),
        ("", ["names no fault"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence(fault, says):
    message = refused(fault)
    for words in (f"--fault {fault}", *says):
        assert words in message, message


def test_a_fault_too_many_is_refused():
    assert f"room for {SLOTS} faults" in refused(*[DROPOUT] * (SLOTS + 1))


def test_a_mistake_in_the_file_is_told_with_its_line():
    text = f'{TEXT}\n[[faults]]\nfault = "imu.stuck"\n[[faults]]\nfault = "imu.stuk"\n'
    assert f"my.toml:{len(text.splitlines())}: faults.1.fault is 'imu.stuk'; did you mean imu.stuck?" in refused(text=text)
    text = f'{TEXT}\n[[cases.as-flown.faults]]\nfault = "imu.stuck"\nmode = "up"\n'
    assert f"my.toml:{len(text.splitlines())}: faults.0.mode is 'up'" in refused(text=text)
    text = f'{TEXT}\n[[faults]]\nfault = "imu.stuck"\nhight_m = 3.0\n'
    assert f"my.toml:{len(text.splitlines())}: unknown key faults.0.hight_m; did you mean height_m?" in refused(text=text)


def test_slots_hold_what_was_planned():
    mission = load(
        "resilience",
        faults=[DROPOUT, "imu.gyro_bias@mode=vertical,axis=y,size_deg_s=0.5", "range_finder.scale@before_touchdown_s=90.1,size_percent=2"],
    )
    slots = slots_of(mission)[0]
    assert slots["count"] == 3 and slots["planned_touchdown"] == 3700.0
    assert slots["code"].tolist() == [*(fault_code(f.fault) for f in mission.faults), 0, 0, 0]
    assert slots["trigger"][:3].tolist() == [AT_HEIGHT, IN_MODE, BEFORE_TOUCHDOWN]
    assert slots["trigger_value"][:3].tolist() == [2000.0, 3.0, 90.1]
    assert slots["duration"][:3].tolist() == [20.0, -1.0, -1.0]
    assert slots["size"][:3] == pytest.approx([0.0, np.radians(0.5), 0.02], abs=1e-15)
    assert slots["axis"][:3].tolist() == [-1, 1, -1]


def test_a_case_has_the_faults_of_the_file_and_its_own():
    text = f'{TEXT}\n[[faults]]\nfault = "imu.stuck"\n[[cases.as-flown.faults]]\nfault = "computer.restart"\nduration_s = 3.0\n'
    planned, flown = read(text), read(text, case="as-flown", faults=[DROPOUT])
    assert [f.fault for f in planned.faults] == ["imu.stuck"]
    assert [f.fault for f in flown.faults] == ["imu.stuck", "range_finder.dropout", "computer.restart"]
    assert read(to_toml(flown)) == flown and read(to_toml(flown)).hash == flown.hash


def test_a_fault_is_in_the_identity_of_the_mission():
    assert len({load("resilience", faults=faults).hash for faults in ([], [DROPOUT], [DROPOUT.replace("20", "21")])}) == 3


def test_a_fault_is_written_as_it_is_read():
    for planned in load("resilience", faults=[DROPOUT, "imu.gyro_bias@event=ignition,axis=y,size_deg_s=0.5"]).faults:
        assert load("resilience", faults=[str(planned)]).faults == (planned,)


def test_numbers_of_a_fault_can_be_dispersed_and_are_read_back():
    text = (
        f'{TEXT}\n[[faults]]\nfault = "range_finder.scale"\nheight_m = 2000.0\nduration_s = 20.0\nsize_percent = 3.0\n'
        '[[dispersions]]\npath = "faults.0.height_m"\nsigma = 500.0\nsource = "assumed"\n'
        '[[dispersions]]\npath = "faults.0.size_percent"\nsigma = 1.0\nsource = "assumed"\n'
    )
    mission = read(text)
    drawn = draw(mission, 1, np.arange(64))
    parts = truth_packs(mission, 64)
    apply(drawn, parts)
    slots = slots_of(mission, parts["faults"])
    assert slots["trigger_value"][:, 0] == pytest.approx(drawn["faults.0.height_m"])
    assert slots["trigger_value"][:, 0].std() == pytest.approx(500, rel=0.3)
    assert slots["size"][:, 0] == pytest.approx(drawn["faults.0.size_percent"] / 100.0)
    parts["faults"] = numbers_of(slots)
    read_back(mission, drawn, parts)
    slots["size"][17, 0] += 1e-12
    with pytest.raises(PeriluneError, match=r"faults\.0\.size_percent.*element 17"):
        read_back(mission, drawn, {**parts, "faults": numbers_of(slots)})


def test_a_number_that_no_fault_has_cannot_be_dispersed():
    dispersion = '[[dispersions]]\npath = "faults.0.size_m"\nsigma = 1.0\nsource = "assumed"\n'
    assert "is given nowhere" in refused(text=f"{TEXT}\n{dispersion}")
    assert "is given nowhere" in refused(DROPOUT, text=f"{TEXT}\n{dispersion}")


def test_a_time_after_the_burn_is_a_time():
    slots = slots_of(load("resilience", faults=["imu.stuck@time_s=3000"]))
    assert slots["trigger"][0, 0] == AT_TIME and slots["trigger_value"][0, 0] == 3000.0


def test_every_fault_of_the_list_can_be_planned_in_its_own_unit():
    for fault in FAULTS:
        assert fault.unit is None or f"size_{fault.unit}" in PlannedFault.model_fields


def test_tanks_and_computer_are_on_every_lander():
    assert {"tanks", "computer", "main_engine", "imu"} <= set(devices_of(load("resilience").lander))


def test_the_page_on_faults_is_that_of_the_list():
    page = Path(__file__).parents[2] / "docs" / "faults.md"
    assert page.read_text("utf-8") == faults_markdown(), "run: python -m perilune.mission.faults_page > docs/faults.md"
