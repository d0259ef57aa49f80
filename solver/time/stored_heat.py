"""The energy balance in time: Joule energy = heat into the sinks + enthalpy stored in the layers."""

from __future__ import annotations

from hotmesa.postprocess.tables import Row
from hotmesa.solver.model import Evaluation, Model
from hotmesa.solver.parallel import global_sum

PJ_TO_NJ = 1e-3


def enthalpy(model: Model, e: Evaluation) -> float:
    """Return the heat stored in all layers, sum of d A int_{T_B}^{T} c dT (pJ = uW us); exact for the curves of c."""
    total = 0.0
    for k, sublayer in enumerate(model.layout.sublayers):
        T = e.T[model.layout.rows(k)]
        c = sublayer.material.heat_capacity
        total += sublayer.thickness * float(model.layout.mass(k) @ (c.integral(T) - c.integral(model.bath)))
    return global_sum(model.comm, total)


class StoredHeat:
    """Adds up energies along a transient; power between moments by the trapezoidal rule."""

    def __init__(self, model: Model) -> None:
        """Start the sums."""
        self._model = model
        self._last: tuple[float, float, float] | None = None
        self._joule = self._sinks = self._first = 0.0

    def row(self, t: float, e: Evaluation, sinks_mW: float) -> Row:
        """Return the energies (nJ) since the start at the next moment.

        Args:
            t: time (us).
            e: state.
            sinks_mW: heat into all sinks.
        """
        P, stored = e.P * PJ_TO_NJ, enthalpy(self._model, e) * PJ_TO_NJ
        if self._last is None:
            self._first = stored
        else:
            t_last, P_last, sinks_last = self._last
            self._joule += 0.5 * (t - t_last) * (P + P_last)
            self._sinks += 0.5 * (t - t_last) * (sinks_mW + sinks_last)
        self._last = t, P, sinks_mW
        return {"E_joule_nJ": self._joule, "E_sinks_nJ": self._sinks, "E_stored_nJ": stored - self._first}
