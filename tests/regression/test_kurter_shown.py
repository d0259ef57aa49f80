"""States on docs/kurter2010.md: what the source named does not hold is told, and a section that hides it is refused."""

from __future__ import annotations

import numpy as np
import pytest
from validation.kurter2010.maps import LATE
from validation.kurter2010.page import DOCS, blocks_of
from validation.kurter2010.runs import trace
from validation.kurter2010.sections import SECTIONS
from validation.kurter2010.shown import Shown, of_branches, of_currents, of_uniform, refuse_untold
from validation.kurter2010.stability import SHOWN
from validation.kurter2010.stacks import COARSE
from validation.kurter2010.uniform_heating import curve

from hotmesa.scenarios import load_scenario


def test_every_section_says_what_it_shows() -> None:
    assert set(SHOWN) == set(SECTIONS)


@pytest.mark.parametrize(("kind", "lost"), [("current", False), ("voltage", True)])
def test_a_branch_that_folds_back_is_held_by_current_and_lost_by_voltage(kind: str, lost: bool) -> None:
    changes = ("mesh.refine=0.4", *COARSE[1:], *LATE, f'bias.kind="{kind}"', "numerics.estimate_error=false")
    run = trace(load_scenario("kurter2010-n30", changes))
    shown = of_branches("curve", [run], told="")
    assert (shown.source, shown.lost > 0) == (kind, lost)
    # The same states by their currents, and only those inside of the fold are lost.
    inside = np.flatnonzero(run.column("dV_dI_ohm") < 0)
    currents = [float(run.column("I_mA")[inside[len(inside) // 2]]), 0.1]
    assert of_currents("rows", run, currents).held.tolist() == [not lost, True]
    if lost:
        with pytest.raises(ValueError, match=rf"section: curve: {shown.lost} of {len(run.held)} states are not held"):
            refuse_untold("section", [shown])
        refuse_untold("section", [of_branches("curve", [run])])
    else:
        refuse_untold("section", [shown])


def test_a_uniform_curve_is_held_where_its_current_rises() -> None:
    found = curve(19, 3)
    assert found.figures["folds"] and of_uniform("curve", [found]).lost == 0
    turned = type(found)(**{name: getattr(found, name) for name in found.__dataclass_fields__} | {"I_mA": -found.I_mA})
    assert of_uniform("curve", [turned]).lost == len(found.I_mA) - 1


def rows_of(block: str) -> list[list[str]]:
    """The cells of a table of the page."""
    lines = blocks_of((DOCS / "kurter2010.md").read_text("utf-8"))[block].splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")][2:]


def test_nothing_is_hidden_on_the_page() -> None:
    rows = rows_of("held")
    # Sections are computed and asked by one command, which notes its processor time.
    computed = {row[0] for row in rows_of("summary")[:-1] if row[4].isdigit()} - {SECTIONS["spectra"][0]}
    assert {row[0] for row in rows} == computed and len(computed) > 3
    refuse_untold("page", [Shown(row[1], row[2], np.arange(int(row[3])) >= int(row[4]), row[5]) for row in rows])
