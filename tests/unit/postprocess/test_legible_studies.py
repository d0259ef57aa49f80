"""Pictures of studies, fits, folds, designs and surfaces: as legible as those of runs, on a page and in a column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from unit.postprocess.test_legible import GOLDEN, assert_legible

import hotmesa as hm
from hotmesa.postprocess import style
from hotmesa.postprocess.compare import Order, case_labels, plot_comparison, ranked
from hotmesa.postprocess.fit import plot_fit, with_spread
from hotmesa.postprocess.folds import plot_folds
from hotmesa.postprocess.identify import Candidates, plot_design
from hotmesa.postprocess.page import on_page
from hotmesa.postprocess.runs.transient import plot_transient
from hotmesa.postprocess.surface import plot_surface, surface_of
from hotmesa.scenarios.files import bundled_file

NUMBER = "T_max_K@I_mA=1.0"
AXES = {
    "place": ("centre", "edge", "corner"),
    "contacts.0.radius_um": ("1.0", "1.5"),
    "layers.0.thickness_um": ("0.02", "0.06"),
    "materials.intercalated.divide_conductivity_by": ("5.0", "10.0"),
    "top": ("bare", "cooled"),
}
HEAD = "place, radius (µm), thickness (µm), divisor of κ, top"
PURE = ("intercalated: divisor of κ",)
Plot = Callable[[], Figure]


@pytest.fixture
def sinks(tmp_path: Path) -> Path:
    """The table of study-heat-sinks, with numbers that were made up."""
    (tmp_path / "study.toml").write_text(bundled_file("study-heat-sinks").read_text())
    with (tmp_path / "table.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["case", "status", *AXES, NUMBER])
        for number, own in enumerate(product(*AXES.values())):
            table.writerow(["_".join(f"value_of-{word}" for word in own), "ok", *own, 60.0 + 0.7 * number])
    return tmp_path


def design() -> Figure:
    """Two parameters at four baths."""
    I = np.tile(np.linspace(0.1, 2.0, 8), 4)  # noqa: E741
    bath = np.repeat([4.2, 20.0, 40.0, 60.0], 8)
    slopes = np.stack([I * bath, np.sin(I) * bath], axis=1)
    found = Candidates(bath, I, 30.0 * I, slopes, ("law.gamma_c_meV", "contacts.0.contact_resistance_ohm"))
    return plot_design(found, np.where(I == I[3], 0.25, 0.0), "bath.temperature_K", "a device")


def folds(folder: Path) -> Figure:
    """Two folds that meet."""
    bath = np.linspace(4.2, 45.89, 12)
    gap = np.sqrt(45.89 - bath)
    lines = [f"{b},{30 + s * g},{1 + 0.05 * s * g},{60 - 2 * s * g},{int(g == 0.0)},0,V"
             for s in (-1, 1) for b, g in zip(bath, gap, strict=True)]  # fmt: skip
    text = "bath.temperature_K,V_per_junction_mV,I_mA,T_max_K,cusp,curve,fold\n" + "\n".join(lines) + "\n"
    (folder / "folds.csv").write_text(text)
    return plot_folds(folder / "folds.csv", "bath.temperature_K", "a device")


def fit(folder: Path) -> Figure:
    """Four numbers that two parameters are to meet."""
    names = ("n12", "n19", "n30", "n19-peak")
    rows = "".join(f"{name},P_normal_mW,nan,1.0,0.05,{1 + 0.01 * k},{0.2 * k}\n" for k, name in enumerate(names))
    (folder / "residuals.csv").write_text("data,quantity,at,measured,sigma,model,residual\n" + rows)
    values = {"crystal-divisor": (4.29951, 0.8215), "contact-ohm": (0.103592, 0.01593)}
    about = {
        "name": "cooling", "chi_squared": 0.42, "chi_squared_reduced": 0.211,
        "parameters": {name: {"value": a, "uncertainty": b} for name, (a, b) in values.items()},
    }  # fmt: skip
    (folder / "fit.json").write_text(json.dumps(about))
    return plot_fit(folder)


@pytest.fixture(params=["compare", "design", "folds", "fit"])
def plot(request: pytest.FixtureRequest, sinks: Path) -> Iterator[Plot]:
    plots: dict[str, Plot] = {
        "compare": lambda: plot_comparison(ranked((sinks,), Order())), "design": design,
        "folds": lambda: folds(sinks), "fit": lambda: fit(sinks),
    }  # fmt: skip
    yield plots[request.param]


@pytest.mark.parametrize("width_mm", [None, 86.0, 178.0])
def test_figures_of_several_runs(plot: Plot, width_mm: float | None) -> None:
    with on_page(width_mm):
        figure = plot()
        with style.own_settings():
            assert_legible(figure, PURE)


@pytest.mark.parametrize("width_mm", [None, 86.0, 178.0])
def test_the_figure_of_a_surface(width_mm: float | None, plan: hm.Run) -> None:
    with on_page(width_mm):
        figure = plot_surface(surface_of(plan, -1, (-5.0, -5.0, 5.0, 5.0), 3.0))
        with style.own_settings():
            assert_legible(figure)


@pytest.fixture(scope="module")
def plan() -> hm.Run:
    return hm.run("kurter2010-n19", {"mesh.size_um": 2.0, "branch.min_points": 12})


def test_cases_are_called_by_their_values_in_the_order_of_the_panels(sinks: Path) -> None:
    head, labels = case_labels(ranked((sinks,), Order()))
    assert (head, labels[0]) == (HEAD, "centre, 1, 0.02, 5, bare")
    text = (sinks / "table.csv").read_text().replace("centre", "with_a_long_name_of_its_own")
    (sinks / "table.csv").write_text(text)
    head, labels = case_labels(ranked((sinks,), Order()))
    assert head == ""
    assert labels[0] == "value of-with a long name of its own value of-1.0 value of-0.02 value of-5.0 value of-bare"


def test_a_number_has_the_digits_that_its_uncertainty_leaves() -> None:
    assert with_spread(4.29951, 0.8215) == "4.30 ± 0.82"
    assert with_spread(0.103592, 0.01593) == "0.104 ± 0.016"
    assert with_spread(1234.5, 321.0) == "1234 ± 321"
    assert with_spread(9.95, 0.0996) == "9.95 ± 0.10"
    assert with_spread(1.5e-9, 2e-10) == "1.5e-09 ± 2e-10"
    assert with_spread(0.5, None) == "0.5"


def test_a_switched_heater_is_shaded_while_it_is_on() -> None:
    heater = {"name": "laser", "x_um": 0.0, "radius_um": 1.0, "power_uW": 1.0, "from_us": 0.5, "to_us": 1.0}
    lit = {"heaters": [heater], "transient.start": "steady", "transient.before_mA": 0.6}
    figure = plot_transient(hm.run(GOLDEN / "transient.toml", lit))
    shaded = [patch for axes in figure.axes for patch in axes.patches]
    assert len(shaded) == 3
    assert {(patch.get_x(), patch.get_width()) for patch in shaded} == {(0.5, 0.5)}
    assert "laser on" in [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
