"""Files of `hotmesa folds`: which folds are followed, and in which number of the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from hotmesa.scenarios.plans.files import PlanFile, find_plan, read_plan, scenarios_over
from hotmesa.scenarios.schema import Scenario, Section


class Follow(Section):
    """A number and its range."""

    key: str = Field(description="scenario key that states depend on and no node of the mesh")
    min: float = Field(description="lower end of its range")
    max: float = Field(description="upper end; curves begin at the folds of either end")

    @model_validator(mode="after")
    def _in_order(self) -> Follow:
        if not self.min < self.max:
            raise ValueError(f"min = {self.min:g} is not below max = {self.max:g}")
        return self


class FoldsFile(PlanFile):
    """Folds of a curve that are followed in a second number of its scenario, to where two of them meet."""

    follow: Follow = Field(description="in which number")
    fold: Literal["V", "I"] = Field(
        "V", description="V where the voltage turns (backbending), I where the current does"
    )


@dataclass(frozen=True)
class FoldsPlan:
    """Folds to be followed.

    Attributes:
        given: what the file says.
        scenario: the device with its own values.
        scenarios: those at both ends of the range.
    """

    given: FoldsFile
    scenario: Scenario
    scenarios: Mapping[float, Scenario]


def load_folds(name_or_path: str | Path) -> FoldsPlan:
    """Return what a bundled file or a TOML file asks for.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "folds")
    given, _ = read_plan(file, FoldsFile, "folds")
    own = scenarios_over(given, file, {given.follow.min: {}})
    ends = {end: {given.follow.key: end} for end in (given.follow.min, given.follow.max)}
    return FoldsPlan(given, own[given.follow.min], scenarios_over(given, file, ends))
