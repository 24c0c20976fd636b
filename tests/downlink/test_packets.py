"""A packet is what CCSDS says it is, and holds what was published."""

import polars as pl
import pytest
from handmade import EPOCH, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.downlink.decode import decode
from perilune.downlink.dictionary import BY_APID, COLUMNS, PACKETS, UNCOMMANDED, VERIFICATION_PACKET
from perilune.downlink.fields import BYTES
from perilune.downlink.packets import Sender, sent_packets, stream_of
from perilune.downlink.primary_header import primary_header
from perilune.messages.crc import is_whole

COLUMN = {field.name: field for packet in PACKETS for field in packet.fields if not field.derived}
VALUES = {
    "f32": st.floats(width=32),
    "f64": st.floats(),
    "u8": st.integers(0, 255),
    "u16": st.integers(0, 65535),
    "bool": st.booleans(),
}


def values_of(field):
    """What a column may hold: modes by their names, all other labels by their places."""
    if field.encoding != "enumeration":
        return VALUES[field.encoding]
    return st.sampled_from(MODES) if field.name == "mode" else st.integers(0, len(field.labels) - 1)


def as_read(field, values):
    """Values as the ground shows them."""
    return [field.labels[value] for value in values] if field.labels and field.name != "mode" else values


def test_a_primary_header_is_the_one_that_can_be_written_by_hand():
    """000 0 1 00001100101, 11 00000000000101, 27 bytes behind it less one."""
    assert primary_header(101, 5, 33).pack().hex() == "0865c005001a"


def test_every_packet_of_a_flight_is_whole_and_counted_by_its_apid(sent):
    counts = {}
    for packet in sent:
        expected = counts.get(packet.apid, 0)
        counts[packet.apid] = (expected + 1) % 16384
        assert (
            packet.sequence == expected
            and packet.data[:6] == primary_header(packet.apid, expected, len(packet.data)).pack()
            and is_whole(packet.data)
        )
    assert sum(packet.apid == 105 for packet in sent) > 16384  # the counts went round


def test_packets_come_in_the_order_of_time_and_of_priority(sent):
    keys = [(packet.time_s, BY_APID[packet.apid].priority) for packet in sent]
    assert keys == sorted(keys)


def test_every_published_column_is_sent(telemetry):
    assert set(COLUMNS) == set(telemetry.columns)


def test_names_and_apids_are_taken_once_and_rates_divide_the_ticks():
    names = [field.name for packet in PACKETS for field in packet.fields]
    assert len(set(names)) == len(names)
    assert len({packet.name for packet in PACKETS}) == len({packet.apid for packet in PACKETS}) == len(PACKETS)
    periodic = [packet.priority for packet in PACKETS if packet.is_periodic]
    assert len(set(periodic)) == len(periodic) and 0 not in periodic
    assert all(10 % packet.rate_hz == 0 for packet in PACKETS if packet.is_periodic) and all(0 < packet.apid < 2047 for packet in PACKETS)
    assert all(packet.dtype.itemsize == packet.size <= 4095 for packet in PACKETS)
    assert all(field.encoding in BYTES and field.description for packet in PACKETS for field in packet.fields)


def test_the_ground_reads_what_was_published(telemetry, sent):
    """Every value of every packet is the published one, rounded to the encoding and to nothing else."""
    tables = decode(stream_of(sent)).tables
    for packet in (one for one in PACKETS if one.is_periodic):
        table = tables[packet.name]
        due = telemetry[:: packet.every_ticks]
        for field in packet.fields:
            if not field.derived:
                published = due[field.name].cast(pl.Float32) if field.encoding == "f32" else due[field.name]
                assert table[field.name].to_list() == as_read(field, published.to_list()), field.name


@settings(deadline=None)
@given(st.fixed_dictionaries({name: values_of(field) for name, field in COLUMN.items()}))
def test_any_value_comes_back(values):
    tables = decode(stream_of(sent_packets(rows(1, **values), EPOCH))).tables
    for packet in (one for one in PACKETS if one.is_periodic or (one is VERIFICATION_PACKET and values["command_count"])):
        for field in packet.fields:
            if not field.derived:
                got = tables[packet.name][field.name].to_list()
                assert repr(got) == repr(as_read(field, [values[field.name]]))  # no number equals what is none


def test_every_command_that_was_reported_on_board_is_told_of_once():
    """Three packets of the uplink in two ticks of twenty, whatever the stretches in which telemetry comes."""
    counts = [0] * 5 + [1] * 8 + [3] * 7
    outcomes = [0] * 5 + [1] * 8 + [7] * 7
    telemetry = rows(20, command_count=counts, command_outcome=outcomes, command_code=8, command_sequence=4, command_argument_1=2.5)
    told = decode(stream_of(sent_packets(telemetry, EPOCH))).tables["verification"]
    assert told.select("command_code", "command_outcome", "command_sequence", "command_count", "command_argument_1").rows() == [
        ("hold", "executed", 4, 1, 2.5),
        ("hold", "not-armed", 4, 3, 2.5),
    ]
    sender = Sender(EPOCH)
    assert [one for n in range(20) for one in sender.send(telemetry[n : n + 1])] == sent_packets(telemetry, EPOCH)


def test_a_flight_from_before_there_were_commands_is_sent_as_one_that_nobody_commanded():
    tables = decode(stream_of(sent_packets(rows(20).drop(*UNCOMMANDED), EPOCH))).tables
    assert not len(tables["verification"])
    said = tables["housekeeping"].row(0, named=True)
    assert (said["armed"], said["antenna"], said["sensors_used"], said["commands_refused"]) == ("none", "best", 127, 0)


def test_a_whole_number_beyond_its_encoding_is_the_nearest_that_it_holds():
    tables = decode(stream_of(sent_packets(rows(1, range_rejections=70_000, speed_rejections=-3, speeds_used=300), EPOCH))).tables
    assert tables["housekeeping"].select("range_rejections", "speed_rejections").row(0) == (65535, 0)
    assert tables["sensors"]["speeds_used"].item() == 255


def test_what_the_computer_did_not_publish_is_not_sent():
    """Away from 0.5 to 2.0 s: no packet says anything of that time."""
    away = rows(40).filter(~pl.col("time_s").is_between(0.5, 1.99))
    assert not any(0.45 < packet.time_s < 1.99 for packet in sent_packets(away, EPOCH))


def test_telemetry_without_a_column_is_refused():
    with pytest.raises(PeriluneError, match="height_m is missing"):
        Sender(EPOCH).send(rows(1).drop("height_m"))
