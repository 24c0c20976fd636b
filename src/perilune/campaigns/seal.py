"""The checksum of a campaign's file: the SHA-256 of all its bytes, standing in its own metadata, where it counts as zeros.

Parquet can guard its pages with checksums of their own, but not the footer that says what the pages are: a bit there may rename a column or take the
pages of another for it.

Assumptions and limitations: it finds damage, not forgery.
"""

import hashlib
import mmap
from pathlib import Path

ZEROS = b"0" * 64
UNSEALED = {"sha256": ZEROS.decode()}
"""What the file's JSON metadata holds until it is sealed."""
MARK = b'"sha256": "'


def seal(path: Path) -> None:
    """Write the checksum into a file that holds `UNSEALED` in its metadata; raises ValueError where it does not."""
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        at = _place(content)
        if content[at : at + len(ZEROS)] != ZEROS:
            raise ValueError("the file is sealed already")
        content[at : at + len(ZEROS)] = _digest(content, at)


def is_sealed(path: Path) -> bool:
    """Whether every byte of a file is as it was when it was sealed."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            at = _place(content)
        except ValueError:
            return False
        return content[at : at + len(ZEROS)] == _digest(content, at)


def _place(content: mmap.mmap) -> int:
    """Where the checksum stands, in the last mark of the file: its metadata come last."""
    at = content.rfind(MARK)
    if at < 0:
        raise ValueError("the file has no place for a checksum")
    return at + len(MARK)


def _digest(content: mmap.mmap, at: int) -> bytes:
    digest = hashlib.sha256()
    with memoryview(content) as view, view[:at] as before, view[at + len(ZEROS) :] as after:
        for piece in (before, ZEROS, after):
            digest.update(piece)
    return digest.hexdigest().encode()
