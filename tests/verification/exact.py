"""All exact results, in the order in which they are listed."""

from __future__ import annotations

from verification import exact_equal_area, exact_film, exact_loop_gain, exact_nucleation, exact_spreading, exact_step
from verification.cases import Case

CASES: tuple[Case, ...] = (
    *exact_spreading.CASES,
    *exact_film.CASES,
    *exact_step.CASES,
    *exact_equal_area.CASES,
    *exact_loop_gain.CASES,
    *exact_nucleation.CASES,
)
