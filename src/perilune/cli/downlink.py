"""`perilune downlink`, `decode` and `xtce`: a flight as packets, packets as tables, and the mission database of a control centre."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from perilune.downlink.decode import Decoded

MISSION = typer.Argument(metavar="MISSION", help="A name of the catalogue (see `perilune missions`) or the path of a TOML file.", show_default=False)
FOLDER = typer.Argument(metavar="DIR", help="The folder that `perilune fly` wrote.", show_default=False)
FILE = typer.Argument(metavar="FILE", help="A file of packets, one after another.", show_default=False)
PACKET = typer.Option(metavar="NAME", help="One kind of packet alone (see docs/packets.md).", show_default=False)
OUT_TABLE = typer.Option(metavar="FILE", help="Write the packets as a Parquet table.", show_default=False)
OUT_BYTES = typer.Option(metavar="FILE", help="Write the packets into this file, not on the standard output.", show_default=False)
BIT_RATE = typer.Option(metavar="BIT/S", help="What the packets may take of the link; left out, what its frames carry.", show_default=False)
SENT = typer.Option("--sent", help="All that the lander sent, not what of it reached a station.")
ROWS_SHOWN = 40


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("downlink", help="Give the packets of a finished flight that reached the ground, on the standard output or in a file.")(downlink)
    app.command("decode", help="Read a file of packets: what it holds, one kind as a table, or all of it as Parquet.")(decode)
    app.command("xtce", help="Print the mission database (XTCE) by which a control centre reads the packets.")(xtce)


def downlink(
    folder: Annotated[Path, FOLDER],
    bit_rate: Annotated[float | None, BIT_RATE] = None,
    out: Annotated[Path | None, OUT_BYTES] = None,
    is_sent: Annotated[bool, SENT] = False,
) -> None:
    """Make packets of the flight's telemetry, ask the link which of them arrive, give them out."""
    import sys

    from perilune.base.errors import PeriluneError

    if out is None and sys.stdout.isatty():
        raise PeriluneError("downlink: packets are no text for a terminal; name a file with --out, or redirect with > telemetry.ccsds")
    from perilune.base.tables import write_atomically
    from perilune.downlink.kept import kept_flight
    from perilune.downlink.packets import sent_packets, stream_of

    kept = kept_flight(folder)
    packets = sent_packets(kept.telemetry, kept.epoch_utc, kept.bit_rate_bit_s if bit_rate is None else bit_rate)
    if not is_sent:
        from perilune.base.start_warp import start_warp
        from perilune.downlink.link import link_of
        from perilune.downlink.received import received_packets

        start_warp()
        packets = [heard.packet for heard in received_packets(packets, link_of(folder))]
    stream = stream_of(packets)
    if out is None:
        sys.stdout.buffer.write(stream)
        sys.stdout.buffer.flush()
        return
    write_atomically(out, lambda part: part.write_bytes(stream))
    print(f"{out}: {len(packets)} packets, {len(stream)} bytes")


def decode(
    file: Annotated[Path, FILE],
    out: Annotated[Path | None, OUT_TABLE] = None,
    packet: Annotated[str | None, PACKET] = None,
) -> None:
    """Decode the file; show a summary, or one table, or write it."""
    from perilune.base.tables import write_atomically
    from perilune.downlink.decode import decode_file

    decoded = decode_file(file)
    table = decoded.together() if packet is None else decoded.table(packet)
    if out is not None:
        write_atomically(out, lambda part: table.write_parquet(part, compression="zstd"))
        print(f"{out}: {len(table)} packets, {len(table.columns)} columns")
    elif packet is None:
        print(summary(decoded))
    else:
        import polars as pl

        with pl.Config(tbl_rows=ROWS_SHOWN, tbl_cols=-1, tbl_width_chars=1000, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
            print(table.drop("place", "time_unix_s"))
        print(f"{len(table)} packets; all rows: --out FILE.parquet")


def summary(decoded: "Decoded") -> str:
    """What a file of packets holds, a line each kind, and what of it was refused."""
    from perilune.downlink.dictionary import BY_NAME

    counters = decoded.counters
    lines = [f"{'packet':<14}{'APID':>5}{'packets':>9}{'missing':>9}  {'first':<24}last"]
    for name, table in decoded.tables.items():
        times = [one.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" for one in (table["time_utc"].min(), table["time_utc"].max()) if one is not None]  # type: ignore[union-attr]
        apid = BY_NAME[name].apid
        lines.append(f"{name:<14}{apid:>5}{len(table):>9}{counters.missing.get(apid, 0):>9}  {'  '.join(times)}".rstrip())
    lines.append(
        f"{counters.received_bytes} bytes: {counters.packets} packets, {counters.refused_check_words} refused by their check word, "
        f"{counters.refused_values} by their values, {sum(counters.out_of_order.values())} out of order, {counters.skipped_bytes} bytes in no packet"
    )
    return "\n".join(lines)


def xtce(mission: Annotated[str, MISSION]) -> None:
    """Print the mission database."""
    from perilune.downlink.xtce import xtce as mission_database
    from perilune.mission.loader import load

    about = load(mission).mission
    print(mission_database(f"{about.name}: {about.title}"), end="")
