"""The row of the coverage-guided fuzzer: ten minutes on the decoder of the ground, from a corpus of real packets."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perilune.validation.rows import Check, Measured

MINUTES = 10.0
LONGEST_INPUT = 1200  # bytes
SEED = 20250605
TARGET = "perilune.validation.fuzz_decoder"


@dataclass(frozen=True)
class Fuzzed:
    """What a run of the fuzzer tells: trials, edges of the code that they reached, inputs kept, and the end of its output where a trial failed."""

    trials: int
    edges: int
    inputs: int
    failure: str


def fuzz(packets: Sequence[bytes], seconds: float, folder: Path, seed: int = SEED) -> Fuzzed:
    """Let the fuzzer try the decoder for so long, from a corpus of the packets one by one and in rows of ten; `folder` takes corpus and findings."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    for n in range(0, len(packets), max(1, len(packets) // 100)):
        (corpus / f"one-{n}").write_bytes(n.to_bytes(2, "big") + packets[n])
        (corpus / f"ten-{n}").write_bytes(n.to_bytes(2, "big") + b"".join(packets[n : n + 10]))
    asked = [f"-max_total_time={seconds:.0f}", f"-max_len={LONGEST_INPUT}", f"-seed={seed}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    asked.append("-rss_limit_mb=0")  # the kernel counts to a child's peak what the process that began it held, 2.4 GB in a long run of tests
    process = subprocess.run([sys.executable, "-m", TARGET, str(corpus), *asked], capture_output=True, text=True, errors="replace")
    told = process.stdout + process.stderr
    trials, edges = re.findall(r"stat::number_of_executed_units:\s*(\d+)", told), re.findall(r"\bcov: (\d+)", told)
    if process.returncode or not trials or not edges:
        return Fuzzed(
            int(trials[-1]) if trials else 0, int(edges[-1]) if edges else 0, len(list(corpus.iterdir())), told[-2000:] or "it said nothing"
        )
    return Fuzzed(int(trials[-1]), int(edges[-1]), len(list(corpus.iterdir())), "")


def ten_minutes() -> Measured:
    """1 where a trial failed, else 0."""
    from perilune.validation.hostile import descent

    with tempfile.TemporaryDirectory(prefix="perilune-") as folder:
        fuzzed = fuzz(descent(), 60.0 * MINUTES, Path(folder))
    if fuzzed.failure:
        raise RuntimeError(fuzzed.failure)
    return 0.0, f"{fuzzed.trials} trials in {MINUTES:g} minutes, {fuzzed.edges} edges of the code reached, {fuzzed.inputs} inputs kept"


CHECKS = [
    Check(
        "hostile, fuzzer",
        "trials that raised, or in which counters do not add up or a check word is wrong",
        "Atheris (libFuzzer), guided by coverage",
        0.0,
        "",
        ten_minutes,
        ("atheris", "fastcrc"),
        full=True,
    )
]
