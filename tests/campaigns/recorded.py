"""An engine that delivers what was flown before, so that a folder can be tried without flying; run as a program, it is killed at a chosen place."""

import os
import signal
import sys
from pathlib import Path

import polars as pl

from perilune.campaigns.builds import this_build
from perilune.campaigns.campaign import run_campaign

ASKED = {"mission": "resilience", "case": "as-flown", "runs": 12, "start": "pdi", "causes": 0, "part_runs": 3}


class Recorded:
    """Delivers the rows of a table as parts, with this build or the one given, in the order of the runs or from the last to the first."""

    def __init__(self, table, build=None, backwards=False):
        self.table, self.build, self.backwards = table, build or this_build(), backwards

    def check(self):
        pass

    def fly(self, work, deliver):
        for low, high in reversed(work.pieces) if self.backwards else work.pieces:
            if not deliver(low, high, self.table.slice(low, high - low), self.build):
                return


def kill_at(place):
    """Let this process be killed as it comes to a place: `rename NAME` (just before), `remove NAME` (just before), or `write NAME` (half written)."""
    doing, name = place.split()

    def is_it(path):
        return name in Path(path).name

    def end():
        os.kill(os.getpid(), signal.SIGKILL)

    replace, unlink = os.replace, Path.unlink

    def replacing(source, target):
        if doing == "write" and is_it(target):
            os.truncate(source, os.stat(source).st_size // 2)
            end()
        if doing == "rename" and is_it(target):
            end()
        replace(source, target)

    def unlinking(path, missing_ok=False):
        if doing == "remove" and is_it(path) and not path.name.startswith("."):
            end()
        unlink(path, missing_ok=missing_ok)

    os.replace, Path.unlink = replacing, unlinking


if __name__ == "__main__":
    folder, table, place = sys.argv[1:]
    kill_at(place)
    run_campaign(out=folder, engine=Recorded(pl.read_parquet(table)), **ASKED)
