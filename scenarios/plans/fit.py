"""Fit files: their schema and measured data, and from a file to what has to be computed; all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import ScenarioError
from hotmesa.scenarios.geometry import resistive_junctions
from hotmesa.scenarios.keys import find_key
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.plans.files import (
    PlanFile,
    StudyError,
    base_scenario,
    find_plan,
    flat,
    override,
    path_of,
    read_plan,
    refuse,
)
from hotmesa.scenarios.plans.observables import Vocabulary
from hotmesa.scenarios.schema import Name, Positive, Scenario, Section
from hotmesa.scenarios.tables import TableError, read_numbers


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
    profile: str | None = Field(
        None, description="CSV file of temperatures along the top of the mesa: columns x_um and T_K, y_um, sigma_T_K"
    )
    at_mA: Positive | None = Field(None, description="current of that profile")
    sigma_K: Positive | None = Field(None, description="uncertainty of its T, where the file has no column for it")
    observable: str | None = Field(None, description="a number of a run, as in a study")
    value: float | None = Field(None, description="what was measured")
    limit: Literal["at-least", "at-most"] | None = Field(
        None, description="the value is a lower or an upper limit: on its allowed side nothing is missed"
    )
    sigma: Positive | None = Field(None, description="its uncertainty")

    @model_validator(mode="after")
    def _curve_or_number(self) -> Data:
        if sum(given is not None for given in (self.file, self.profile, self.observable)) != 1:
            raise ValueError(f"{self.name}: give either file (a curve), profile (T along x) or observable (a number)")
        if (self.profile is None) != (self.at_mA is None):
            raise ValueError(f"{self.name}: profile and at_mA, its current, belong together")
        if self.profile is None and self.sigma_K is not None:
            raise ValueError(f"{self.name}: sigma_K is for a profile; a number has sigma")
        if (self.observable is None) != (self.value is None):
            raise ValueError(f"{self.name}: observable and value belong together")
        if self.observable is not None and self.sigma is None:
            raise ValueError(f"{self.name}: sigma is missing: how exactly is {self.observable} known?")
        if self.observable is None and self.limit is not None:
            raise ValueError(f"{self.name}: limit is for numbers, not for curves")
        return self


class Fit(PlanFile):
    """A fit of scenario keys to measurements."""

    parameters: list[Parameter] = Field(description="what is varied", min_length=1)
    data: list[Data] = Field(description="what is to be met", min_length=1)
    method: Literal["least_squares", "nelder", "differential_evolution"] = Field(
        "least_squares", description="Levenberg-Marquardt-like with bounds, a simplex, or a search everywhere"
    )
    max_steps: int = Field(40, ge=1, le=100_000, description="give up after so many steps")
    derivatives: Literal["adjoint", "differences"] = Field(
        "adjoint", description="of a branch with it, as far as they are known, or by differences of whole runs"
    )
    derivative_step: Annotated[float, Field(gt=1e-6, lt=0.2)] = Field(
        0.01, description="step of differences over the distance of the bounds"
    )
    tolerance: Annotated[float, Field(ge=1e-10, le=0.1)] = Field(1e-4, description="relative change at which it ends")
    missing: Positive = Field(10.0, description="residual of a number that a run does not have, in units of sigma")


@dataclass(frozen=True)
class Measured:
    """A curve: V in mV, I in mA, and their uncertainties where the file has them; shape (points,).

    Attributes:
        lines: lines of the points in the file, where they come from one.

    Points of negative current are kept with both signs changed, since V(-I) = -V(I).
    """

    V_mV: Array
    I_mA: Array
    sigma_V_mV: Array | None = None
    sigma_I_mA: Array | None = None
    lines: tuple[int, ...] = ()

    def describe(self) -> str:
        """Number of points and their ranges in words."""
        V, current = np.abs(self.V_mV), np.abs(self.I_mA)
        return f"{V.size} points, {V.min():.4g} to {V.max():.4g} mV, {current.min():.4g} to {current.max():.4g} mA"


def read_measured(file: Path, junctions: int = 1) -> Measured:
    """Return a measured I(V).

    Args:
        file: table with V_mV (or V_per_junction_mV) and I_mA, in any units that its header names; sigma_V_mV and
            sigma_I_mA may be there.
        junctions: number by which V_per_junction_mV is multiplied.

    Raises:
        TableError: it cannot be used.
    """
    table = read_numbers(file, ("I_mA",), ("V_mV", "V_per_junction_mV", "sigma_V_mV", "sigma_I_mA"))
    columns = table.columns
    if "V_mV" not in columns and "V_per_junction_mV" in columns:
        columns["V_mV"] = columns["V_per_junction_mV"] * junctions
    if "V_mV" not in columns:
        header = ", ".join(table.header)
        raise TableError([f"{file}: has no column V_mV, nor V_per_junction_mV; the header is: {header}"])
    negative = columns["I_mA"] < 0
    for name in ("V_mV", "I_mA"):
        columns[name] = np.where(negative, -columns[name], columns[name])
    wrong = columns["V_mV"] < 0
    if 2 * wrong.sum() > wrong.size:
        line = table.lines[int(np.argmax(wrong))]
        text = f"V and I have opposite signs in {wrong.sum()} of {wrong.size} points, first in line {line}"
        raise TableError([f"{file}: {text}: change the sign of one column"])
    for name in ("sigma_V_mV", "sigma_I_mA"):
        if name in columns:
            table.require(columns[name] > 0, f"{name} must be positive everywhere")
    sigmas = columns.get("sigma_V_mV"), columns.get("sigma_I_mA")
    return Measured(columns["V_mV"], columns["I_mA"], *sigmas, table.lines)


@dataclass(frozen=True)
class Measurement:
    """One measurement with what it needs.

    Attributes:
        data: what the file says.
        curve: the measured points, None for a number.
    """

    data: Data
    curve: Measured | None


@dataclass(frozen=True)
class FitPlan:
    """A fit ready to be computed."""

    fit: Fit
    file: Path
    text: str
    measurements: tuple[Measurement, ...]

    def scenario(self, datum: Measurement, values: Mapping[str, float]) -> Scenario:
        """Return the scenario of a measurement at values of the parameters, by key.

        Raises:
            ScenarioError: it is not valid.
        """
        folder = self.file.resolve().parent
        base = base_scenario(datum.data.scenario or self.fit.scenario, folder)
        changes = flat(self.fit.fixed) | flat(datum.data.set)
        for parameter in self.fit.parameters:
            changes |= dict.fromkeys((parameter.key, *parameter.also), values[parameter.key])
        return load_scenario(base, [override(key, value, folder) for key, value in changes.items()], complete=True)


def load_fit(name_or_path: str | Path, vocabulary: Vocabulary | None = None) -> FitPlan:
    """Return a fit with its data.

    Args:
        name_or_path: of a bundled fit, or a file.
        vocabulary: the observables that there are; None leaves their names unchecked.

    Raises:
        StudyError, ScenarioError: with every problem found.
    """
    file = find_plan(name_or_path, "fit")
    fit, text = read_plan(file, Fit, "fit")
    problems = _doubles(fit) + _parameters(fit)
    measurements: list[Measurement] = []
    for data in fit.data:
        try:
            measurements += _measurements(fit, data, file.resolve().parent)
        except StudyError as error:
            problems += error.problems
    refuse(file, problems)
    plan = FitPlan(fit, file, text, tuple(measurements))
    problems = _trial(plan, vocabulary)
    refuse(file, problems)
    return plan


def _doubles(fit: Fit) -> list[str]:
    keys = Counter(key for parameter in fit.parameters for key in (parameter.key, *parameter.also))
    names = Counter(data.name for data in fit.data)
    problems = [f"{key} is fitted twice" for key, count in keys.items() if count > 1]
    problems += [f"{count} data sets are called {name}" for name, count in names.items() if count > 1]
    elsewhere = {"fixed": flat(fit.fixed)} | {f"data {data.name}": flat(data.set) for data in fit.data}
    return problems + [
        f"{key} is fitted and also set in {where}" for where, given in elsewhere.items() for key in given if key in keys
    ]


def _parameters(fit: Fit) -> list[str]:
    problems = []
    for parameter in fit.parameters:
        for key in (parameter.key, *parameter.also):
            known = find_key(path_of(key))
            if known is not None and known.type != "number":
                problems.append(f"{key} is {known.type or 'no number'}: only keys that hold any number can be fitted")
    return problems


def _measurements(fit: Fit, data: Data, folder: Path) -> list[Measurement]:
    """Return a curve or number, or of a profile a number for every place: all of them come from one run."""
    if data.profile is None:
        return [_measurement(fit, data, folder)]
    table = read_numbers((folder / data.profile).resolve(), ("x_um", "T_K"), ("y_um", "sigma_T_K"))
    sigmas = table.columns.get("sigma_T_K", np.full(table["x_um"].shape, data.sigma_K or np.nan))
    if not np.all(np.isfinite(sigmas)):
        raise StudyError([f"data {data.name}: give sigma_K, or a column sigma_T_K in {data.profile}"])
    table.require(sigmas > 0.0, "sigma_T_K must be positive everywhere")
    places = np.column_stack([table["x_um"], table.columns.get("y_um", np.zeros(table["x_um"].shape))])
    own = data.set | {"output.probes_um": places.tolist()}
    shared = data.model_dump(exclude={"profile", "at_mA", "sigma_K"}) | {"set": own}
    return [
        Measurement(
            Data(**shared | {
                "name": f"{data.name}.{k}", "observable": f"T_probe_{k}_K@I_mA={data.at_mA!r}", "value": float(T),
                "sigma": float(sigma),
            }),
            None,
        )
        for k, (T, sigma) in enumerate(zip(table["T_K"], sigmas, strict=True))
    ]  # fmt: skip


def _measurement(fit: Fit, data: Data, folder: Path) -> Measurement:
    if data.file is None:
        return Measurement(data, None)
    given = flat(fit.fixed) | flat(data.set)
    base = load_scenario(
        base_scenario(data.scenario or fit.scenario, folder), [override(k, v, folder) for k, v in given.items()],
        complete=True,
    )
    curve = read_measured((folder / data.file).resolve(), resistive_junctions(base))
    use = np.ones(curve.I_mA.shape, dtype=bool)
    if data.first_mA is not None:
        use &= curve.I_mA >= data.first_mA
    if data.last_mA is not None:
        use &= curve.I_mA <= data.last_mA
    if not use.any():
        raise StudyError([f"data {data.name}: no point of {data.file} lies between first_mA and last_mA"])
    sigma_V, sigma_I = (None if part is None else part[use] for part in (curve.sigma_V_mV, curve.sigma_I_mA))
    lines = tuple(line for line, used in zip(curve.lines, use, strict=True) if used)
    return Measurement(data, Measured(curve.V_mV[use], curve.I_mA[use], sigma_V, sigma_I, lines))


def _trial(plan: FitPlan, vocabulary: Vocabulary | None) -> list[str]:
    """Return what is wrong with the scenarios at the start and with each parameter at its bounds."""
    start = {parameter.key: parameter.start for parameter in plan.fit.parameters}
    points = {"at the start": start}
    for parameter in plan.fit.parameters:
        for word, value in (("min", parameter.min), ("max", parameter.max)):
            points[f"with {parameter.key} at its {word} {value:g}"] = start | {parameter.key: value}
    problems: dict[str, None] = {}
    for datum in plan.measurements:
        result: set[str] = set()
        for where, values in points.items():
            try:
                scenario = plan.scenario(datum, values)
            except ScenarioError as error:
                texts = {text.removeprefix("--set ") for text in error.problems}
                problems |= dict.fromkeys(f"{text} ({where})" for text in texts - result)
                result |= texts
                if where == "at the start":
                    break
                continue
            if vocabulary is not None and datum.data.observable is not None and where == "at the start":
                problem = vocabulary.problem_with(datum.data.observable, (scenario.mode,))
                problems |= {f"data {datum.data.name}: {problem}": None} if problem else {}
    return list(problems)
