"""What the ground hears of a flight, and telemetry changed before it is sent."""

import numpy as np
import polars as pl

from perilune.downlink.confirmation import confirm, planned_of
from perilune.downlink.decode import decode
from perilune.downlink.link import link_of
from perilune.downlink.packets import sent_packets, stream_of
from perilune.downlink.received import received_packets


def heard_of(flight):
    """Time at the station and bytes of every packet that arrives."""
    link = link_of(flight)
    sent = sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc, link.radio.frame_bits / link.radio.frame_s)
    return [(one.received_time_s, one.packet.data) for one in received_packets(sent, link)]


def concluded(flight, telemetry):
    """What is concluded from all packets of a telemetry that is said to be the flight's."""
    sent = sent_packets(telemetry, flight.mission.planned.start.epoch_utc)
    return confirm(decode(stream_of(sent)), planned_of(flight.mission))


def changed(telemetry, from_s, **columns):
    """The telemetry with columns set to values from a time on."""
    later = telemetry["time_s"].to_numpy() >= from_s
    return telemetry.with_columns(**{name: np.where(later, values, telemetry[name].to_numpy()) for name, values in columns.items()})


def until(telemetry, end_s):
    return telemetry.filter(pl.col("time_s") <= end_s)


def rested_s(flight):
    """When the lander had come to rest [s past the epoch]."""
    contact = flight.flown.last["contact"]
    return float(contact["time"] + contact["rest_after"])
