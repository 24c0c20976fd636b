"""The table of a report on what came of the landing: where the lander rests, and where its energy went."""

from perilune.report.tables import fixed, number, table
from perilune.report.view import View

ENERGY = (
    ("energy of motion at the first touch", "at_contact_j"),
    ("work of gravity", "gravity_j"),
    ("work of engines and thrusters", "engines_j"),
    ("taken by crushed cores", "crushed_j"),
    ("taken by damping", "damped_j"),
    ("taken by friction", "friction_j"),
    ("left in springs", "stored_j"),
    ("left in motion", "motion_j"),
    ("not accounted for", "unaccounted_j"),
)


def rest_table(view: View) -> str:
    """The rest and its energy account; nothing where the lander did not come to the ground, or broke."""
    rest = view.flight.rest
    if rest is None:
        return ""
    limit = view.mission.limits.rest_tilt_deg
    is_over = rest.tilt_deg > limit
    rows = [
        ("from the first touch to rest", "no rest" if rest.after_s is None else fixed(rest.after_s, 2), "s", ""),
        ("tilt from the vertical", number(rest.tilt_deg), "°", f"{'above' if is_over else 'within'} {limit:g}°"),
        ("way from the first touch", fixed(rest.slide_m, 2), "m", ""),
        ("strokes of the legs", ", ".join(fixed(1e3 * stroke, 0) for stroke in rest.stroke_m), "mm", ""),
    ]
    rows += [(label, fixed(getattr(rest.energy, key), 1), "J", "") for label, key in ENERGY]
    return table("rest", ("on its legs", "value", "unit", "limit"), rows, (1,), ["", "out" if is_over else ""])
