"""The still picture must come out at its size for every way a flight can end."""

import struct
from pathlib import Path

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.flight.flight import Flight
from perilune.report.picture import descent_figure, draw_descent


@pytest.mark.parametrize("name", ["landed", "lost", "started_late", "in_the_air"])
def test_picture_has_its_size_for_any_flight(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = draw_descent(request.getfixturevalue(name), tmp_path / "pictures" / "descent.png")
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1600, 900)


def test_picture_says_verdict_reason_and_what_of_the_relief_is_real(lost: Flight) -> None:
    figure = descent_figure(lost)
    said = " ".join(" ".join(text.get_text().split()) for text in figure.texts)
    assert lost.verdict in said and lost.reason in said and "all below that is synthetic" in said


def test_no_words_of_the_picture_are_cut_off_or_cover_each_other(landed: Flight) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = descent_figure(landed)
    FigureCanvasAgg(figure).draw()
    texts = [t for t in figure.texts] + [t for a in figure.axes for t in (a.title, a._left_title, a.xaxis.label, a.yaxis.label, *a.texts)]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text()]
    assert len(boxes) > 12
    for i, (text, box) in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= 1600 and box.y1 <= 900, text
        for other, second in boxes[i + 1 :]:
            assert not box.overlaps(second), (text, other)


def test_the_way_down_ends_at_the_end(landed: Flight) -> None:
    figure = descent_figure(landed)
    curves = [line.get_xydata() for line in figure.axes[0].lines if len(line.get_xydata()) > 100]
    lowest = min(float(np.abs(curve[:, 0]).min()) for curve in curves)
    assert lowest < 1e-6
    furthest = max(float(curve[:, 0].max()) for curve in curves)
    assert 500.0 < furthest < 900.0


def test_unwritable_picture_is_refused(landed: Flight, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PeriluneError, match="cannot write here"):
        draw_descent(landed, tmp_path / "file" / "descent.png")
