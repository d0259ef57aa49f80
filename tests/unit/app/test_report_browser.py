"""A report in a real browser, opened as a file: no error, no request, and a slider that moves map and point."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.browser import MISSING, Browser, browser, program

import hotmesa as hm

pytest.importorskip("plotly")
pytestmark = pytest.mark.skipif(program() is None, reason=MISSING)
POINT = "(() => { const t = document.getElementById('chart-curve').data.at(-1); return [t.x[0], t.y[0]]; })()"
HOTTEST = "Math.max(...document.getElementById('chart-map').data[0].z.flat().filter((value) => value !== null))"
ARROW_RIGHT = ("ArrowRight", 39)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> hm.Run:
    """A small mesa in the plane with a few states."""
    folder = tmp_path_factory.mktemp("browser") / "n06"
    keys = ["mesh.refine=0.4", "branch.end_current_mA=0.6", "output.every=4", "numerics.estimate_error=false"]
    hm.run(hm.load_scenario("kurter2010-n06", keys)).save(folder)
    hm.report(folder)
    return hm.load_run(folder)


@pytest.fixture(scope="module")
def page(result: hm.Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert result.folder is not None
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        opened.open(result.folder / "report.html")
        yield opened


def test_the_slider_moves_map_and_point_together(page: Browser, result: hm.Run) -> None:
    states, T = result.states, result.junction_T_K
    assert states is not None
    assert T is not None
    assert len(states) > 3
    page.run("document.getElementById('state').focus()")
    page.run(
        "(() => { const s = document.getElementById('state'); s.value = 0; s.dispatchEvent(new Event('input')); })()"
    )
    for step in range(len(states)):
        row = states.row[step]
        assert page.run("document.activeElement.value") == str(step)
        wanted = [result.column(name)[row] for name in ("V_per_junction_mV", "I_mA")]
        assert page.run(POINT) == pytest.approx(wanted, rel=1e-12)
        # Centres of the raster lie a little beside the node that is hottest.
        most = float(T[step, states.mesa_nodes].max())
        assert page.run(HOTTEST) == pytest.approx(most, abs=0.03 * (most - 4.2) + 1e-3)
        assert page.run("document.getElementById('caption').textContent").startswith(
            f"{step + 1} of {len(states)}: I = "
        )
        page.key(*ARROW_RIGHT)


def test_charts_stand_and_nothing_is_wrong_or_asked_for(page: Browser) -> None:
    drawn = "[...document.querySelectorAll('.plot')].map((plot) => plot.querySelectorAll('svg.main-svg').length)"
    assert min(page.run(drawn)) > 0
    assert page.errors == []
    elsewhere = [address for address in page.requests if not address.startswith(("file://", "data:", "blob:"))]
    assert elsewhere == []
    assert sum(address.startswith("file://") for address in page.requests) == 1


def test_everything_has_a_name_for_who_does_not_see_it(page: Browser) -> None:
    unnamed = "[...document.querySelectorAll('.plot')].filter((plot) => !plot.getAttribute('aria-label')).length"
    assert page.run(unnamed) == 0
    assert page.run("[...document.images].filter((image) => !image.alt).length") == 0
    assert page.run("document.getElementById('state').labels.length") == 1
    levels = page.run("[...document.querySelectorAll('h1, h2')].map((title) => title.tagName)")
    assert levels[0] == "H1"
    assert set(levels[1:]) == {"H2"}


def test_a_phone_needs_no_scrolling_to_the_side(page: Browser) -> None:
    page.size(390, 800)
    page.run("new Promise((done) => setTimeout(done, 500))")
    assert page.run("document.documentElement.scrollWidth") <= 390
    page.size(1200, 900)


def test_it_prints(page: Browser, tmp_path: Path) -> None:
    page.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
