"""Measured tunnelling curves as CSV files: fit of a conductance, and removal of a contact in series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.tables import read_numbers
from hotmesa.scenarios.writing import rows_of, write_json, write_table
from hotmesa.solver.errors import RequestError
from hotmesa.solver.law.fit import Kind, SpectrumFit, SpectrumParameters, fit_spectrum

_NAMES = tuple(field.name for field in fields(SpectrumParameters))


def fit_file(
    data: Path, kind: Kind, temperature_K: float, *, window_mV: tuple[float | None, float | None] = (None, None),
    hold: Sequence[str] = (), out: Path | None = None,
) -> SpectrumFit:  # fmt: skip
    """Fit a measured conductance and write the result where asked.

    Args:
        data: CSV file with the columns v_mV and dI_dV.
        kind: "SIN" or "SIS".
        temperature_K: of the measurement.
        window_mV: smallest and largest |v| that enter; None: no limit.
        hold: parameters that stay at a value, as NAME=VALUE.
        out: JSON file for the result, or None.

    Raises:
        RequestError: for values that do not fit together.
        TableError: the file is not as described.
        OSError: the result cannot be written.
    """
    table = read_numbers(data, ("v_mV", "dI_dV"))
    v, g = table["v_mV"], table["dI_dV"]
    first, last = window_mV
    inside = (np.abs(v) >= (first or 0.0)) & (np.abs(v) <= (np.inf if last is None else last))
    if not temperature_K > 0:
        raise RequestError(f"--temperature must be above 0 K, not {temperature_K:g}")
    if out is not None and out.resolve() == data.resolve():
        raise RequestError(f"--out {out} is the file of the data")
    fixed = _fixed(hold)
    try:
        fit = fit_spectrum(v[inside], g[inside], temperature_K, kind, fixed)
    except ValueError as error:
        raise RequestError(f"{data}: {error}") from error
    if out is not None:
        values = {"data": str(data), "kind": kind, "temperature_K": temperature_K}
        write_json(out, values | as_dict(fit))
    return fit


def as_dict(fit: SpectrumFit) -> dict[str, object]:
    """Return a fit as what JSON can hold."""
    return {
        "best": asdict(fit.best),
        "standard_deviation": asdict(fit.error),
        "fitted": list(fit.names),
        "correlation": [[float(value) for value in row] for row in fit.correlation],
        "noise": fit.noise,
        "points": fit.points,
    }


def fit_words(fit: SpectrumFit) -> str:
    """Return a fit as lines for the screen."""
    best, error = asdict(fit.best), asdict(fit.error)
    lines = [
        f"{name:16} {best[name]:.5g} ± {error[name]:.2g}" if name in fit.names else f"{name:16} {best[name]:.5g} held"
        for name in _NAMES
    ]
    pairs = [
        f"{a} and {fit.names[k]}: {fit.correlation[j, k]:+.2f}"
        for j, a in enumerate(fit.names)
        for k in range(j + 1, len(fit.names))
        if abs(fit.correlation[j, k]) > 0.5
    ]
    lines += [f"{'noise':16} {fit.noise:.3g} ({fit.points} points)", *(f"correlation of {pair}" for pair in pairs)]
    return "\n".join(lines)


def _fixed(hold: Sequence[str]) -> dict[str, float]:
    fixed = {}
    for text in hold:
        name, _, value = text.partition("=")
        try:
            fixed[name] = float(value)
        except ValueError:
            raise RequestError(f"--hold {text}: expected NAME=VALUE with a number") from None
    return fixed


def subtract_contact(V_mV: Array, I_mA: Array, contact_V_mV: Array, contact_I_mA: Array) -> Array:
    """Return the voltage (mV) of the stack alone: V minus that of the contact in series at every current.

    The paper (Kurter et al., PRB 81, 224518 (2010), Fig. 3) removes the SIN contact between film and stack so. The
    contact's V(I) is interpolated linearly.

    Raises:
        RequestError: a current outside of the contact's, or a contact whose voltage is not one for every current.
    """
    order = np.argsort(contact_I_mA)
    current, voltage = contact_I_mA[order], contact_V_mV[order]
    if current.size < 2 or np.any(np.diff(current) <= 0):
        raise RequestError("the contact needs at least two points, and every current once")
    outside = (I_mA < current[0]) | (I_mA > current[-1])
    if np.any(outside):
        raise RequestError(
            f"current {I_mA[np.argmax(outside)]:g} mA is outside of the contact's, {current[0]:g} to {current[-1]:g} mA"
        )
    return np.asarray(V_mV - np.interp(I_mA, current, voltage))


def subtract_files(data: Path, contact: Path, out: Path) -> int:
    """Write the CSV file `out` with V_mV, I_mA of the stack alone and V_contact_mV; return the number of rows.

    Raises:
        RequestError: see `subtract_contact`.
        TableError: a file is not as described.
        OSError: the result cannot be written.
    """
    if out.resolve() in (data.resolve(), contact.resolve()):
        raise RequestError(f"--out {out} is one of the files to read")
    curves = [read_numbers(file, ("V_mV", "I_mA")).columns.values() for file in (data, contact)]
    (V, current), (contact_V, contact_I) = curves
    stack = subtract_contact(V, current, contact_V, contact_I)
    write_table(out, rows_of({"V_mV": stack, "I_mA": current, "V_contact_mV": V - stack}))
    return len(V)
