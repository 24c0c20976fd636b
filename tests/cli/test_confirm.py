"""The conclusion is printed with its evidence, whatever it is, and the exit code says only whether it could be drawn."""

import json

import pytest

from perilune.downlink.packets import sent_packets, stream_of
from perilune.flight.fly import fly


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packets")
    for name, case in (("landed", None), ("lost", "as-flown")):
        flight = fly("resilience", case=case, start="pdi")
        packets = sent_packets(flight.telemetry.tail(1500), flight.mission.planned.start.epoch_utc)
        (folder / f"{name}.ccsds").write_bytes(stream_of(packets))
    (folder / "empty.ccsds").write_bytes(b"")
    return folder


@pytest.mark.parametrize(("name", "conclusion"), [("landed", "confirmed"), ("lost", "contradicted"), ("empty", "not confirmed")])
def test_each_conclusion_is_told_with_its_reason(shell, files, name, conclusion):
    code, out, err = shell("confirm", files / f"{name}.ccsds", "--mission", "resilience", "--out", f"{name}.json")
    assert code == 0 and not err and out.startswith(f"landing {conclusion}: ")
    if name != "empty":
        assert "planned touchdown 2025-06-05T19:17:00.0Z" in out and "contact" in out


def test_the_file_for_tools_holds_the_same(shell, files, tmp_path):
    code, out, _ = shell("confirm", files / "landed.ccsds", "--out", "found.json")
    found = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert code == 0 and found["conclusion"] == "confirmed" and found["reason"] in out
    assert {one["finding"] for one in found["evidence"]} == {"for", "beside"}
    assert found["evidence"][0]["numbers"]["specific_force_m_s2"] == pytest.approx(1.63, abs=0.02)


def test_the_help_says_what_the_exit_code_means(shell):
    code, out, _ = shell("confirm", "--help")
    assert code == 0 and "exit code is 0" in " ".join(out.split())


def test_a_file_that_is_not_there_is_one_sentence(shell):
    code, _, err = shell("confirm", "nowhere.ccsds")
    assert code == 2 and "nowhere.ccsds" in err and err.count("\n") == 1
