"""The names of all results, from where they are made: what studies and fits may ask for."""

from __future__ import annotations

from hotmesa.postprocess.runs import numbers_of
from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.solver.runs.columns import columns_of

VOCABULARY = Vocabulary(numbers_of, columns_of, KINDS)
