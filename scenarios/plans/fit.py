"""Schema of a fit file: scenario keys with bounds, and the measured data that they are to meet."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotmesa.scenarios.schema import Name, Positive, Section


class Parameter(Section):
    """One scenario key that is varied between bounds."""

    key: str = Field(description="scenario key")
    also: list[str] = Field(default_factory=list, description="further keys that always have the same value")
    label: Name | None = Field(None, description="name in reports; default the key")
    start: float = Field(description="first value")
    min: float = Field(description="lower bound")
    max: float = Field(description="upper bound")
    scale: Literal["linear", "log"] = Field("linear", description="log: steps are ratios")

    @model_validator(mode="after")
    def _start_within_bounds(self) -> Parameter:
        if not self.min < self.max:
            raise ValueError(f"{self.key}: min = {self.min:g} is not below max = {self.max:g}")
        if not self.min <= self.start <= self.max:
            raise ValueError(f"{self.key}: start = {self.start:g} lies outside of {self.min:g} to {self.max:g}")
        if self.scale == "log" and not self.min > 0:
            raise ValueError(f"{self.key}: scale = log needs positive bounds, min is {self.min:g}")
        return self

    @property
    def name(self) -> str:
        """How reports call it."""
        return self.label or self.key


class Data(Section):
    """One measurement: a curve in a CSV file, or a number."""

    name: Name = Field(description="unique name, used in reports")
    scenario: str | None = Field(None, description="scenario of this measurement; default that of the fit")
    set: dict[str, Any] = Field(default_factory=dict, description="keys of this measurement, its junctions for example")
    file: str | None = Field(None, description="CSV file of a curve: columns V_mV and I_mA, sigma_V_mV, sigma_I_mA")
    compare: Literal["V-at-I", "I-at-V", "nearest"] = Field(
        "V-at-I", description="differences of V at the same I, of I at the same V, or to the nearest place of the curve"
    )
    sigma_mV: Positive | None = Field(None, description="uncertainty of V, where the file has no column for it")
    sigma_mA: Positive | None = Field(None, description="uncertainty of I, where the file has no column for it")
    first_mA: float | None = Field(None, description="leave out what is measured at smaller currents (of either sign)")
    last_mA: float | None = Field(None, description="leave out what is measured at larger currents (of either sign)")
    observable: str | None = Field(None, description="a number of a run, as in a study")
    value: float | None = Field(None, description="what was measured")
    limit: Literal["at-least", "at-most"] | None = Field(
        None, description="the value is a lower or an upper limit: on its allowed side nothing is missed"
    )
    sigma: Positive | None = Field(None, description="its uncertainty")

    @model_validator(mode="after")
    def _curve_or_number(self) -> Data:
        if (self.file is None) == (self.observable is None):
            raise ValueError(f"{self.name}: give either file (a curve) or observable (a number)")
        if (self.observable is None) != (self.value is None):
            raise ValueError(f"{self.name}: observable and value belong together")
        if self.observable is not None and self.sigma is None:
            raise ValueError(f"{self.name}: sigma is missing: how exactly is {self.observable} known?")
        if self.observable is None and self.limit is not None:
            raise ValueError(f"{self.name}: limit is for numbers, not for curves")
        return self


class Fit(Section):
    """A fit of scenario keys to measurements."""

    name: Name = Field(description="short name; results go to out/NAME by default")
    title: str = Field("", description="one line in words")
    scenario: str = Field(description="bundled scenario, or TOML file relative to this one")
    fixed: dict[str, Any] = Field(default_factory=dict, description="keys that differ from the scenario everywhere")
    parameters: list[Parameter] = Field(description="what is varied", min_length=1)
    data: list[Data] = Field(description="what is to be met", min_length=1)
    method: Literal["least_squares", "nelder", "differential_evolution"] = Field(
        "least_squares", description="Levenberg-Marquardt-like with bounds, a simplex, or a search everywhere"
    )
    max_steps: int = Field(40, ge=1, le=100_000, description="give up after so many steps")
    derivative_step: Annotated[float, Field(gt=1e-6, lt=0.2)] = Field(
        0.01, description="step of numerical derivatives over the distance of the bounds"
    )
    tolerance: Annotated[float, Field(ge=1e-10, le=0.1)] = Field(1e-4, description="relative change at which it ends")
    missing: Positive = Field(10.0, description="residual of a number that a run does not have, in units of sigma")
