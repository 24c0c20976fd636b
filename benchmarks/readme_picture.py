"""Draw the picture of the README anew: the planned descent of Resilience, as this version flies it."""

from pathlib import Path

import perilune
from perilune.report.picture import draw_descent

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "descent.png"


def main() -> None:
    """Fly the planned case, undispersed, and write docs/pictures/descent.png."""
    flight = perilune.fly("resilience")
    print(f"{flight.verdict}: {flight.reason}")
    print(draw_descent(flight, PICTURE))


if __name__ == "__main__":
    main()
