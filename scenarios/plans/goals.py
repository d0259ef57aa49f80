"""What the file of an optimisation says of its variables, its objectives and its limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotmesa.scenarios.plans.files import flat, value_name
from hotmesa.scenarios.schema import Name, Positive, Section

FLATTEST = "least_slope_over_R_N"
"""The number that is negative where V falls anywhere along a branch."""


class Variable(Section):
    """One key, or several that are alike, between bounds; or choices that are all tried."""

    key: str | None = Field(None, description="scenario key")
    also: list[str] = Field(default_factory=list, description="further keys that always have the same value")
    label: Name | None = Field(None, description="name in reports; default the key")
    min: float | None = Field(None, description="lower bound")
    max: float | None = Field(None, description="upper bound")
    start: float | None = Field(None, description="first value; default that of the scenario, within the bounds")
    scale: Literal["linear", "log"] = Field("linear", description="log: steps are ratios")
    integer: bool = Field(False, description="whole numbers: all from min to max are tried")
    values: list[Any] | None = Field(None, description="values that are all tried, instead of bounds")
    cases: dict[Name, dict[str, Any]] | None = Field(None, description="choices by name, each with its keys")

    @model_validator(mode="after")
    def _one_form(self) -> Variable:
        bounded = self.min is not None or self.max is not None
        if sum((bounded, self.values is not None, self.cases is not None)) != 1:
            raise ValueError(f"{self.name}: give min and max, or values, or cases")
        if (self.key is None) == (self.cases is None):
            raise ValueError(f"{self.name}: a key belongs to min and max or values, cases have keys of their own")
        if self.cases is not None and self.label is None:
            raise ValueError("cases need a label")
        if not bounded and not (self.values or self.cases):
            raise ValueError(f"{self.name}: there is nothing to choose from")
        if bounded:
            self._check_bounds()
        elif self.start is not None or self.integer or self.scale == "log":
            raise ValueError(f"{self.name}: start, integer and scale belong to min and max")
        return self

    def _check_bounds(self) -> None:
        """Refuse bounds in the wrong order, or a start beyond them.

        Raises:
            ValueError: with the reason.
        """
        if self.min is None or self.max is None or not self.min < self.max:
            raise ValueError(f"{self.name}: min = {self.min} is not below max = {self.max}")
        if self.start is not None and not self.min <= self.start <= self.max:
            raise ValueError(f"{self.name}: start = {self.start:g} lies outside of {self.min:g} to {self.max:g}")
        if self.scale == "log" and not self.min > 0:
            raise ValueError(f"{self.name}: scale = log needs positive bounds, min is {self.min:g}")
        if self.integer and not (self.min.is_integer() and self.max.is_integer()):
            raise ValueError(f"{self.name}: integer needs whole bounds, not {self.min:g} to {self.max:g}")

    @property
    def name(self) -> str:
        """How reports call it."""
        return self.label or self.key or "a variable"

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that it sets."""
        if self.cases is not None:
            return tuple(dict.fromkeys(key for values in self.cases.values() for key in flat(values)))
        return (*([self.key] if self.key else []), *self.also)

    @property
    def is_continuous(self) -> bool:
        """Whether it has bounds and any value between them."""
        return self.min is not None and not self.integer

    @property
    def bounds(self) -> tuple[float, float]:
        """Its bounds in its internal scale: logarithms where the scale says so."""
        ends = float(self.min or 0.0), float(self.max or 0.0)
        return (math.log(ends[0]), math.log(ends[1])) if self.scale == "log" else ends

    def at(self, part: float) -> float:
        """Return the value at a part of the way from min to max in its scale, rounded to what counts."""
        low, high = self.bounds
        x = low + min(max(part, 0.0), 1.0) * (high - low)
        return float(f"{min(max(math.exp(x) if self.scale == 'log' else x, self.min or 0.0), self.max or 0.0):.10g}")

    def part(self, value: float) -> float:
        """Return where a value lies: 0 at min, 1 at max."""
        low, high = self.bounds
        return ((math.log(value) if self.scale == "log" else value) - low) / (high - low)

    def slope(self, value: float) -> float:
        """Return the derivative of the value by its part."""
        low, high = self.bounds
        return (high - low) * (value if self.scale == "log" else 1.0)

    def choices(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield name and keys of what is tried."""
        if self.cases is not None:
            yield from ((name, flat(values)) for name, values in self.cases.items())
            return
        numbers = self.values or range(int(self.min or 0), int(self.max or 0) + 1)
        for number, value in enumerate(numbers):
            yield value_name(value) or f"{self.name}{number}", dict.fromkeys(self.keys, value)


class Objective(Section):
    """What shall be small or large: a number of a run, what a function of yours makes of one, or a sum of variables."""

    observable: str | None = Field(None, description="a number of a run, as in a study")
    python: str | None = Field(None, description="or FILE.py:NAME, a function that takes the Run and returns a number")
    sum: dict[str, float] | None = Field(None, description="or weights by key of variables whose sum it is")
    goal: Literal["minimise", "maximise"] = Field("minimise", description="which way is better")

    @model_validator(mode="after")
    def _one_of_both(self) -> Objective:
        if sum(form is not None for form in (self.observable, self.python, self.sum)) != 1 or self.sum == {}:
            raise ValueError("give one of observable, python and sum")
        if self.python is not None and not all(self.python.rpartition(":")[::2]):
            raise ValueError(f'python = "{self.python}": write FILE.py:NAME')
        return self

    @property
    def name(self) -> str:
        """How tables call it."""
        return self.observable or (_summed(self.sum) if self.sum else str(self.python).rpartition(":")[2])

    @property
    def sign(self) -> float:
        """1 where it is minimised, -1 where it is maximised."""
        return 1.0 if self.goal == "minimise" else -1.0


class Constraint(Section):
    """What must hold: limits of a number of a run or of a weighted sum of variables, or a word."""

    observable: str | None = Field(None, description="a number of a run that has limits")
    sum: dict[str, float] | None = Field(None, description="weights by key of variables whose sum has limits")
    no_backbending: bool = Field(False, description=f"V never falls along the branch: {FLATTEST} is not negative")
    stable_at_mA: Positive | None = Field(None, description="the source holds a state at this current")
    min: float | None = Field(None, description="lower limit")
    max: float | None = Field(None, description="upper limit")
    margin: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0, description="by so much of its size a search keeps within the limit, for what coarse elements leave"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Constraint:
        forms = (self.observable is not None, self.sum is not None, self.no_backbending, self.stable_at_mA is not None)
        if sum(forms) != 1:
            raise ValueError("give one of observable, sum, no_backbending and stable_at_mA")
        limited = self.min is not None or self.max is not None
        if limited != (self.observable is not None or self.sum is not None):
            raise ValueError("min or max belong to observable and sum, and these need one of them")
        if self.min is not None and self.max is not None and not self.min < self.max:
            raise ValueError(f"min = {self.min:g} is not below max = {self.max:g}")
        return self

    @property
    def observed(self) -> str | None:
        """The number of a run that has limits; None for a sum, and where a state must be there."""
        return FLATTEST if self.no_backbending else self.observable

    @property
    def required(self) -> str | None:
        """The number of a run that must be 1."""
        return None if self.stable_at_mA is None else f"stable_at_I_mA={self.stable_at_mA:g}"

    @property
    def limits(self) -> tuple[tuple[float, float], ...]:
        """Sign and limit: sign (number - limit) must not be negative."""
        low = 0.0 if self.no_backbending else self.min
        ends = ((1.0, low), (-1.0, self.max))
        return tuple((sign, limit) for sign, limit in ends if limit is not None)

    @property
    def sentence(self) -> str:
        """It in words."""
        if self.no_backbending:
            return "no backbending"
        if self.stable_at_mA is not None:
            return f"a stable state at {self.stable_at_mA:g} mA"
        what = self.observable or _summed(self.sum or {})
        return " and ".join(f"{what} {'>=' if sign > 0 else '<='} {limit:g}" for sign, limit in self.limits)


def _summed(weights: Mapping[str, float]) -> str:
    """Return a weighted sum in words; of a single key with weight 1 the key."""
    return " + ".join(key if weight == 1.0 else f"{weight:g} {key}" for key, weight in weights.items())
