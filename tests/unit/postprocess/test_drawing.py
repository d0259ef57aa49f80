"""The drawing of a device: everything in its place and to scale, legible at any width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.legible import clipped, overlapping, raw_names, without_unit
from matplotlib.patches import Polygon

from hotmesa.checking import draw_device
from hotmesa.postprocess import style
from hotmesa.postprocess.drawing import plot_device
from hotmesa.postprocess.page import on_page
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.errors import HotmesaError

GOLDEN = Path(__file__).parents[2] / "regression" / "golden"


def test_mesa_crystal_and_contact_are_drawn_where_they_are() -> None:
    scenario = load_scenario("kurter2010-n19", ["contacts.0.x_um=-2.5"])
    left, right = plot_device(scenario).axes
    outlines = {str(patch.get_label()): patch.get_xy() for patch in left.patches if isinstance(patch, Polygon)}
    for name, outline in (("mesa", scenario.mesa), ("crystal", scenario.crystal)):
        assert outline is not None
        assert np.array_equal(outlines[name][:-1], outline.corners)
    contact = scenario.contacts[0]
    (rim,) = [patch.get_xy() for patch in left.patches
              if isinstance(patch, Polygon) and str(patch.get_label()) not in ("mesa", "crystal")]  # fmt: skip
    assert np.allclose(np.hypot(*(rim - [contact.x_um, contact.y_um]).T), contact.radius_um)
    assert left.get_aspect() == 1.0
    paths = [np.asarray(drawn.get_paths()[0].vertices) for drawn in right.collections]
    tops = [path[:, 1].max() for path in paths if len(path) > 4]
    assert tops[2] == 0.0  # the crystal begins at z = 0
    assert tops[0] > tops[1] > tops[2]


@pytest.mark.parametrize("name", ["kurter2010-n19", "thz-300x60", "hao2015", "strip", "disc"])
@pytest.mark.parametrize("width_mm", [None, 86.0])
def test_drawings_are_legible(name: str, width_mm: float | None) -> None:
    scenario = load_scenario(GOLDEN / f"{name}.toml" if name in ("strip", "disc") else name)
    with on_page(width_mm):
        figure = plot_device(scenario)
        with style.own_settings():
            assert overlapping(figure) == []
            assert clipped(figure) == []
            assert without_unit(figure) == []
            assert raw_names(figure) == []


def test_a_file_is_written_or_refused_in_words(tmp_path: Path) -> None:
    assert draw_device("kurter2010-n19", ["mesa.junctions=12"], tmp_path / "d.svg").read_text().startswith("<?xml")
    for name, file, words in (
        ("kurter2010-n19", "d.jpg", "must end with .png, .pdf, .svg"),
        ("kurter2010-uniform", "d.png", "neither layers nor places"),
        ("study-heat-sinks", "d.png", "is no scenario"),
    ):
        with pytest.raises(HotmesaError, match=words):
            draw_device(name, (), tmp_path / file)
