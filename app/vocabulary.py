"""The names of all results, from where they are made: what studies and fits may ask for."""

from __future__ import annotations

from typing import get_args

from hotmesa.postprocess.runs import numbers_of
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.scenarios.schema import Scenario
from hotmesa.solver.runs.columns import columns_of

MODES: tuple[str, ...] = get_args(Scenario.model_fields["mode"].annotation)

VOCABULARY = Vocabulary(numbers_of, columns_of, MODES)
