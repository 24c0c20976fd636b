"""Fly a lunar landing before the Moon does.

>>> import perilune
>>> flight = perilune.fly(perilune.load("resilience"), case="as-flown", seed=3)
>>> flight.verdict
'crashed'
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Budget",
    "Campaign",
    "Flight",
    "Mission",
    "PeriluneError",
    "budget",
    "catalogue",
    "change_site",
    "compare_campaigns",
    "compare_laws",
    "fly",
    "fly_many",
    "load",
    "rare_losses",
    "refly",
    "resume",
    "run_campaign",
]

if TYPE_CHECKING:
    from perilune.base.errors import PeriluneError
    from perilune.campaigns.campaign import resume, run_campaign
    from perilune.campaigns.compare import compare_campaigns
    from perilune.campaigns.rare import rare_losses
    from perilune.campaigns.refly import refly
    from perilune.campaigns.results import Campaign
    from perilune.campaigns.site_change import change_site
    from perilune.flight.budget.budget import Budget, budget
    from perilune.flight.compare_laws import compare_laws
    from perilune.flight.flight import Flight
    from perilune.flight.fly import fly
    from perilune.flight.fly_many import fly_many
    from perilune.mission.catalogue import catalogue
    from perilune.mission.loader import load
    from perilune.mission.schema import Mission

_HOMES = {
    "Budget": "perilune.flight.budget.budget",
    "Campaign": "perilune.campaigns.results",
    "Flight": "perilune.flight.flight",
    "Mission": "perilune.mission.schema",
    "PeriluneError": "perilune.base.errors",
    "budget": "perilune.flight.budget.budget",
    "catalogue": "perilune.mission.catalogue",
    "change_site": "perilune.campaigns.site_change",
    "compare_campaigns": "perilune.campaigns.compare",
    "compare_laws": "perilune.flight.compare_laws",
    "fly": "perilune.flight.fly",
    "fly_many": "perilune.flight.fly_many",
    "load": "perilune.mission.loader",
    "rare_losses": "perilune.campaigns.rare",
    "refly": "perilune.campaigns.refly",
    "resume": "perilune.campaigns.campaign",
    "run_campaign": "perilune.campaigns.campaign",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import perilune` alone takes no time."""
    if name not in _HOMES:
        raise AttributeError(f"module 'perilune' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    if _HOMES[name].startswith(("perilune.flight.", "perilune.campaigns.")):
        _let_reports_be_written()
    if _HOMES[name].startswith("perilune.campaigns."):
        _let_campaign_reports_be_written()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _let_reports_be_written() -> None:
    """A saved flight or budget holds its report, which is written two floors above it."""
    from importlib.util import find_spec
    from pathlib import Path

    from perilune.flight import compare_laws
    from perilune.flight.budget import budget
    from perilune.flight.save import also_written

    def write_budget(made: Any, path: Path) -> None:
        from perilune.report.budget_report import write_budget_report

        write_budget_report(made, path)

    def write_laws(made: Any, path: Path) -> None:
        from perilune.report.laws_picture import write_laws_picture

        write_laws_picture(made, path)

    def write(flight: Any, path: Path) -> None:
        from perilune.report.html_report import write_report

        write_report(flight, path)

    if find_spec("perilune.report.html_report") is not None:
        also_written["report.html"] = write
        budget.also_written["report.html"] = write_budget
        compare_laws.also_written["guidance.png"] = write_laws


def _let_campaign_reports_be_written() -> None:
    """A campaign and a comparison of two hold their reports, which are written two floors above them."""
    from importlib.util import find_spec
    from pathlib import Path

    from perilune.campaigns import compare, results

    def write_campaign(made: Any, path: Path) -> None:
        from perilune.report.campaign_report import write_campaign_report

        write_campaign_report(made, path)

    def write_comparison(made: Any, path: Path) -> None:
        from perilune.report.compare_report import write_compare_report

        write_compare_report(made, path)

    if find_spec("perilune.report.campaign_report") is not None:
        results.also_written["report.html"] = write_campaign
        compare.also_written["report.html"] = write_comparison
