"""Fit of gap, scattering rate and averaging weight to a measured tunnelling conductance (SIN or SIS)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import make_interp_spline
from scipy.optimize import least_squares

from hotmesa.scenarios.arrays import Array
from hotmesa.solver.law.tunnelling import isotherm

Kind = Literal["SIN", "SIS"]
_STEP_MV = 0.125
_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "gap_meV": (1.0, 100.0),
    "gamma_meV": (0.05, 20.0),
    "momentum_weight": (-0.95, 0.95),
    "scale": (1e-12, math.inf),
}


@dataclass(frozen=True)
class SpectrumParameters:
    """What a fit determines.

    Attributes:
        gap_meV: maximum of the d-wave gap.
        gamma_meV: scattering rate.
        momentum_weight: a of the angular weight 1 + a cos 4phi ("momentum averaging").
        scale: normal conductance in the unit of the data.
    """

    gap_meV: float
    gamma_meV: float
    momentum_weight: float
    scale: float


@dataclass(frozen=True)
class SpectrumFit:
    """Result of a fit.

    Attributes:
        best: fitted values.
        error: their standard deviations; 0 for a value that was held.
        correlation: correlation matrix of the values that were not held, in the order of `names`.
        names: their names.
        noise: standard deviation of the data about the fit, in the unit of the data.
        points: how many data entered.
    """

    best: SpectrumParameters
    error: SpectrumParameters
    correlation: Array
    names: tuple[str, ...]
    noise: float
    points: int


def tunnelling_conductance(v_mV: ArrayLike, T_K: float, parameters: SpectrumParameters, kind: Kind) -> Array:
    """Conductance dI/dV at the voltages (mV), in the unit of `parameters.scale`; even in v.

    The current (Kurter et al., PRB 81, 224518 (2010), Eq. 1 and Sec. III) on a grid of 0.125 mV, differentiated by a
    quintic spline; within 1e-5 of the normal conductance at 4.2 K and a scattering rate of 0.55 meV.
    """
    v = np.abs(np.asarray(v_mV, dtype=np.float64))
    count = max(16, math.ceil(float(v.max(initial=0.0)) / _STEP_MV) + 8)
    grid = _STEP_MV * np.arange(count + 1)
    spectrum = (parameters.gap_meV, parameters.gamma_meV, parameters.momentum_weight)
    current = grid * isotherm(float(grid[-1]), count, T_K, spectrum, contact=kind == "SIN")
    # The current is odd in v: mirrored points leave no end at v = 0.
    odd = make_interp_spline(np.concatenate((-grid[:0:-1], grid)), np.concatenate((-current[:0:-1], current)), k=5)
    return np.asarray(parameters.scale * odd.derivative()(v))


def fit_spectrum(
    v_mV: ArrayLike,
    conductance: ArrayLike,
    T_K: float,
    kind: Kind,
    hold: Mapping[str, float] | None = None,
) -> SpectrumFit:
    """Fit the d-wave spectrum to a measured conductance by least squares.

    Leave out of the data what Eq. 1 of the paper does not describe: the Josephson peak of an SIS junction, and
    voltages above the dip beyond the peak.

    Args:
        v_mV: voltages of one junction, any sign.
        conductance: dI/dV there, in any unit.
        T_K: temperature of the measurement.
        kind: "SIN" (peak near Delta) or "SIS" (peak near 2 Delta).
        hold: values of parameters that are not fitted, by name.

    Raises:
        ValueError: for data that do not fit together or do not determine the parameters, or unknown names.
    """
    v, g = np.asarray(v_mV, dtype=np.float64), np.asarray(conductance, dtype=np.float64)
    names = tuple(field.name for field in fields(SpectrumParameters))
    fixed = dict(hold or {})
    free = [k for k, name in enumerate(names) if name not in fixed]
    _check(v, g, kind, fixed, len(free))
    start = np.array(_values(replace(_guess(v, g, kind), **fixed)))

    def residual(x: Array) -> Array:
        return np.asarray((tunnelling_conductance(v, T_K, _parameters(start, free, x), kind) - g) / unit)

    unit = float(np.median(np.abs(g)))
    low, high = (np.array([_BOUNDS[names[k]][end] for k in free]) for end in (0, 1))
    result = least_squares(
        residual, np.clip(start[free], low, high), bounds=(low, high), x_scale=np.maximum(np.abs(start[free]), 0.1)
    )
    noise = float(np.sqrt(2 * result.cost / (v.size - len(free))))
    try:
        covariance = noise**2 * np.linalg.inv(result.jac.T @ result.jac)
    except np.linalg.LinAlgError:
        raise ValueError("the data do not determine the parameters: hold one of them") from None
    error = np.sqrt(np.diag(covariance))
    return SpectrumFit(
        best=_parameters(start, free, result.x),
        error=_parameters(np.zeros(len(names)), free, error),
        correlation=covariance / np.outer(error, error),
        names=tuple(names[k] for k in free),
        noise=noise * unit,
        points=v.size,
    )


def _check(v: Array, g: Array, kind: str, fixed: Mapping[str, float], free: int) -> None:
    if v.ndim != 1 or v.shape != g.shape:
        raise ValueError(f"voltages and conductances must be lists of one length, got {v.shape} and {g.shape}")
    if not (np.isfinite(v).all() and np.isfinite(g).all()):
        raise ValueError("voltages and conductances must be finite numbers")
    if kind not in ("SIN", "SIS"):
        raise ValueError(f"kind must be SIN or SIS, not {kind!r}")
    for name, value in fixed.items():
        if name not in _BOUNDS:
            raise ValueError(f"there is no parameter {name!r}, only {', '.join(_BOUNDS)}")
        low, high = _BOUNDS[name]
        if not low <= value <= high:
            raise ValueError(f"{name} = {value:g} is outside of {low:g} to {high:g}")
    if free == 0 or v.size <= free:
        raise ValueError(f"{v.size} points cannot determine {free} parameters")


def _guess(v: Array, g: Array, kind: Kind) -> SpectrumParameters:
    """Start: the gap from the place of the largest conductance, the scale from the largest voltages."""
    gap = abs(float(v[np.argmax(g)])) / (1 if kind == "SIN" else 2)
    outer = np.abs(v) >= 0.8 * np.abs(v).max()
    return SpectrumParameters(max(gap, 2.0), 0.04 * max(gap, 2.0), 0.0, float(np.median(g[outer])))


def _values(parameters: SpectrumParameters) -> tuple[float, ...]:
    return (parameters.gap_meV, parameters.gamma_meV, parameters.momentum_weight, parameters.scale)


def _parameters(start: Array, free: list[int], x: Array) -> SpectrumParameters:
    values = start.copy()
    values[free] = x
    return SpectrumParameters(*(float(value) for value in values))
