"""What Yamcs is told of a lander: where packets come from, how they are read, what is kept, and whose clock counts.

The files are YAML, written as JSON, which is a part of it: `etc/yamcs.yaml` (the server), `etc/yamcs.perilune.yaml` (the instance),
`etc/processor.yaml` and `mdb/lander.xml` (the mission database).

Assumptions and limitations: for Yamcs 5.12; the web server listens on 127.0.0.1 alone and asks for no login; the link is a TCP connection that
Yamcs opens, so that nothing but the web server listens. The archive's key is time and count of a packet: flying the same mission again needs a
fresh data folder.
Source: Yamcs Server Manual, chapters on data links, processors and services; tried with 5.12.8.
"""

import json
import secrets
from pathlib import Path

from perilune.base.tables import write_atomically
from perilune.downlink.xtce import ROOT, SYSTEM, xtce

INSTANCE = "perilune"
LINK = "lander"
TIME_OFFSET = 6  # of the time code in a packet
FLUSH_S = 10  # the parameter archive is filled up to so long ago
DECOMMUTATION = [
    "org.yamcs.StreamTmPacketProvider",
    "org.yamcs.StreamTcCommandReleaser",
    "org.yamcs.tctm.StreamParameterProvider",
    "org.yamcs.algorithms.AlgorithmManager",
    "org.yamcs.parameter.LocalParameterManager",
]
REPLAYS = ["org.yamcs.tctm.ReplayService", "org.yamcs.algorithms.AlgorithmManager"]
RECORDERS = [
    "org.yamcs.archive.XtceTmRecorder",
    "org.yamcs.archive.ParameterRecorder",
    "org.yamcs.archive.AlarmRecorder",
    "org.yamcs.archive.EventRecorder",
    "org.yamcs.archive.ReplayServer",
    "org.yamcs.archive.CommandHistoryRecorder",
]


def write_configuration(folder: Path, http_port: int, link_port: int, title: str = "") -> None:
    """Write the four files into `folder`; packets come from `link_port` on this machine, pages are at `http_port`."""
    files = {
        "etc/yamcs.yaml": _yaml(server(http_port)),
        f"etc/yamcs.{INSTANCE}.yaml": _yaml(instance(link_port)),
        "etc/processor.yaml": _yaml(processors()),
        "mdb/lander.xml": xtce(title),
    }
    for name, text in files.items():
        write_atomically(folder / name, lambda part, text=text: part.write_text(text, "utf-8"))  # type: ignore[misc]


def server(http_port: int) -> dict[str, object]:
    """The server: its pages and its instance."""
    http = {"class": "org.yamcs.http.HttpServer", "args": {"address": "127.0.0.1", "port": http_port}}
    return {"services": [http], "instances": [INSTANCE], "dataDir": "data", "secretKey": secrets.token_hex(16)}


def instance(link_port: int) -> dict[str, object]:
    """The instance: recorders, link, mission database, streams, and a clock that is set from outside."""
    filler = {"realtimeFiller": {"enabled": True, "flushInterval": FLUSH_S}}
    packets = {"rootContainer": f"/{SYSTEM}/{ROOT}"}
    return {
        "timeService": {"class": "org.yamcs.time.SimulationTimeService"},
        "services": [
            *({"class": name} for name in RECORDERS),
            {"class": "org.yamcs.parameterarchive.ParameterArchive", "args": filler},
            {"class": "org.yamcs.ProcessorCreatorService", "args": {"name": "realtime", "type": "realtime"}},
        ],
        "dataLinks": [link(link_port)],
        "mdb": [{"type": "xtce", "args": {"file": "mdb/lander.xml"}}],
        "streamConfig": {
            "tm": [{"name": "tm_realtime", "processor": "realtime", **packets}, {"name": "tm_dump", **packets}],
            "cmdHist": ["cmdhist_realtime", "cmdhist_dump"],
            "event": ["events_realtime", "events_dump"],
            "param": ["pp_realtime", "sys_param", "proc_param"],
            "parameterAlarm": ["alarms_realtime"],
            "eventAlarm": ["event_alarms_realtime"],
            "tc": [{"name": "tc_realtime", "processor": "realtime"}],
        },
    }


def link(port: int) -> dict[str, object]:
    """The link: packets with their own time and check word come in, commands with a check word go out."""
    check = {"errorDetection": {"type": "CRC-16-CCIIT"}}  # as this program spells it
    return {
        "name": LINK,
        "class": "org.yamcs.tctm.TcpTcTmDataLink",
        "host": "127.0.0.1",
        "port": port,
        "tmStream": "tm_realtime",
        "tcStream": "tc_realtime",
        "packetInputStreamClassName": "org.yamcs.tctm.CcsdsPacketInputStream",
        "packetPreprocessorClassName": "org.yamcs.tctm.GenericPacketPreprocessor",
        "packetPreprocessorArgs": {
            "timestampOffset": TIME_OFFSET,
            "timeEncoding": {"type": "FLOAT64", "epoch": "UNIX"},
            "seqCountOffset": 0,
            **check,
        },
        "commandPostprocessorClassName": "org.yamcs.tctm.GenericCommandPostprocessor",
        "commandPostprocessorArgs": check,
    }


def processors() -> dict[str, object]:
    """The processors: one for what comes in, with alarms, and those by which the archive is read."""
    replay = {"services": [{"class": name} for name in REPLAYS]}
    alarms = {"parameterCheck": True, "parameterServer": "enabled"}
    now = {"subscribeAll": True, "persistParameters": False, "alarm": alarms}
    realtime = {"services": [{"class": name} for name in DECOMMUTATION], "config": now}
    return {"realtime": realtime, **dict.fromkeys(("Archive", "ParameterArchive", "ArchiveRetrieval"), replay)}


def _yaml(content: object) -> str:
    return json.dumps(content, indent=2) + "\n"
