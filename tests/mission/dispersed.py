"""Resilience with dispersions of a test's own."""

from perilune.mission.catalogue import FOLDER

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")
DRY = 'path = "lander.mass.dry_mass_kg"'
ISP = 'path = "lander.main_engine.isp_s"'


def with_dispersions(*tables, correlations=()):
    """The text of the catalogue's mission with these dispersions and correlations only."""
    lines, kept, skipping = TEXT.splitlines(), [], False
    for line in lines:
        if line.startswith("["):
            skipping = line == "[[dispersions]]"
        if not skipping and not line.startswith("hold"):
            kept.append(line)
    made = [f'[[dispersions]]\nsource = "assumed"\n{table}' for table in tables]
    made += [f'[[correlations]]\nsource = "assumed"\n{table}' for table in correlations]
    return "\n".join([*kept, *made])
