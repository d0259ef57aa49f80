"""JSON schemas of the files that say what is done with a scenario: studies, fits, optimisations and the like."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from hotmesa.scenarios.plans.fit import Fit
from hotmesa.scenarios.plans.folds import FoldsFile
from hotmesa.scenarios.plans.identify import Identify
from hotmesa.scenarios.plans.optimise import Optimisation
from hotmesa.scenarios.plans.study import Study
from hotmesa.scenarios.plans.uncertainty import Uncertainty
from hotmesa.scenarios.reference import add_units

MODELS: dict[str, type[BaseModel]] = {
    "study": Study,
    "fit": Fit,
    "uncertainty": Uncertainty,
    "optimise": Optimisation,
    "identify": Identify,
    "folds": FoldsFile,
}
"""What a file holds, by the command that computes it."""


def plan_schema_json(kind: str) -> str:
    """Return the JSON schema of the files of a command, for editors: with units.

    Args:
        kind: a word of `MODELS`.
    """
    result: dict[str, Any] = MODELS[kind].model_json_schema()
    for section in (result, *result.get("$defs", {}).values()):
        add_units(section)
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": f"urn:hotmesa:{kind}", **result}
    return json.dumps(head, indent=2, ensure_ascii=False) + "\n"
