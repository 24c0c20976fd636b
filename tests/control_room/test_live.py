"""A live flight, in a process of its own, with real sockets: what its clients get is what it keeps, and what it keeps is the flight."""

import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime

import polars as pl
import pytest

import perilune
from perilune.cli.main import run
from perilune.control_room.console import Console
from perilune.control_room.replay import replay_of
from perilune.downlink.decode import decode_file
from perilune.environment.time import tdb_from_utc
from perilune.messages.command_packet import command_packet
from perilune.mission.loader import load

TOKEN = "a-token-of-a-test"
DUMPED = {"from_s": 2855.0, "to_s": 2857.0}  # of the flight, the first seconds of it
FLIGHT = ("resilience", "--start", "pdi", "--port", "0", "--wait")


class Live:
    """`perilune live`, its port, and what it says line by line."""

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "perilune", "live", *FLIGHT, "--out", str(folder), *options]
        environment = {**os.environ, "PERILUNE_TOKEN": TOKEN}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = []
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("port"):
                self.port = int(line.split()[-1])
            if line.startswith("waiting"):
                break
        self._reader = threading.Thread(target=lambda: self.said.extend(self.process.stdout))
        self._reader.start()

    def connected(self, first=b""):
        line = socket.create_connection(("127.0.0.1", self.port), 10.0)
        line.settimeout(120.0)
        line.sendall(first)
        return line

    def ended(self):
        code = self.process.wait(180)
        self._reader.join()
        return code

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def all_of(line):
    got = b""
    while piece := line.recv(1 << 16):
        got += piece
    return got


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A landing at full speed that is commanded: by a station, by a console, and by two that have no token."""
    folder = tmp_path_factory.mktemp("live") / "run"
    live = Live(folder, "--speed", "max")
    try:
        station = live.connected(b"PERILUNE " + TOKEN.encode() + b"\n" + b"noise" + command_packet("set-range-gate", {"sigmas": 40.0}, 9))
        thief = live.connected(b"PERILUNE stolen\n" + command_packet("no-operation", {}, 1))
        with Console("127.0.0.1", live.port, "a-wrong-token") as console:
            refused = list(console.ask("no-operation", {}, 30.0))
        with Console("127.0.0.1", live.port, TOKEN) as console:
            lives = [list(console.ask("no-operation", {}, 30.0)), list(console.ask("hold", {"duration_s": 5.0}, 30.0))]
            lives.append(list(console.ask("hold", {"duration_s": 500.0}, 30.0)))
            lives.append(list(console.ask("dump-recorder", DUMPED, 30.0)))
        got = all_of(station)
        thief.close()
        assert live.ended() == 0, live.process.stderr.read()
        yield folder, got, lives, refused, "".join(live.said)
    finally:
        live.stop()


def test_a_client_gets_what_is_kept_and_what_is_kept_is_the_downlink_of_the_flight(session, tmp_path, capsys):
    folder, got, *_ = session
    kept = (folder / "telemetry.ccsds").read_bytes()
    assert got == kept and len(kept) > 500_000
    assert run(["downlink", str(folder), "--out", str(tmp_path / "again.ccsds")]) == 0
    assert (tmp_path / "again.ccsds").read_bytes() == kept
    index = [json.loads(line) for line in (folder / "received.jsonl").read_text().splitlines()]
    assert sum(one["bytes"] for one in index) == len(kept)
    assert sum(one["packets"] for one in index) == decode_file(folder / "telemetry.ccsds").counters.packets
    times = [one["received_s"] for one in index]
    assert times == sorted(times)


def test_commands_reach_the_lander_and_their_reports_come_back(session):
    folder, _, lives, refused, said = session
    done, wrong_mode, out_of_range, _ = lives
    assert [told["state"] for told in done] == ["released", "report"] and done[1]["outcome"] == "executed"
    assert done[1]["on_board_s"] - done[1]["released_s"] == pytest.approx(1.3, abs=0.2), "one light time"
    assert done[1]["reported_s"] - done[1]["on_board_s"] > 1.2, "and one back"
    assert wrong_mode[1]["outcome"] == "wrong-mode"
    assert out_of_range[0]["state"] == "refused" and "0.1 to 60 s" in out_of_range[0]["why"]
    assert refused == [{"state": "refused", "why": "wrong token"}]
    outcomes = {one["command"]: one["outcome"] for one in json.loads((folder / "flight.json").read_text())["commands"]}
    assert outcomes == {"set-range-gate": "executed", "no-operation": "executed", "hold": "wrong-mode", "dump-recorder": "executed"}
    assert "set-range-gate (count 0): executed" in said and "no-operation" in said


def test_what_the_recorder_is_asked_for_comes_down_once_more_byte_for_byte(session):
    _, got, lives, *_ = session
    assert lives[-1][-1]["outcome"] == "executed"
    epoch, packets, at = tdb_from_utc(load("resilience").planned.start.epoch_utc), [], 0
    while at < len(got):
        packets.append(got[at : at + 7 + int.from_bytes(got[at + 4 : at + 6], "big")])
        at += len(packets[-1])
    times = [tdb_from_utc(datetime.fromtimestamp(struct.unpack(">d", one[6:14])[0], UTC)) - epoch for one in packets]
    asked = [packet for packet, time_s in zip(packets, times, strict=True) if DUMPED["from_s"] - 0.01 <= time_s <= DUMPED["to_s"] + 0.01]
    count = Counter(packets)
    assert len(set(asked)) > 30 and all(count[packet] == 2 for packet in asked)
    assert sum(count.values()) - len(count) == len(set(asked)), "and nothing else comes twice"
    first = [packet for packet in packets if count[packet] == 2]
    assert first[: len(first) // 2] == first[len(first) // 2 :], "in their order"


def test_what_comes_without_the_token_is_refused_and_logged(session):
    sentences = [one["sentence"] for one in log_of(session[0]) if one["kind"] == "refused"]
    assert any("showed a wrong token" in one for one in sentences)
    assert any("bytes without a token" in one for one in sentences)
    assert any("a command with a wrong token" in one for one in sentences)
    assert any("5 bytes that are no telecommand" in one for one in sentences)
    assert not any(TOKEN in one for one in sentences)


def test_the_landing_is_confirmed_and_the_session_ends_after_it(session):
    log = {one["kind"]: one for one in log_of(session[0])}
    assert log["landing-confirmed"]["time_s"] < 3800.0
    assert json.loads((session[0] / "flight.json").read_text())["verdict"] == "landed"


def test_flown_again_from_its_folder_it_is_the_same_flight(session, tmp_path, capsys):
    folder = session[0]
    assert run(["fly", str(folder / "mission.toml"), "--start", "pdi", "--out", str(tmp_path / "again")]) == 0
    for name in ("history.parquet", "telemetry.parquet"):
        live, again = pl.read_parquet(folder / name), pl.read_parquet(tmp_path / "again" / name)
        rows = min(len(live), len(again))  # how long it stays after the landing is the session's choice
        assert rows > 9000 and live.head(rows).equals(again.head(rows))
    was, now = (json.loads((place / "flight.json").read_text()) for place in (folder, tmp_path / "again"))
    assert was == now


def attacked(live, ended, draw):
    """Until the flight ends: whatever the lander must refuse, from a station with the token whose packets go up as they are."""
    refused = [
        command_packet("restart-computer", {}, 1),
        command_packet("hold", {"duration_s": 60.0}, 1),
        command_packet("no-operation", {}, 1)[:-1] + b"?",
    ]
    known = [command_packet(name, {}, draw.randrange(1 << 14)) for name in ("restart-computer", "restart-transmitter", "no-operation")]
    station = live.connected(b"PERILUNE " + TOKEN.encode() + b" raw\n")
    with contextlib.suppress(OSError):
        while not ended.is_set():
            packet = bytearray(draw.choice(known))
            for _ in range(draw.randint(1, 3)):
                packet[draw.randrange(len(packet))] ^= 1 << draw.randrange(8)
            name, arguments = draw.choice([("restart-computer", {}), ("restart-transmitter", {}), ("hold", {"duration_s": 60.0})])
            refused = command_packet(name, arguments, draw.randrange(1 << 14))  # neither is armed, and there is nothing to hold in the braking
            station.sendall(draw.choice([packet, packet[: draw.randrange(len(packet))], packet * 40, refused, refused * 2]))
            ended.wait(0.01)
    station.close()


def harassed(live, ended, draw):
    """Until the flight ends: clients without the token that talk, leave, and never read."""
    deaf = []
    with contextlib.suppress(OSError):
        while not ended.is_set():
            said = draw.choice(
                [b"", b"PERILUNE wrong\n" + command_packet("no-operation", {}, 1), draw.randbytes(3000), b'{"token": "no"}\n', b"{" * 9000]
            )
            client = live.connected(said)
            deaf.append(client) if draw.random() < 0.1 and len(deaf) < 20 else client.close()
            ended.wait(0.02)
    for client in deaf:
        client.close()


def test_a_whole_flight_under_attack_lands_as_one_that_is_left_alone(tmp_path):
    folder, ended = tmp_path / "run", threading.Event()
    live = Live(folder, "--speed", "max")
    threads = [threading.Thread(target=one, args=(live, ended, random.Random(n))) for n, one in enumerate((attacked, harassed, harassed))]
    try:
        for thread in threads:
            thread.start()
        assert live.ended() == 0, live.process.stderr.read()
    finally:
        ended.set()
        live.stop()
        for thread in threads:
            thread.join(30.0)
    alone = perilune.fly("resilience", start="pdi")
    history, telemetry = pl.read_parquet(folder / "history.parquet"), pl.read_parquet(folder / "telemetry.parquet")
    rows = min(len(history), len(alone.history))
    assert rows > 9000 and history.head(rows).equals(alone.history.head(rows))
    told = [name for name in telemetry.columns if name.startswith("command_") or name == "commands_refused"]
    assert telemetry.drop(told).head(rows).equals(alone.telemetry.drop(told).head(rows))
    assert telemetry["commands_refused"][-1] > 50, "the lander counted them"
    outcomes = Counter(one["outcome"] for one in json.loads((folder / "flight.json").read_text())["commands"])
    assert "executed" not in outcomes and {"not-armed", "wrong-mode"} <= set(outcomes)
    assert sum("refused" in one["kind"] for one in log_of(folder)) > 20


def test_killed_in_flight_it_leaves_a_recording_that_decodes_and_replays(tmp_path):
    live = Live(tmp_path / "run", "--speed", "30")
    try:
        line, got = live.connected(), b""
        while len(got) < 30_000:
            got += line.recv(1 << 16)
        live.process.send_signal(signal.SIGKILL)
        assert live.process.wait(10) == -signal.SIGKILL
        got += all_of(line)
    finally:
        live.stop()
    kept = (tmp_path / "run" / "telemetry.ccsds").read_bytes()
    assert kept[: len(got)] == got, "whatever a client had is on disk"
    counters = decode_file(tmp_path / "run" / "telemetry.ccsds").counters
    assert counters.packets > 500 and counters.skipped_bytes == 0 and sum(counters.missing.values()) == 0
    replayed = b"".join(one.data for one in replay_of(tmp_path / "run").received)
    assert kept.startswith(replayed) and len(kept) - len(replayed) < 2000


def test_ctrl_c_ends_the_session_properly(tmp_path):
    live = Live(tmp_path / "run", "--speed", "10")
    try:
        line = live.connected()
        line.recv(100)
        live.process.send_signal(signal.SIGINT)
        assert live.ended() == 130
    finally:
        live.stop()
    assert json.loads((tmp_path / "run" / "flight.json").read_text())["verdict"] == "not-landed"
    assert (tmp_path / "run" / "report.html").exists()


def test_a_client_that_dies_leaves_the_flight_alone(tmp_path):
    live = Live(tmp_path / "run", "--speed", "30")
    try:
        live.connected().close()
        first = live.connected()
        first.recv(100)
        first.close()
        time.sleep(0.5)
        second = live.connected()
        assert second.recv(100)
        live.process.send_signal(signal.SIGINT)
        assert live.ended() == 130
    finally:
        live.stop()
    assert sum("has gone" in one["sentence"] for one in log_of(tmp_path / "run")) == 2


def test_a_taken_port_is_told_and_nothing_is_written(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code = run(["live", "resilience", "--port", str(taken.getsockname()[1]), "--out", str(tmp_path / "run")])
    assert code == 2 and "choose another with --port" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["live", "resilience", "--speed", "0"], "speed '0' leads nowhere"),
        (["live", "no-such-mission"], "no-such-mission"),
        (["live", "resilience", "--yamcs-port", "18090"], "add --yamcs"),
        (["replay", "nowhere", "--yamcs-port", "18090"], "add --yamcs"),
        (["command", "fly-home", "--token", TOKEN], "command 'fly-home' is not known"),
        (["command", "hold", "--token", TOKEN], "argument duration_s is missing"),
        (["command", "hold", "duration_s", "--token", TOKEN], "write NAME=VALUE"),
        (["command", "no-operation"], "there is no token"),
        (["command", "no-operation", "--arm", "--token", TOKEN], "is not critical"),
        (["command", "no-operation", "--token", TOKEN, "--port", "1"], "cannot be reached"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERILUNE_TOKEN", raising=False)
    assert run(arguments) == 2
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """The session of a lander that is lost as Resilience was."""
    folder = tmp_path_factory.mktemp("lost") / "run"
    live = Live(folder, "--case", "as-flown", "--speed", "max")
    try:
        got = all_of(live.connected())
        assert live.ended() == 0, live.process.stderr.read()
    finally:
        live.stop()
    return folder, got


def test_a_lander_that_is_lost_is_called_in_vain_until_the_mission_ends(lost):
    folder, got = lost
    assert got == (folder / "telemetry.ccsds").read_bytes()
    log = log_of(folder)
    kinds = [one["kind"] for one in log]
    order = ["signal-acquired", "alarm-raised", "loss-of-signal", "touchdown-passed", "attempt", "unanswered", "mission-ended"]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    alarms = [one["sentence"] for one in log if one["kind"] == "alarm-raised"]
    assert any("range_age_s" in one for one in alarms) and any("vertical_speed_m_s" in one for one in alarms)
    attempts, reports = kinds.count("attempt"), kinds.count("report")
    assert attempts == 6 and reports == 0 and kinds.count("no-report") == 2 * attempts
    assert "commands" not in (folder / "mission.toml").read_text() or "packet_hex" not in (folder / "mission.toml").read_text(), "nothing arrived"
    report = (folder / "report.html").read_text()
    for told in ("What the ground saw", "The mission is ended", "Attempt 6 was not answered.", 'id="signal"'):
        assert told in report
