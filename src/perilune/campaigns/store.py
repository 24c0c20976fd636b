"""The folder of a campaign: the plan, the parts as they were flown, and the table that they are merged into.

A part is written beside and renamed and holds, in its own metadata, the plan and the build that it belongs to and a checksum of all its bytes; so a
kill loses at most the parts in flight, and what is damaged or does not belong together is not merged.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perilune.base.errors import PeriluneError
from perilune.base.tables import write_atomically
from perilune.campaigns.builds import difference
from perilune.campaigns.plan import Plan, plan_from
from perilune.campaigns.seal import seal
from perilune.campaigns.sealed_table import about_of, damaged, read_table, unsealed, write_table
from perilune.flight.save import check_writable, save_mission
from perilune.mission.loader import load
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

PART_NAME = re.compile(r"runs-(\d{10})-(\d{10})\.parquet")


@dataclass(frozen=True)
class Part:
    """A part on disk: runs `low` to `high` (without it), and the build that flew it."""

    low: int
    high: int
    path: Path
    build: dict[str, Any]


class Store:
    """A campaign's folder; made by `make_store` or `open_store`."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan

    @property
    def table(self) -> Path:
        """The merged table."""
        return self.folder / "runs.parquet"

    @property
    def schedule(self) -> Path | None:
        """The fault schedule, where the campaign has one."""
        return None if self.plan.schedule_hash is None else self.folder / "faults.toml"

    def is_whole(self) -> bool:
        """Whether the table stands there; raises PeriluneError where it is damaged or of another campaign."""
        if not self.table.exists():
            return False
        if about_of(self.table).get("plan") != self.plan.key:
            raise PeriluneError(f"{self.table}: this table belongs to another campaign; take it out of the folder and resume")
        return True

    def runs(self) -> "pl.DataFrame":
        """The table; raises PeriluneError where it is damaged."""
        import polars as pl

        table = pl.from_arrow(read_table(self.table))
        assert isinstance(table, pl.DataFrame)
        return table

    def mission(self) -> Mission:
        """The mission as flown; raises PeriluneError where it is not the plan's."""
        mission = load(self.folder / "mission.toml")
        if mission.hash != self.plan.mission_hash:
            raise PeriluneError(f"{self.folder / 'mission.toml'}: this is not the mission that the campaign flies (plan.json); put the original back")
        return mission

    def write_part(self, low: int, high: int, frame: "pl.DataFrame", build: dict[str, Any]) -> None:
        """Keep a part; raises PeriluneError where it cannot be written."""
        about = {"plan": self.plan.key, "low": low, "high": high, "build": build}
        write_table(self.folder / "parts" / f"runs-{low:010d}-{high:010d}.parquet", frame.to_arrow(), about)

    def parts(self) -> list[Part]:
        """The parts that are there, in the order of their runs.

        Raises PeriluneError for a part that is damaged or of another campaign.
        """
        found = []
        for path in sorted((self.folder / "parts").glob("runs-*.parquet")):
            name = PART_NAME.fullmatch(path.name)
            if name is None:
                continue
            about = about_of(path)
            if about.get("plan") != self.plan.key:
                raise PeriluneError(f"{path}: this part belongs to another campaign; take it out of the folder and resume")
            low, high = int(name.group(1)), int(name.group(2))
            if (about.get("low"), about.get("high")) != (low, high):
                raise PeriluneError(f"{path}: this part holds the runs {about.get('low')} to {about.get('high')}; give it its own name and resume")
            found.append(Part(low, high, path, about["build"]))
        return found

    def verdicts(self, part: Part) -> list[str]:
        """The verdicts of a part, in the order of its runs; raises PeriluneError where it is damaged."""
        table = read_table(part.path)
        if "verdict" not in table.column_names or len(table) != part.high - part.low:
            raise damaged(part.path, ValueError("rows or columns are missing"))
        verdicts: list[str] = table.column("verdict").to_pylist()
        return verdicts

    def missing(self) -> list[tuple[int, int]]:
        """The parts of the plan that are not there yet."""
        there = {(part.low, part.high) for part in self.parts()}
        return [piece for piece in self.plan.parts() if piece not in there]

    def merge(self, runs: int, mix: bool) -> None:
        """Stream the parts into the table, runs 0 to `runs` (without it), and take the parts away.

        Parts of several builds are refused unless they are to be mixed; then the column `build` tells them apart (an index into campaign.json).
        Raises PeriluneError also where a part is missing or damaged; the parts then stay.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts = [part for part in self.parts() if part.low < runs]
        for low, high in (piece for piece in self.missing() if piece[0] < runs):
            raise PeriluneError(f"{self.folder / 'parts'}: the part of runs {low} to {high - 1} is missing; resume, they are flown again")
        builds = builds_of(parts)
        if len(builds) > 1 and not mix:
            raise PeriluneError(
                f"{self.folder}: its parts were flown with {len(builds)} builds ({difference(builds[0], builds[1])}); nothing is merged. "
                "Resume with --mix to merge them with each run's build marked"
            )

        def write(path: Path) -> None:
            writer = None
            try:
                for part in parts:
                    table = read_table(part.path).slice(0, max(0, min(part.high, runs) - part.low))
                    if len(builds) > 1:
                        table = table.append_column("build", pa.array([builds.index(part.build)] * len(table), pa.int32()))
                    if writer is None:
                        schema = table.schema.with_metadata(unsealed({"plan": self.plan.key, "builds": builds}))
                        writer = pq.ParquetWriter(path, schema, compression="zstd")
                    if not table.schema.equals(schema):
                        raise damaged(part.path, ValueError("its columns are not those of the other parts"))
                    writer.write_table(table.replace_schema_metadata(schema.metadata))
            finally:
                if writer is not None:
                    writer.close()
            seal(path)

        write_atomically(self.table, write)
        self.tidy()

    def tidy(self) -> None:
        """Take away what a kill may have left: files half written, and parts that are in the table already."""
        left = [*self.folder.glob(".*.part"), *(self.folder / "parts").glob(".*.part")]
        if self.is_whole():
            left += [path for path in (self.folder / "parts").glob("runs-*.parquet") if PART_NAME.fullmatch(path.name)]
        for path in sorted(left):
            path.unlink(missing_ok=True)

    def builds(self) -> list[dict[str, Any]]:
        """The builds that flew the merged table."""
        about: list[dict[str, Any]] = about_of(self.table)["builds"]
        return about

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from working on the folder; raises PeriluneError where one does."""
        import fcntl

        check_writable(self.folder)
        with open(self.folder / ".lock", "w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise PeriluneError(f"{self.folder}: another process flies this campaign; wait for its end or choose another folder") from error
            except OSError as error:
                raise PeriluneError(f"{self.folder}: cannot be locked ({error.strerror}); choose a folder on another disk") from error
            yield


def make_store(folder: Path, plan: Plan, mission: Mission, schedule_text: str | None = None) -> Store:
    """The folder of a plan, made where it is missing; that of an equal plan is taken up again.

    Raises PeriluneError where the folder holds another campaign or cannot be written.
    """
    check_writable(folder)
    if (folder / "plan.json").exists():
        store = open_store(folder)
        if store.plan != plan:
            raise PeriluneError(f"{folder}: holds another campaign ({_in_words(store.plan, plan)}); choose another folder with --out")
        return store
    store = Store(folder, plan)
    if any((folder / name).exists() for name in ("flight.json", "budget.json")) or (store.table.exists() and not store.is_whole()):
        raise PeriluneError(f"{folder}: holds other results; choose another folder with --out")
    save_mission(mission, folder)
    if schedule_text is not None:
        write_atomically(folder / "faults.toml", lambda part: part.write_text(schedule_text, encoding="utf-8"))
    write_atomically(folder / "plan.json", lambda part: part.write_text(json.dumps(plan.to_json(), indent=1) + "\n", encoding="utf-8"))
    return store


def open_store(folder: Path) -> Store:
    """The campaign of a folder; raises PeriluneError where there is none."""
    path = folder / "plan.json"
    try:
        return Store(folder, plan_from(json.loads(path.read_text("utf-8"))))
    except FileNotFoundError:
        raise PeriluneError(f"{folder}: holds no campaign (plan.json is missing); give the folder that `perilune campaign` wrote") from None
    except OSError as error:
        raise PeriluneError(f"{path}: cannot be read ({error.strerror}); give the folder that `perilune campaign` wrote") from error
    except (ValueError, TypeError, AttributeError):
        raise PeriluneError(
            f"{path}: this is no plan of a campaign, or one of another version of the program; delete it and give the same `perilune campaign` "
            "command again, which keeps the parts that are its own"
        ) from None


def builds_of(parts: list[Part]) -> list[dict[str, Any]]:
    """Every build once, in the order of the parts."""
    builds: list[dict[str, Any]] = []
    for part in parts:
        if part.build not in builds:
            builds.append(part.build)
    return builds


def _in_words(old: Plan, new: Plan) -> str:
    """In what two plans differ."""
    a, b = old.to_json(), new.to_json()
    words = [f"{key.replace('_', ' ')} {str(a[key])[:24]} there, {str(b[key])[:24]} asked" for key in a if a[key] != b[key]]
    return "; ".join(words[:3])
