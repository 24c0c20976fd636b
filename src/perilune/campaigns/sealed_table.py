"""Tables as sealed Parquet files: metadata that say what the table belongs to, and a checksum of every byte."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perilune.base.errors import PeriluneError
from perilune.base.tables import write_atomically
from perilune.campaigns.seal import UNSEALED, is_sealed, seal

if TYPE_CHECKING:
    import pyarrow as pa

ABOUT = b"perilune"


def unsealed(about: dict[str, Any]) -> dict[bytes, bytes]:
    """The metadata of a schema whose file is still to be sealed."""
    return {ABOUT: json.dumps({**about, **UNSEALED}).encode()}


def write_table(path: Path, table: "pa.Table", about: dict[str, Any]) -> None:
    """Write a table with its metadata and checksum, beside and renamed."""
    import pyarrow.parquet as pq

    def write(part: Path) -> None:
        pq.write_table(table.replace_schema_metadata(unsealed(about)), part, compression="zstd")
        seal(part)

    write_atomically(path, write)


def read_table(path: Path) -> "pa.Table":
    """A table; raises PeriluneError where a bit of its file is not as it was written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    about_of(path)
    try:
        return pq.read_table(path, memory_map=False, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from error


def about_of(path: Path) -> dict[str, Any]:
    """The metadata of a table whose file is whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if not is_sealed(path):
            raise ValueError("its checksum differs")
        metadata = pq.read_schema(path).metadata or {}
        about: dict[str, Any] = json.loads(metadata[ABOUT])
        return about
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: BaseException) -> PeriluneError:
    """The sentence on a table that is not as it was written."""
    why = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0][:100]
    return PeriluneError(f"{path}: this file is damaged ({why}); delete it and resume, its runs are flown again")
