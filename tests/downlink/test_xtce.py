"""The mission database leads other decoders to the same values, bit for bit, and its alarms are silent where a landing goes well."""

import math
import xml.etree.ElementTree as ET

import pytest
import space_packet_parser
from plain_xtce import XTCE, PlainXtce, alarm_of

from perilune.downlink.decode import decode
from perilune.downlink.dictionary import PACKETS
from perilune.downlink.packets import sent_packets, stream_of
from perilune.downlink.xtce import xtce
from perilune.flight.fly import fly


@pytest.fixture(scope="module")
def ours(sent):
    """Each packet as our decoder reads it: kind, fields."""
    rows = [None] * len(sent)
    for name, table in decode(stream_of(sent)).tables.items():
        for row in table.drop("time_utc").iter_rows(named=True):
            rows[row.pop("place")] = (name, row)
    return rows


def same(one, other):
    return one == other or (isinstance(one, float) and math.isnan(one) and math.isnan(other))


def differences(ours, read, sent):
    """Packets of which another reader, a function from bytes to kind and values, has anything else to say."""
    for (name, row), packet in zip(ours, sent, strict=True):
        kind, values = read(packet.data)
        expected = {
            **row,
            "SRC_SEQ_CTR": row["sequence"],
            "PKT_APID": packet.apid,
            "packet_time": row["time_unix_s"],
            "PKT_LEN": len(packet.data) - 7,
        }
        del expected["sequence"], expected["time_unix_s"]
        if kind not in (None, name) or not all(same(values[key], value) for key, value in expected.items()):
            yield packet


def test_the_database_alone_is_enough_to_read_a_whole_flight(ours, sent):
    assert list(differences(ours, PlainXtce(xtce()).read, sent)) == []


def test_a_difference_would_be_found(ours, sent):
    plain = PlainXtce(xtce().replace('<Enumeration value="1" label="braking"', '<Enumeration value="1" label="coasting"'))
    assert sum(1 for _ in differences(ours[-20_000:], plain.read, sent[-20_000:])) > 1000


def test_an_independent_parser_reads_a_whole_flight_without_a_difference(ours, sent, tmp_path):
    (tmp_path / "lander.xml").write_text(xtce(), "utf-8")
    definition = space_packet_parser.load_xtce(tmp_path / "lander.xml")
    assert list(differences(ours, lambda data: (None, definition.parse_bytes(data)), sent)) == []


def test_it_is_xtce_by_the_schema_of_the_standard(tmp_path):
    (tmp_path / "lander.xml").write_text(xtce("resilience"), "utf-8")
    said = space_packet_parser.validate_xtce(tmp_path / "lander.xml", level="schema", allow_schema_download=False, print_results=False)
    assert said.valid and not said.errors
    (tmp_path / "wrong.xml").write_text(xtce().replace("WatchRange", "WatchedRange"), "utf-8")
    wrong = tmp_path / "wrong.xml"
    assert not space_packet_parser.validate_xtce(wrong, level="schema", allow_schema_download=False, print_results=False, raise_on_error=False).valid


def test_it_is_one_space_system_with_every_field_unit_and_label():
    root = ET.fromstring(xtce("resilience: <a & b>"))
    assert root.get("name") == "Perilune" and root.get("shortDescription") == "resilience: <a & b>"
    plain = PlainXtce(xtce())
    assert plain.containers["CCSDSPacket"].get("abstract") == "true" and set(plain.containers) == {
        "CCSDSPacket",
        *(packet.name for packet in PACKETS),
    }
    for field in (field for packet in PACKETS for field in packet.fields):
        assert (plain.parameters[field.name].findtext("x:UnitSet/x:Unit", "", XTCE)) == field.unit
        assert tuple(one.get("label") for one in plain.parameters[field.name].iterfind(".//x:Enumeration", XTCE)) == field.labels


def test_it_holds_only_what_the_decoders_agree_on():
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(xtce()).iter()}
    assert not tags & {"AggregateParameterType", "ArrayParameterType", "DefaultCalibrator", "MathOperationCalibrator"}
    assert "SpaceSystem" not in {element.tag.rpartition("}")[2] for element in ET.fromstring(xtce()) if element is not None}
    assert {element.get("encoding") for element in ET.fromstring(xtce()).iterfind(".//x:FloatDataEncoding", XTCE)} == {"IEEE754_1985"}


def alarms(packets):
    """Every alarm that packets raise on the ground: field and severity."""
    plain, values, raised = PlainXtce(xtce()), {}, set()
    for packet in packets:
        _, said = plain.read(packet.data)
        values.update(said)
        raised |= {(name, alarm_of(plain.parameters[name], values, value)) for name, value in said.items() if not isinstance(value, str)}
    return {(name, severity) for name, severity in raised if severity}


@pytest.mark.parametrize("mission", ["resilience", "blue-ghost", "apollo-11"])
def test_a_planned_landing_raises_no_alarm_above_watch(mission):
    flight = fly(mission)
    assert flight.verdict == "landed"
    raised = alarms(sent_packets(flight.telemetry.tail(3000), flight.mission.planned.start.epoch_utc))
    assert {severity for _, severity in raised} <= {"watch"}, raised


def test_the_flight_that_was_lost_raises_what_the_controllers_should_have_seen(sent):
    raised = alarms(sent[-3000:])
    assert {("range_age_s", "critical"), ("vertical_speed_m_s", "critical"), ("height_sigma_m", "critical")} <= raised
