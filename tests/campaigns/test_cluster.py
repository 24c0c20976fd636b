"""A campaign on a real Dask cluster must give the table of this machine, whatever is lost on the way, and say in one sentence why where it cannot."""

import json
import signal
import sys

import dask
import polars as pl
import pytest

from campaigns.dask_cluster import DaskCluster
from perilune.base.errors import PeriluneError
from perilune.campaigns.campaign import resume, run_campaign
from perilune.campaigns.cluster import Cluster, check_versions, files_of
from perilune.campaigns.cluster_worker import fly_piece
from perilune.campaigns.engine import Threads
from perilune.campaigns.store import open_store
from perilune.cli.main import run
from perilune.mission.loader import load

RUNS, PART = 24, 2
FLOWN = {"runs": RUNS, "part_runs": PART, "start": "pdi", "causes": 0}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The campaign on the threads of this machine."""
    return run_campaign("resilience", out=tmp_path_factory.mktemp("here") / "c", **FLOWN)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A scheduler and its workers, which tests may kill."""
    clusters = [DaskCluster(tmp_path_factory.mktemp("dask"))]
    yield clusters
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def cluster(running, tmp_path):
    """The same with two workers alive."""
    if running[-1].scheduler.poll() is not None:
        running.append(DaskCluster(tmp_path))
    while len([worker for worker in running[-1].workers if worker.poll() is None]) < 2:
        running[-1].add_worker()
    return running[-1]


def at_first_part(what):
    """A watcher that does something once, as soon as a part has come."""
    done = []

    def watch(stage, standing, share):
        if standing is not None and standing.flown and not done:
            done.append(standing.flown)
            what()

    return watch, done


def test_a_cluster_gives_the_table_of_this_machine(cluster, here, tmp_path):
    there = run_campaign("resilience", out=tmp_path / "c", engine=Cluster(cluster.address), **FLOWN)
    assert there.runs.equals(here.runs, null_equal=True)
    assert there.numbers["builds"] == here.numbers["builds"]


def test_a_cluster_stops_at_the_same_run(cluster, here, tmp_path):
    """By the rule, 16 landings suffice for plus or minus 0.1; what else was on its way is called back and counts for nothing."""
    stopped = run_campaign("resilience", out=tmp_path / "c", until_half_width=0.1, engine=Cluster(cluster.address), **FLOWN)
    assert stopped.runs.equals(here.runs[:16], null_equal=True) and stopped.numbers["stopped_early"]


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, here, tmp_path):
    victim = next(worker for worker in cluster.workers if worker.poll() is None)
    watch, done = at_first_part(lambda: victim.send_signal(signal.SIGKILL))
    there = run_campaign("resilience", out=tmp_path / "c", engine=Cluster(cluster.address), watch=watch, **FLOWN)
    assert done[0] < RUNS and victim.wait() == -signal.SIGKILL
    assert there.runs.equals(here.runs, null_equal=True)


def test_a_scheduler_killed_in_the_middle_leaves_the_parts_and_resume_goes_on(cluster, here, tmp_path, capfd):
    watch, _ = at_first_part(lambda: cluster.scheduler.send_signal(signal.SIGKILL))
    with pytest.raises(PeriluneError, match=r"scheduler was lost; what was flown is kept, go on with `perilune resume .*/c`"):
        run_campaign("resilience", out=tmp_path / "c", engine=Cluster(cluster.address), watch=watch, **FLOWN)
    assert capfd.readouterr().err == ""
    kept = open_store(tmp_path / "c").parts()
    assert 0 < len(kept) < RUNS // PART
    flown = []
    done = resume(tmp_path / "c", Threads(1), watch=lambda stage, standing, share: standing and flown.append((standing.flown, standing.flown_here)))
    assert flown[-1] == (RUNS, RUNS - len(kept) * PART)
    assert done.runs.equals(here.runs, null_equal=True)


def test_a_scheduler_without_workers_is_told(tmp_path):
    lonely = DaskCluster(tmp_path)
    try:
        with pytest.raises(PeriluneError, match=r"had no worker for 1 s; start some with `dask worker tcp://"):
            run_campaign("resilience", out=tmp_path / "c", engine=Cluster(lonely.address, wait_s=1.0), **FLOWN)
    finally:
        lonely.close()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "ftp://127.0.0.1:8786", "tcp://", ""])
def test_no_scheduler_gets_one_sentence(address, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("perilune.campaigns.cluster.CONNECT_S", 1.0)
    code = run(["campaign", "resilience", "--runs", "4", "--start", "pdi", "--out", str(tmp_path / "c"), "--scheduler", address])
    said = [line for line in capsys.readouterr().err.splitlines() if not line.endswith(" …")]
    assert code == 2 and len(said) == 1 and said[0].startswith(f"perilune: {address}: no Dask scheduler answers here")


def test_tls_without_certificates_is_told(tmp_path):
    with pytest.raises(PeriluneError, match="TLS needs certificates, and Dask was told of none"):
        run_campaign("resilience", out=tmp_path / "c", engine=Cluster("tls://127.0.0.1:9"), **FLOWN)
    absent = str(tmp_path / "none.pem")
    with dask.config.set({"distributed.comm.tls.ca-file": absent, "distributed.comm.tls.client.cert": absent}):
        with pytest.raises(PeriluneError, match="the certificates for TLS cannot be used"):
            run_campaign("resilience", out=tmp_path / "c", engine=Cluster("tls://127.0.0.1:9"), **FLOWN)


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PeriluneError, match=r"pip install 'perilune\[cluster\]'"):
        run_campaign("resilience", out=tmp_path / "c", engine=Cluster("tcp://127.0.0.1:9"), **FLOWN)


def test_versions_that_cannot_work_together_are_told():
    here = {"python": "3.11.9.final.0", "dask": "2026.8.0", "distributed": "2026.8.0"}
    check_versions("worker a", here, here | {"python": "3.11.2.final.0"})
    for package, version, says in (
        ("python", "3.12.1.final.0", "runs python 3.12 and this process python 3.11"),
        ("distributed", "2025.1.0", "2025.1.0"),
    ):
        with pytest.raises(PeriluneError, match=says):
            check_versions("worker a", here, here | {package: version})


def test_a_worker_that_reads_another_mission_refuses_it(here):
    plan = here.store.plan.to_json() | {"mission_hash": "0" * 64}
    with pytest.raises(PeriluneError, match="the mission reads otherwise here"):
        fly_piece({"mission.toml": (here.folder / "mission.toml").read_bytes()}, json.dumps(plan), 0, 2)


def test_worker_flies_a_fault_schedule_and_a_law_by_file_as_this_machine_does(tmp_path):
    (tmp_path / "mine.py").write_text("from perilune.avionics.guidance.e_guidance import e_guidance as guide\n")
    (tmp_path / "faults.toml").write_text("""
        kind = "single"
        title = "two faults in turn"
        [[faults]]
        id = "blind"
        fault = "range_finder.dropout"
        height_m = 2000.0
        [[faults]]
        id = "leak"
        fault = "tanks.leak"
        size_kg_s = 0.05
        event = "ignition"
        """)

    class ByWorker:
        def check(self):
            pass

        def fly(self, work, deliver):
            for low, high in work.pieces:
                content, build = fly_piece(files_of(work), json.dumps(work.plan.to_json()), low, high)
                deliver(low, high, pl.read_ipc(content), build)

    mission = load("resilience", guidance=str(tmp_path / "mine.py"))
    asked = {"mission": mission, "runs": 4, "start": "pdi", "causes": 0, "faults": tmp_path / "faults.toml", "part_runs": 2}
    here = run_campaign(out=tmp_path / "here", **asked)
    there = run_campaign(out=tmp_path / "there", engine=ByWorker(), **asked)
    assert there.runs.equals(here.runs) and there.numbers["builds"] == here.numbers["builds"]
    assert here.runs["faults"].list.len().to_list() == [1, 1, 1, 1]


def test_build_of_every_worker_is_looked_at_before_anything_is_flown():
    said = []

    class Two:
        def wait_for_workers(self, n, timeout):
            pass

        def get_versions(self):
            same = {"packages": {"python": "3.11.9", "dask": "1", "distributed": "1"}}
            return {"client": same, "scheduler": same, "workers": {"tcp://a": same, "tcp://b": same}}

        def run(self, function, on_error):
            return {"tcp://a": {"cpu": "one"}, "tcp://b": {"cpu": "other"}}

    class Asked:
        def check(self, build, who):
            said.append((build["cpu"], who))

    Cluster("tcp://c")._roll_call(Two(), Asked())
    assert said == [("one", "worker tcp://a"), ("other", "worker tcp://b")]
