"""The page with sliders in a real browser: it follows what is typed, saves it and runs it, and asks nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.browser import MISSING, Browser, browser, program
from helpers.served import Served, press, served_page, type_in, wait_for_status, wait_for_text

import hotmesa as hm

pytest.importorskip("bokeh", reason="the page needs bokeh: pip install hotmesa[explore]")
pytestmark = pytest.mark.skipif(program() is None, reason=MISSING)
KEYS = (
    "mode=branch", "branch.min_points=12", "branch.end_current_mA=0.8", "stability.points=none",
    "numerics.estimate_error=false",
)  # fmt: skip
WORDS = ["diagram-strip", *(word for key in KEYS for word in ("--set", key))]
EXACT = "as the scenario says:"
CURVE = """(() => { const line = [...Bokeh.index.query((view) => view.model.type === "GlyphRenderer")]
    .map((view) => view.model.data_source.data).find((data) => data.V && data.I && data.V.length > 3);
    return [[...line.V], [...line.I]]; })()"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explored")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with served_page(WORDS, folder) as page:
        yield page


@pytest.fixture(scope="module")
def page(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.visit(served.address)
        wait_for_status(opened, EXACT)
        yield opened


def test_what_is_typed_is_drawn_saved_and_run(page: Browser, folder: Path) -> None:
    type_in(page, "mesa.junctions number", "12")
    wait_for_text(page, "--set mesa.junctions=12")
    wait_for_status(page, EXACT)
    V, I = np.array(page.run(CURVE))  # noqa: E741

    type_in(page, "name", "saved")
    press(page, "save scenario")
    wait_for_text(page, "saved:")
    saved = hm.load_scenario(folder / "out" / "saved.toml")
    assert (saved.mesa.junctions, saved.branch.min_points, saved.mode) == (12, 12, "branch")
    assert not (folder / "out" / "saved").exists()

    press(page, "run it properly")  # the name is taken
    wait_for_text(page, "there already")
    type_in(page, "name", "run")
    press(page, "run it properly")
    wait_for_text(page, "complete, results in")
    run = hm.load_run(folder / "out" / "run")
    assert run.scenario.mesa.junctions == 12
    # The run chooses its own steps along the same curve, whose chords are short above 0.3 mA.
    at = np.linspace(0.3, 0.75, 6)
    assert np.interp(at, I, V) == pytest.approx(np.interp(at, run.column("I_mA"), run.column("V_mV")), rel=3e-3)
    assert (folder / "out" / "run" / "iv.png").stat().st_size > 0


def test_a_number_that_does_not_fit_is_told_and_the_old_picture_stays(page: Browser) -> None:
    type_in(page, "contacts.0.x_um number", "4.9")
    wait_for_text(page, "reaches outside the mesa")
    wait_for_status(page, "old picture")
    type_in(page, "contacts.0.x_um number", "0")
    wait_for_status(page, EXACT)


def test_it_shows_no_error_and_asks_nobody_else(page: Browser, served: Served) -> None:
    assert page.errors == []
    own = tuple(f"{kind}://127.0.0.1:{served.port}/" for kind in ("http", "ws"))
    assert len(page.requests) > 3
    assert [address for address in page.requests if not address.startswith((*own, "data:", "blob:"))] == []
