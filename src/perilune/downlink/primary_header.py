"""The primary header of a space packet: who speaks, which packet of his it is, and where it ends; by the library `spacepackets`.

Assumptions and limitations: version 1 (written 0), telemetry, always with a secondary header, never segmented; a packet whose header says otherwise
is none of ours.
Source: CCSDS 133.0-B-2 (Space Packet Protocol), 4.1.3.
"""

from spacepackets.ccsds.spacepacket import APID_MASK, CCSDS_HEADER_LEN, MAX_SEQ_COUNT, PacketType, SequenceFlags, SpacePacketHeader

HEADER_BYTES = CCSDS_HEADER_LEN
LARGEST_APID = APID_MASK
SEQUENCE_COUNTS = MAX_SEQ_COUNT + 1


def primary_header(apid: int, sequence: int, packet_bytes: int) -> SpacePacketHeader:
    """The header of a packet of `packet_bytes` in all, the `sequence`-th of its APID (the count goes round at 16,384)."""
    header = SpacePacketHeader(
        packet_type=PacketType.TM,
        apid=apid,
        seq_count=sequence % SEQUENCE_COUNTS,
        data_len=0,
        sec_header_flag=True,
        seq_flags=SequenceFlags.UNSEGMENTED,
    )
    header.set_data_len_from_packet_len(packet_bytes)
    return header
