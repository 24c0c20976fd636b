"""The commands in the mission database: what the control centre may send, what it asks before, and how it learns what came of it.

Each command is a `MetaCommand` under its name on an abstract `CCSDSCommand`, with its arguments, their ranges and labels; a critical one bears the
significance `critical`. Its verifiers wait for the packet `verification`: `Received` once the lander reports the command at all, `Complete` once it
was executed; another outcome fails the command and is the reason given.

Assumptions and limitations: a report belongs to the command whose code it bears and that was sent before it came; so of two of one kind that are
under way at once, both take the first report. The verifiers give up after `REPORT_WITHIN_S` of the wall clock. Sequence counts are the station's: it
stamps count and check word on what it releases.
Source: XTCE 1.2 (OMG formal/18-10-04), CommandMetaData; algorithms as Yamcs 5.12 runs them (JavaScript).
"""

import xml.etree.ElementTree as ET

from perilune.messages.commands import COMMAND_APID, COMMANDS, Argument, Command

BASE = "CCSDSCommand"
PACKET_ID = 1 << 12 | 1 << 11 | COMMAND_APID  # version 0, command, with a secondary header
UNSEGMENTED = 3 << 14  # and count 0
HEADER_BYTES, CHECK_BYTES = 6, 2
REPORT_WITHIN_S = 30
INPUTS = {  # name in the algorithm and parameter
    "code": "command_code",
    "outcome": "command_outcome",
    "sent": "/yamcs/cmdHist/Acknowledge_Sent_Time",
}
IS_OURS = """if (code == null || outcome == null || sent == null || code.value != "{name}") return null;
if (code.acquisitionTimeMillis <= Java.type("org.yamcs.utils.TimeEncoding").parse(String(sent.value))) return null;
"""
RECEIVED = IS_OURS + "return true;\n"
COMPLETE = IS_OURS + 'return outcome.value == "executed" ? true : String(outcome.value);\n'


def add_commands(system: ET.Element) -> None:
    """Add the commands to a space system."""
    about = ET.SubElement(system, "CommandMetaData")
    types, commands = (ET.SubElement(about, name) for name in ("ArgumentTypeSet", "MetaCommandSet"))
    base = ET.SubElement(commands, "MetaCommand", name=BASE, abstract="true", shortDescription="header of every command")
    container = ET.SubElement(ET.SubElement(base, "CommandContainer", name=BASE), "EntryList")
    _fixed(container, "packet_id", PACKET_ID, 2)
    _fixed(container, "sequence", UNSEGMENTED, 2)
    for command in COMMANDS:
        for argument in command.arguments:
            _argument_type(types, _type_name(command, argument), argument)
        _command(commands, command)


def _command(commands: ET.Element, command: Command) -> None:
    when = f"; obeyed in {', '.join(command.modes)}" if command.modes else ""
    one = ET.SubElement(commands, "MetaCommand", name=command.name, shortDescription=command.description + when)
    ET.SubElement(one, "BaseMetaCommand", metaCommandRef=BASE)
    if command.arguments:
        listed = ET.SubElement(one, "ArgumentList")
        for argument in command.arguments:
            kind = _type_name(command, argument)
            ET.SubElement(listed, "Argument", name=argument.name, argumentTypeRef=kind, shortDescription=argument.description)
    container = ET.SubElement(one, "CommandContainer", name=command.name)
    entries = ET.SubElement(container, "EntryList")
    _fixed(entries, "length", command.size - HEADER_BYTES - 1, 2)
    _fixed(entries, "code", command.code, 1)
    _fixed(entries, "spare", 0, 1)
    for argument in command.arguments:
        ET.SubElement(entries, "ArgumentRefEntry", argumentRef=argument.name)
    ET.SubElement(container, "BaseContainer", containerRef=BASE)
    if command.is_critical:
        ET.SubElement(one, "DefaultSignificance", consequenceLevel="critical", reasonForWarning="has to be armed first")
    verifiers = ET.SubElement(one, "VerifierSet")
    for stage, text in (("Received", RECEIVED), ("Complete", COMPLETE)):
        _verifier(verifiers, stage, command, text.format(name=command.name))


def _verifier(verifiers: ET.Element, stage: str, command: Command, text: str) -> None:
    verifier = ET.SubElement(verifiers, f"{stage}Verifier")
    algorithm = ET.SubElement(verifier, "CustomAlgorithm", name=f"{command.name.replace('-', '_')}_{stage.lower()}")
    ET.SubElement(algorithm, "AlgorithmText", language="JavaScript").text = text
    inputs = ET.SubElement(algorithm, "InputSet")
    for name, parameter in INPUTS.items():
        ET.SubElement(inputs, "InputParameterInstanceRef", inputName=name, parameterRef=parameter)
    ET.SubElement(
        verifier, "CheckWindow", timeToStartChecking="PT0S", timeToStopChecking=f"PT{REPORT_WITHIN_S}S", timeWindowIsRelativeTo="commandRelease"
    )


def _argument_type(types: ET.Element, name: str, argument: Argument) -> None:
    if argument.encoding == "enumeration":
        kind = ET.SubElement(types, "EnumeratedArgumentType", name=name)
        ET.SubElement(kind, "IntegerDataEncoding", sizeInBits="8", encoding="unsigned")
        labels = ET.SubElement(kind, "EnumerationList")
        for value, label in enumerate(argument.labels):
            ET.SubElement(labels, "Enumeration", value=str(value), label=label)
        return
    kind = ET.SubElement(types, "FloatArgumentType", name=name, sizeInBits="32")
    if argument.unit:
        ET.SubElement(ET.SubElement(kind, "UnitSet"), "Unit").text = argument.unit
    ET.SubElement(kind, "FloatDataEncoding", sizeInBits="32", encoding="IEEE754_1985")
    allowed = ET.SubElement(kind, "ValidRangeSet")
    ET.SubElement(allowed, "ValidRange", minInclusive=repr(argument.least), maxInclusive=repr(argument.most))


def _type_name(command: Command, argument: Argument) -> str:
    return f"{command.name}_{argument.name}_type"


def _fixed(entries: ET.Element, name: str, value: int, size: int) -> None:
    ET.SubElement(entries, "FixedValueEntry", name=name, binaryValue=f"{value:0{2 * size}X}", sizeInBits=str(8 * size))
