"""Elements of diagrams and sweeps, of which no row holds a wall."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from helpers.grids import msh2
from helpers.parts import small

from hotmesa.meshes.build import raw_mesh
from hotmesa.meshes.healing import healing_lengths
from hotmesa.meshes.quality import check_quality
from hotmesa.meshes.rows import LEAST_SHARE, size_without_rows
from hotmesa.meshes.sizes import SLACK, element_sizes
from hotmesa.postprocess.walls import rows_add
from hotmesa.scenarios import load_scenario
from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.runs.pinning import WIDE


def sheet(mode: str = "diagram", length_um: float = 30.0, **parts: object) -> Scenario:
    """A sheet with 4.17 µW/K along it on 0.1 µW/(µm² K): λ = 6.45 µm, a wall of 3.73 µm on each side of its middle."""
    device = {
        "mode": mode,
        "mesa": {"width_um": length_um, "depth_um": 4.0, "junctions": 10, "spacing_nm": 2.151},
        "layers": [
            {"name": "film", "material": "film", "region": "mesa", "thickness_um": 0.04},
            {"name": "mesa", "material": "m", "region": "mesa", "junctions": True, "sublayers": 2},
        ],
        "materials": {
            "film": {"in_plane_W_per_mK": 100.0},
            "m": {"in_plane_W_per_mK": 8.0, "out_of_plane_W_per_mK": 50.0},
        },
        "bath": {"bottom": "conductance", "bottom_W_per_m2K": 1e5},
        "mesh": {"size_um": 3.0},
    }
    return small(device | parts)


@pytest.mark.parametrize(("length_um", "tails"), [(30.0, 30.0 / 6.455), (500.0, math.log(1e6))])
def test_rows_hold_a_wall_less_than_the_ends_of_the_mesa_do(length_um: float, tails: float) -> None:
    device = sheet(length_um=length_um)
    found = element_sizes(device)
    lam = math.sqrt(4.172 / 0.1)
    assert found.needed == pytest.approx(math.pi * lam / math.sqrt(3.0) / tails, rel=2e-3)
    assert (found.asked, found.mesa) == (3.0, min(3.0, found.needed))
    # exp(-L/λ) of the ends against exp(-π w/h) of the rows.
    assert math.exp(-math.pi * lam / math.sqrt(3.0) / found.needed) == pytest.approx(math.exp(-tails), rel=0.02)


def test_a_wall_of_which_no_row_is_felt_needs_no_look() -> None:
    """The finest elements are those beyond which pinning is not looked for, by the law of walls that was measured."""
    healing = healing_lengths(sheet(length_um=500.0))
    assert healing is not None
    # Both are fits to the same walls: exp(-0.89 n) and exp(-π w/h).
    elements = math.pi * healing.wall / size_without_rows(sheet(length_um=500.0), healing) / 0.89
    assert elements == pytest.approx(WIDE, rel=0.05)
    assert rows_add(elements) == pytest.approx(LEAST_SHARE, rel=1.0)


def test_elements_of_the_mesh_are_as_small() -> None:
    found, asked = element_sizes(sheet(length_um=500.0)), element_sizes(sheet(length_um=500.0, mode="branch"))
    assert asked.mesa == 3.0 and found.mesa < 0.4 * asked.mesa
    longest = check_quality(raw_mesh(sheet(length_um=60.0)), None).longest_mesa_edge_um
    assert longest < 1.5 * element_sizes(sheet(length_um=60.0)).mesa
    assert found.words.startswith("elements refined from 3 to ")


@pytest.mark.parametrize("mode", ["branch", "transient"])
def test_only_runs_that_look_for_lost_states_are_refined(mode: str) -> None:
    found = element_sizes(sheet(mode=mode))
    assert (found.mesa, found.words) == (3.0, "")


def test_elements_that_are_small_enough_stay_as_they_are() -> None:
    needed = element_sizes(sheet(length_um=60.0)).needed
    for size in (0.5 * needed, 0.99 * SLACK * needed):
        found = element_sizes(sheet(length_um=60.0, mesh={"size_um": size}))
        assert (found.mesa, found.words) == (size, "")
    for name in ("hao2015", "minami2013", "diagram-square", "diagram-strip", "sweep-poor-film", "sweep-pristine-n28"):
        assert not element_sizes(load_scenario(name)).words


def test_it_can_be_switched_off() -> None:
    found = element_sizes(sheet(mesh={"size_um": 3.0, "refine_for_walls": False}))
    assert (found.mesa, found.words) == (3.0, "")


def test_no_more_unknowns_are_taken_than_are_allowed() -> None:
    mesa, crystal = {"width_um": 60.0, "depth_um": 20.0, "junctions": 10}, {"width_um": 120.0, "depth_um": 40.0}

    def device(**mesh: float) -> Scenario:
        return sheet(mesa=mesa, crystal=crystal, mesh={"size_um": 3.0, "rim_size_um": 12.0} | mesh)

    free = element_sizes(device())
    most = 2 * len(raw_mesh(device()).points) // 2  # of two sublayers: half of them
    found = element_sizes(device(max_unknowns=most))
    assert free.mesa < found.mesa < 3.0
    assert 0.5 * most < 2 * len(raw_mesh(device(max_unknowns=most)).points) <= most
    assert "rows of them may hold walls" in found.words and "mesh.max_unknowns" in found.words
    none = element_sizes(device(max_unknowns=1000, size_um=2.0))
    assert none.mesa == 2.0 and none.words.startswith("elements of 2 µm: rows of them may hold walls")
    wide = element_sizes(sheet(mesa=mesa | {"width_um": 3000.0, "depth_um": 3000.0}, mesh={"size_um": 30.0}))
    assert wide.mesa == pytest.approx(math.sqrt(1.2 * 9e6 / 1e5)) and wide.words


def test_a_mesh_of_ones_own_is_not_refined(tmp_path: Path) -> None:
    file = tmp_path / "own.msh"
    file.write_text(msh2())
    own = [f"mesh.file={file}", "mesh.size_um=none"]
    assert load_scenario("sweep-poor-film", own).mesh.file is not None
    with pytest.raises(ScenarioError, match="has no effect with a mesh of your own, which is not refined"):
        load_scenario("sweep-poor-film", [*own, "mesh.refine_for_walls=false"])
