"""Schema of a study file: one scenario and the keys that are varied, one `[[vary]]` for each axis of the grid."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from hotmesa.scenarios.schema import Name, Positive, Section

FORMS = ("values", "range", "rows", "cases", "file")


class Range(Section):
    """Numbers from first to last; give either how many or how far apart."""

    first: float = Field(description="first number")
    last: float = Field(description="last number")
    points: int | None = Field(None, ge=1, le=10_000, description="how many")
    step: Annotated[float, Field(gt=0)] | None = Field(None, description="distance; the last number is not passed")
    spacing: Literal["linear", "log"] = Field("linear", description="equal differences or equal ratios")

    @model_validator(mode="after")
    def _one_of_both(self) -> Range:
        if (self.points is None) == (self.step is None):
            raise ValueError("a range needs points or step, not both")
        if self.step is not None and (self.spacing == "log" or self.last < self.first):
            raise ValueError("a range with step is linear and goes upwards")
        if self.spacing == "log" and not (self.first > 0 and self.last > 0):
            raise ValueError("a range with spacing = log needs positive ends")
        return self

    @model_validator(mode="after")
    def _not_endless(self) -> Range:
        if self.step is not None and (self.last - self.first) / self.step >= 10_000:
            raise ValueError(f"a range has at most 10000 points; step = {self.step:g} makes more")
        return self

    def numbers(self) -> list[float]:
        """Return the numbers, with ends as they were written."""
        if self.step is not None:
            count = int(np.floor((self.last - self.first) / self.step * (1 + 1e-12))) + 1
            return [float(f"{self.first + k * self.step:.12g}") for k in range(count)]
        space = np.geomspace if self.spacing == "log" else np.linspace
        return [float(f"{number:.12g}") for number in space(self.first, self.last, self.points or 1)]


class Axis(Section):
    """One axis: a key over values or a range, several keys together (rows), named cases, or a CSV file of cases."""

    label: Name | None = Field(None, description="column of the table and word in pictures; default the key")
    decides: str = Field("", description="what its keys decide; `hotmesa check` tells it where they are assumed")
    key: str | None = Field(None, description="scenario key, with values or range")
    values: list[Any] | None = Field(None, description="its values; the word none leaves the key out")
    range: Range | None = Field(None, description="{first, last, points or step, spacing}")
    keys: list[str] | None = Field(None, description="keys that change together, with rows")
    rows: list[list[Any]] | None = Field(None, description="their values, one row a point")
    names: list[Name] | None = Field(None, description="names of the points of values, range or rows")
    cases: dict[Name, dict[str, Any]] | None = Field(None, description="points by name, each with its keys")
    file: str | None = Field(None, description="CSV file: keys in the header, one line a point, `case` for its name")

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        forms = [form for form in FORMS if getattr(self, form) is not None]
        if len(forms) != 1:
            given = " and ".join(forms) or "none of them"
            raise ValueError(f"an axis needs one of {', '.join(FORMS)}; there is {given}")
        form = forms[0]
        if (self.key is not None) != (form in ("values", "range")):
            raise ValueError("key belongs to values or range")
        if (self.keys is not None) != (form == "rows"):
            raise ValueError("keys belongs to rows")
        if form == "file" and self.names is not None:
            raise ValueError("the names of a CSV file stand in its column case")
        return self


class Phases(Section):
    """The phase diagram of the hot spot that is made of a study: where it is at these currents in every case."""

    currents_mA: list[Positive] | None = Field(None, description="currents, increasing; one where two keys are varied")
    range: Range | None = Field(None, description="or {first, last, points or step, spacing}")

    @model_validator(mode="after")
    def _one_of_both(self) -> Phases:
        if (self.currents_mA is None) == (self.range is None):
            raise ValueError("give either currents_mA or range")
        numbers = self.numbers
        if not numbers or not numbers[0] > 0 or any(b <= a for a, b in pairwise(numbers)):
            raise ValueError(f"the currents must be above zero and increase, not {numbers}; the last one ends the runs")
        return self

    @property
    def numbers(self) -> tuple[float, ...]:
        """The currents in mA."""
        return tuple(self.range.numbers() if self.range is not None else self.currents_mA or ())


class Study(Section):
    """A study: all combinations of the axes."""

    name: Name = Field(description="short name; results go to out/NAME by default")
    title: str = Field("", description="one line in words")
    scenario: str = Field(description="bundled scenario, or TOML file relative to this one")
    fixed: dict[str, Any] = Field(default_factory=dict, description="keys that differ from the scenario in all cases")
    vary: list[Axis] = Field(default_factory=list, description="the axes")
    observables: list[str] | None = Field(None, description="columns of the table; default all numbers of summary.json")
    rank_by: str | None = Field(None, description="observable by which the cases are ranked")
    best: Literal["largest", "smallest"] = Field("largest", description="which end of the ranking comes first")
    rank_stable: bool = Field(False, description="rank only states that the source holds, as compare --stable does")
    invalid: Literal["refuse", "skip"] = Field("refuse", description="what to do if a combination is no valid scenario")
    phases: Phases | None = Field(None, description="draw a phase diagram of the hot spot, phases.csv and phases.png")
    figures: bool = Field(False, description="draw the figures of every case")
    states: bool = Field(False, description="keep the fields of every case (states.npz)")
    max_cases: int = Field(10_000, ge=1, le=1_000_000, description="refuse larger studies")
