"""The time code in the secondary header: when the computer made the packet, by its own clock.

Eight bytes, a double: seconds of UTC since 1970-01-01, leap seconds left out as in POSIX, to the millisecond. Of the doubles that are as near as
makes no difference the one is taken whose thousandfold does not fall short of the millisecond, since Yamcs cuts the rest off.

An agency-defined time code in the sense of CCSDS 301.0-B-4, its preamble implicit. A standard one was wished for and not taken: the generic
preprocessor of Yamcs reads no segmented code (CDS), and its decoder of the unsegmented one (CUC) has read the binary fraction of a second as a count
of milliseconds, which loses the time; this double is read without loss by Yamcs 5.12 and by any XTCE decoder.

Assumptions and limitations: no leap second during a flight (none was announced after 2016); a clock that jumped carries its error into the packets;
the step of a double is 0.24 µs in this century.
Source of what Yamcs reads: its classes GenericPacketPreprocessor, Float64TimeDecoder and CucTimeDecoder.
"""

from datetime import datetime

import numpy as np

from perilune.environment.time import tdb_from_utc, utc_from_tdb

TIME_BYTES = 8
EARLIEST_S, LATEST_S = -378691200.0, 7258118400.0  # 1958-01-01, the epoch of CCSDS time codes, and 2200-01-01


def unix_ms(epoch_utc: str | datetime) -> float:
    """Milliseconds of UTC from 1970-01-01 to the flight's epoch (ISO-8601 text or a `datetime`, without a zone UTC)."""
    return utc_from_tdb(tdb_from_utc(epoch_utc)).timestamp() * 1000.0


def time_codes(epoch_utc: str | datetime, time_s: np.ndarray) -> np.ndarray:
    """The time codes, shape (n,), of times (n,) in seconds past the epoch."""
    milliseconds = np.rint(unix_ms(epoch_utc) + time_s * 1000.0)
    codes: np.ndarray = milliseconds / 1000.0
    short = np.abs(codes * 1000.0) < np.abs(milliseconds)
    codes[short] = np.nextafter(codes[short], np.copysign(np.inf, codes[short]))
    return codes


def milliseconds_of(codes: np.ndarray) -> np.ndarray:
    """Whole milliseconds since 1970, shape (n,), of time codes (n,) that are times."""
    return np.rint(codes * 1000.0).astype(np.int64)


def are_times(codes: np.ndarray) -> np.ndarray:
    """Which codes lie between 1958 and 2200; what is no number lies nowhere."""
    within: np.ndarray = (codes >= EARLIEST_S) & (codes <= LATEST_S)
    return within
