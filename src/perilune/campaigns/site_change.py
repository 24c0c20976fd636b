"""What a change of site costs: both sites looked over, both flown on the same seeds, and the two campaigns compared.

Assumptions and limitations: those of `site`. Both campaigns draw the same values for the same run, so their difference is that of the sites.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perilune.base.json_text import json_text
from perilune.base.tables import write_atomically
from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.compare import Comparison, compare_campaigns
from perilune.campaigns.engine import Engine
from perilune.campaigns.results import Campaign
from perilune.campaigns.site import SiteLook, look_at, move_site
from perilune.campaigns.standing import Watcher
from perilune.flight.save import check_writable
from perilune.mission.schema import Mission


@dataclass(frozen=True)
class SiteChange:
    """The old site and the new one: what is known of each, its campaign, and what changed between them."""

    folder: Path
    looks: tuple[SiteLook, SiteLook]
    campaigns: tuple[Campaign, Campaign]
    comparison: Comparison

    def to_json(self) -> dict[str, Any]:
        """What stands in `site.json`."""
        names = ("original", "moved")
        return {
            "sites": {name: look.to_json() for name, look in zip(names, self.looks, strict=True)},
            "campaigns": {
                name: {key: made.numbers[key] for key in ("runs", "valid", "landed", "probability", "interval_low", "interval_high", "verdicts")}
                for name, made in zip(names, self.campaigns, strict=True)
            },
        }


def change_site(
    mission: Mission,
    latitude_deg: float,
    longitude_deg: float,
    heading_deg: float | None,
    runs: int,
    out: Path,
    seed: int = 1,
    start: str = "doi",
    engine: Engine | None = None,
    watch: Watcher | None = None,
    causes: int = 50,
) -> SiteChange:
    """Move a mission to another site and say what that changes; kept under `out`: both campaigns, both undispersed flights, the comparison.

    Raises PeriluneError where the site, the orbit to it or the folder is not to be had.
    """
    check_writable(out)
    after = move_site(mission, latitude_deg, longitude_deg, heading_deg)
    made: list[Campaign] = []
    looks: list[SiteLook] = []
    for name, flown in (("original", mission), ("moved", after)):
        if watch:
            watch(f"looking the {name} site over", None, 0.0)
        look, flight = look_at(flown)
        flight.save(out / f"{name}-undispersed")
        looks.append(look)
        made.append(run_campaign(flown, runs, out / name, seed=seed, start=start, engine=engine, watch=watch, causes=causes))
    comparison = compare_campaigns(out / "original", out / "moved", out / "comparison", watch=watch)
    change = SiteChange(out, (looks[0], looks[1]), (made[0], made[1]), comparison)
    text = json_text(change.to_json())
    write_atomically(out / "site.json", lambda part: part.write_text(text, encoding="utf-8"))
    return change
