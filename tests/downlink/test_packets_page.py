"""The page on packets is what the dictionary says."""

from pathlib import Path

from perilune.downlink.dictionary import PACKETS
from perilune.downlink.packets_page import packets_markdown

PAGE = Path(__file__).parents[2] / "docs" / "packets.md"


def test_the_page_is_current():
    assert PAGE.read_text("utf-8") == packets_markdown(), "run: python -m perilune.downlink.packets_page > docs/packets.md"


def test_every_field_stands_on_it():
    page = PAGE.read_text("utf-8")
    assert all(f"| `{field.name}` | {field.encoding} | {field.unit} |" in page for packet in PACKETS for field in packet.fields)
