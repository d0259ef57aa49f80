"""A fit from its file to its result: what `hotmesa fit` does."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hotmesa.fit_bands import bands, notes_on
from hotmesa.fit_jacobian import jacobian
from hotmesa.fit_model import Evaluator, Point, bounds
from hotmesa.fit_result import FitResult, covariance_of, is_absolute, write_history, write_result
from hotmesa.fit_sampling import refuse_few, sampled, write_sample
from hotmesa.folder import locked, refuse_foreign
from hotmesa.pool import Ranks, workers_of
from hotmesa.postprocess import provenance
from hotmesa.progress import tell
from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.plans.fit import FitPlan, load_fit
from hotmesa.scenarios.writing import write_json, write_table, write_text
from hotmesa.solver.errors import RequestError, SolveError
from hotmesa.stopping import ended_like_interrupted, stop_on_signal
from hotmesa.vocabulary import VOCABULARY

NO_LMFIT = "lmfit is missing, and hotmesa fit needs it: pip install 'hotmesa[fit]'"


def fit(
    name_or_file: str | Path, *, out: str | Path | None = None, workers: int | None = None, mpi: bool = False,
    sample: int = 0, overwrite: bool = False, quiet: bool = True, command: str = "",
) -> FitResult | None:  # fmt: skip
    """Fit, and write what was found. What was computed before, for these values, is taken from the folder.

    Args:
        name_or_file: a bundled fit, or a TOML file.
        out: folder for the results; None for out/NAME.
        workers: processes; None for as many as there are processors, 0 for this one.
        mpi: let the processes of mpirun compute.
        sample: sets of values that are drawn from what the data allow and computed besides (see `FitResult.sample`).
        overwrite: compute all again.
        quiet: whether to print errors only.
        command: the command line, for the record.

    Returns:
        Values, uncertainties and correlations; None on processes of mpirun that compute for the first one.

    Raises:
        StudyError, RequestError, FolderError: bad input.
        SolveError: the start cannot be computed.
        KeyboardInterrupt: it was interrupted; what has been computed is kept.
        OSError: results cannot be written.
    """
    plan = load_fit(str(name_or_file), VOCABULARY)
    minimizer_class()
    if sample:
        refuse_few(sample, len(plan.fit.parameters))
    folder = Path(out) if out is not None else Path("out") / plan.fit.name
    refuse_foreign(folder, "fit.toml", plan.fit.name)
    pool = workers_of(workers, mpi)
    if isinstance(pool, Ranks) and not pool.leads:
        with pool:
            return None
    with locked(folder, "evaluations"), pool, ended_like_interrupted():
        if overwrite:
            shutil.rmtree(folder / "evaluations", ignore_errors=True)
        write_text(folder / "fit.toml", plan.text)
        evaluator = Evaluator(plan, folder / "evaluations", pool, _reporter(plan, quiet))
        found = _fit(plan, folder, evaluator, command)
        return found if not sample else _with_sample(found, evaluator, sample)


def _with_sample(found: FitResult, evaluator: Evaluator, count: int) -> FitResult:
    """Return the fit with samples of its parameters, which are written beside it.

    Raises:
        RequestError: hardly any sample lies within the bounds.
        KeyboardInterrupt: it was interrupted; the fit itself is written.
    """
    try:
        drawn = sampled(found, evaluator, count)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted; the same command goes on from what has been computed") from None
    with stop_on_signal():
        return replace(found, sample=drawn, files=(*found.files, *write_sample(drawn, found, found.folder)))


def minimizer_class() -> Any:
    """Return lmfit.Minimizer.

    Raises:
        RequestError: lmfit is missing.
    """
    try:
        from lmfit import Minimizer
    except ImportError:
        raise RequestError(NO_LMFIT) from None
    return Minimizer


def _fit(plan: FitPlan, folder: Path, evaluator: Evaluator, command: str) -> FitResult:
    started = time.perf_counter()
    try:
        minimum = _minimise(plan, evaluator)
        result = _result(plan, folder, evaluator, minimum)
    except KeyboardInterrupt:
        with stop_on_signal():
            write_history(folder, plan, evaluator.points)
        raise KeyboardInterrupt("interrupted; the same command goes on from what has been computed") from None
    cost = {
        "points": len(evaluator.points),
        "cases_computed": evaluator.computed,
        "wall_s": round(time.perf_counter() - started, 3),
    }
    with stop_on_signal():  # what was found is written, whatever asks to end meanwhile
        ribbons = bands(result, evaluator)
        files = write_result(folder, result, evaluator.points, cost | {"bands": notes_on(ribbons)})
        if ribbons.rows:
            files += (write_table(folder / "bands.csv", ribbons.rows),)
        else:
            (folder / "bands.csv").unlink(missing_ok=True)
        record = provenance.collect(plan.text, command, 1)
        record["fit_sha256"] = record.pop("scenario_sha256")
        write_json(folder / "provenance.json", record | {"status": "complete", "wall_s": cost["wall_s"]})
    return replace(result, files=files)


def _reporter(plan: FitPlan, quiet: bool) -> Callable[[Point, int], None]:
    names = [parameter.name for parameter in plan.fit.parameters]

    def seen(point: Point, count: int) -> None:
        if not quiet:
            values = ", ".join(f"{name} {value:.6g}" for name, value in zip(names, point.values.values(), strict=True))
            troubles = "".join(f"; {name}: {text}" for name, text in point.problems.items())
            tell(sys.stdout, f"[{count:3d}] chi² {point.chi_squared:12.6g}  {values}{troubles}\n")

    return seen


@dataclass(frozen=True)
class _Minimum:
    """What the method returned."""

    internal: Array
    converged: bool
    message: str


def _minimise(plan: FitPlan, evaluator: Evaluator) -> _Minimum:
    """Minimise; lmfit sees the parameters in their internal scale.

    Raises:
        SolveError: nothing can be computed at the start.
    """
    from lmfit import Parameters

    parameters = Parameters()
    for k, parameter in enumerate(plan.fit.parameters):
        low, high = bounds(parameter)
        start = float(np.log(parameter.start)) if parameter.scale == "log" else parameter.start
        parameters.add(f"p{k}", value=min(max(start, low), high), min=low, max=high)

    def internal(given: Any) -> Array:
        return np.array([given[f"p{k}"].value for k in range(len(plan.fit.parameters))])

    first = evaluator.at(internal(parameters))
    if len(first.problems) == len(plan.measurements):
        reasons = "; ".join(f"{name}: {text}" for name, text in first.problems.items())
        raise SolveError(f"nothing can be compared at the start of the fit: {reasons}")
    minimizer = minimizer_class()(lambda given: evaluator.at(internal(given)).residual, parameters)
    chosen, limit = plan.fit.tolerance, plan.fit.max_steps
    if plan.fit.method == "least_squares":
        span = [float(np.ptp(bounds(parameter))) for parameter in plan.fit.parameters]
        result = minimizer.least_squares(
            jac=lambda given: jacobian(evaluator, internal(given)).matrix, x_scale=span, max_nfev=limit, ftol=chosen,
            xtol=chosen, gtol=1e-12,
        )  # fmt: skip
    elif plan.fit.method == "nelder":
        result = minimizer.minimize(method="nelder", max_nfev=limit, options={"xatol": chosen, "fatol": chosen})
    else:
        result = minimizer.minimize(method="differential_evolution", max_nfev=limit, seed=0, tol=chosen)
    message = str(getattr(result, "message", "")).replace("\n", " ")
    return _Minimum(internal(result.params), bool(getattr(result, "success", False)) and not result.aborted, message)


def _result(plan: FitPlan, folder: Path, evaluator: Evaluator, minimum: _Minimum) -> FitResult:
    best = min(evaluator.points, key=lambda point: point.chi_squared)
    values = [best.values[parameter.key] for parameter in plan.fit.parameters]
    logs = [parameter.scale == "log" for parameter in plan.fit.parameters]
    place = np.array([np.log(value) if log else value for value, log in zip(values, logs, strict=True)])
    slopes = jacobian(evaluator, place)
    # A derivative step may have found a still better point; it belongs to the same minimum within the step.
    absolute = is_absolute(plan)
    covariance = covariance_of(slopes.matrix, best.chi_squared, absolute)
    free = best.residual.size - len(values)
    ending = minimum.converged, minimum.message, folder
    return FitResult(plan, best, place, slopes, covariance, free, absolute, *ending)
