"""Telemetry read with the mission database alone: an interpreter of the XTCE that is used, bit by bit, which knows nothing of the dictionary."""

import struct
import xml.etree.ElementTree as ET

XTCE = {"x": "http://www.omg.org/spec/XTCE/20180204"}


class PlainXtce:
    """A mission database; `read` gives the container's name and every parameter of a packet by name."""

    def __init__(self, text):
        telemetry = ET.fromstring(text).find("x:TelemetryMetaData", XTCE)
        types = {kind.get("name"): kind for kind in telemetry.find("x:ParameterTypeSet", XTCE)}
        self.parameters = {one.get("name"): types[one.get("parameterTypeRef")] for one in telemetry.find("x:ParameterSet", XTCE)}
        self.containers = {one.get("name"): one for one in telemetry.find("x:ContainerSet", XTCE)}
        self.readers = {name: reader_of(kind) for name, kind in self.parameters.items()}
        self.entries = {name: [e.get("parameterRef") for e in one.find("x:EntryList", XTCE)] for name, one in self.containers.items()}
        self.heirs = {}
        for name, one in self.containers.items():
            base = one.find("x:BaseContainer", XTCE)
            if base is not None:
                comparison = base.find("x:RestrictionCriteria/x:Comparison", XTCE)
                self.heirs.setdefault(base.get("containerRef"), []).append((name, comparison.get("parameterRef"), int(comparison.get("value"))))

    def read(self, packet, root="CCSDSPacket"):
        """Container and values; fails where bits are left over."""
        bits, left, values, container = int.from_bytes(packet, "big"), 8 * len(packet), {}, root
        while container:
            name = container
            for entry in self.entries[container]:
                size, value_of = self.readers[entry]
                left -= size
                values[entry] = value_of(bits >> left & ((1 << size) - 1))
            container = next((heir for heir, by, wanted in self.heirs.get(container, ()) if values[by] == wanted), None)
        assert left == 0, f"{name}: {left} bits are left"
        return name, values


def reader_of(kind):
    """Size in bits of a parameter type, and what makes a value of them."""
    encoding = kind.find("x:FloatDataEncoding", XTCE)
    if encoding is not None:
        size = int(encoding.get("sizeInBits"))
        code = {32: ">f", 64: ">d"}[size]
        return size, lambda raw: struct.unpack(code, raw.to_bytes(size // 8, "big"))[0]
    encoding = kind.find("x:IntegerDataEncoding", XTCE)
    size = int(encoding.get("sizeInBits"))
    assert encoding.get("encoding") == "unsigned"
    labels = {int(one.get("value")): one.get("label") for one in kind.iterfind("x:EnumerationList/x:Enumeration", XTCE)}
    if labels:
        return size, labels.__getitem__
    return (size, bool) if kind.tag.endswith("BooleanParameterType") else (size, int)


def alarm_of(kind, values, value):
    """The gravest alarm that a value raises by its type's limits, with all `values` as the context; None without one."""
    for context in kind.iterfind("x:ContextAlarmList/x:ContextAlarm", XTCE):
        if all(compared(one, values) for one in context.iterfind("x:ContextMatch/x:ComparisonList/x:Comparison", XTCE)):
            return gravest(context.find("x:StaticAlarmRanges", XTCE), value)
    default = kind.find("x:DefaultAlarm/x:StaticAlarmRanges", XTCE)
    return None if default is None else gravest(default, value)


def compared(comparison, values):
    one, other = values[comparison.get("parameterRef")], float(comparison.get("value"))
    return one >= other if comparison.get("comparisonOperator") == ">=" else one < other


def gravest(ranges, value):
    raised = [one.tag for one in ranges if value < float(one.get("minInclusive", "-inf")) or value > float(one.get("maxInclusive", "inf"))]
    return raised[-1].rpartition("}")[2].removesuffix("Range").lower() if raised else None
