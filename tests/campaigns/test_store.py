"""A campaign's folder must hold against kills, full disks, damage and strangers: one sentence each, nothing lost, and the same table in the end."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from campaigns.recorded import ASKED, Recorded
from perilune.base.errors import PeriluneError
from perilune.campaigns.campaign import resume, run_campaign
from perilune.campaigns.sealed_table import read_table, write_table
from perilune.campaigns.store import Store, open_store
from perilune.cli.main import run

PARTS = ASKED["runs"] // ASKED["part_runs"]


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """The campaign as it is undisturbed."""
    return run_campaign(out=tmp_path_factory.mktemp("flown") / "c", **ASKED)


@pytest.fixture(scope="module")
def unmerged(flown, tmp_path_factory):
    """Its folder as a kill before the merge leaves it: all parts, no table."""
    folder = tmp_path_factory.mktemp("unmerged") / "c"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "merge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run_campaign(out=folder, engine=Recorded(flown.runs), **ASKED)
    return folder


@pytest.fixture
def folder(unmerged, tmp_path):
    """A copy to be harmed."""
    return Path(shutil.copytree(unmerged, tmp_path / "c"))


def part_of(folder, k):
    return sorted((folder / "parts").glob("runs-*"))[k]


@pytest.fixture
def say(capsys):
    """Runs a command line that must be refused with one sentence, which it returns."""

    def call(*arguments):
        capsys.readouterr()
        code = run([str(a) for a in arguments])
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if not line.endswith(" …") and not line.startswith("perilune: flying:")]
        assert code == 2 and said.out == "" and len(lines) == 1 and lines[0].startswith("perilune: "), said.err
        assert "Traceback" not in said.err
        return lines[0]

    return call


def completes(folder, flown):
    """Whether a resume gives the undisturbed table, and leaves what an undisturbed campaign leaves."""
    done = resume(folder, Recorded(flown.runs), causes=0)
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*")} - {"report.html"}
    there = {path.relative_to(flown.folder).as_posix() for path in flown.folder.rglob("*")} - {"report.html"}
    return left == there and (folder / "runs.parquet").read_bytes() == (flown.folder / "runs.parquet").read_bytes() and done.runs.equals(flown.runs)


def test_parts_in_any_order_make_the_same_file(flown, tmp_path):
    backwards = run_campaign(out=tmp_path / "c", engine=Recorded(flown.runs, backwards=True), **ASKED)
    assert (backwards.folder / "runs.parquet").read_bytes() == (flown.folder / "runs.parquet").read_bytes()


def test_damaged_part_is_named_and_flown_again_once_it_is_deleted(folder, flown, say):
    harmed = part_of(folder, 1)
    harmed.write_bytes(harmed.read_bytes()[:-1000])
    sentence = say("resume", folder)
    assert str(harmed) in sentence and "this file is damaged" in sentence and "delete it and resume, its runs are flown again" in sentence
    assert len(list((folder / "parts").iterdir())) == PARTS and not (folder / "runs.parquet").exists()
    harmed.unlink()
    assert completes(folder, flown)


def test_flipped_bit_in_a_page_is_found_by_the_checksum(folder, flown, say):
    harmed = part_of(folder, 2)
    content = bytearray(harmed.read_bytes())
    content[len(content) // 4] ^= 0x10
    harmed.write_bytes(content)
    assert str(harmed) in say("resume", folder)
    harmed.unlink()
    assert completes(folder, flown)


def test_no_flipped_bit_goes_unseen(folder):
    """Anywhere in a part: pages, their headers, statistics, names, metadata."""
    harmed = part_of(folder, 0)
    whole, random_ = harmed.read_bytes(), random.Random(1)
    for _ in range(300):
        at = random_.randrange(len(whole))
        harmed.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << random_.randrange(8)]) + whole[at + 1 :])
        with pytest.raises(PeriluneError, match="this file is damaged"):
            open_store(folder).parts()
    harmed.write_bytes(whole)
    assert len(open_store(folder).parts()) == PARTS


def test_part_of_another_campaign_is_refused(folder, flown, say):
    stranger = part_of(folder, 0)
    write_table(stranger, read_table(stranger), {"plan": "0" * 64, "low": 0, "high": 3, "build": {}})
    sentence = say("resume", folder)
    assert str(stranger) in sentence and "belongs to another campaign; take it out of the folder and resume" in sentence
    stranger.unlink()
    assert completes(folder, flown)


def test_renamed_part_is_refused(folder, flown, say):
    part_of(folder, 3).unlink()
    moved = part_of(folder, 0).rename(folder / "parts" / "runs-0000000009-0000000012.parquet")
    sentence = say("resume", folder)
    assert str(moved) in sentence and "holds the runs 0 to 3; give it its own name and resume" in sentence
    moved.rename(folder / "parts" / "runs-0000000000-0000000003.parquet")
    assert completes(folder, flown)


def test_parts_of_another_build_are_refused_or_marked(folder, flown, say):
    other = part_of(folder, 1)
    build = {**flown.numbers["builds"][0], "cpu": "another processor"}
    write_table(other, read_table(other), {"plan": open_store(folder).plan.key, "low": 3, "high": 6, "build": build})
    sentence = say("resume", folder)
    assert str(other) in sentence and "of another build" in sentence and "another processor" in sentence and "--mix" in sentence
    assert len(list((folder / "parts").iterdir())) == PARTS
    mixed = resume(folder, Recorded(flown.runs), causes=0, mix=True)
    assert mixed.runs.drop("build").equals(flown.runs)
    assert mixed.runs["build"].to_list() == [0] * 3 + [1] * 3 + [0] * 6
    assert [b["cpu"] for b in mixed.numbers["builds"]] == [flown.numbers["builds"][0]["cpu"], "another processor"]


def test_engine_of_another_build_is_refused_before_its_rows_are_kept(folder, flown):
    part_of(folder, 1).unlink()
    with pytest.raises(PeriluneError, match="of another build than the rest of this campaign"):
        resume(folder, Recorded(flown.runs, {**flown.numbers["builds"][0], "warp": "0.0"}), causes=0)
    assert len(list((folder / "parts").iterdir())) == PARTS - 1
    assert completes(folder, flown)


def test_this_machine_of_another_build_is_refused_before_it_flies(folder, flown, say, monkeypatch):
    part_of(folder, 1).unlink()
    with monkeypatch.context() as patch:
        patch.setattr("perilune.campaigns.engine.this_build", lambda: {**flown.numbers["builds"][0], "kernel_sources_sha256": "f" * 64})
        sentence = say("resume", folder)
    assert "this machine: of another build" in sentence and "flight code" in sentence
    assert completes(folder, flown)


def test_full_disk_while_a_part_is_written_loses_no_other(folder, flown, say):
    part_of(folder, 1).unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))  # what a full disk does: writing fails in the middle of a file
    try:
        sentence = say("resume", folder, "--causes", "0")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "runs-0000000003-0000000006.parquet: cannot be written (" in sentence and "free some space" in sentence and "None" not in sentence
    assert len(list((folder / "parts").iterdir())) == PARTS - 1
    assert completes(folder, flown)


def test_full_disk_while_merging_loses_no_part(folder, flown, say):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (part_of(folder, 0).stat().st_size * 2, hard))
    try:
        sentence = say("resume", folder, "--causes", "0")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "runs.parquet: cannot be written (" in sentence and "None" not in sentence
    assert len(list((folder / "parts").iterdir())) == PARTS and not (folder / "runs.parquet").exists()
    assert completes(folder, flown)


def test_folder_that_cannot_be_one_is_refused(tmp_path, say):
    (tmp_path / "file").write_text("no folder")
    asked = ("campaign", "resilience", "--runs", "4", "--start", "pdi", "--out")
    assert "this is a file, not a folder; choose another folder" in say(*asked, tmp_path / "file")
    assert "choose another folder" in say(*asked, "/proc/perilune")
    assert "cannot be read (Not a directory)" in say("resume", tmp_path / "file")
    assert "holds no campaign (plan.json is missing)" in say("resume", tmp_path)
    assert "holds no campaign (plan.json is missing)" in say("resume", tmp_path / "nowhere")


def test_folder_without_permission_to_write_is_told(folder, say, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)  # a root user could write all the same
    assert f"{folder}: cannot write here (Permission denied); choose another folder" in say("resume", folder)


def test_folder_that_another_process_holds_is_refused(folder, flown, say):
    hold = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, str(folder / ".lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        assert "another process flies this campaign; wait for its end or choose another folder" in say("resume", folder)
        other.stdin.close()
    assert completes(folder, flown)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"null", b'{"format": 1, "runs": "many"}', b'{"format": 99}'])
def test_damaged_plan_is_told_and_the_same_command_mends_it(folder, flown, say, content):
    (folder / "plan.json").write_bytes(content)
    sentence = say("resume", folder)
    assert f"{folder / 'plan.json'}: this is no plan of a campaign" in sentence
    assert "delete it and give the same `perilune campaign` command again" in sentence
    assert len(list((folder / "parts").iterdir())) == PARTS
    (folder / "plan.json").unlink()

    class Nothing:
        def check(self):
            pass

        def fly(self, work, deliver):
            raise AssertionError("a part that was there is flown again")

    again = run_campaign(out=folder, engine=Nothing(), **ASKED)
    assert again.runs.equals(flown.runs)


def test_plan_of_other_numbers_is_no_plan_of_these_parts(folder, flown, say):
    whole = (folder / "plan.json").read_text()
    (folder / "plan.json").write_text(json.dumps(json.loads(whole) | {"seed": 7}))
    assert "belongs to another campaign" in say("resume", folder)
    (folder / "plan.json").write_text(whole)
    assert completes(folder, flown)


def test_edited_mission_is_refused(folder, flown, say):
    whole = (folder / "mission.toml").read_text()
    (folder / "mission.toml").write_text(whole.replace("dry_mass_kg = 340.0", "dry_mass_kg = 350.0"))
    assert "this is not the mission that the campaign flies (plan.json); put the original back" in say("resume", folder)
    (folder / "mission.toml").write_text(whole[:5000])
    assert "mission.toml" in say("resume", folder)
    (folder / "mission.toml").unlink()
    assert "mission.toml" in say("resume", folder)
    (folder / "mission.toml").write_text(whole)
    assert completes(folder, flown)


def test_edited_fault_schedule_is_refused(flown, tmp_path, say):
    schedule = tmp_path / "own.toml"
    schedule.write_text('kind = "single"\ntitle = "one"\n[[faults]]\nid = "leak"\nfault = "tanks.leak"\nsize_kg_s = 0.05\nevent = "ignition"\n')

    class Killed:
        def check(self):
            pass

        def fly(self, work, deliver):
            raise KeyboardInterrupt

    folder = tmp_path / "c"
    with pytest.raises(KeyboardInterrupt):
        run_campaign(out=folder, engine=Killed(), faults=schedule, **ASKED)
    kept = folder / "faults.toml"
    whole = kept.read_text()
    kept.write_text(whole.replace("0.05", "0.06"))
    assert f"{kept}: this is not the fault schedule that the campaign flies (plan.json); put the original back" in say("resume", folder)
    kept.unlink()
    assert "faults.toml" in say("resume", folder)
    kept.write_text(whole)
    assert len(resume(folder, Recorded(flown.runs), causes=0).runs) == ASKED["runs"]


def test_damaged_table_is_told_and_flown_again_once_it_is_deleted(folder, flown, say):
    resume(folder, Recorded(flown.runs), causes=0)
    table, json_ = folder / "runs.parquet", folder / "campaign.json"
    content = bytearray(table.read_bytes())
    content[len(content) // 4] ^= 0x10
    table.write_bytes(content)
    json_.unlink()
    assert f"{table}: this file is damaged" in say("resume", folder)
    table.unlink()
    assert completes(folder, flown)


def test_table_of_another_campaign_is_refused(folder, flown, say):
    write_table(folder / "runs.parquet", flown.runs.to_arrow(), {"plan": "0" * 64, "builds": []})
    assert "runs.parquet: this table belongs to another campaign; take it out of the folder and resume" in say("resume", folder)
    (folder / "runs.parquet").unlink()
    assert completes(folder, flown)


@pytest.mark.parametrize(
    "place, parts_left",
    [
        ("rename runs-0000000006", 2),
        ("write runs.parquet", PARTS),
        ("remove runs-0000000000", PARTS),
        ("remove runs-0000000006", PARTS - 2),
        ("rename campaign.json", 0),
    ],
)
def test_process_killed_at_the_worst_place_loses_nothing(flown, tmp_path, place, parts_left):
    program = Path(__file__).with_name("recorded.py")
    command = [sys.executable, str(program), str(tmp_path / "c"), str(flown.folder / "runs.parquet"), place]
    killed = subprocess.run(command, env=os.environ, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert len(list((tmp_path / "c" / "parts").glob("runs-*"))) == parts_left
    assert completes(tmp_path / "c", flown)


def test_process_killed_before_the_plan_is_written_is_taken_up_by_the_same_command(flown, tmp_path):
    program = Path(__file__).with_name("recorded.py")
    command = [sys.executable, str(program), str(tmp_path / "c"), str(flown.folder / "runs.parquet"), "rename plan.json"]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode == -signal.SIGKILL
    again = run_campaign(out=tmp_path / "c", engine=Recorded(flown.runs), **ASKED)
    assert again.runs.equals(flown.runs)
