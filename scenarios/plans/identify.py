"""Files of `hotmesa identify`: which numbers shall be told apart, by which readings, at which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from hotmesa.scenarios.plans.files import PlanFile, find_plan, read_plan, scenarios_over
from hotmesa.scenarios.schema import Positive, Scenario, Section

SIGMA_MV, READINGS = 1.0, 20
"""Standard deviation of a reading of V and number of readings where nothing is said."""


class Setting(Section):
    """A number that can be set from outside."""

    key: str = Field(description="scenario key")
    values: list[float] = Field(description="its values", min_length=1, max_length=100)


class Identify(PlanFile):
    """Which readings of V at a current would tell numbers of a scenario apart?"""

    tell_apart: list[str] = Field(description="keys whose values are to be told apart", min_length=1)
    setting: Setting | None = Field(None, description="what can be set from outside, a bath temperature for instance")
    sigma_mV: Positive = Field(SIGMA_MV, description="standard deviation of a reading of V")
    readings: int = Field(READINGS, ge=1, le=1_000_000, description="readings of V")


@dataclass(frozen=True)
class IdentifyPlan:
    """Readings to be chosen.

    Attributes:
        given: what the file says.
        scenarios: by the values of the setting; one by NaN where there is none.
    """

    given: Identify
    scenarios: Mapping[float, Scenario]

    @property
    def setting(self) -> str:
        """Key of what can be set from outside; "" for none."""
        return "" if self.given.setting is None else self.given.setting.key


def load_identify(name_or_path: str | Path) -> IdentifyPlan:
    """Return what a bundled file or a TOML file asks for.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "identify")
    given, _ = read_plan(file, Identify, "identify")
    if given.setting is None:
        return IdentifyPlan(given, scenarios_over(given, file, {float("nan"): {}}))
    changes = {value: {given.setting.key: value} for value in sorted(set(given.setting.values))}
    return IdentifyPlan(given, scenarios_over(given, file, changes))
