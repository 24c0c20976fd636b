"""The mission database of a control centre, written from the dictionaries: XTCE with units, labels and limits, and the commands.

Space system `Perilune`; the abstract container `CCSDSPacket` holds primary header and time, and each kind of packet is a container that it leads to
by APID. A field's parameter bears the field's name. Limits that hold in a band of heights become alarms in a context. An algorithm, as Yamcs runs
them, turns the packets `events` into events of the control centre.

Assumptions and limitations: only what Yamcs and independent decoders agree on is used: no aggregates, arrays, calibrators or nested systems, and
`IEEE754_1985` as the name of a float's encoding.
Source: XTCE 1.2 (OMG formal/18-10-04, schema 20180204).
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from perilune.downlink.dictionary import PACKETS
from perilune.downlink.fields import BYTES, SEVERITIES, Field, Limits, Packet
from perilune.downlink.xtce_commands import add_commands

NAMESPACE = "http://www.omg.org/spec/XTCE/20180204"
SCHEMA = {"{http://www.w3.org/2001/XMLSchema-instance}schemaLocation": f"{NAMESPACE} https://www.omg.org/spec/XTCE/20180204/SpaceSystem.xsd"}
SYSTEM, ROOT = "Perilune", "CCSDSPacket"
TIME, CHECK_WORD = "packet_time", "packet_check_word"
HEADER = (  # name as decoders of CCSDS packets expect it, bits, description
    ("VERSION", 3, "packet version number"),
    ("TYPE", 1, "0 telemetry, 1 command"),
    ("SEC_HDR_FLG", 1, "whether a time follows"),
    ("PKT_APID", 11, "application process: which kind of packet"),
    ("SEQ_FLGS", 2, "3: not segmented"),
    ("SRC_SEQ_CTR", 14, "count among the packets of this APID, modulo 16384"),
    ("PKT_LEN", 16, "bytes behind the primary header, less one"),
)
EVENT_TEXT = """EventLog.info(
  String(event.value),
  event.value + " (" + value.value + ") in " + mode.value + ", height " + height.value.toFixed(1) + " m, sinking " + speed.value.toFixed(1) + " m/s"
);
"""
EVENT_INPUTS = {
    "event": "event",
    "mode": "event_mode",
    "height": "event_height_m",
    "speed": "event_vertical_speed_m_s",
    "value": "event_value",
}
RANGES = dict(zip(SEVERITIES, ("WatchRange", "WarningRange", "DistressRange", "CriticalRange", "SevereRange"), strict=True))


def xtce(title: str = "", packets: Sequence[Packet] = PACKETS) -> str:
    """The mission database as XML text; `title` says which mission it is for."""
    system = ET.Element(
        "SpaceSystem", {"name": SYSTEM, "xmlns": NAMESPACE, "shortDescription": title or "Telemetry and commands of a lunar lander", **SCHEMA}
    )
    telemetry = ET.SubElement(system, "TelemetryMetaData")
    types, parameters, containers = (ET.SubElement(telemetry, name) for name in ("ParameterTypeSet", "ParameterSet", "ContainerSet"))
    for bits in sorted({bits for _, bits, _ in HEADER}):
        _integer_type(types, f"u{bits}_type", bits, signed=False)
    _float_type(types, f"{TIME}_type", 64, "s")
    for name, bits, description in HEADER:
        _parameter(parameters, name, f"u{bits}_type", description)
    _parameter(parameters, TIME, f"{TIME}_type", "when the packet was made: seconds of UTC since 1970 without leap seconds, by the computer's clock")
    _parameter(parameters, CHECK_WORD, "u16_type", "CRC-16-CCITT over all before it")
    _container(containers, ROOT, [*(name for name, _, _ in HEADER), TIME], "header and time of every packet", abstract="true")
    for packet in packets:
        for field in packet.fields:
            _field_type(types, field)
            _parameter(parameters, field.name, f"{field.name}_type", field.description)
        container = _container(containers, packet.name, [*(field.name for field in packet.fields), CHECK_WORD], packet.description)
        criteria = ET.SubElement(ET.SubElement(container, "BaseContainer", containerRef=ROOT), "RestrictionCriteria")
        ET.SubElement(criteria, "Comparison", parameterRef="PKT_APID", value=str(packet.apid))
    _tell_of_events(telemetry)
    add_commands(system)
    ET.indent(system)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(system, encoding="unicode")}\n'


def _tell_of_events(telemetry: ET.Element) -> None:
    """Let the control centre's list of events hold what the packets `events` say."""
    algorithm = ET.SubElement(ET.SubElement(telemetry, "AlgorithmSet"), "CustomAlgorithm", name="tell_of_events")
    ET.SubElement(algorithm, "AlgorithmText", language="JavaScript").text = EVENT_TEXT
    inputs = ET.SubElement(algorithm, "InputSet")
    for name, parameter in EVENT_INPUTS.items():
        ET.SubElement(inputs, "InputParameterInstanceRef", inputName=name, parameterRef=parameter)
    ET.SubElement(ET.SubElement(algorithm, "TriggerSet"), "OnParameterUpdateTrigger", parameterRef="event")


def _field_type(types: ET.Element, field: Field) -> None:
    name, bits = f"{field.name}_type", 8 * BYTES[field.encoding]
    if field.encoding == "enumeration":
        kind = ET.SubElement(types, "EnumeratedParameterType", name=name)
        _integer_encoding(kind, bits, signed=False)
        labels = ET.SubElement(kind, "EnumerationList")
        for value, label in enumerate(field.labels):
            ET.SubElement(labels, "Enumeration", value=str(value), label=label)
        return
    if field.encoding == "bool":
        _integer_encoding(ET.SubElement(types, "BooleanParameterType", name=name), bits, signed=False)
        return
    if field.encoding.startswith("f"):
        kind = _float_type(types, name, bits, field.unit)
    else:
        kind = _integer_type(types, name, bits, field.encoding.startswith("i"), field.unit)
    _alarms(kind, field.limits)


def _float_type(types: ET.Element, name: str, bits: int, unit: str = "") -> ET.Element:
    kind = ET.SubElement(types, "FloatParameterType", name=name, sizeInBits=str(bits))
    _unit(kind, unit)
    ET.SubElement(kind, "FloatDataEncoding", sizeInBits=str(bits), encoding="IEEE754_1985")
    return kind


def _integer_type(types: ET.Element, name: str, bits: int, signed: bool, unit: str = "") -> ET.Element:
    kind = ET.SubElement(types, "IntegerParameterType", name=name, signed=str(signed).lower())
    _unit(kind, unit)
    _integer_encoding(kind, bits, signed)
    return kind


def _integer_encoding(kind: ET.Element, bits: int, signed: bool) -> None:
    ET.SubElement(kind, "IntegerDataEncoding", sizeInBits=str(bits), encoding="twosComplement" if signed else "unsigned")


def _unit(kind: ET.Element, unit: str) -> None:
    if unit:
        ET.SubElement(ET.SubElement(kind, "UnitSet"), "Unit").text = unit


def _alarms(kind: ET.Element, limits: Sequence[Limits]) -> None:
    """Limits that hold everywhere as the default alarm, those of a band as alarms in a context."""
    for one in limits:
        if one.where is None:
            _ranges(ET.SubElement(kind, "DefaultAlarm"), one)
    banded = [one for one in limits if one.where is not None]
    if not banded:
        return
    contexts = ET.SubElement(kind, "ContextAlarmList")
    for one in banded:
        alarm = ET.SubElement(contexts, "ContextAlarm")
        _ranges(alarm, one)
        comparisons = ET.SubElement(ET.SubElement(alarm, "ContextMatch"), "ComparisonList")
        for operator, value in ((">=", one.above), ("<", one.below)):
            if value is not None:
                ET.SubElement(comparisons, "Comparison", parameterRef=str(one.where), comparisonOperator=operator, value=repr(value))


def _ranges(alarm: ET.Element, limits: Limits) -> None:
    ranges = ET.SubElement(alarm, "StaticAlarmRanges")
    for limit in sorted(limits.limits, key=lambda one: SEVERITIES.index(one.severity)):
        bounds = {"minInclusive": limit.least, "maxInclusive": limit.most}
        ET.SubElement(ranges, RANGES[limit.severity], {key: repr(value) for key, value in bounds.items() if value is not None})


def _parameter(parameters: ET.Element, name: str, kind: str, description: str) -> None:
    ET.SubElement(parameters, "Parameter", name=name, parameterTypeRef=kind, shortDescription=description)


def _container(containers: ET.Element, name: str, entries: Sequence[str], description: str, **more: str) -> ET.Element:
    container = ET.SubElement(containers, "SequenceContainer", {"name": name, "shortDescription": description, **more})
    listed = ET.SubElement(container, "EntryList")
    for entry in entries:
        ET.SubElement(listed, "ParameterRefEntry", parameterRef=entry)
    return container
