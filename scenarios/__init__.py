"""What a user writes: TOML scenarios, their schema and loader; no DOLFINx."""

from hotmesa.scenarios.emit import to_toml
from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.files import available_scenarios
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.plans.files import StudyError
from hotmesa.scenarios.schema import Scenario

__all__ = ["Scenario", "ScenarioError", "StudyError", "available_scenarios", "load_scenario", "to_toml"]
