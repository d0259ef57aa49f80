"""A small valid scenario file, and a reader of problems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hotmesa.scenarios import ScenarioError, load_scenario

SMALL = """\
name = "small"

[mesa]
junctions = 10

[crystal]
width_um = 40.0
depth_um = 30.0

[[layers]]
name = "film"
material = "gold"
region = "mesa"
thickness_um = 0.04

[[layers]]
name = "mesa"
material = "bi"
region = "mesa"
junctions = true

[[layers]]
name = "base"
material = "bi"
thickness_um = 20.0
sublayers = 5

[materials.gold]
base = "gold-film"

[materials.bi]
base = "bi2212"

[[contacts]]
name = "wire"
x_um = 1.0
radius_um = 2.0
contact_K_per_mW = 3.0
"""

Problems = Callable[..., tuple[str, ...]]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file


@pytest.fixture
def problems(small: Path) -> Problems:
    """The problems of the small scenario after some changes; () if there are none."""

    def of(*overrides: str, file: Path = small) -> tuple[str, ...]:
        try:
            load_scenario(file, overrides, complete=True)
        except ScenarioError as error:
            return error.problems
        return ()

    return of
